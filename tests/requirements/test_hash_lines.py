import base64
import hashlib

import pytest

from peep.errors import PeepError
from peep.model import Digest, HashForm, Location, MalformedHash
from peep.requirements.hashes import (
    MalformedHashText,
    hash_line,
    looks_like_hash_comment,
    match_comment_line,
    parse_comment_hash,
    parse_option_hash,
)
from support.requirements_files import BASE64_A, BASE64_B, HEX_A, HEX_B, parse

HERE = Location("r.txt", 1)


def test_renders_both_forms():
    raw = hashlib.sha256(b"archive").digest()
    digest = Digest("sha256", raw.hex())

    assert hash_line(digest, HashForm.OPTION) == f"--hash=sha256:{raw.hex()}"
    assert hash_line(digest, HashForm.LOCK) == f"--hash=sha256:{raw.hex()}"
    assert hash_line(digest, HashForm.COMMENT) == "# sha256: " + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_comment_holds_sha256_only():
    with pytest.raises(PeepError, match="sha512"):
        hash_line(Digest("sha512", "0" * 128), HashForm.COMMENT)


@pytest.mark.parametrize(
    "line",
    [
        f"# sha256: {BASE64_A}",
        f"  #  sha256:\t{BASE64_A}  ",
        f"#\u00a0sha256: {BASE64_A}",
        f"# sha256: {BASE64_A} # vetted by hand",
        f"\t# sha256: {BASE64_A}#",
    ],
)
def test_recognises_hash_lines(line):
    found = match_comment_line(line)

    assert found is not None
    assert found["hash"].rstrip("#") == BASE64_A


@pytest.mark.parametrize(
    "line",
    [
        f"#sha256: {BASE64_A}",
        f"# sha256:{BASE64_A}",
        f"# SHA256: {BASE64_A}",
        f"# sha256: {BASE64_A} vetted",
        f"# sha512: {BASE64_A}",
        f"sha256: {BASE64_A}",
        f"## sha256: {BASE64_A}",
        "# sha256:",
        "# sha256: ",
    ],
)
def test_takes_other_lines_for_ordinary_comments(line):
    assert match_comment_line(line) is None


@pytest.mark.parametrize("line", [f"#sha256: {BASE64_A}", f"# sha256:{BASE64_A}", f"# SHA256: {BASE64_A}"])
def test_warns_of_comments_that_look_like_hash_lines(line):
    assert looks_like_hash_comment(line)
    (file,) = parse(f"{line}\nflask==1.0\n")
    assert [warning.partition(": ")[0] for warning in file.warnings] == ["requirements.txt:1"]
    assert file.lines[0].hashes == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BASE64_A + "=", "'='"),
        (BASE64_A[:-1], "42 characters"),
        (BASE64_A + "ABADBAD", "50 characters"),
        (BASE64_A.replace("q", "+", 1), r"'\+'"),
        ("q" * 43, "last character"),
        (HEX_A, "it is hexadecimal"),
    ],
)
def test_r7_text_that_is_no_digest_is_reported_and_never_matches(text, reason):
    wrong = parse_comment_hash(text, HERE)

    assert isinstance(wrong, MalformedHash)
    assert reason.replace("\\", "") in wrong.reason
    assert wrong.location == HERE


@pytest.mark.parametrize(
    "digest",
    [Digest("sha256", HEX_A), Digest("sha256", "f8" * 32), Digest("sha384", "0" * 96), Digest("sha512", "9" * 128)],
)
def test_option_hashes_are_read_in_any_case(digest):
    assert parse_option_hash(f"{digest.algorithm}:{digest.hex.upper()}") == digest


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEX_A, "is no hash"),
        (f"sha256={HEX_A}", "is no hash"),
        ("sha256:", "0 digits"),
        (f"sha256:{HEX_A[:-4]}", "60 digits"),
        (f"sha256:{HEX_A[:-1]}", "63 digits"),
        (f"sha256:{HEX_A}b", "65 digits"),
        (f"sha256:l{HEX_A[1:]}", "'l'"),
        (f"sha256:{BASE64_A}", "hexadecimal"),
        ("md5:" + "0" * 32, "'md5' cannot vouch"),
        ("sha1:" + "0" * 40, "'sha1' cannot vouch"),
        ("sha224:" + "0" * 56, "'sha224' cannot vouch"),
        (f"SHA1:{HEX_A}", "'sha1' cannot vouch"),
    ],
)
def test_r7_r11_refuses_option_hashes_that_vouch_for_nothing(text, reason):
    with pytest.raises(MalformedHashText, match=reason):
        parse_option_hash(text)


def test_hashes_gather_over_comments_and_blank_lines_and_are_used_up():
    (file,) = parse(
        "# Tarball:\n"
        f"# sha256: {BASE64_A}\n"
        "#\n\n"
        "# And the zip file:\n"
        f"# sha256: {BASE64_B}   # vetted by hand\n"
        "mock==0.8.0\n"
        "nose==1.0\n"
    )

    assert [[digest.hex for digest in line.hashes] for line in file.lines] == [[HEX_A, HEX_B], []]
    assert [line.hash_form for line in file.lines] == [HashForm.COMMENT, None]


def test_both_forms_stand_together_without_doubles():
    (file,) = parse(f"# sha256: {BASE64_A}\nmock==0.8.0 --hash=sha256:{HEX_B} --hash=sha256:{HEX_A}\n")

    assert [digest.hex for digest in file.lines[0].hashes] == [HEX_A, HEX_B]
    assert file.lines[0].hash_form is HashForm.OPTION


def test_r6_a_hash_above_a_commented_out_requirement_counts_with_a_warning():
    (file,) = parse(f"# sha256: {BASE64_A}\n# lxml==3.3.3\n\n# sha256: {BASE64_B}\nmock==0.8.0\n")

    assert [digest.hex for digest in file.lines[0].hashes] == [HEX_A, HEX_B]
    assert [warning.partition(": ")[0] for warning in file.warnings] == ["requirements.txt:2"]


@pytest.mark.parametrize("follower", ["--no-index", "-r other.txt", ""])
def test_a_hash_that_belongs_to_no_requirement_is_pointed_out(follower):
    files = parse({"requirements.txt": f"# sha256: {BASE64_A}\n{follower}\n", "other.txt": "mock==0.8.0"})

    assert any("requirements.txt:1: this hash belongs to no requirement" in text for text in files[0].warnings)
    assert not any(line.hashes for file in files for line in file.lines)


def test_a_hash_comment_behind_a_requirement_is_only_a_comment():
    (file,) = parse(f"mock==0.8.0  # sha256: {BASE64_A}\n")

    assert file.lines[0].hashes == ()
    assert "behind a requirement" in file.warnings[0]


def test_r7_malformed_comment_hashes_stay_with_their_requirement():
    (file,) = parse("# sha256: ABADBAD\nmock==0.8.0\n")

    assert [(wrong.text, wrong.location.line) for wrong in file.lines[0].malformed_hashes] == [("ABADBAD", 1)]
    assert file.lines[0].hash_form is HashForm.COMMENT


def test_the_algorithm_of_an_option_hash_may_be_in_any_case():
    assert parse_option_hash(f"SHA256:{HEX_A}") == parse_option_hash(f"sha256:{HEX_A}")
