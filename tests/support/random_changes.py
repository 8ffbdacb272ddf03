"""Seeded random changes of an environment, each of which can be undone: what a verification must find."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_NAMES = (
    "x.py", "evil.pth", "e.start", "sitecustomize.py", "a.txt", ".hidden", ".env", ".x.py", "bare", "python4", "pypy",
    "activate.evil", "deactivate", "python.cfg", "pip3.99", "café", "a b", "x.so", "__main__.py", "conftest.py", ".pth",
)  # fmt: skip
_FOLDER_NAMES = ("alpha_more", "six", "tests", ".cache", "a-b", "deep")


@dataclass(frozen=True)
class Change:
    """Something that was done to an environment."""

    what: str
    undo: Callable[[], object]
    is_bytecode: bool = False
    """Only a comparison of bytecode can find it."""


class Changes:
    """Draws changes of the environment at `root`; each must be undone before the next one."""

    def __init__(self, root: Path, seed: int) -> None:
        self._root = root
        self._random = random.Random(seed)
        everything = sorted(root.rglob("*"))
        self._folders = [root, *(one for one in everything if one.is_dir() and not one.is_symlink())]
        self._files = [one for one in everything if one.is_file() and not one.is_symlink()]
        self._links = [one for one in everything if one.is_symlink() and one.parent.name == "bin"]

    def __iter__(self) -> Iterator[Change]:
        kinds = [self._add, self._change, self._remove, self._file_mode, self._folder_mode, self._link, self._folder]
        kinds += [self._relink, self._bytecode]
        while True:
            yield self._random.choice(kinds)()

    def _add(self) -> Change:
        while True:
            path = self._random.choice(self._folders) / self._random.choice(_NAMES)
            if not os.path.lexists(path):
                break
        content = self._random.choice([b"", b"import os\n", self._random.randbytes(20)])
        path.write_bytes(content)
        return Change(f"added {path}", path.unlink)

    def _change(self) -> Change:
        path = self._random.choice([one for one in self._files if one.suffix != ".pyc"])
        content = path.read_bytes()
        position = self._random.randrange(len(content) + 1)
        added = self._random.randbytes(1)
        changed = content[:position] + added + content[position + self._random.randrange(2) :]
        if changed == content or path.name == "pyvenv.cfg":
            changed = content + b"evil\n"
        return Change(f"changed {path}", self._rewritten(path, changed))

    def _rewritten(self, path: Path, content: bytes) -> Callable[[], object]:
        before, status = path.read_bytes(), path.stat()

        def write(text: bytes) -> None:
            path.chmod(0o644)
            path.write_bytes(text)
            path.chmod(status.st_mode & 0o7777)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

        write(content)
        return lambda: write(before)

    def _remove(self) -> Change:
        choices = [one for one in self._files if one.suffix != ".pyc" and one.name != ".gitignore"]
        links = [one for one in self._links if one.name == "python3"]
        path = self._random.choice([*choices, *links])
        aside = self._root.parent / "aside"
        path.rename(aside)
        return Change(f"removed {path}", lambda: shutil.move(aside, path))

    def _file_mode(self) -> Change:
        path = self._random.choice(self._files)
        mode = path.stat().st_mode & 0o7777
        path.chmod(self._random.choice([mode | 0o002, 0o666, 0o777, mode | 0o020, mode | 0o4000, 0o000, 0o200]))
        return Change(f"mode {path.stat().st_mode & 0o7777:o} of {path}", lambda: path.chmod(mode))

    def _folder_mode(self) -> Change:
        path = self._random.choice([one for one in self._folders if one != self._root])
        mode = path.stat().st_mode & 0o7777
        path.chmod(self._random.choice([0o777, 0o775, 0o757, 0o1777, mode | 0o2000]))
        return Change(f"mode {path.stat().st_mode & 0o7777:o} of {path}", lambda: path.chmod(mode))

    def _link(self) -> Change:
        if self._random.random() < 0.5:
            path = self._random.choice(self._folders) / "linked"
            path.symlink_to(self._random.choice(["/bin/sh", "nowhere", str(self._files[0]), "python"]))
            return Change(f"added link {path}", path.unlink)
        path = self._random.choice([one for one in self._files if one.suffix != ".pyc"])
        aside = self._root.parent / "aside"
        path.rename(aside)
        path.symlink_to(aside)

        def undo() -> None:
            path.unlink()
            aside.rename(path)

        return Change(f"link in place of {path}", undo)

    def _relink(self) -> Change:
        path = self._random.choice([one for one in self._links if one.name != "python"])
        before = path.readlink()
        path.unlink()
        path.symlink_to("/bin/sh")

        def undo() -> None:
            path.unlink()
            path.symlink_to(before)

        return Change(f"other target of {path}", undo)

    def _folder(self) -> Change:
        choices = [one for one in self._folders if one.name != "__pycache__"]
        names = self._random.sample(_FOLDER_NAMES, self._random.randrange(1, 3))
        folder = self._random.choice(choices)
        folder.joinpath(*names).mkdir(parents=True)
        return Change(f"empty folder {folder.joinpath(*names)}", lambda: shutil.rmtree(folder / names[0]))

    def _bytecode(self) -> Change:
        compiled = [one for one in self._files if one.suffix == ".pyc"]
        path = self._random.choice(compiled)
        kind = self._random.randrange(3)
        if kind == 0:
            content = bytearray(path.read_bytes())
            content[self._random.randrange(16, len(content))] ^= 0x41
            return Change(f"changed bytecode {path}", self._rewritten(path, bytes(content)), is_bytecode=True)
        tag = ".".join(path.name.split(".")[-2:])
        other = path.with_name(f"nothing.{tag}") if kind == 1 else path.parents[1] / "nothing.pyc"
        shutil.copyfile(path, other)
        return Change(f"bytecode without source {other}", other.unlink)
