"""`peep download` and `peep wheel` where the archives of several pins meet in one folder."""

from __future__ import annotations

import hashlib
import os
import tarfile
import time

import pytest

from peep.dataclass import replace
from peep.errors import BuildError, DestinationError, InstallRefused, StoredWheelsDamaged
from peep.model import HashForm
from peep.pipeline.context import RunContext
from peep.pipeline.options import BuildOptions, GivenIndexes, InstallOptions, SourceOptions
from peep.pipeline.save_archives import ArchiveCollection
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.workflows.download import download
from peep.workflows.wheel import packed, wheel
from support.fake_index import FakeIndex
from support.listener import Listener
from support.memory_wheel import MemoryWheel
from support.stored import stored_path
from support.wheels import sdist_bytes, zip_bytes

ALPHA, BETA = sdist_bytes("alpha", "1.0", suffix=".zip"), sdist_bytes("beta", "1.0", suffix=".zip")


@pytest.fixture
def index():
    pages = {"/x/1234567.zip": ("application/zip", ALPHA), "/y/1234567.zip": ("application/zip", BETA)}
    with FakeIndex({}, pages=pages) as index:
        yield index


def options(index, lines, folder):
    requirements = [
        f"{name} @ {index.url}{path} --hash=sha256:{hashlib.sha256(content).hexdigest()}"
        for name, path, content in lines
    ]
    return InstallOptions(
        sources=SourceOptions(requirements=tuple(requirements)),
        indexes=GivenIndexes(index.simple_url),
        build=BuildOptions(use_sandbox=False),
        destination=str(folder),
    )


def context():
    return RunContext(dict(os.environ), SilentReporter())


def test_two_archives_of_one_file_name_are_refused_together(index, tmp_path):
    lines = [("alpha", "/x/1234567.zip", ALPHA), ("beta", "/y/1234567.zip", BETA)]
    with pytest.raises(InstallRefused) as refused:
        download(options(index, lines, tmp_path / "there"), context())
    [problem] = refused.value.problems
    assert problem.problems == ("another listed archive has this name: fetch them one by one",)
    assert not (tmp_path / "there").exists()


def test_a_destination_that_takes_no_more_is_named(tmp_path):
    """A limit of file sizes stands for a full disk."""
    resource = pytest.importorskip("resource")
    built = Store(str(tmp_path / "store"), SilentReporter()).add(MemoryWheel("click"))
    collection = ArchiveCollection(None, None, str(tmp_path / "private"))
    os.mkdir(collection.folder)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(DestinationError, match="File too large") as refused:
            collection.take_built(built, b"more than ten bytes", HashForm.OPTION)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert str(tmp_path) in refused.value.message


def test_source_archives_of_one_file_name_become_wheels_all_the_same(index, tmp_path):
    lines = [("alpha", "/x/1234567.zip", ALPHA), ("beta", "/y/1234567.zip", BETA)]
    made = wheel(options(index, lines, tmp_path / "there"), context())
    assert [one.filename for one in made] == ["alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl"]


def test_one_archive_for_two_pins_is_kept_once(index, tmp_path):
    members = {"setup.py": b"", "a.py": b""}
    content = zip_bytes(members)
    index.content.pages["/z/abcdef1.zip"] = ("application/zip", content)
    lines = [("alpha", "/z/abcdef1.zip", content), ("beta", "/z/abcdef1.zip", content)]
    saved = download(options(index, lines, tmp_path / "there"), context())
    assert [(one.name, one.filename) for one in saved] == [("alpha", "abcdef1.zip"), ("beta", "abcdef1.zip")]
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["abcdef1.zip"]
    assert (tmp_path / "there" / "abcdef1.zip").read_bytes() == content


def test_wheels_of_archives_with_one_name_each(index, tmp_path):
    [made] = wheel(options(index, [("alpha", "/x/1234567.zip", ALPHA)], tmp_path / "there"), context())
    assert [path.name for path in (tmp_path / "there").iterdir()] == [made.filename] == ["alpha-1.0-py3-none-any.whl"]
    assert hashlib.sha256((tmp_path / "there" / made.filename).read_bytes()).hexdigest() == made.sha256
    assert made.is_built


def test_a_built_wheel_that_was_edited_in_the_store_is_not_handed_out(index, tmp_path):
    [made] = wheel(options(index, [("alpha", "/x/1234567.zip", ALPHA)], tmp_path / "there"), context())
    stored = Store(os.environ["PEEP_STORE"], SilentReporter()).get(made.sha256)
    assert hashlib.sha256(packed(stored)).hexdigest() == made.sha256
    edited = stored_path(stored, "alpha/__init__.py")
    os.chmod(edited, 0o644)
    with open(edited, "ab") as file:
        file.write(b"evil\n")
    with pytest.raises(StoredWheelsDamaged, match="not those that were built"):
        packed(stored)
    [again] = wheel(options(index, [("alpha", "/x/1234567.zip", ALPHA)], tmp_path / "again"), context())
    assert (again.sha256, again.was_there) == (made.sha256, False)


