"""The gate: what passes, what does not, and what the report is told about it."""

import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.archives.verification import HEAD_SIZE, HashingWriter, algorithms_for, verify_archive
from peep.errors import BadArchive, FetchFailure, HashMismatch, HashMissing
from peep.model import (
    STRONG_ALGORITHMS,
    Digest,
    ListedFile,
    Location,
    MalformedHash,
    Rejection,
    VerifiedArchive,
    listed_digest,
)
from support.pins import candidate, digest, made_up, offered, pinned

BODY = b"PK\x03\x04" + bytes(range(256)) * 40
WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


def received(body=BODY, algorithms=STRONG_ALGORITHMS, **answer):
    intake = HashingWriter(io.BytesIO(), algorithms)
    for start in range(0, len(body), 1000):
        intake.write(body[start : start + 1000])
    return intake.finish(**answer)


def judged(pin, file=None, *, body=BODY, answer=None, **more):
    return verify_archive(candidate(pin, file or offered(WHEEL), **more), received(body, **(answer or {})))


POINTER = b"version https://git-lfs.example/spec/v1\noid sha256:%s\nsize 10300\n" % digest(BODY).hex.encode()


class TestGitLfsPointers:
    """A checkout without `git lfs pull` holds a text of 130 bytes in the place of each archive."""

    def test_one_whose_oid_is_listed_is_called_so(self):
        mismatch = judged(pinned("demo==1.0", digest(BODY)), body=POINTER)
        assert isinstance(mismatch, HashMismatch)
        assert "a Git LFS pointer whose oid is the hash that you list: run `git lfs pull`" in mismatch.story

    def test_one_to_something_else_is_not_said_to_be_listed(self):
        mismatch = judged(pinned("demo==1.0", made_up("a")), body=POINTER)
        assert isinstance(mismatch, HashMismatch)
        assert "is a Git LFS pointer and not the file" in mismatch.story
        assert "you list" not in mismatch.story

    def test_nobody_is_invited_to_vet_one(self):
        failure = judged(pinned("demo==1.0"), body=POINTER)
        assert isinstance(failure, FetchFailure)
        assert "Git LFS pointer" in failure.reason

    def test_something_longer_that_begins_like_one_is_none(self):
        mismatch = judged(pinned("demo==1.0", digest(BODY)), body=POINTER + b"\n" * 1000)
        assert isinstance(mismatch, HashMismatch)
        assert "LFS" not in mismatch.story


class TestHashingWriter:
    def test_counts_hashes_and_keeps_the_bytes(self):
        got = received()
        assert got.size == len(BODY)
        assert got.head == BODY[:HEAD_SIZE]
        assert set(got.digests) == {digest(BODY, name) for name in STRONG_ALGORITHMS}
        got.file.seek(0)
        assert got.file.read() == BODY

    def test_weak_algorithms_are_never_computed(self):
        assert [item.algorithm for item in received(algorithms={"md5", "sha1"}).digests] == ["sha256"]

    @settings(deadline=None)
    @given(st.lists(st.binary(max_size=700), max_size=8))
    def test_pieces_do_not_matter(self, pieces):
        intake = HashingWriter(io.BytesIO(), ["sha256"])
        for piece in pieces:
            intake.write(piece)
        whole = b"".join(pieces)
        got = intake.finish()
        assert (got.size, got.head, got.digests) == (len(whole), whole[:HEAD_SIZE], (digest(whole),))


