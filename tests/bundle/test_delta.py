import pytest

from peep.bundle.check import check_files, read_manifest
from peep.bundle.delta import LayeredFiles, carried, difference, open_delta, write_delta
from peep.bundle.folder import BundleWriter, claimed_folder
from peep.bundle.tree import FolderTree, UnreadableBundle
from support.small_bundle import LOCK, WHEEL, small_bundle, written_bundle

NEW = WHEEL.replace("1.0", "1.1")


@pytest.fixture
def delta(tmp_path):
    old, new = written_bundle(tmp_path / "old"), written_bundle(tmp_path / "new", "1.1")
    write_delta(old, new, FolderTree(str(tmp_path / "new")), str(tmp_path / "d.tar"))
    return tmp_path / "d.tar"


def test_the_difference_names_archives_and_inputs():
    (old, _), (new, contents) = small_bundle(), small_bundle("1.1")
    found = difference(old, new)
    assert (found.added, found.removed, found.inputs) == ((NEW,), (WHEEL,), ("locks/requirements.txt",))
    assert found.files == (f"archives/{NEW}", f"archives/{NEW}.metadata", "locks/requirements.txt")
    assert found.bytes == sum(len(contents[path]) for path in found.files)
    assert difference(new, new).files == ()


def test_a_delta_carries_what_is_new_and_makes_the_old_one_new(tmp_path, delta):
    opened = open_delta(str(delta))
    assert opened.base == small_bundle()[0].digest
    assert sorted(carried(opened)) == [f"archives/{NEW}", f"archives/{NEW}.metadata", "locks/requirements.txt"]
    old = FolderTree(str(tmp_path / "old"))
    with claimed_folder(old.label):
        writer = BundleWriter(old.label, opened.manifest, LOCK)
        written = writer.write(LayeredFiles("delta", (opened.tree, old)))
    opened.close()
    assert written.added == difference(small_bundle()[0], opened.manifest).files
    assert check_files(old, read_manifest(old), LOCK) == []
    assert (tmp_path / "old" / "bundle.json").read_bytes() == (tmp_path / "new" / "bundle.json").read_bytes()


def test_the_same_two_bundles_give_the_same_delta(tmp_path, delta):
    first = delta.read_bytes()
    write_delta(small_bundle()[0], small_bundle("1.1")[0], FolderTree(str(tmp_path / "new")), str(delta))
    assert delta.read_bytes() == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"peep bundle delta 1"', b'"peep bundle delta 2"'),
        (b"bundle-delta/delta.json", b"bundle-delta/other.json"),
        (b'"base"', b'"bass"'),
        (b'"targets"', b'"Targets"'),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path, delta, old, new):
    content = delta.read_bytes()
    assert old in content
    (tmp_path / "bad.tar").write_bytes(content.replace(old, new, 1))
    with pytest.raises(UnreadableBundle):
        open_delta(str(tmp_path / "bad.tar"))


def test_a_bundle_is_no_delta(tmp_path):
    written_bundle(tmp_path / "old")
    with pytest.raises(UnreadableBundle):
        open_delta(str(tmp_path / "old" / "bundle.json"))
