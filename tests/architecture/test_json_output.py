"""docs/json-output.md says what programs get: its examples look like what peep prints, and every key is explained."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from peep.cli.main import run
from peep.cli.output.problem_json import KINDS, problems_as_json
from peep.cli.verb_table import peeps_verbs
from peep.errors import (
    ArchiveRefused,
    BadArchive,
    ConflictingDependency,
    FetchFailure,
    FileNameTaken,
    HashMismatch,
    HashMissing,
    KnownMalware,
    Lack,
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
from peep.model import Location, MalformedHash, Rejection
from peep.place_faults import (
    BundleFileFault,
    DigestDiffers,
    FileState,
    IncompleteTarget,
    MirrorFileFault,
    NotOwned,
    UnpulledFile,
)
from peep.proof.findings import FindingKind
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from support.fake_index import FakeIndex
from support.mirror_verbs import begun
from support.osv import record, since, write_zip
from support.pins import INDEX, candidate, made_up, offered, pinned
from support.proving_ground import overwrite, proving_ground, usual_projects
from support.releases import HARMLESS, TextRelease
from support.small_bundle import locked_bundle
from support.stored import stored_path
from support.vetting import audit, audits_file, hex_of

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "json-output.md").read_text("utf-8")
GENERAL = "".join(part for part in re.split(r"^##+ ", TEXT, flags=re.MULTILINE) if "```json" not in part)
"""What is said of all of them."""
EXAMPLE = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, str]:
    """Every section that has an example, by its heading."""
    parts = re.split(r"^##+ (.*)$", TEXT, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {heading.strip("`"): text for heading, text in found.items() if EXAMPLE.search(text)}


def example(heading: str) -> Any:
    found = EXAMPLE.search(sections()[heading])
    assert found is not None
    return json.loads(found[1])


def differences(documented: Any, printed: Any, place: str = "") -> list[str]:
    """Where two values have other keys or types; null and an empty list are like anything."""
    if documented is None or printed is None:
        return []
    if type(documented) is not type(printed):
        return [f"{place}: {type(printed).__name__}, documented is {type(documented).__name__}"]
    if isinstance(documented, dict):
        other = documented.keys() ^ printed.keys()
        shared = documented.keys() & printed.keys()
        return [f"{place}: {sorted(other)}"] * bool(other) + [
            found for key in shared for found in differences(documented[key], printed[key], f"{place}.{key}")
        ]
    if isinstance(documented, list) and documented and printed:
        return [found for item in printed for found in differences(documented[0], item, f"{place}[]")]
    return []


def keys_of(value: Any) -> set[str]:
    """Every key at any depth, except names of algorithms."""
    if isinstance(value, dict):
        return {*value, *(key for item in value.values() for key in keys_of(item))} - {"sha256"}
    return {key for item in value for key in keys_of(item)} if isinstance(value, list) else set()


@pytest.mark.parametrize("heading", sorted(sections()))
def test_every_key_of_an_example_is_explained(heading: str):
    section = EXAMPLE.sub("", sections()[heading])
    explained = set(re.findall(r"`(\w+)`", section + GENERAL))

    assert keys_of(example(heading)) - explained == set()


# -- problems --------------------------------------------------------------------------------------

PIN = pinned("demo==1.0", made_up("a"), malformed_hashes=(MalformedHash("x", "too short", Location("r.txt", 2)),))
FILE = offered("demo-1.0-py3-none-any.whl", made_up("c"), upload_time="2020-01-02T03:04:05Z", yanked="broken")
CHOSEN = candidate(PIN, FILE, offered=(offered("demo-1.0.tar.gz", made_up("a")),))
SAMPLES: tuple[Problem, ...] = (
    HashMismatch(CHOSEN, (made_up("b"),), 12_345, "text/html", "a page came"),
    HashMissing(CHOSEN, made_up("b"), 12_345, "1.0"),
    UnusableRequirement(Location("r.txt", 7), "thing", "unpinned"),
    NoUsableFile(PIN, "none", (Rejection("demo-1.0.zip", "yanked", INDEX),)),
    FetchFailure(PIN, INDEX, "404", "look elsewhere"),
    BadArchive(PIN, "demo-1.0.zip", ("lies",), "ask its author"),
    ArchiveRefused("demo-1.0.zip", ("lies",), "ask its author"),
    RunFailure("means nothing", "write it anew", (Location("r.txt", 7),)),
    KnownMalware(PIN, "MAL-1", "hash"),
    OmittedDependency("b", "b>1", ("a", "b")),
    ConflictingDependency("b", "b>1", "1", "a"),
    MissingBuildRequirement("demo-1.0.zip", "b", ("demo", "b"), "is not listed", ("b==1.0",)),
    NotExamined(PIN, "demo-1.0.zip", "a" * 64, "safe-to-run", Lack.UNEXAMINED, 1, "0.9", "Reviewer", "2026-01-01"),
    ObjectedTo(PIN, "demo-1.0.zip", "a" * 64, "safe-to-run", "mozilla", "Reviewer", "2026-01-01", "bad"),
    RecordsUnreadable("vetting/audits.toml", "unknown keys: x", "audit record 1"),
    BundleFileFault("archives/demo-1.0.zip", FileState.MISSING),
    UnpulledFile("archives/demo-1.0.zip"),
    DigestDiffers(made_up("a"), made_up("b")),
    FileNameTaken("demo-1.0.zip", (made_up("a"), made_up("b"))),
    IncompleteTarget("cp312-win_amd64", "demo==1.0", "none of its listed files fits"),
    NotOwned("acme-lib", "public", "acme-* of ours", "mirror.toml", "r.txt:1"),
    MirrorFileFault("simple/index.html", FileState.CHANGED, "edited"),
)


def test_every_kind_of_problem_has_a_section():
    assert {type(sample) for sample in SAMPLES} == set(KINDS)
    assert set(KINDS.values()) <= set(sections())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_problems_are_documented_as_they_are_told(sample: Problem):
    [told] = problems_as_json([sample])["problems"]
    documented = example(told["kind"])

    assert documented["kind"] == told["kind"]
    assert differences(documented, told) == []


def test_every_kind_of_finding_is_listed():
    assert [kind.value for kind in FindingKind if f"`{kind.value}`" not in sections()["peep verify"]] == []


# -- verbs -----------------------------------------------------------------------------------------


def test_every_verb_that_prints_json_has_a_section():
    printing = {
        verb.name
        for verb in peeps_verbs()
        for one in verb.options
        if one.name == "format" and "json" in (*one.choices, *one.help.split(", "))
    }

    assert printing
    assert set(re.findall(r"peep ([\w-]+)", " ".join(sections()))) == printing


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """What each documented command prints, by its heading."""
    folder = tmp_path_factory.mktemp("documented")
    projects = usual_projects()
    with FakeIndex(projects) as index:
        ground = proving_ground(folder / "ground", index, projects, ["alpha", "beta"])
        where = ["--python", ground.target.python, "-i", index.simple_url]
        [(filename, content)] = projects["gamma"].items()
        wheel = folder / filename
        wheel.write_bytes(content)
        listed = folder / "listed.txt"
        vetted = {**projects["alpha"], filename: content}.values()
        pins = zip(("alpha", "gamma"), vetted, strict=True)
        listed.write_text("".join(f"{name}==1.0 --hash=sha256:{sha256(body).hexdigest()}\n" for name, body in pins))
        unlisted = folder / "unlisted.txt"
        unlisted.write_text("gamma==1.0\n")
        (ground.site / "beta.py").write_text("changed")
        (folder / "vetting").mkdir()
        (folder / "vetting" / "audits.toml").write_bytes(audits_file(examined_by(listed.read_text())))
        source, list_without = folder / "requirements.in", folder / "incomplete.txt"
        source.write_text("alpha\n")
        list_without.write_text(listed.read_text().replace("gamma", "delta"))
        lock = ["-i", index.simple_url, "--target", "cp312-win_amd64"]
        commands = {
            "peep lock, peep add": ["lock", *lock, str(source)],
            "peep convert": ["convert", str(listed), "-o", str(folder / "converted.txt")],
            "peep check": ["check", *lock, "-r", str(list_without)],
            "peep examine": ["examine", "-r", str(listed)],
            "peep hash": ["hash", str(wheel)],
            "peep check-wheel": ["check-wheel", str(wheel)],
            "peep sync --check": ["sync", "--check", *where, "-r", str(listed)],
            "peep verify": ["verify", *where, "-r", str(listed)],
            "peep digest": ["digest", *where[:2]],
            "peep inventory": ["inventory", *where[:2]],
            "peep install, peep sync": ["install", "--dry-run", *where, "-r", str(listed)],
            "a refused run": ["install", *where, "-r", str(unlisted)],
            "a failed run": ["bundle", "check", str(folder / "nothing")],
            "peep download, peep wheel": ["download", *where, "-d", str(folder / "d"), "-r", str(listed)],
            "peep diff": ["diff", *(str(release.write(folder / release.version)) for release in compared_releases())],
            **{f"peep store {action}": ["store", action] for action in ("path", "size", "gc")},
            **audit_commands(folder, index.simple_url),
        }
        yield {
            **{heading: printed_by(words) for heading, words in commands.items()},
            "peep store verify": damaged_store(folder / "store", [*where, "-r", str(listed)]),
            **carried(folder, index.simple_url),
            "peep status": status_of(folder / "project", listed, ground.target.prefix),
            **mirrored(folder, wheel),
        }


def examined_by(listed: str) -> str:
    """An audit record of the first archive that a requirements file lists, since another that was read, too."""
    digest = re.findall("sha256:([0-9a-f]{64})", listed)[0]
    return audit("old", project="alpha") + audit("new", since=["old"], project="alpha").replace(hex_of("new"), digest)


def audit_commands(folder: Path, index_url: str) -> dict[str, list[str]]:
    records = [
        record("PYSEC-1", "gamma", events=since("0", "2.0"), versions=["1.0"], aliases=["CVE-1"]),
        record("PYSEC-2", "gamma", versions=["3.0"], aliases=["CVE-1"], schema_version="2.0.0"),
    ]
    snapshot = write_zip(folder / "snapshot.zip", records)
    pins = folder / "audited.txt"
    pins.write_text(f"gamma==1.0 --hash=sha256:{'a' * 64}\nunpinned\n")
    given = ["--advisories", str(snapshot)]
    fetched = ["-o", str(folder / "fetched.zip"), "--from", str(snapshot)]
    return {
        "peep audit": ["audit", "-i", index_url, "--fix", "-r", str(pins), *given],
        "peep advisories fetch": ["advisories", "fetch", *fetched],
        "peep advisories show": ["advisories", "show", "CVE-1", *given],
        "peep advisories info": ["advisories", "info", str(snapshot)],
    }


def status_of(project: Path, listed: Path, environment: str) -> Any:
    """What `peep status` prints in the folder of a project."""
    project.mkdir()
    (project / "requirements.txt").write_bytes(listed.read_bytes())
    (project / "vetting").symlink_to(listed.parent / "vetting")
    (project / ".venv").symlink_to(environment)
    before = os.getcwd()
    os.chdir(project)
    try:
        return printed_by(["status"])
    finally:
        os.chdir(before)


def compared_releases() -> tuple[TextRelease, TextRelease]:
    """A harmless release, and one of which everything can be said."""
    code = {"inert/core.py": "import os\n\nos.system('true')\n", "inert/extra.py": "def f(:\n"}
    return HARMLESS, TextRelease("1.1", both=code, wheel={"inert.pth": "import inert\n"}, owner="root")


def carried(folder: Path, index_url: str) -> dict[str, Any]:
    """What the verbs of bundles print; those of registries print the like."""
    old, new, tar = (str(folder / name) for name in ("old", "new", "new.tar"))
    locked_bundle(folder / "old")
    locked_bundle(folder / "new", "1.1")
    locked = folder / "listed.txt"
    created = ["bundle", "create", "-r", str(locked), "-i", index_url, "--target", "cp312-win_amd64", "--no-peep"]
    told = {
        "peep bundle create": printed_by([*created, str(folder / "created")]),
        "peep bundle diff": printed_by(["bundle", "diff", old, new]),
        "peep bundle pack": printed_by(["bundle", "pack", new, "-o", tar]),
        "peep bundle unpack, peep bundle apply": printed_by(["bundle", "unpack", tar, str(folder / "unpacked")]),
    }
    (folder / "new" / "peep.pyz").write_text("changed")
    return {**told, "peep bundle check": printed_by(["bundle", "check", new])}


def mirrored(folder: Path, wheel: Path) -> dict[str, Any]:
    """What the verbs of mirrors print; all those that change one print the like."""
    mirror = folder / "mirror"
    begun(mirror)
    settings = (mirror / "mirror.toml").read_text()
    (mirror / "mirror.toml").write_text(settings.replace('"billing"', '"gamma", "gomma"'))
    added = printed_by(["mirror", "add", str(mirror), str(wheel), "--source", "ours"])
    heading = next(heading for heading in sections() if heading.startswith("peep mirror init"))
    return {
        heading: added,
        "peep mirror check": printed_by(["mirror", "check", str(mirror)]),
        "peep mirror publish": printed_by(["mirror", "publish", str(mirror), str(folder / "public")]),
        "peep mirror server-config": printed_by(["mirror", "server-config", "nginx"]),
    }


def damaged_store(store: Path, words: list[str]) -> Any:
    printed_by(["install", "--dry-run", "--store", str(store), *words])
    wheels = [Store(str(store), SilentReporter()).get(manifest.parent.name) for manifest in store.rglob("manifest")]
    [gamma] = (wheel for wheel in wheels if wheel is not None and wheel.identity.name == "gamma")
    overwrite(Path(stored_path(gamma, "gamma/__init__.py")), b"changed")
    return printed_by(["store", "verify", "--store", str(store)])


def printed_by(words: list[str]) -> Any:
    output = io.StringIO()
    with redirect_stdout(output):
        run([*words, "--format", "json"])
    return json.loads(output.getvalue())


@pytest.mark.parametrize("heading", sorted({*sections()} - {*KINDS.values()}))
def test_verbs_print_what_is_documented(heading: str, printed: Mapping[str, Any]):
    assert differences(example(heading), printed[heading]) == []


def test_other_keys_and_types_are_noticed():
    assert differences({"a": 1}, {"a": 1, "b": 2}) == [": ['b']"]
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": "1"}]}) == [".a[].b: str, documented is int"]
    assert differences({"a": None, "b": []}, {"a": "x", "b": [1]}) == []