class TestTheRule:
    @pytest.mark.parametrize("algorithm", STRONG_ALGORITHMS)
    def test_one_listed_digest_suffices(self, algorithm):
        listed = digest(BODY, algorithm)
        found = judged(pinned("demo==1.0", made_up("a"), made_up("b", "sha512"), listed))
        assert isinstance(found, VerifiedArchive)
        assert found.digest == listed
        assert found.sha256 == hashlib.sha256(BODY).hexdigest()
        assert (found.size, found.filename) == (len(BODY), WHEEL)
        assert found.file.read() == BODY

    @pytest.mark.parametrize("algorithm", ["md5", "sha1"])
    def test_n2_r11_weak_digests_never_vouch(self, algorithm):
        """THREATS N2, R11: md5 and sha1."""
        weak = digest(BODY, algorithm)
        assert listed_digest([weak], pinned("demo==1.0", weak)) is None
        assert isinstance(judged(pinned("demo==1.0", weak)), HashMismatch)

    def test_a_changed_bit_is_a_mismatch(self):
        changed = bytes([BODY[0] ^ 1]) + BODY[1:]
        found = judged(pinned("demo==1.0", digest(BODY)), body=changed)
        assert isinstance(found, HashMismatch)
        assert digest(changed) in found.got

    def test_the_same_digits_under_another_algorithm_do_not_match(self):
        pin = pinned("demo==1.0", Digest("sha512", digest(BODY).hex))
        assert isinstance(judged(pin), HashMismatch)

    def test_malformed_text_is_a_mismatch_and_never_no_hash(self):
        wrong = MalformedHash("xyz", "it has 3 characters, not 43", Location("requirements.txt", 1))
        assert isinstance(judged(pinned("demo==1.0", malformed_hashes=(wrong,))), HashMismatch)

    @settings(deadline=None)
    @given(
        received=st.lists(
            st.builds(Digest, st.sampled_from(["md5", "sha1", *STRONG_ALGORITHMS]), st.sampled_from("abc"))
        ),
        listed=st.lists(
            st.builds(Digest, st.sampled_from(["md5", "sha1", *STRONG_ALGORITHMS]), st.sampled_from("abc"))
        ),
    )
    def test_property_any_listed_digest_of_a_strong_algorithm(self, received, listed):
        found = listed_digest(received, pinned("demo==1.0", *listed))
        strong = {item for item in received if item.algorithm in STRONG_ALGORITHMS}
        assert (found is not None) == bool(strong & set(listed))
        assert found is None or (found in listed and found in received)
        assert found == listed_digest(reversed(received), pinned("demo==1.0", *reversed(listed)))

    def test_algorithms_for_a_pin(self):
        assert algorithms_for(pinned("demo==1.0")) == {"sha256"}
        assert algorithms_for(pinned("demo==1.0", made_up("a", "sha512"), Digest("md5", "0"))) == {"sha256", "sha512"}


class TestLockFiles:
    def test_r13_the_hash_of_another_file_does_not_count(self):
        """THREATS R13: PEP 751 lists hashes per file."""
        pin = pinned("demo==1.0", listed_files=(ListedFile(WHEEL, (made_up("a"),)), ListedFile(SDIST, (digest(BODY),))))
        assert isinstance(judged(pin, offered(WHEEL)), HashMismatch)
        assert isinstance(judged(pin, offered(SDIST)), VerifiedArchive)

    def test_n14_the_size_in_a_lock_file_binds(self):
        """THREATS N14."""
        pin = pinned("demo==1.0", listed_files=(ListedFile(WHEEL, (digest(BODY),), size=5),))
        found = judged(pin, exact_size=5)
        assert isinstance(found, BadArchive)
        assert found.problems == (f"is {len(BODY)} bytes long, where the lock file says 5",)
        assert isinstance(judged(pin, exact_size=len(BODY)), VerifiedArchive)

    def test_n14_the_size_in_an_index_does_not(self):
        """THREATS N14."""
        assert isinstance(judged(pinned("demo==1.0", digest(BODY)), offered(WHEEL, size=5)), VerifiedArchive)

    def test_r14_an_entry_without_hashes_is_unhashed(self):
        """THREATS R14."""
        pin = pinned("demo==1.0", listed_files=(ListedFile(WHEEL, ()), ListedFile(SDIST, (digest(BODY),))))
        assert isinstance(judged(pin, offered(WHEEL)), HashMissing)


