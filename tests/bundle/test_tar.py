"""Tars: equal bytes from equal files, read by others, read in place; hostile ones refused."""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.archives.random_access import read_at
from peep.archives.tar_reader import read_tar
from peep.bundle.check import check_files, read_manifest
from peep.bundle.tar import headers, pack, write_tar
from peep.bundle.tree import FolderTree, TarTree, UnreadableBundle
from support.small_bundle import LOCK, LONG, written_bundle


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made"


def packed(folder, path):
    manifest = written_bundle(folder)
    pack(FolderTree(str(folder)), manifest, LOCK, str(path))
    return manifest


def test_the_same_files_give_the_same_bytes_wherever_and_whenever(tmp_path, monkeypatch):
    packed(tmp_path / "one", tmp_path / "one.tar")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    before = os.umask(0o077)
    try:
        packed(tmp_path / "deeper" / "two", tmp_path / "two.tar")
    finally:
        os.umask(before)
    for path in (tmp_path / "deeper").rglob("*"):
        os.utime(path, (1, 1))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_other_readers_find_the_same_files(tmp_path, folder):
    manifest = packed(folder, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        members = tar.getmembers()
        assert members[0].name == "bundle/bundle.json"
        assert members[1].name == "bundle/peep.pyz"
        assert f"bundle/archives/{LONG}" in tar.getnames()
        assert {(one.mode, one.uid, one.gid, one.uname, one.gname, one.mtime) for one in members} == {
            (0o644, 0, 0, "", "", 0)
        }
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                assert tar.extractfile(f"bundle/{path.relative_to(folder).as_posix()}").read() == path.read_bytes()
    if shutil.which("tar"):
        (tmp_path / "out").mkdir()
        subprocess.run(["tar", "xf", tmp_path / "b.tar", "-C", tmp_path / "out"], check=True)
        there = FolderTree(str(tmp_path / "out" / "bundle"))
        assert check_files(there, read_manifest(there), LOCK) == []
    assert manifest.archives


def test_a_tar_is_read_where_it_lies(tmp_path, folder):
    manifest = packed(folder, tmp_path / "b.tar")
    tree = TarTree(str(tmp_path / "b.tar"))
    assert read_manifest(tree) == manifest
    assert check_files(tree, manifest, LOCK) == []
    with tree.open(f"archives/{LONG}") as file:
        assert file.read() == (folder / "archives" / LONG).read_bytes()
        file.seek(-3, os.SEEK_END)
        assert file.read() == (folder / "archives" / LONG).read_bytes()[-3:]
    with pytest.raises(FileNotFoundError):
        tree.open("nothing")
    tree.close()


def test_a_changed_file_is_not_packed_and_the_old_tar_stays(tmp_path, folder):
    manifest = written_bundle(folder)
    (tmp_path / "b.tar").write_bytes(b"the old one")
    (folder / "archives" / LONG).write_bytes(b"PK")
    with pytest.raises(UnreadableBundle, match=r"is not the file that bundle\.json lists"):
        pack(FolderTree(str(folder)), manifest, LOCK, str(tmp_path / "b.tar"))
    assert (tmp_path / "b.tar").read_bytes() == b"the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "made"]


@pytest.mark.parametrize("size", [0, 1, (1 << 33) - 1, 1 << 33, 1 << 40])
@pytest.mark.parametrize("name", ["a", "x" * 100, "y" * 101, "d/" * 60 + "z", "ü.whl"])
def test_headers_mean_the_same_to_others(name, size):
    blocks = headers(f"bundle/{name}", size)
    assert len(blocks) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(blocks), mode="r:", errorlevel=2) as tar:
        member = tar.next()
    assert (member.name, member.size) == (f"bundle/{name}", size)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300), st.binary(max_size=1100))
def test_any_name_and_content_is_read_back(tmp_path_factory, name, content):
    name = name.rstrip("/") or "x"
    path = tmp_path_factory.mktemp("tar") / "t.tar"
    write_tar(str(path), iter([(name, io.BytesIO(content), hashlib.sha256(content).hexdigest())]), "bundle/")
    with open(path, "rb") as file:
        [member], problems = read_tar(read_at(file), path.stat().st_size)
        file.seek(member.offset)
        assert (problems, member.name, file.read(member.size)) == ([], f"bundle/{name}", content)


def hostile(path, *members):
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            tar.addfile(member)


@pytest.mark.parametrize(
    "members",
    [
        [("bundle/../evil", tarfile.REGTYPE)],
        [("/bundle/evil", tarfile.REGTYPE)],
        [("other/bundle.json", tarfile.REGTYPE)],
        [("bundle/bundle.json", tarfile.REGTYPE), ("bundle/bundle.json", tarfile.REGTYPE)],
        [("bundle/bundle.json", tarfile.REGTYPE), ("bundle/BUNDLE.json", tarfile.REGTYPE)],
        [("bundle/a", tarfile.SYMTYPE)],
        [("bundle/a", tarfile.LNKTYPE)],
        [("bundle/a", tarfile.FIFOTYPE)],
        [("bundle/a", tarfile.DIRTYPE)],
        [("bundle/a", tarfile.REGTYPE), ("bundle/a/b", tarfile.REGTYPE)],
    ],
)
def test_hostile_tars_are_refused(tmp_path, members):
    hostile(tmp_path / "b.tar", *members)
    with pytest.raises(UnreadableBundle):
        TarTree(str(tmp_path / "b.tar"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 2000])
def test_what_is_no_tar_is_said_to_be_none(tmp_path, content):
    (tmp_path / "b.tar").write_bytes(content)
    with pytest.raises(UnreadableBundle, match=r"b\.tar"):
        TarTree(str(tmp_path / "b.tar"))


def test_a_truncated_tar_is_refused_at_every_length(tmp_path, folder):
    packed(folder, tmp_path / "b.tar")
    whole = (tmp_path / "b.tar").read_bytes()
    for length in range(0, len(whole) - 10240, 997):
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        with pytest.raises(UnreadableBundle):
            TarTree(str(tmp_path / "cut.tar"))
