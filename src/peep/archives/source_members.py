"""Members of a source archive as plain files, whatever its format.

Links never reach the disk: a link to a file of the same archive becomes a copy of that file, a link to a folder of it a
copy of that folder; a link that leaves the tree is refused, one to nothing is left out with a warning (THREATS T2, T3).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from peep.dataclass import dataclass
from peep.formats.member_names import name_problems, printable

FILE = "file"
FOLDER = "folder"
HARD_LINK = "hard link"
SYMBOLIC_LINK = "symbolic link"
_MOST_STEPS = 20
MOST_FILES = 500_000
_DANGLES = "left out, for it points to nothing in the archive"


class SourceMember(NamedTuple):
    """One member: its path, one of the kinds above, and where a link points. `key` finds its content again."""

    path: str
    kind: str
    size: int
    mode: int
    link: str
    key: int


@dataclass(frozen=True, slots=True)
class PlainTree:
    """The files and folders that a source archive comes to; `files`: path -> the member whose content it has."""

    files: Mapping[str, SourceMember]
    folders: frozenset[str]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def plain_tree(members: Sequence[SourceMember], *, portable: bool) -> PlainTree:
    """Check names, find duplicates and resolve links. `portable`: refuse also what Windows would name otherwise."""
    members = [member._replace(path=_without_dot(member.path)) for member in members]
    members = [member for member in members if member.path or member.kind != FOLDER]
    problems = name_problems([member.path for member in members], portable=portable)
    if problems:
        return PlainTree({}, frozenset(), tuple(problems), ())
    by_path = {member.path: member for member in members if member.kind != FOLDER}
    folders = _all_folders(members)
    problems = _duplicates(members, folders, portable=portable)
    files = {path: member for path, member in by_path.items() if member.kind == FILE}
    warnings: list[str] = []
    for member in by_path.values():
        if member.kind == FILE:
            continue
        found, reason = _linked_files(member, by_path, folders)
        kept = warnings if reason.startswith(_DANGLES) else problems
        kept += [f"{printable(member.path)}: {reason}"] if reason else []
        files.update(found)
        if len(files) > MOST_FILES:
            problems.append(f"comes to more than {MOST_FILES} files when links are copied")
            break
    return PlainTree(files, frozenset(folders | _parents(files)), tuple(problems), tuple(warnings))


def _without_dot(path: str) -> str:
    """`./a` is `a`: what `tar -c .` writes."""
    while path.startswith("./"):
        path = path[2:]
    return "" if path == "." else path.rstrip("/") if not path.startswith("/") else path


def _all_folders(members: Sequence[SourceMember]) -> set[str]:
    named = {member.path for member in members if member.kind == FOLDER}
    return named | _parents(member.path for member in members)


def _parents(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found


def _duplicates(members: Sequence[SourceMember], folders: set[str], *, portable: bool) -> list[str]:
    """Files must not repeat, nor be folders too (which is also how one writes through a link)."""
    paths = [member.path for member in members if member.kind != FOLDER]
    keys = Counter(path.casefold() if portable else path for path in paths)
    problems = [f"{printable(key)}: is there {count} times" for key, count in keys.items() if count > 1]
    return problems + [
        f"{printable(path)}: is a {FILE} or link and also a {FOLDER}" for path in paths if path in folders
    ]


def _linked_files(
    member: SourceMember, by_path: Mapping[str, SourceMember], folders: set[str]
) -> tuple[dict[str, SourceMember], str]:
    target, reason = _resolved(member, by_path)
    if reason:
        return {}, reason
    if target in by_path:
        return {member.path: by_path[target]}, ""
    if target not in folders or member.kind == HARD_LINK:
        return {}, f"{_DANGLES}: {printable(member.link)}"
    if f"{member.path}/".startswith(f"{target}/"):
        return {}, f"is a link to a folder that it lies in: {printable(member.link)}"
    below = [path for path in by_path if path.startswith(f"{target}/")]
    if any(by_path[path].kind != FILE for path in below):
        return {}, f"is a link to a folder that holds links itself: {printable(member.link)}"
    return {member.path + path[len(target) :]: by_path[path] for path in below}, ""


def _resolved(member: SourceMember, by_path: Mapping[str, SourceMember]) -> tuple[str, str]:
    """Follow a link by name alone, inside the list of members, to the path of a file or folder."""
    current = member
    for _ in range(_MOST_STEPS):
        link = current.link
        if not link or link.startswith("/") or "\\" in link or not link.isprintable():
            return "", f"is a {member.kind} to a place outside the archive: {printable(link)!r}"
        base = posixpath.dirname(current.path) if current.kind == SYMBOLIC_LINK else ""
        target = posixpath.normpath(posixpath.join(base, link))
        if target == ".." or target.startswith("../"):
            return "", f"is a {member.kind} to a place outside the archive: {printable(link)!r}"
        following = by_path.get(target)
        if following is None or following.kind == FILE:
            return target, ""
        current = following
    return "", "is one of a ring of links"
