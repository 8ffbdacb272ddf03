"""Members of a source archive as plain files, whatever its format.

Links never reach the disk: a link to a file of the same archive becomes a copy of that file, a link to a folder of it a
copy of that folder; a link that leaves the tree is refused, a symbolic one to nothing is left out with a warning
(THREATS T2, T3).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence

from peep.dataclass import NamedTuple, dataclass
from peep.formats.member_names import folders_above, name_problems, printable, spelling_problems

FILE = "file"
FOLDER = "folder"
HARD_LINK = "hard link"
SYMBOLIC_LINK = "symbolic link"
_MOST_STEPS = 20
MOST_FILES = 500_000
_DANGLES = "left out, for it points to nothing in the archive"
_OUTSIDE = "outside"


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
    members = [_without_dots(member) for member in members]
    members = [member for member in members if member.path or member.kind != FOLDER]
    problems = name_problems([member.path for member in members], portable=portable)
    if problems:
        return PlainTree({}, frozenset(), tuple(problems), ())
    by_path = {member.path: member for member in members if member.kind != FOLDER}
    folders = _all_folders(members)
    problems = _duplicates(members, folders)
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
    return PlainTree(files, frozenset(folders | folders_above(files)), tuple(problems), tuple(warnings))


def _without_dots(member: SourceMember) -> SourceMember:
    path = _without_dot(member.path)
    return member if path == member.path else member._replace(path=path)


def _without_dot(path: str) -> str:
    """`./a` is `a`: what `tar -c .` writes."""
    while path.startswith("./"):
        path = path[2:]
    return "" if path == "." else path.rstrip("/") if not path.startswith("/") else path


def _all_folders(members: Sequence[SourceMember]) -> set[str]:
    named = {member.path for member in members if member.kind == FOLDER}
    return named | folders_above(member.path for member in members)


def _duplicates(members: Sequence[SourceMember], folders: set[str]) -> list[str]:
    """Files must not repeat, nor be folders too, which is how one writes through a link; however spelled (T19)."""
    paths = [member.path for member in members if member.kind != FOLDER]
    problems = [f"{printable(path)}: is there {count} times" for path, count in Counter(paths).items() if count > 1]
    problems += [f"{printable(path)}: is a {FILE} or link and also a {FOLDER}" for path in paths if path in folders]
    return problems + spelling_problems([*paths, *folders])


def _linked_files(
    member: SourceMember, by_path: Mapping[str, SourceMember], folders: set[str]
) -> tuple[dict[str, SourceMember], str]:
    if member.kind == HARD_LINK:
        found = by_path.get(_without_dot(member.link))
        reason = _hard_link_problem(member, found)
        return ({member.path: found} if found and not reason else {}), reason
    target, reason = _destination(member, by_path, folders)
    if reason:
        return {}, reason
    if target in by_path:
        found = by_path[target]
        if found.kind == HARD_LINK:  # an unsound one is a problem of its own
            found = by_path.get(_without_dot(found.link), found)
        return {member.path: found}, ""
    if f"{member.path}/".startswith(f"{target}/") or not target:
        return {}, f"is a link to a folder that it lies in: {printable(member.link)}"
    below = [path for path in by_path if path.startswith(f"{target}/")]
    if any(by_path[path].kind != FILE for path in below):
        return {}, f"is a link to a folder that holds links itself: {printable(member.link)}"
    return {member.path + path[len(target) :]: by_path[path] for path in below}, ""


def _hard_link_problem(member: SourceMember, found: SourceMember | None) -> str:
    """A hard link repeats a file that stands before it, by its whole name from the top; readers differ on all else.

    Of one to a symbolic link some make another link, which then leads elsewhere; one to a later file fails in most.
    """
    if _leads_out(member.link):
        return f"is a {HARD_LINK} to a place outside the archive: {printable(member.link)!r}"
    if found is None or found.key > member.key:
        return f"is a {HARD_LINK} to what no member before it is: {printable(member.link)}"
    return "" if found.kind == FILE else f"is a {HARD_LINK} to a link: {printable(member.link)}"


def _leads_out(link: str) -> bool:
    first = link.split("/", maxsplit=1)[0]  # '' of an absolute target, and of none
    return first in ("", "..") or "\\" in link or not link.isprintable()


def _destination(member: SourceMember, by_path: Mapping[str, SourceMember], folders: set[str]) -> tuple[str, str]:
    """Follow a symbolic link as a system would, part by part and through other links, to the path of a file or folder.

    Only the list of members is asked. Returns the path, '' for the top of the archive, and what is wrong.
    """
    path, rest = member.path, ""
    for _ in range(_MOST_STEPS):
        link = by_path[path].link
        path, rest, reason = _walked(posixpath.dirname(path), f"{link}/{rest}" if rest else link, by_path, folders)
        if reason == _OUTSIDE:
            return "", f"is a {SYMBOLIC_LINK} to a place outside the archive: {printable(link)!r}"
        if reason:
            return "", f"{reason}: {printable(member.link)}"
        found = by_path.get(path)
        if found is None or found.kind != SYMBOLIC_LINK:
            return path, ""
    return "", "is one of a ring of links"


def _walked(folder: str, link: str, by_path: Mapping[str, SourceMember], folders: set[str]) -> tuple[str, str, str]:
    """Go from a folder along a link's text until its end or the next link: the place, what is left to go, a reason."""
    if not link or link.startswith("/") or "\\" in link or not link.isprintable():
        return "", "", _OUTSIDE
    place = folder
    parts = link.split("/")
    for number, part in enumerate(parts, start=1):
        if place and place not in folders:
            return "", "", _DANGLES
        if part == "..":
            if not place:
                return "", "", _OUTSIDE
            place = posixpath.dirname(place)
        elif part not in ("", "."):
            place = posixpath.join(place, part)
            if place in by_path and by_path[place].kind == SYMBOLIC_LINK:
                return place, "/".join(parts[number:]), ""
    exists = not place or place in folders or place in by_path
    return place, "", "" if exists else _DANGLES