class TestStories:
    PAGE = b"\n<!DOCTYPE html><title>Sign in</title>"

    def story(self, file=None, *, body=BODY, answer=None, **more):
        found = judged(pinned("demo==1.0", made_up("a")), file, body=body, answer=answer, **more)
        assert isinstance(found, HashMismatch)
        return found.story

    def test_n10_a_web_page_names_its_type(self):
        """THREATS N10: captive portal."""
        assert self.story(body=self.PAGE, answer={"content_type": "text/html"}).startswith(
            "a web page came instead of an archive (Content-Type: text/html)"
        )
        assert self.story(body=self.PAGE).startswith("a web page came instead of an archive: ")
        assert "web page" in self.story(body=b"Sign in!", answer={"content_type": "text/html; charset=utf-8"})
        assert "web page" not in self.story(answer={"content_type": "text/html"})

    def test_n7_sizes(self):
        """THREATS N7: a truncated body."""
        assert self.story(offered(WHEEL, size=99_999)).startswith("only 10,244 of the 99,999 bytes came")
        assert self.story(offered(WHEEL, size=9)).startswith("10,244 bytes came where the index states 9")
        assert self.story(body=b"") == "the answer was empty"

    def test_n8_an_encoded_body(self):
        """THREATS N8."""
        assert "Content-Encoding: gzip" in self.story(answer={"content_encoding": "gzip"})
        assert self.story(answer={"content_encoding": "identity"}) == ""

    def test_n1_bytes_that_the_index_itself_does_not_list(self):
        """THREATS N1, N15."""
        assert "not even those that the index lists" in self.story(offered(WHEEL, made_up("c")))
        assert "not even" not in self.story(offered(WHEEL, digest(BODY)))

    def test_a_wheel_beside_the_vetted_sdist(self):
        files = (offered(WHEEL, digest(BODY)), offered(SDIST))
        assert "somebody put a wheel of the same version on the index" in self.story(files[0], offered=files)

    def test_a_hash_of_no_file_at_all(self):
        files = (offered(WHEEL, digest(BODY)), offered(SDIST, made_up("d")))
        assert self.story(files[0], offered=files).startswith("the hashes that you list are those of another")
        assert self.story(offered(WHEEL)) == ""

    def test_a_new_build(self):
        file = offered("demo-1.0-3-py3-none-any.whl", digest(BODY))
        assert self.story(file, offered=(file,)).startswith("the wheel carries the build tag 3")

    def test_the_vetted_file_is_of_no_use_here(self):
        files = (offered(WHEEL, digest(BODY)), offered("demo-1.0-cp27-cp27m-win32.whl", made_up("a")))
        assert self.story(files[0], offered=files).startswith("the file that you vetted, demo-1.0-cp27-cp27m-win32.whl")
        why = Rejection("demo-1.0-cp27-cp27m-win32.whl", "is for another platform", is_listed=True)
        told = self.story(files[0], offered=files, rejections=(why,))
        assert told.endswith("demo-1.0-cp27-cp27m-win32.whl, is still offered, but is for another platform")

    def test_the_version_was_changed_and_the_hash_was_not(self):
        files = (offered(WHEEL, digest(BODY)), offered("demo-0.9.tar.gz", made_up("a")))
        why = Rejection("demo-0.9.tar.gz", "", other_version="0.9", is_listed=True)
        assert self.story(files[0], offered=files, rejections=(why,)) == (
            "the hash of demo-0.9.tar.gz is listed: perhaps the version was changed, and the hash was not"
        )

    def test_nothing_is_guessed_about_files_where_no_hash_is_one(self):
        wrong = MalformedHash("xyz", "it has 3 characters, not 43", Location("requirements.txt", 1))
        files = (offered(WHEEL, digest(BODY)), offered(SDIST))
        found = judged(pinned("demo==1.0", malformed_hashes=(wrong,)), files[0], offered=files)
        assert isinstance(found, HashMismatch)
        assert found.story == ""


class TestWithoutHashes:
    def test_what_came_is_reported_to_be_vetted(self):
        found = judged(pinned("demo==1.0"))
        assert isinstance(found, HashMissing)
        assert (found.got, found.size) == (digest(BODY), len(BODY))

    @pytest.mark.parametrize(
        ("file", "body", "answer"),
        [
            (offered(WHEEL), TestStories.PAGE, {}),
            (offered(WHEEL, size=99_999), BODY, {}),
            (offered(WHEEL, made_up("c")), BODY, {}),
            (offered(WHEEL), BODY, {"content_encoding": "gzip"}),
        ],
    )
    def test_n10_nobody_is_invited_to_vet_what_is_plainly_not_the_file(self, file, body, answer):
        """THREATS N7, N8, N10: no hash of a login page ends up in a requirements file."""
        assert isinstance(judged(pinned("demo==1.0"), file, body=body, answer=answer), FetchFailure)

    def test_an_encoding_that_changed_nothing_is_no_doubt(self):
        """Servers label .tar.gz files so; the index's digest tells that the bytes are the file's."""
        found = judged(pinned("demo==1.0"), offered(SDIST, digest(BODY)), answer={"content_encoding": "x-gzip"})
        assert isinstance(found, HashMissing)
