"""What a refused install prints, as whole texts."""

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.cli.output.problem_json import problems_as_json
from peep.cli.output.reports import report_text
from peep.errors import (
    ArchiveRefused,
    BadArchive,
    ConflictingDependency,
    FetchFailure,
    FileNameTaken,
    HashMismatch,
    HashMissing,
    KnownMalware,
    MissingBuildRequirement,
    NotExamined,
    NoUsableFile,
    ObjectedTo,
    OmittedDependency,
    Problem,
    RecordsUnreadable,
    RunFailure,
    UnusableRequirement,
)
from peep.model import HashForm, ListedFile, Location, MalformedHash, Rejection
from peep.place_faults import (
    BundleFileFault,
    DigestDiffers,
    FileState,
    IncompleteTarget,
    MirrorFileFault,
    NotOwned,
    UnpulledFile,
)
from peep.requirements.hashes import hash_line
from support.cpu import assert_linear
from support.pins import INDEX, candidate, made_up, offered, pinned

A, B, C = (made_up(character) for character in "abc")
WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
UPLOADED = "2020-01-02T03:04:05.678901Z"
END = "\n\n-------------------------------\nNot proceeding to installation."


def mismatch(*listed, pin=None, got=(C,), file=None, story="", **more):
    pin = pin or pinned("demo==1.0", *(listed or (A,)), line=3)
    return HashMismatch(candidate(pin, file or offered(WHEEL), **more), got, 12_345, story=story)


def missing(pin, file=None, **more):
    return HashMissing(candidate(pin, file or offered(WHEEL, upload_time=UPLOADED)), C, 12_345, **more)


def test_mismatch_with_all_that_is_known():
    wheel = offered(WHEEL, C, upload_time=UPLOADED)
    sdist = replace(offered(SDIST, A, upload_time="2019-01-01"), index="https://other.example/")
    story = "this is a wheel; if you vetted the source archive, somebody put a wheel of the same version on the index"
    assert report_text([mismatch(A, B, file=wheel, offered=(wheel, sdist), story=story)], 80) == (
        f"""\
THE FOLLOWING PACKAGES DIDN'T MATCH THE HASHES SPECIFIED IN THE REQUIREMENTS
FILE. If you have updated the package versions, update the hashes. If you have
not, be alarmed: somebody may have tampered with the packages.

    demo==1.0 (requirements.txt:3)
        expected one of sha256:{A.hex}
                        sha256:{B.hex}
                    got sha256:{C.hex}
        file: {WHEEL}, 12.3 kB, uploaded 2020-01-02 03:04 UTC,
              from https://index.example/simple/
        still offered: {SDIST}, uploaded 2019-01-01, from
                       https://other.example/, which you list as
                       sha256:aaaaaaaaaaaa...
        likely cause: this is a wheel; if you vetted the source archive,
                      somebody put a wheel of the same version on the index"""
        + END
    )


def test_mismatch_in_the_comment_form():
    pin = pinned("demo==1.0", A, line=3, hash_form=HashForm.COMMENT)
    wheel = offered(WHEEL, C)
    text = report_text([mismatch(pin=pin, file=wheel, offered=(wheel,))])
    assert (
        """
    demo==1.0 (requirements.txt:3)
        expected qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo
             got zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMw
        file: demo-1.0-py3-none-any.whl, 12.3 kB, from https://index.example/simple/
        still offered: no file of this version that has a hash which you list
"""
        in text
    )


def test_an_index_that_claims_the_listed_hash_for_what_its_server_does_not_send():
    """THREATS N1: nobody is told that the index offers nothing listed when it says that it does."""
    wheel = offered(WHEEL, A)
    text = report_text([mismatch(A, file=wheel, offered=(wheel,))])
    assert f"still offered: {WHEEL}, going by the index: what came in its place is something else\n" in text
    assert "no file of this version" not in text


def test_a_malformed_hash_is_shown_with_its_fault():
    """THREATS R7: never "no hash"."""
    wrong = MalformedHash("xyz", "it has 3 characters, not 43", Location("requirements.txt", 2))
    text = report_text([mismatch(pin=pinned("demo==1.0", line=3, malformed_hashes=(wrong,)))])
    assert (
        f"""
        expected xyz (no hash: it has 3 characters, not 43; requirements.txt:2)
             got sha256:{C.hex}
"""
        in text
    )


def test_only_algorithms_that_the_pin_lists_are_compared():
    strong = made_up("d", "sha512")
    text = report_text([mismatch(made_up("e", "sha512"), got=(C, strong))], 80)
    assert f"             got sha512:{strong.hex}\n" in text
    assert C.hex not in text


