"""Spellings of an interpreter in programs' first lines: by links, or where it once was.

An installer names the interpreter as it was told it: `current/bin/python`, where `current` leads to `releases/1`. That
is the same program as one that names `releases/1/bin/python`, as long as the links are in nobody else's hands.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from collections.abc import Iterator

from peep.environment.launchers import shebang
from peep.environment.records import row_of
from peep.model import TargetEnvironment
from peep.proof.expected_files import ExpectedProject, stated
from peep.proof.interpreter import settings_of
from peep.system.files import regular_only
from peep.transaction.staging import recorded_path

_BESIDE = rb"\"\$\(dirname -- \"\$\(realpath -- \"\$0\"\)\"\)\"/'(?P<beside>[^\n/']+)'"
HEAD = re.compile(
    rb"#!/bin/sh\n'''exec' (?:" + _BESIDE + rb"|(?P<quoted>'[^\n]*'|[^\s']+)) \"\$0\" \"\$@\"\n' '''\n"
    rb"|#!(?P<plain>/[^\n]*|[A-Za-z]:[^\n]*|\"[A-Za-z]:[^\n]*\")\n"
)
"""The line or lines that name an interpreter, as `environment.launchers.shebang` writes them."""
_INTERPRETER = re.compile(r"(python|pypy)[0-9.]*[tdw]{0,2}")
_LONGEST_HEAD = 1 << 13
_MOST_LINKS = 40
_LARGEST_SCRIPT = 1 << 16
_VIRTUAL_ENV = re.compile(rb"^\s*(?:export )?VIRTUAL_ENV=(.+)$", re.MULTILINE)


def named_in(head: re.Match[bytes]) -> str:
    """The interpreter that a match of `HEAD` names: a path, or a bare name beside the program."""
    text = os.fsdecode(head["plain"] or head["quoted"] or head["beside"])
    if text.startswith('"'):
        return text[1:-1]
    if text.startswith("'"):
        return text[1:-1].replace("'\"'\"'", "'")
    return text


def is_own_interpreter(named: str, python: str, scripts: str) -> bool:
    """Whether a program in `scripts` (a real path) names the interpreter of its environment: by path or bare name."""
    if named == python:
        return True
    folder, name = os.path.split(named)
    if not _INTERPRETER.fullmatch(name):
        return False
    return (
        not folder
        or folder in {scripts, os.path.dirname(python)}
        or (os.path.isabs(folder) and real_folder(folder) == scripts)
    )


def real_folder(folder: str) -> str:
    """The real path of a folder; as it is where one of the links on the way may be changed by other users.

    Only links of this user, of root and of who owns the real folder count, in folders where others replace nothing.
    """
    real = os.path.realpath(folder)
    are_safe = True
    if sys.platform != "win32" and real != folder:
        are_safe = _are_safe_links(folder, real)
    return real if are_safe else folder


def _are_safe_links(folder: str, real: str) -> bool:
    user = 0
    if sys.platform != "win32":
        user = os.geteuid()
    try:
        trusted = {0, user, os.stat(real).st_uid}
        return all(_is_safe(link, trusted) for link in _links_on(folder))
    except OSError:
        return False


def _is_safe(link: str, trusted: set[int]) -> bool:
    above = os.stat(os.path.dirname(link))
    is_shared = above.st_mode & 0o022 and not above.st_mode & stat.S_ISVTX
    return os.lstat(link).st_uid in trusted and not is_shared


def _links_on(path: str) -> Iterator[str]:
    """Every link that is followed on the way to `path`; raises `OSError` for too many of them."""
    left, place, followed = path.split(os.sep)[::-1], os.sep, 0
    while left:
        part = left.pop()
        if part in {"", "."}:
            continue
        place = os.path.dirname(place) if part == ".." else os.path.join(place, part)
        if os.path.islink(place):
            followed += 1
            if followed > _MOST_LINKS:
                raise OSError(path)
            yield place
            target = os.readlink(place)
            left += target.split(os.sep)[::-1]
            place = os.sep if os.path.isabs(target) else os.path.dirname(place)


def named_roots(scripts: str) -> Iterator[str]:
    """The folder that activation scripts in `scripts` name as that of the environment."""
    content = _beginning(os.path.join(scripts, "activate"), _LARGEST_SCRIPT)
    for match in _VIRTUAL_ENV.finditer(content):
        try:
            words = shlex.split(os.fsdecode(match[1]))
        except ValueError:
            continue
        if len(words) == 1 and os.path.isabs(words[0]):
            yield words[0]


def former_root(target: TargetEnvironment) -> str | None:
    """The folder that an environment was made in, where it lies in another one now; None where it was not moved.

    Its activation script says so, else the command in its `pyvenv.cfg`. `target.paths` are real.
    """
    root = target.paths["data"]
    if not target.is_virtual or os.path.realpath(target.prefix) != root:
        return None
    settings = settings_of(os.path.join(root, "pyvenv.cfg")) or {}
    last = settings.get("command", "").rpartition(" ")[2]
    named = list(named_roots(target.paths["scripts"])) or ([last] if os.path.isabs(last) else [])
    return named[0] if named and all(os.path.realpath(one) != root for one in named) else None


def adopt_spelling(project: ExpectedProject, target: TargetEnvironment, former: str | None) -> bool:
    """Expect programs with the spelling that they have, where it means the same interpreter or one of `former`.

    Says whether there is one of the latter.
    """
    is_moved = False
    for path in project.programs:
        expected = project.contents[path]
        content = _beginning(path, len(expected) + _LONGEST_HEAD)
        head, own = HEAD.match(content), HEAD.match(expected)
        if content == expected or head is None or own is None or content[head.end() :] != expected[own.end() :]:
            continue
        named = named_in(head)
        if head.group() != shebang(named) + b"\n":
            continue
        is_former = former is not None and _is_of(named, former, target)
        if is_former or is_own_interpreter(named, target.python, target.paths["scripts"]):
            _replace(project, path, content)
            is_moved = is_moved or is_former
    return is_moved


def _is_of(named: str, root: str, target: TargetEnvironment) -> bool:
    folder, name = os.path.split(named)
    inside = os.path.relpath(target.paths["scripts"], target.paths["data"])
    places = {os.path.join(one, inside) for one in (root, os.path.realpath(root))}
    is_there = not places.isdisjoint({folder, os.path.realpath(folder)})
    return is_there and _INTERPRETER.fullmatch(name) is not None


def _replace(project: ExpectedProject, path: str, content: bytes) -> None:
    recorded = recorded_path(path, project.site)
    project.rows.remove(row_of(recorded, project.contents[path]))
    project.rows.append(row_of(recorded, content))
    project.contents[path] = content
    project.files[path] = stated(path, content, is_executable=True)


def _beginning(path: str, most: int) -> bytes:
    try:
        with open(path, "rb", opener=regular_only) as file:
            return file.read(most)
    except OSError:
        return b""
