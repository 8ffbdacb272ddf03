"""Writing a bundle's folder, and checking one."""

import os

import pytest

from peep.bundle.check import check_files, read_manifest
from peep.bundle.folder import MARKER, BundleWriter, claimed_folder
from peep.bundle.tree import FilesTree, FolderTree, UnreadableBundle
from peep.dataclass import replace
from peep.errors import DestinationError
from peep.http.urllib_transport import HttpOptions, UrllibTransport
from peep.index.client import SimpleIndexes
from peep.model import IndexOptions
from peep.place_faults import BundleFileFault, FileState, UnpulledFile
from peep.reporting import SilentReporter
from support.small_bundle import LOCK, LONG, NAMES, SDIST, WHEEL, listed, small_bundle, written_bundle


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made"


def faults(folder, lock=LOCK):
    tree = FolderTree(str(folder))
    return check_files(tree, read_manifest(tree), lock)


def tree_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_written_bundle_is_as_its_manifest_says(folder):
    manifest = written_bundle(folder)
    assert faults(folder) == []
    assert read_manifest(FolderTree(str(folder))) == manifest
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gitattributes",
        "README.txt",
        "archives",
        "bundle.json",
        "locks",
        "peep.pyz",
        "pylock.toml",
        "simple",
    ]
    assert NAMES[0] in (folder / "README.txt").read_text()


STORED = [f"archives/{WHEEL}", f"archives/{WHEEL}.metadata", f"archives/{SDIST}", "locks/requirements.txt", "peep.pyz"]
DERIVED = ["README.txt", ".gitattributes", "pylock.toml", "simple/index.html", "simple/demo/index.v1_json"]


@pytest.mark.parametrize("path", STORED + DERIVED)
def test_a_changed_a_missing_and_a_linked_file_are_each_named_alone(folder, path):
    written_bundle(folder)
    place = folder / path
    content = place.read_bytes()
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert faults(folder) == [BundleFileFault(path, FileState.CHANGED)]
    place.unlink()
    assert faults(folder) == [BundleFileFault(path, FileState.MISSING)]
    (folder.parent / "elsewhere").write_bytes(content)
    place.symlink_to(folder.parent / "elsewhere")
    assert faults(folder) == [BundleFileFault(path, FileState.NOT_A_FILE)]


def test_foreign_files_are_named(folder):
    written_bundle(folder)
    for path in ("archives/._x", "simple/z/index.html", "notes"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(b"")
    (folder / "empty").mkdir()
    assert [(one.path, one.state.value) for one in faults(folder)] == [
        ("archives/._x", "foreign"),
        ("empty", "foreign"),
        ("notes", "foreign"),
        ("simple/z/index.html", "foreign"),
    ]


def test_modes_and_times_do_not_matter(folder):
    written_bundle(folder)
    for path in folder.rglob("*"):
        os.utime(path, (5, 5))
        if path.is_file():
            path.chmod(0o777)
    assert faults(folder) == []


def test_a_pointer_of_git_lfs_is_called_one(folder):
    manifest = written_bundle(folder)
    archive = next(one for one in manifest.archives if one.filename == WHEEL)
    pointer = f"version https://git-lfs.example/v1\noid sha256:{archive.sha256}\nsize {archive.size}\n"
    (folder / archive.path).write_text(pointer)
    assert faults(folder) == [UnpulledFile(archive.path)]
    (folder / "bundle.json").write_text(pointer)
    with pytest.raises(UnreadableBundle, match="LFS pointer"):
        read_manifest(FolderTree(str(folder)))


def test_a_lock_that_should_not_be_there_is_foreign(folder):
    written_bundle(folder)
    assert faults(folder, lock=None) == [BundleFileFault("pylock.toml", FileState.FOREIGN)]


@pytest.mark.parametrize("lock", [None, b"of the changed input"])
def test_a_lock_is_not_blamed_for_the_input_that_it_follows_from(folder, lock):
    written_bundle(folder)
    (folder / "locks" / "requirements.txt").write_bytes(b"demo==1.0\n")
    assert faults(folder, lock) == [BundleFileFault("locks/requirements.txt", FileState.CHANGED)]


def test_the_next_version_takes_the_place_of_the_old_one(folder):
    written_bundle(folder)
    kept = (folder / "archives" / LONG).stat()
    manifest, contents = small_bundle("1.1")
    with claimed_folder(str(folder)):
        written = BundleWriter(str(folder), manifest, LOCK).write(FilesTree(contents))
    new, old = WHEEL.replace("1.0", "1.1"), WHEEL
    assert written.added == (f"archives/{new}", f"archives/{new}.metadata", "locks/requirements.txt")
    assert written.removed == (f"archives/{old}", f"archives/{old}.metadata")
    assert written.kept == 3
    assert faults(folder) == []
    assert (folder / "archives" / LONG).stat().st_mtime_ns == kept.st_mtime_ns


def test_writing_twice_changes_nothing(folder):
    written_bundle(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "bundle.json"}
    written_bundle(folder)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "bundle.json"}
    assert {path for path in after if path.is_file() and before[path] != after[path]} == set()