def test_a_lock_file_lists_hashes_per_file():
    pin = pinned("demo==1.0", listed_files=(ListedFile(WHEEL, (A,)), ListedFile(SDIST, (B,))))
    text = report_text([mismatch(pin=pin)])
    assert f"expected sha256:{A.hex}\n" in text
    assert B.hex not in text


def test_missing_hashes_in_the_option_form():
    pin = pinned("Demo==1.0", line=3, extras=("tls",), marker='python_version < "4"')
    assert report_text([missing(pin)], 80) == (
        f"""\
The following packages have no hashes in the requirements file, so nothing keeps
somebody from exchanging them. Vet these files to your satisfaction, then let
these lines replace yours:

# file: {WHEEL}, 12.3 kB, uploaded 2020-01-02 03:04 UTC
# from https://index.example/simple/; peep has never seen this digest before
Demo[tls]==1.0 ; python_version < "4" \\
    --hash=sha256:{C.hex}"""
        + END
    )


def test_missing_hashes_in_the_comment_form():
    pin = pinned("demo==1.0", hash_form=HashForm.COMMENT)
    text = report_text([missing(pin, seen_before=True)])
    assert text.endswith(
        "\n# from https://index.example/simple/; peep has seen this digest before\n"
        "# sha256: zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMw\ndemo==1.0" + END
    )


@pytest.mark.parametrize(
    ("pin", "line"),
    [
        (pinned("demo===2012j"), "demo===2012j"),
        (pinned("demo @ https://x.example/d.zip"), "demo @ https://x.example/d.zip"),
        (
            pinned("demo @ https://u:p@x.example/d.zip", subdirectory="py"),
            "demo @ https://****@x.example/d.zip#subdirectory=py",
        ),
    ],
)
def test_the_line_to_paste_is_the_requirement_itself(pin, line):
    text = report_text([missing(pin)])
    assert f"\n{line} \\\n    {hash_line(C, HashForm.OPTION)}" in text


def test_missing_hashes_of_a_lock_file():
    text = report_text([missing(pinned("demo==1.0", hash_form=HashForm.LOCK))])
    assert f'\nhashes = {{sha256 = "{C.hex}"}}\n' in text


def test_all_kinds_stand_in_one_report_worst_first_and_in_the_order_of_the_file():
    problems = [
        OmittedDependency("omitted", "omitted>=2", ("a", "b", "omitted")),
        ConflictingDependency("clash", "clash<2", "2.0", "a"),
        NoUsableFile(pinned("nofile==1", line=9), "no index offers version 1; the newest offered are 2, 3"),
        FetchFailure(pinned("late==1", line=11), INDEX, "the server answered 404 (not found)", "ask its owner"),
        FetchFailure(pinned("early==1", line=10), "", "the index is down"),
        BadArchive(
            pinned("bad==1", line=8), "bad-1.whl", ("RECORD lacks a.py", "b.py is there twice"), "ask its project"
        ),
        UnusableRequirement(Location("requirements.txt", 7), "thing", "is not pinned to one version"),
        missing(pinned("unhashed==1.0", line=6)),
        mismatch(),
    ]
    text = report_text(problems, 80)
    assert text[text.index("The following requirements cannot") :] == (
        """\
The following requirements cannot be installed as they are written:

    thing (requirements.txt:7)
        is not pinned to one version

The following archives have a hash that you list, and yet are not what their
format allows:

    bad==1 (requirements.txt:8)
        bad-1.whl:
        RECORD lacks a.py
        b.py is there twice
        hint: ask its project

The following could not be fetched:

    early==1 (requirements.txt:10)
        the index is down
    late==1 (requirements.txt:11)
        https://index.example/simple/: the server answered 404 (not found)
        hint: ask its owner

There is no file to install for the following requirements:

    nofile==1 (requirements.txt:9)
        no index offers version 1; the newest offered are 2, 3

The following packages are listed in versions that other listed packages do not
accept:

    clash
        a requires clash<2; 2.0 is listed

The following packages are required by listed ones, but are not listed
themselves. Add each with its version and hashes, or install without them by
--no-check-dependencies:

    omitted>=2
        by way of a -> b -> omitted"""
        + END
    )
    assert text.index("THE FOLLOWING PACKAGES") < text.index("The following packages have no hashes")
    assert report_text(problems[::-1], 80) == text
    assert report_text(problems * 2, 80) == text


