"""The choice of a file: any usable one whose digest is listed, chosen alike everywhere, all others explained."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.errors import NoUsableFile
from peep.index.selection import select_candidate
from peep.model import ArchiveKind, Candidate, FormatControl, ListedFile, Location, MalformedHash
from support.cpu import assert_linear
from support.pins import INDEX, detail, made_up, offered, pinned, target

A, B, C, D = (made_up(character) for character in "abcd")
ANY = FormatControl()
WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


def chosen(pin, *details, formats=ANY, on=None):
    found = select_candidate(pin, details, on or target(), formats)
    assert isinstance(found, Candidate), found
    return found


def refused(pin, *details, formats=ANY, on=None):
    found = select_candidate(pin, details, on or target(), formats)
    assert isinstance(found, NoUsableFile), found
    return found


def reasons(found):
    return {rejection.filename: rejection.reason for rejection in found.rejections}


def test_the_listed_file_wins_over_a_better_unlisted_one():
    found = chosen(pinned("demo==1.0", A), detail(offered(WHEEL, B), offered(SDIST, A)))
    assert found.file.filename == SDIST
    assert found.kind is ArchiveKind.SDIST
    assert reasons(found) == {WHEEL: "its digest is not listed"}
    assert "is taken although there is a wheel" in found.cautions[0]


def test_n12_a_listed_file_is_taken_from_any_index():
    """THREATS N12: the hash decides, not the order of indexes."""
    other = "https://other.example/simple/"
    found = chosen(
        pinned("demo==1.0", A), detail(offered(WHEEL, B)), detail(offered(WHEEL, A, index=other), index=other)
    )
    assert found.file.index == other
    assert [file.index for file in found.offered] == [INDEX, other]


def test_of_two_equal_offers_the_earlier_index_wins():
    other = "https://a.example/simple/"
    found = chosen(
        pinned("demo==1.0", A), detail(offered(WHEEL, A)), detail(offered(WHEEL, A, index=other), index=other)
    )
    assert found.file.index == INDEX
    assert found.rejections[0].reason == f"another index comes first; {WHEEL} is preferred"


def test_n12_an_unhashed_pin_keeps_to_the_first_index_that_has_the_project():
    """THREATS N12: dependency confusion."""
    other = "https://other.example/simple/"
    empty, first = detail(), detail(offered("demo-0.9.tar.gz", A))
    found = refused(pinned("demo==1.0"), empty, first, detail(offered(WHEEL, B, index=other), index=other))
    assert reasons(found)[WHEEL].startswith("index priority: ")
    found = chosen(pinned("demo==0.9"), empty, first, detail(offered("demo-0.9-py3-none-any.whl", B, index=other)))
    assert found.file.filename == "demo-0.9.tar.gz"


def test_an_unlisted_file_is_reported_for_the_first_index():
    other = "https://other.example/simple/"
    better = offered("demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", C, index=other)
    found = chosen(pinned("demo==1.0", A), detail(offered(SDIST, B)), detail(better, index=other))
    assert found.file.filename == SDIST
    assert not found.alternatives


def test_a_hash_of_another_version_is_found_when_nothing_matches():
    found = chosen(pinned("demo==1.1", A), detail(offered("demo-1.1.tar.gz", B), offered(SDIST, A)))
    assert [file.filename for file in found.offered] == ["demo-1.1.tar.gz", SDIST]
    assert reasons(found) == {SDIST: "is version 1.0 and has a hash of yours"}
    unneeded = chosen(pinned("demo==1.1", A, B), detail(offered("demo-1.1.tar.gz", B), offered(SDIST, A)))
    assert [file.filename for file in unneeded.offered] == ["demo-1.1.tar.gz"]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", "demo-1.0-cp311-abi3-manylinux_2_17_x86_64.whl"),
        ("demo-1.0-cp310-abi3-manylinux_2_17_x86_64.whl", WHEEL),
        ("demo-1.0-py2.py3-none-any.whl", SDIST),
        ("demo-1.0-2-py3-none-any.whl", WHEEL),
        ("demo-1.0-10-py3-none-any.whl", "demo-1.0-9-py3-none-any.whl"),
        ("demo-1.0-1b-py3-none-any.whl", "demo-1.0-1a-py3-none-any.whl"),
        (WHEEL, "demo-1.0+local-py3-none-any.whl"),
        (SDIST, "demo-1.0.zip"),
    ],
)
def test_order_among_listed_files(better, worse):
    files = [offered(better, A), offered(worse, B)]
    for order in itertools.permutations(files):
        found = chosen(pinned("demo==1.0", A, B), detail(*order))
        assert found.file.filename == better
        assert better in reasons(found)[worse]


def test_yanked_files_come_last_and_are_warned_about():
    """THREATS N13: the pin decides, the user hears of it."""
    pin = pinned("demo==1.0", A, B)
    yanked = offered(WHEEL, A, yanked="broken build")
    found = chosen(pin, detail(yanked, offered(SDIST, B)))
    assert found.file.filename == SDIST
    assert reasons(found) == {WHEEL: f"was yanked: broken build, and {SDIST} was not"}
    alone = chosen(pin, detail(yanked))
    assert alone.file.filename == WHEEL
    assert alone.cautions == (f"{WHEEL} was yanked from {INDEX}: broken build",)


def test_n13_status_of_the_project_is_told():
    """THREATS N13: quarantine (PEP 792)."""
    found = chosen(pinned("demo==1.0", A), detail(offered(WHEEL, A), status="archived", status_reason="moved"))
    assert found.cautions == (f"the project is archived on {INDEX}: moved",)
    nothing = refused(pinned("demo==1.0", A), detail(status="quarantined", status_reason="malware"))
    assert nothing.reason == f"the project is quarantined on {INDEX}: malware"


def test_n2_files_without_a_strong_digest_are_the_second_choice():
    """THREATS N2: find-links and old indexes state none; what they offer is perhaps the listed file."""
    unstated = offered(WHEEL)
    assert chosen(pinned("demo==1.0", A), detail(unstated, offered(SDIST, A))).file.filename == SDIST
    found = chosen(pinned("demo==1.0", A), detail(unstated, offered(SDIST), offered("demo-1.0.zip", B)))
    assert found.file.filename == WHEEL
    assert [file.filename for file in found.alternatives] == [SDIST]
    assert reasons(found)["demo-1.0.zip"] == "its digest is not listed"


def test_n1_a_digest_in_another_algorithm_says_nothing():
    """THREATS N1: only an algorithm that the pin uses can filter."""
    pin = pinned("demo==1.0", made_up("a", "sha512"))
    found = chosen(pin, detail(offered(WHEEL, A), offered(SDIST, made_up("a", "sha512"))))
    assert found.file.filename == SDIST
    found = chosen(pin, detail(offered(WHEEL, A), offered(SDIST, made_up("b", "sha512"))))
    assert found.file.filename == WHEEL


def test_a_pin_with_only_a_malformed_hash_still_gets_a_file():
    wrong = MalformedHash("xyz", "it has 3 characters, not 43", Location("requirements.txt", 1))
    found = chosen(pinned("demo==1.0", malformed_hashes=(wrong,)), detail(offered(WHEEL, A)))
    assert found.file.filename == WHEEL


def test_tags_requires_python_and_formats_are_objections():
    files = (
        offered("demo-1.0-cp27-cp27m-win32.whl", A),
        offered("demo-1.0-py3-none-any.whl", B, requires_python=">=3.12"),
        offered(SDIST, C),
    )
    found = refused(pinned("demo==1.0", A, B), detail(*files), formats=FormatControl(only_binary=frozenset({"demo"})))
    assert reasons(found) == {
        "demo-1.0-cp27-cp27m-win32.whl": "is for another Python and platform than cp311 on manylinux_2_17_x86_64 "
        "(its digest is listed)",
        "demo-1.0-py3-none-any.whl": "requires Python >=3.12, the target has 3.11.7 (its digest is listed)",
        SDIST: "is a source archive, which --only-binary excludes",
    }
    assert found.reason == "none of the 3 files of version 1.0 can be used here"


def test_requires_python_can_be_ignored():
    page = detail(offered("demo-1.0-py3-none-any.whl", A, requires_python=">=3.12"))
    assert chosen(pinned("demo==1.0", A), page, formats=FormatControl(any_python=True)).file.hashes == (A,)


@pytest.mark.parametrize(
    ("filename", "reason"),
    [
        ("demo-1.0-py3-none-win32.whl", "is for another platform than manylinux_2_17_x86_64"),
        ("demo-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", "is for another Python than cp311"),
        ("demo-1.0-cp39-cp39-win32.whl", "is for another Python and platform than cp311 on manylinux_2_17_x86_64"),
        ("demo-1.0-cp311-abi3-any.whl", "joins its tags in a way that does not fit cp311 on manylinux_2_17_x86_64"),
    ],
)
def test_tags_say_what_does_not_fit(filename, reason):
    assert reasons(refused(pinned("demo==1.0"), detail(offered(filename))))[filename] == reason


def test_no_binary_for_all_but_one():
    formats = FormatControl(no_binary=frozenset({":all:"}), only_binary=frozenset({"demo"}))
    files = detail(offered(WHEEL, A), offered(SDIST, B))
    assert chosen(pinned("demo==1.0", A, B), files, formats=formats).file.filename == WHEEL
    formats = FormatControl(no_binary=frozenset({":all:"}))
    found = chosen(pinned("demo==1.0", A, B), files, formats=formats)
    assert found.file.filename == SDIST
    assert reasons(found)[WHEEL] == "is a wheel, which --no-binary excludes (its digest is listed)"


def test_an_unreadable_requires_python_restricts_nothing():
    assert chosen(pinned("demo==1.0", A), detail(offered(WHEEL, A, requires_python=">=3.7.*"))).file.hashes == (A,)


def test_compressed_tags_count_by_their_best():
    name = "demo-1.0-cp310.cp311-abi3.cp311-manylinux_2_17_x86_64.win32.whl"
    assert chosen(pinned("demo==1.0", A), detail(offered(name, A))).file.filename == name


@pytest.mark.parametrize(
    ("pin", "filename"),
    [
        ("demo==1.0", "demo-1.tar.gz"),
        ("demo==1.0", "Demo-1.0.0.zip"),
        ("demo==1.0rc1", "demo-1.0.RC.1.tar.gz"),
        ("demo==1.0.post1", "demo-1.0-1.tar.gz"),
        ("demo==2012j", "demo-2012j.tar.bz2"),
        ("demo===1.0", "demo-1.0.tgz"),
        ("demo===1.0-Beta", "demo-1.0_beta-py3-none-any.whl"),
        ("demo===1.0-beta", "demo-1.0-Beta.tar.gz"),
        ("demo==1.0", "demo-1.0+cpu-py3-none-any.whl"),
        ("demo==1.0+cpu", "demo-1.0+CPU-py3-none-any.whl"),
        ("Demo_Kit==1.0", "demo.kit-1.0.tar.xz"),
        ("Demo_Kit==1.0", "demo_kit-1.0-py3-none-any.whl"),
    ],
)
def test_names_and_versions_that_are_equal(pin, filename):
    assert chosen(pinned(pin, A), detail(offered(filename, A))).file.filename == filename


@pytest.mark.parametrize(
    ("pin", "filename"),
    [
        ("demo===1.0", "demo-1.0.0.tar.gz"),
        ("demo==1.0+cpu", "demo-1.0.tar.gz"),
        ("demo==1.0+cpu", "demo-1.0+gpu.tar.gz"),
        ("demo==1.0", "demo-1.0.1.tar.gz"),
        ("demo==1.0", "demo-1.0.post1.tar.gz"),
        ("demo==2012j", "demo-2012J.1.tar.gz"),
        ("demo==2", "demo-kit-2.tar.gz"),
    ],
)
def test_names_and_versions_that_differ(pin, filename):
    found = refused(pinned(pin, A), detail(offered(filename, A)))
    assert found.reason.startswith("no index offers version ")


@pytest.mark.parametrize(
    ("filename", "reason"),
    [
        ("demo-1.0.egg", "is neither a wheel nor a source archive that can be installed (.egg)"),
        ("demo", "is neither a wheel nor a source archive that can be installed"),
        ("demo-1.0-any.whl", "is not a valid wheel file name (PEP 427)"),
        ("demo-1.0-x1-py3-none-any.whl", "has the build tag 'x1', which does not begin with a digit (PEP 427)"),
        ("other-1.0-py3-none-any.whl", "does not name the project demo"),
        ("../demo-1.0.tar.gz", "is not a plain file name"),
        ("dem\u043e-1.0-py3-none-any.whl", "does not name the project demo"),
        ("demo-1.0\u202egz.rat.tar.gz", "is not a plain file name"),
        ("demo-1.0\x1b[2J.tar.gz", "is not a plain file name"),
    ],
)
def test_n4_file_names_that_are_refused(filename, reason):
    """THREATS N4, W6: file names from servers."""
    found = refused(pinned("demo==1.0", A), detail(offered(filename, A)))
    assert reasons(found) == {filename: reason}


def test_w6_the_name_of_the_project_says_where_the_version_begins():
    """THREATS W6: `demo-1-2.tar.gz` is version 2 of demo-1, and version 1-2 (1.post2) of demo."""
    assert chosen(pinned("demo-1==2", A), detail(offered("demo-1-2.tar.gz", A))).file.hashes == (A,)
    assert chosen(pinned("demo==1.post2", A), detail(offered("demo-1-2.tar.gz", A))).file.hashes == (A,)


def test_hostile_numbers_and_lists_are_only_rejections():
    """THREATS N4: more digits than Python converts, more tags than can be combined, a name that never ends."""
    many = ".".join(["py3"] * 50)
    files = [
        offered(f"demo-{'9' * 200}.tar.gz", A),
        offered(f"demo-1.0-{'9' * 100}-py3-none-any.whl", B),
        offered(f"demo-1.0-{many}-a-b.whl", A),
        offered(f"demo-{'9' * 5000}.tar.gz", A),
        offered("demo-1.0.zip", A, requires_python=f">={'9' * 5000}", yanked="x" * 1000),
    ]
    found = chosen(pinned("demo==1.0", A, B), detail(*files))
    assert found.file is files[1]
    assert len(reasons(found)) == 4
    assert all(len(reason) < 500 for reason in reasons(found).values())
    assert refused(pinned(f"demo=={'9' * 5000}", A), detail(*files)).reason


def test_no_index_knows_the_project():
    assert refused(pinned("demo==1.0", A)).reason == "no index and no --find-links place offers a project of this name"
    assert (
        refused(pinned("demo==1.0", A), detail()).reason
        == "no index and no --find-links place offers a project of this name"
    )


def test_the_newest_versions_are_named():
    files = [offered(f"demo-{version}.tar.gz", A) for version in ("1.9", "1.10", "2.0rc1", "0.1")]
    reason = refused(pinned("demo==1.0", A), detail(*files)).reason
    assert reason == "no index offers version 1.0; the newest offered are 2.0rc1, 1.10, 1.9, 0.1"


class TestFilesThatThePinStates:
    def test_lock_files_are_the_only_candidates(self):
        files = (
            ListedFile(WHEEL, (A,), url="https://files.example/d.whl", size=12),
            ListedFile(SDIST, (B,), url="https://files.example/d.tgz", size=34),
        )
        pin = pinned("demo==1.0", A, B, listed_files=files)
        found = chosen(pin, detail(offered("demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", A)))
        assert found.file.url == "https://files.example/d.whl"
        assert found.exact_size == 12
        assert found.file.index == "https://files.example"
        found = chosen(pin, formats=FormatControl(no_binary=frozenset({"demo"})))
        assert (found.file.filename, found.exact_size) == (SDIST, 34)

    def test_a_path_beats_a_url(self, tmp_path):
        listed = ListedFile(WHEEL, (A,), url="https://files.example/d.whl", path=str(tmp_path / WHEEL))
        assert chosen(pinned("demo==1.0", A, listed_files=(listed,))).file.url == (tmp_path / WHEEL).as_uri()

    def test_r13_a_wheel_of_another_project_or_version_is_refused(self):
        """THREATS R13."""
        files = tuple(
            ListedFile(name, (A,), url="https://x.example/")
            for name in ("other-1.0-py3-none-any.whl", "demo-2.0-py3-none-any.whl")
        )
        found = refused(pinned("demo==1.0", A, listed_files=files))
        assert found.reason == "none of the files that the lock file names can be used here"
        assert set(reasons(found)) == {file.filename for file in files}

    def test_a_url_is_the_only_candidate(self):
        pin = pinned("demo @ https://u:secret@code.example/x/demo/archive/1f2e3d4.zip?a=b", A)
        found = chosen(pin, detail(offered(WHEEL, A)))
        assert (found.file.filename, found.kind) == ("1f2e3d4.zip", ArchiveKind.SDIST)
        assert found.file.url == pin.url
        assert "secret" not in found.file.index

    def test_a_url_is_not_subject_to_format_options(self):
        formats = FormatControl(only_binary=frozenset({":all:"}))
        assert (
            chosen(pinned("demo @ https://x.example/demo-1.0.zip", A), formats=formats).file.filename == "demo-1.0.zip"
        )

    def test_n4_the_name_in_a_url_is_decoded_once(self):
        """THREATS N4: encoded separators."""
        found = refused(pinned("demo @ https://x.example/a/%2e%2e%2fdemo-1.0.tar.gz", A))
        assert [rejection.reason for rejection in found.rejections] == ["is not a plain file name"]
        kept = chosen(pinned("demo @ https://x.example/a/%252e%252fdemo.tar.gz", A))
        assert kept.file.filename == "%2e%2fdemo.tar.gz"

    @pytest.mark.parametrize("url", ["http://[::1/demo-1.0.zip", "https://x.example/", "https://x.example/d.zip/"])
    def test_a_url_without_a_file_name(self, url):
        found = refused(pinned(f"demo @ {url}"))
        assert [rejection.reason for rejection in found.rejections] == ["is a URL that does not end in a file name"]

    def test_w6_a_wheel_name_that_only_looks_alike(self):
        """THREATS W6: the Kelvin sign in lower case is a k."""
        found = refused(pinned("kit==1.0", A), detail(offered("\u212ait-1.0-py3-none-any.whl", A), name="kit"))
        assert [rejection.reason for rejection in found.rejections] == ["does not name the project kit"]

    def test_a_wheel_url_must_fit(self):
        found = refused(pinned("demo @ https://x.example/demo-1.0-cp27-cp27m-win32.whl", A))
        assert "another Python and platform" in found.rejections[0].reason
        found = refused(pinned("demo @ https://x.example/other-1.0-py3-none-any.whl", A))
        assert found.reason == "the file that the URL names cannot be used here"
        assert [rejection.reason for rejection in found.rejections] == ["does not name the project demo"]


_NAMES = [
    WHEEL,
    SDIST,
    "demo-1.0.zip",
    "demo-1.0-1-py3-none-any.whl",
    "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
    "demo-1.0-cp27-cp27m-win32.whl",
    "demo-1.0+x-py3-none-any.whl",
    "demo-2.0.tar.gz",
    "junk.exe",
]
_FILES = st.builds(
    lambda name, hashes, yanked: offered(name, *hashes, yanked=yanked),
    st.sampled_from(_NAMES),
    st.lists(st.sampled_from([A, B, C, D]), max_size=2, unique=True),
    st.sampled_from([None, None, "bad"]),
)


@settings(deadline=None)
@given(
    st.lists(_FILES, max_size=8, unique_by=lambda file: file.filename),
    st.lists(st.sampled_from([A, B]), unique=True),
    st.randoms(use_true_random=False),
)
def test_promise_4_the_choice_does_not_depend_on_the_order_of_files(files, hashes, chance):
    """Promise 4; and every file that is not chosen is explained, once."""
    shuffled = list(files)
    chance.shuffle(shuffled)
    pin = pinned("demo==1.0", *hashes)
    first, second = (select_candidate(pin, [detail(*order)], target(), ANY) for order in (files, shuffled))
    assert type(first) is type(second)
    if isinstance(first, Candidate):
        assert first.file == second.file
        explained = sorted(rejection.filename for rejection in first.rejections)
        assert explained == sorted(file.filename for file in files if file is not first.file)
        listed = [file for file in files if set(file.hashes) & set(hashes) and file in first.offered]
        usable = [file for file in listed if not any(part in file.filename for part in ("win32", "2.0", ".exe"))]
        assert not usable or first.file in usable


def test_choosing_grows_with_the_number_of_files():
    pin = pinned("demo==7.7.7", A)

    def choose(count):
        names = itertools.islice(itertools.product(range(10), range(50), range(10)), count)
        files = [
            offered(f"demo-{major}.{minor}.{patch}-cp3{patch}-cp3{patch}-manylinux_2_17_x86_64.whl", made_up("b"))
            for major, minor, patch in names
        ]
        select_candidate(pin, [detail(*files)], target(), ANY)

    assert_linear(choose, 500, 5000)
