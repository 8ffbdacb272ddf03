"""`peep mirror check`: just what is wrong is named."""

from __future__ import annotations

import os
from hashlib import sha256

import pytest

from peep.archives.carried_metadata import read_carried_metadata
from peep.dataclass import replace
from peep.mirror.check import check_mirror
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import MirrorFolder, NewFile
from peep.mirror.layout import View, facts_path
from peep.place_faults import FileState, MirrorFileFault, NotOwned
from peep.reporting import SilentReporter
from support.wheels import wheel_bytes

NAME = "demo-1.0-py3-none-any.whl"
SETTINGS = b'format = 1\n[[source]]\nname = "ours"\nkind = "folder"\nowns = ["demo"]\n'


@pytest.fixture
def mirror(tmp_path):
    wheel = tmp_path / NAME
    wheel.write_bytes(wheel_bytes("demo", "1.0"))
    with wheel.open("rb") as file:
        metadata = read_carried_metadata(NAME, file).metadata
    (tmp_path / "sidecar").write_bytes(metadata)
    digests = [sha256(path.read_bytes()).hexdigest() for path in (wheel, tmp_path / "sidecar")]
    file = ArchiveFacts(NAME, "1.0", digests[0], wheel.stat().st_size, "ours", "2026-01-01T00:00:00.000000Z")
    facts = ProjectFacts("demo", "ours", files=(replace(file, core_metadata=digests[1]),))
    mirror = MirrorFolder(str(tmp_path / "mirror"))
    mirror.begin(SETTINGS)
    mirror.add_files(
        [
            NewFile(file.path, str(wheel), digests[0]),
            NewFile(f"{file.path}.metadata", str(tmp_path / "sidecar"), digests[1]),
        ]
    )
    mirror.write([facts], views=[View.FLAT, View.JSON_ROOT])
    return mirror


def facts_of(mirror):
    facts = mirror.facts("demo")
    assert facts is not None
    return facts


def faults(mirror):
    return list(check_mirror(mirror, SilentReporter()).faults)


def test_a_sound_mirror_has_no_faults(mirror):
    checked = check_mirror(mirror, SilentReporter())
    assert (checked.projects, checked.files, checked.faults) == (1, 1, ())
    assert checked.serial == mirror.manifest().serial


def paths(mirror):
    archive = facts_of(mirror).files[0].path
    return [
        archive,
        f"{archive}.metadata",
        "simple/index.html",
        "simple/demo/index.v1_json",
        "json/index.v1_json",
        "find-links.html",
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_changed_and_a_missing_file_are_named_alone(mirror, number):
    path = paths(mirror)[number]
    place = mirror.place(path)
    with open(place, "rb+") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    assert faults(mirror) == [MirrorFileFault(path, FileState.CHANGED)]
    os.unlink(place)
    assert faults(mirror)[0] == MirrorFileFault(path, FileState.MISSING)
    os.symlink("/etc/passwd", place)
    assert faults(mirror)[0] == MirrorFileFault(path, FileState.CHANGED)


def test_foreign_files_are_named(mirror):
    for path in ("simple/x.html", "files/zz", "notes.txt"):
        with open(mirror.place(path), "wb"):
            pass
    assert [(fault.path, fault.state.value) for fault in faults(mirror)] == [
        ("files/zz", "foreign"),
        ("notes.txt", "foreign"),
        ("simple/x.html", "foreign"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_place_of_a_file_is_named(mirror):
    for path in (facts_of(mirror).files[0].path, "simple/demo/index.html"):
        os.unlink(mirror.place(path))
        os.mkfifo(mirror.place(path))
    assert [(fault.path, fault.state) for fault in faults(mirror)] == [
        (facts_of(mirror).files[0].path, FileState.CHANGED),
        ("simple/demo/index.html", FileState.CHANGED),
    ]


def test_a_sidecar_that_is_not_its_wheels_is_named_although_the_facts_agree(mirror):
    facts = facts_of(mirror)
    file = facts.files[0]
    with open(mirror.place(f"{file.path}.metadata"), "wb") as sidecar:
        sidecar.write(b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: evil\n")
    with open(mirror.place(f"{file.path}.metadata"), "rb") as sidecar:
        digest = sha256(sidecar.read()).hexdigest()
    mirror.write([replace(facts, files=(replace(file, core_metadata=digest), *facts.files[1:]))])
    [fault] = faults(mirror)
    assert (fault.path, fault.reason) == (f"{file.path}.metadata", "it is not the METADATA of its wheel")


def test_a_name_that_its_source_does_not_own_is_named_with_the_rule(mirror):
    with open(mirror.place("mirror.toml"), "wb") as file:
        file.write(SETTINGS + b'[[source]]\nname = "other"\nkind = "folder"\nowns = ["x"]\n')
    assert faults(mirror) == []
    with open(mirror.place("mirror.toml"), "wb") as file:
        file.write(SETTINGS.replace(b'"ours"', b'"theirs"'))
    assert faults(mirror) == [NotOwned("demo", "ours", "demo of theirs", mirror.place("mirror.toml"))]
    with open(mirror.place("mirror.toml"), "wb") as file:
        file.write(b"format = 1\n")
    assert faults(mirror) == [NotOwned("demo", "ours", "", mirror.place("mirror.toml"))]


def test_facts_that_the_root_manifest_does_not_know_are_told(mirror):
    facts = facts_of(mirror)
    with open(mirror.place(facts_path("demo")), "wb") as file:
        file.write(replace(facts, status_reason="x").content)
    assert "peep-mirror.json" in [fault.path for fault in faults(mirror)]