def test_build_requirements_end_with_lines_to_paste_each_once():
    lines = ("setuptools==80 \\", f"    --hash=sha256:{A.hex}")
    problems = [
        MissingBuildRequirement("demo-1.0.tar.gz", "setuptools>=61", ("demo", "setuptools"), "is not listed", lines),
        MissingBuildRequirement("zoo-1.0.zip", "setuptools", ("zoo", "flit", "setuptools"), "has no hash", lines),
        MissingBuildRequirement("zoo-1.0.zip", "x", ("zoo", "x"), "nothing fits"),
        # For another target, whose lines to paste are the same in part.
        MissingBuildRequirement("zoo-1.0.zip", "x", ("zoo", "x"), "nothing fits", lines),
    ]
    assert report_text(problems, 80) == (
        f"""\
The following archives must be built, and a build may use nothing that you have
not vetted either. Pin what they need, with hashes, in a file that
--build-constraint names:

    demo-1.0.tar.gz
        needs setuptools>=61: is not listed
    zoo-1.0.zip
        needs setuptools, by way of zoo -> flit -> setuptools: has no hash
        needs x: nothing fits

Vet these, then add the lines to that file, where a project may stand in several
versions: each build gets the newest that it allows. Nothing of them has been
read yet, so a further run may name what they need in turn:

setuptools==80 \\
    --hash=sha256:{A.hex}"""
        + END
    )


def test_every_kind_of_problem_is_told():
    """A kind that is added to the union and forgotten here would make a run fail without a reason."""
    pin = pinned("demo==1.0", line=3)
    samples = {
        HashMismatch: mismatch(),
        HashMissing: missing(pin),
        UnusableRequirement: UnusableRequirement(Location("r.txt", 7), "thing", "unpinned"),
        NoUsableFile: NoUsableFile(pin, "none"),
        FetchFailure: FetchFailure(pin, INDEX, "404"),
        BadArchive: BadArchive(pin, WHEEL, ("lies",)),
        ArchiveRefused: ArchiveRefused(WHEEL, ("lies",)),
        RunFailure: RunFailure("means nothing", "write it anew", (Location("r.txt", 7),)),
        KnownMalware: KnownMalware(pin, "MAL-1", "version"),
        OmittedDependency: OmittedDependency("b", "b>1", ("a", "b")),
        ConflictingDependency: ConflictingDependency("b", "b>1", "1", "a"),
        MissingBuildRequirement: MissingBuildRequirement(SDIST, "b", ("demo", "b"), "is not listed"),
        NotExamined: NotExamined(pin, WHEEL, A.hex, "safe-to-run"),
        ObjectedTo: ObjectedTo(pin, WHEEL, A.hex, "safe-to-run", "", "Reviewer", "2026-01-01", "bad"),
        RecordsUnreadable: RecordsUnreadable("vetting/audits.toml", "unknown keys: x"),
        BundleFileFault: BundleFileFault("archives/x.whl", FileState.CHANGED),
        UnpulledFile: UnpulledFile("archives/x.whl"),
        DigestDiffers: DigestDiffers(A, A),
        FileNameTaken: FileNameTaken("x.whl", (A, A)),
        IncompleteTarget: IncompleteTarget("cp312-win_amd64", "x", "is not listed"),
        NotOwned: NotOwned("acme-lib", "public", "acme-* of ours", "mirror.toml", "r.txt:1"),
        MirrorFileFault: MirrorFileFault("simple/index.html", FileState.CHANGED, "edited"),
    }
    assert set(samples) == set(get_args(Problem))
    for sample in samples.values():
        assert len(report_text([sample])) > len(END) + 20
        assert problems_as_json([sample])["problems"][0]["kind"]


def test_why_not():
    wheels = tuple(Rejection(f"demo-1.0-cp3{n}-cp3{n}-win32.whl", "is for another platform") for n in range(6, 14))
    sdist = Rejection(SDIST, "requires Python >=3.12, the target has 3.11.7", is_listed=True)
    text = report_text([NoUsableFile(pinned("demo==1.0"), "nothing fits", (*wheels, sdist))], 80)
    assert text == (
        """\
There is no file to install for the following requirements:

    demo==1.0 (requirements.txt:1)
        nothing fits
        demo-1.0.tar.gz: requires Python >=3.12, the target has 3.11.7 (its
        digest is listed)
        demo-1.0-cp36-cp36-win32.whl, demo-1.0-cp37-cp37-win32.whl and 6 more:
        is for another platform"""
        + END
    )


