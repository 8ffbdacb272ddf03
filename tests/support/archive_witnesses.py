"""Other readers of archives and what they find: Python's tarfile and zipfile, GNU tar and bsdtar."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Found:
    """One member; its name without `./` and final slashes; where it points if it is a link."""

    name: str
    kind: str
    content: bytes
    mode: int
    link: str


def plain_name(name: str) -> str:
    while name.startswith("./"):
        name = name[2:]
    return name.rstrip("/") or "."


def tarfile_members(content: bytes) -> list[Found]:
    """As pip opens it. Raises what tarfile raises."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:*", encoding="utf-8") as archive:
        return [
            Found(
                plain_name(member.name),
                _tarfile_kind(member),
                _tarfile_content(archive, member),
                member.mode,
                member.linkname if member.issym() or member.islnk() else "",
            )
            for member in archive.getmembers()
        ]


def _tarfile_kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "symbolic link" if member.issym() else "hard link"
    if member.isdir():
        return "folder"
    return "file" if member.isreg() and not member.issparse() else f"other {member.type!r}"


def _tarfile_content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if not member.isreg():
        return b""
    file = archive.extractfile(member)
    assert file is not None
    content = file.read()
    assert len(content) == member.size
    return content


def zipfile_members(content: bytes) -> Mapping[str, bytes]:
    """Name to content; raises what zipfile raises, also for a name that stands there twice."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names)), "zipfile lists a name twice"
        return {name: archive.read(name) for name in names}


def program(name: str) -> str | None:
    """The path of GNU tar or bsdtar; None where it is not installed, or is another tar under that name."""
    path = shutil.which(name)
    if path is None:
        return None
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return path if {"tar": "GNU tar", "bsdtar": "libarchive"}[name] in told else None


def unpacked_by(path: str, content: bytes, folder: Path) -> tuple[int, str, dict[str, bytes | None]]:
    """Unpack with a program into `folder`, new and empty: its exit status, what it said, and the tree it made."""
    archive = folder / "archive.tar"
    tree = folder / "tree"
    tree.mkdir(parents=True)
    archive.write_bytes(content)
    return _run([path, "-xf", str(archive)], b"", tree)


def zip_stream_unpacked_by(path: str, content: bytes, folder: Path) -> tuple[int, str, dict[str, bytes | None]]:
    """The same from a pipe, where a reader of ZIP files cannot go to the central directory first."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    return _run([path, "-xf", "-"], content, tree)


def _run(command: list[str], content: bytes, tree: Path) -> tuple[int, str, dict[str, bytes | None]]:
    options = ["--no-same-owner", "--no-same-permissions", "-C", str(tree)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run([*command, *options], input=content, capture_output=True, check=False, env=environment)
    return done.returncode, done.stderr.decode("utf-8", "replace"), dict(tree_of(tree))


def tree_of(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    """Every path below a folder with its content, links followed, None for folders; links to nothing are left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            yield name, None
            if path.is_symlink():
                yield from ((f"{name}/{below}", content) for below, content in tree_of(path))
        elif path.is_file():
            yield name, path.read_bytes()
