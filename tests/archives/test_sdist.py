"""Source archives: what is unpacked, with which modes and times, and what they say of themselves."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

from peep.archives.sdist import DEFAULT_MTIME, open_sdist
from peep.archives.sdist_metadata import SdistMetadata, read_static_metadata
from peep.errors import ArchiveError
from support.corpus import CORPUS, needs_corpus
from support.plain_sdist import PlainSdist
from support.tar_building import build_tar
from support.wheels import compressed, sdist_bytes

USELESS = sorted((CORPUS / "archives" / "peep-useless").rglob("*.[zg]*"))


@pytest.mark.parametrize("suffix", [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip"])
def test_every_format_gives_the_same_tree(suffix: str, tmp_path: Path) -> None:
    content = sdist_bytes("demo", "1.0", files={"src/demo/__init__.py": "VALUE = 1\n"}, suffix=suffix)
    with open_sdist(
        PlainSdist(f"demo-1.0{suffix}", io.BytesIO(content)), name="demo", version="1.0", from_index=True
    ) as contents:
        contents.extract_to(str(tmp_path))

        assert contents.top_folder == "demo-1.0"
        assert contents.read("src/demo/__init__.py") == b"VALUE = 1\n"
        assert contents.read("demo-1.0/PKG-INFO") is None
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files.keys() == {
        "PKG-INFO",
        "pyproject.toml",
        "in_tree_backend.py",
        os.path.join("src", "demo", "__init__.py"),
    }
    assert files[os.path.join("src", "demo", "__init__.py")] == b"VALUE = 1\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_t15_modes_and_times_are_peeps_own(tmp_path: Path) -> None:
    members = [
        (b"demo/", b"", {"mode": "0"}),
        (b"demo/deep/", b"", {"mode": "7777"}),
        (b"demo/deep/tool", b"x", {"mode": "6711"}),
        (b"demo/deep/plain", b"y", {"mode": "7066"}),
    ]
    content = compressed(build_tar(members, {}), "gz")
    os.umask(old := os.umask(0o077))
    with open_sdist(PlainSdist("demo.tar.gz", io.BytesIO(content))) as contents:
        contents.extract_to(str(tmp_path))

    found = {
        str(path.relative_to(tmp_path)): (oct(stat.S_IMODE(path.stat().st_mode)), path.stat().st_mtime)
        for path in [tmp_path, *tmp_path.rglob("*")]
    }
    assert old == os.umask(old)
    assert found == {
        ".": ("0o755", DEFAULT_MTIME),
        "deep": ("0o755", DEFAULT_MTIME),
        os.path.join("deep", "tool"): ("0o755", DEFAULT_MTIME),
        os.path.join("deep", "plain"): ("0o644", DEFAULT_MTIME),
    }


def test_t2_links_are_unpacked_as_copies(tmp_path: Path) -> None:
    members = [
        (b"demo/a.txt", b"hello", {}),
        (b"demo/folder/b.txt", b"there", {}),
        (b"demo/link.txt", b"", {"type": "2", "link": "a.txt"}),
        (b"demo/also", b"", {"type": "2", "link": "folder"}),
    ]
    with open_sdist(PlainSdist("demo.tar", io.BytesIO(build_tar(members, {})))) as contents:
        contents.extract_to(str(tmp_path))

    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))
    assert (tmp_path / "link.txt").read_text() == "hello"
    assert (tmp_path / "also" / "b.txt").read_text() == "there"


def test_unpacking_never_writes_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_text("mine")
    with (
        open_sdist(PlainSdist("demo-1.0.tar.gz", io.BytesIO(sdist_bytes("demo", "1.0")))) as contents,
        pytest.raises(FileExistsError),
    ):
        contents.extract_to(str(tmp_path))

    assert (tmp_path / "PKG-INFO").read_text() == "mine"


def test_a_name_without_a_known_ending_is_refused() -> None:
    with pytest.raises(ArchiveError, match=r"its file name ends in none of \.tar\.gz"):
        open_sdist(PlainSdist("demo-1.0.7z", io.BytesIO(b"")))


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz", ".tar", ".zip"])
def test_no_cut_goes_unnoticed(suffix: str) -> None:
    content = sdist_bytes("demo", "1.0", suffix=suffix)
    needed = len(content.rstrip(b"\0"))  # a plain tar ends in more zeros than it needs
    for size in range(0, needed, max(1, needed // 97)):
        with pytest.raises(ArchiveError):
            open_sdist(PlainSdist(f"demo-1.0{suffix}", io.BytesIO(content[:size])))


@needs_corpus
@pytest.mark.parametrize("path", USELESS, ids=lambda path: path.name)
def test_reads_the_archives_of_the_original_peep(path: Path) -> None:
    with path.open("rb") as file, open_sdist(PlainSdist(path.name, file)) as contents:
        assert contents.top_folder == ("" if path.suffix == ".zip" else path.name.removesuffix(".tar.gz"))
        assert {"setup.py", "useless.py"} <= {entry.path for entry in contents.entries}
        assert contents.static_metadata() is None


INFORMATION = b"Metadata-Version: 2.2\nName: Demo\nVersion: 1.0\nRequires-Python: >=3.8\nProvides-Extra: fast\n"
REQUIRES = b"Requires-Dist: a>=1\nRequires-Dist: b; extra == 'fast'\n"


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"License: Copyright (c) 2011\nAll rights reserved.\nRedistribution: fine\n", id="licence"),
        pytest.param("Author: Martin von Löwis\n".encode("latin-1"), id="latin-1"),
    ],
)
def test_old_pkg_info_need_only_say_whose_it_is(rest: bytes) -> None:
    members = [
        (b"demo-1.0/", b"", {}),
        (b"demo-1.0/PKG-INFO", b"Metadata-Version: 1.0\nName: demo\nVersion: 1.0\n" + rest, {}),
    ]
    archive = PlainSdist("demo-1.0.tar.gz", io.BytesIO(compressed(build_tar(members, {}), "gz")))
    with open_sdist(archive, name="demo", version="1.0", from_index=True) as contents:
        assert contents.top_folder == "demo-1.0"
        assert contents.static_metadata() is None

    with pytest.raises(ArchiveError, match=r"is of version 1\.0, and"):
        open_sdist(archive, name="demo", version="2.0", from_index=True)


def test_pkg_info_of_2_2_is_final() -> None:
    assert read_static_metadata(INFORMATION + REQUIRES, None) == SdistMetadata(
        "Demo", "1.0", ("a>=1", "b; extra == 'fast'"), ">=3.8", ("fast",), "PKG-INFO"
    )


@pytest.mark.parametrize(
    "information",
    [
        INFORMATION.replace(b"2.2", b"2.1"),
        INFORMATION + b"Dynamic: Requires-Dist\n",
        INFORMATION + b"Dynamic: version\n",
        INFORMATION + b"Name: other\n",
        b"\xff",
        b"",
    ],
)
def test_other_pkg_info_is_not(information: bytes) -> None:
    assert read_static_metadata(information, None) is None


def test_a_dynamic_field_that_no_installer_needs_does_no_harm() -> None:
    assert read_static_metadata(INFORMATION + b"Dynamic: License-File\n", None) is not None


PYPROJECT = b"""
[project]
name = "Demo"
version = "1.0"
requires-python = ">=3.8"
dependencies = ["a >= 1"]
[project.optional-dependencies]
Fast_One = ["b ; python_version < '3.9' or os_name == 'nt'", "c"]
"""


def test_a_static_project_table_answers_when_pkg_info_does_not() -> None:
    found = read_static_metadata(INFORMATION.replace(b"2.2", b"1.2"), PYPROJECT)

    assert found == SdistMetadata(
        "Demo",
        "1.0",
        ("a>=1", 'b; (python_version < "3.9" or os_name == "nt") and extra == \'fast-one\'', "c; extra == 'fast-one'"),
        ">=3.8",
        ("fast-one",),
        "pyproject.toml",
    )


@pytest.mark.parametrize(
    "pyproject",
    [
        PYPROJECT.replace(b'version = "1.0"', b'dynamic = ["version"]'),
        PYPROJECT.replace(b'version = "1.0"', b'version = "1.0"\ndynamic = ["optional-dependencies"]'),
        PYPROJECT.replace(b'"a >= 1"', b'"a >="'),
        PYPROJECT.replace(b'"a >= 1"', b"1"),
        PYPROJECT.replace(b'"1.0"', b"1.0"),
        b"[project]\nname = 1\n",
        b"project = 1\n",
        b"[build-system]\n",
        b"not toml",
        b"\xff",
    ],
)
def test_a_project_table_that_is_not_final_or_not_right_does_not(pyproject: bytes) -> None:
    assert read_static_metadata(None, pyproject) is None