def test_what_a_killed_run_left_in_the_folder_goes(index, tmp_path):
    there = tmp_path / "there"
    for name, age in ((".peep-0123456789abcdef", 90_000), (".peep-fedcba9876543210", 0), (".peep-notes", 90_000)):
        (there / name).mkdir(parents=True)
        (there / name / "half").write_bytes(b"")
        os.utime(there / name, (time.time() - age,) * 2)
    download(options(index, [("alpha", "/x/1234567.zip", ALPHA)], there), context())
    assert sorted(path.name for path in there.iterdir()) == [".peep-fedcba9876543210", ".peep-notes", "1234567.zip"]


def test_a_broken_source_archive_is_refused_although_its_hash_is_right(index, tmp_path):
    index.content.pages["/z/abcdef1.tar.gz"] = ("application/gzip", b"no tar\n")
    lines = [("alpha", "/z/abcdef1.tar.gz", b"no tar\n")]
    with pytest.raises(InstallRefused) as refused:
        download(options(index, lines, tmp_path / "there"), context())
    assert refused.value.problems[0].filename == "abcdef1.tar.gz"
    assert list(tmp_path.iterdir()) == []


def folder_of(tmp_path):
    """A project in a folder, that builds with nothing but the standard library."""
    archive = tmp_path / "gamma.tar.gz"
    archive.write_bytes(sdist_bytes("gamma", "2.0"))
    with tarfile.open(archive) as opened:
        # The first Pythons of 3.10 and 3.11 know no filter, and later ones warn without.
        opened.extractall(tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return tmp_path / "gamma-2.0"


@pytest.mark.parametrize("line", ["gamma @ {}", "-e {}#egg=gamma"])
def test_a_trusted_folder_becomes_a_wheel_but_no_archive(index, tmp_path, line):
    (tmp_path / "requirements.txt").write_text(line.format(folder_of(tmp_path).as_uri()) + "\n")
    chosen = InstallOptions(
        sources=SourceOptions((str(tmp_path / "requirements.txt"),)),
        indexes=GivenIndexes(index.simple_url),
        build=BuildOptions(use_sandbox=False, trust_local=(str(tmp_path),)),
        destination=str(tmp_path / "there"),
    )
    with pytest.raises(InstallRefused, match="not proceeding") as refused:
        download(chosen, context())
    [problem] = refused.value.problems
    assert "peep wheel makes one of it" in problem.reason
    assert not (tmp_path / "there").exists()
    [made] = wheel(chosen, context())
    assert [path.name for path in (tmp_path / "there").iterdir()] == [made.filename] == ["gamma-2.0-py3-none-any.whl"]


def test_a_build_that_fails_leaves_nothing_in_the_folder(index, tmp_path):
    content = sdist_bytes("alpha", "1.0", files={"in_tree_backend.py": "raise SystemExit(7)\n"}, suffix=".zip")
    index.content.pages["/z/abcdef1.zip"] = ("application/zip", content)
    lines = [("alpha", "/z/abcdef1.zip", content), ("beta", "/y/1234567.zip", BETA)]
    with pytest.raises(BuildError, match=r"abcdef1\.zip"):
        wheel(options(index, lines, tmp_path / "there"), context())
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("where", ["option", "directive", "nowhere"])
def test_build_tools_that_are_asked_for_and_not_saved_are_told(index, tmp_path, where):
    asking = '[build-system]\nrequires = ["saw>=1", "file"]\n'
    tooled = sdist_bytes("alpha", "1.0", pyproject=asking, suffix=".zip")
    broken = sdist_bytes("gamma", "1.0", pyproject="[build-system]\n", suffix=".zip")
    index.content.pages["/x/1234567.zip"] = ("application/zip", tooled)
    index.content.pages["/z/gamma.zip"] = ("application/zip", broken)
    index.content.pages["/y/beta.zip"] = ("application/zip", BETA)
    lines = [("alpha", "/x/1234567.zip", tooled), ("beta", "/y/beta.zip", BETA), ("gamma", "/z/gamma.zip", broken)]
    asked = options(index, lines, tmp_path / "there")
    if where == "option":
        asked = replace(asked, build=replace(asked.build, constraint_files=("build.txt",)))
    elif where == "directive":
        (tmp_path / "requirements.txt").write_text("# peep: --build-constraint build.txt\n")
        files = (str(tmp_path / "requirements.txt"),)
        asked = replace(asked, sources=replace(asked.sources, requirement_files=files))
    told = Listener()

    saved = download(asked, RunContext(dict(os.environ), told))

    assert len(saved) == 3
    warnings = [warning for warning in told.warnings if "not saved here" in warning]
    assert len(warnings) == (0 if where == "nowhere" else 2)
    if warnings:
        assert warnings[0].startswith("1234567.zip: building it needs saw>=1, file, which is not saved here")
        assert "gamma.zip" in warnings[1]
        assert "table without requires" in warnings[1]