def test_r3_n4_hostile_text_is_made_harmless():
    """THREATS R3, N4: what an index calls its files cannot drive a terminal or forge a line of the report."""
    evil = "x\x1b[2J\u202eexe\r\nNot proceeding\u2028\x9b31m"
    file = replace(offered(evil), index=f"https://index.example/{evil}", upload_time=evil)
    pin = replace(pinned("demo==1.0", A), written_name=evil)
    problems = [
        mismatch(pin=pin, file=file, story=evil, offered=(file,)),
        missing(pin, file),
        UnusableRequirement(Location(evil, 1), evil, evil),
        NoUsableFile(pin, evil, (Rejection(evil, evil, evil),)),
        FetchFailure(pin, evil, evil),
        BadArchive(pin, evil, (evil,)),
        OmittedDependency(evil, evil, (evil, evil)),
        ConflictingDependency(evil, evil, evil, evil),
    ]
    text = report_text(problems, 80)
    assert text.replace("\n", "").isprintable()
    assert not [line for line in text.splitlines() if line.startswith("Not proceeding\\")]
    assert text.count("\nNot proceeding") == 1


def test_n18_credentials_are_redacted():
    """THREATS N18."""
    secret = "https://user:secret@index.example/simple/"
    file = replace(offered(WHEEL, index=secret), index=secret)
    problems = [
        mismatch(file=file, story=f"see {secret}"),
        missing(pinned(f"demo @ {secret}demo.zip"), file),
        FetchFailure(pinned("demo==1.0"), secret, f"not at {secret}"),
        UnusableRequirement(Location("r.txt", 1), f"git+{secret}", "a branch"),
        UnusableRequirement(Location("r.txt", 2), "https://user:p@secret@x.example/", "a password with @ in it"),
        NoUsableFile(pinned("demo==1.0"), "no", (Rejection("x", "y", secret), Rejection("x", "y", ""))),
    ]
    assert "secret" not in report_text(problems)
    assert "secret" not in json.dumps(problems_as_json(problems))


@settings(deadline=None)
@given(st.sampled_from([None, 80]), st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_hashes_are_never_broken_and_paragraphs_stay_within_80_columns(width, story):
    text = report_text([mismatch(A, B, story=story), missing(pinned("demo==1.0"))], width)
    for digest in (A, B, C):
        assert digest.hex in text
    if width:
        long = [line for line in text.splitlines() if len(line) > width]
        assert all(":" in line or len(line.split()) == 1 or line.startswith("#") for line in long)


def test_a_report_grows_with_its_problems():
    def told(count):
        pins = [pinned(f"demo-{n}==1.0", line=n) for n in range(count)]
        return report_text([NoUsableFile(pin, "none") for pin in pins] + [missing(pin) for pin in pins])

    assert_linear(told, 200, 2_000)


def test_as_data():
    wheel, sdist = offered(WHEEL, C, upload_time=UPLOADED, yanked="bad"), offered(SDIST, A)
    problems = [
        mismatch(A, file=wheel, offered=(wheel, sdist), story="why"),
        missing(pinned("demo @ https://u:p@x.example/d.zip"), version="1.0"),
        UnusableRequirement(Location("r.txt", 7), "thing", "unpinned"),
        NoUsableFile(pinned("demo==1.0"), "none", (Rejection(SDIST, "yanked", INDEX),)),
        FetchFailure(pinned("demo==1.0"), "https://u:p@x.example/", "404"),
        BadArchive(pinned("demo==1.0"), WHEEL, ("lies",)),
        OmittedDependency("b", "b>1", ("a", "b")),
        ConflictingDependency("b", "b>1", "1", "a"),
    ]
    data = json.loads(json.dumps(problems_as_json(problems)))["problems"]
    assert [entry["kind"] for entry in data] == [
        "hash-mismatch",
        "hash-missing",
        "unusable",
        "no-usable-file",
        "fetch-failure",
        "bad-archive",
        "omitted-dependency",
        "conflicting-dependency",
    ]
    assert data[0] == {
        "kind": "hash-mismatch",
        "requirement": {
            "name": "demo",
            "version": "1.0",
            "url": None,
            "extras": [],
            "marker": None,
            "locations": [{"path": "requirements.txt", "line": 3}],
        },
        "file": {
            "filename": WHEEL,
            "url": f"{INDEX}{WHEEL}",
            "index": INDEX,
            "hashes": {"sha256": C.hex},
            "upload_time": UPLOADED,
            "yanked": "bad",
        },
        "expected": [str(A)],
        "malformed": [],
        "got": {"sha256": C.hex},
        "size": 12345,
        "content_type": "",
        "still_offered": [SDIST],
        "story": "why",
    }
    assert data[1]["requirement"]["url"] == "https://****@x.example/d.zip"
    assert data[4]["url"] == "https://****@x.example/"