def test_damage_is_repaired(folder):
    written_bundle(folder)
    whole = tree_of(folder)
    (folder / "archives" / WHEEL).write_bytes(b"PK")
    (folder / "archives" / SDIST).unlink()
    (folder / "archives" / SDIST).symlink_to("/etc/passwd")
    (folder / "README.txt").unlink()
    (folder / "README.txt").mkdir()
    written_bundle(folder)
    assert tree_of(folder) == whole
    assert faults(folder) == []


def test_a_folder_of_somebody_else_stays_untouched(folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(DestinationError, match="neither empty nor a bundle"):
        written_bundle(folder)
    assert tree_of(folder) == {"thesis.txt": b"years of work"}


@pytest.mark.parametrize("missing", [0, 2, 4])
def test_a_source_that_lacks_a_file_leaves_something_that_can_be_finished(folder, missing):
    manifest, contents = small_bundle()
    partial = dict(sorted(contents.items())[:missing])
    with claimed_folder(str(folder)), pytest.raises(DestinationError, match="is not there"):
        BundleWriter(str(folder), manifest, LOCK).write(FilesTree(partial))
    assert (folder / MARKER).exists()
    with pytest.raises(UnreadableBundle, match="is no bundle"):
        read_manifest(FolderTree(str(folder)))
    written_bundle(folder)
    assert faults(folder) == []
    assert not (folder / MARKER).exists()


@pytest.mark.parametrize("lie", [{"peep.pyz": b"other"}, {"archives/demo-1.1-py3-none-any.whl": b"other"}])
def test_a_source_that_lies_is_refused_and_the_old_bundle_is_whole(folder, lie):
    written_bundle(folder)
    before = tree_of(folder)
    manifest, contents = small_bundle("1.1")
    tools = (listed("peep.pyz", b"#!new"),)
    manifest = replace(manifest, tools=tools)
    with claimed_folder(str(folder)), pytest.raises(DestinationError, match="instead of sha256"):
        BundleWriter(str(folder), manifest, LOCK).write(FilesTree({**contents, "peep.pyz": b"#!new", **lie}))
    assert tree_of(folder) == before
    assert read_manifest(FolderTree(str(folder))) != manifest


def test_what_a_killed_run_left_goes(folder):
    written_bundle(folder)
    (folder / ".peep-0123456789abcdef").mkdir()
    (folder / ".peep-0123456789abcdef" / "half").write_bytes(b"x")
    (folder / "archives" / "new-1.0-py3-none-any.whl").write_bytes(b"x")
    written_bundle(folder)
    assert faults(folder) == []


def test_its_pages_are_an_index(folder):
    written_bundle(folder)
    transport = UrllibTransport(HttpOptions({}))
    index = SimpleIndexes(transport, IndexOptions(((folder / "simple").as_uri(),)), SilentReporter())
    [detail] = index.project("demo")
    transport.close()
    [file] = detail.files
    assert file.filename == WHEEL
    assert (folder / "archives" / WHEEL).as_uri() == file.url.partition("#")[0]
