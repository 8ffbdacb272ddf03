"""Names of archive members: safety on every file system, and collisions.

Functions of names. The binary distribution format asks for UTF-8 and relative names; this refuses more than it
does: whatever Windows, macOS and Linux would write to different places.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

LONGEST_COMPONENT = 255
"""Bytes of UTF-8: what ext4, APFS and NTFS all take."""
LONGEST_NAME = 1024
"""Bytes of UTF-8: leaves room below the smallest PATH_MAX for the folder it goes into."""
DEEPEST = 64
"""Levels of folders."""

_DEVICES = r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])"
_DEVICE = rf"(?i){_DEVICES}\s*(?:\.|$)"
_ORDINARY = r"A-Za-z0-9_\-+~@=,!#$%&'()\[\]{};^`"
_PLAIN = (
    rf"(?!(?i:{_DEVICES})(?:[ .]|$))"
    r"[A-Za-z0-9_\-+.~@=,!#$%&'()\[\]{};^` ]{0,199}[A-Za-z0-9_\-+~@=,!#$%&'()\[\]{};^`]"
)
_DRIVE = r"[A-Za-z]:"
_NOT_PORTABLE = r'[<>:"|?*]'


def name_problems(names: Iterable[str], *, portable: bool = True) -> list[str]:
    """Say what is wrong with each name, as `name: reason` lines; folders may end in `/`.

    Without `portable`, names that only Windows reads otherwise are let through.
    """
    problems = []
    plain_folders = {""}
    is_plain = re.compile(_PLAIN).fullmatch  # here at last: only who unpacks an archive asks
    for name in names:
        folder, _, last = name.removesuffix("/").rpartition("/")
        if (folder in plain_folders or _is_plain_folder(folder, plain_folders)) and is_plain(last) and name[0] != "/":
            continue
        reason = _name_problem(name.removesuffix("/"), portable=portable)
        if reason:
            problems.append(f"{printable(name)}: {reason}")
    return problems


def _is_plain_folder(folder: str, known: set[str]) -> bool:
    """Whether nothing is to be said of any part of a folder's name; remembered in `known`."""
    if folder in known:
        return True
    parent, _, last = folder.rpartition("/")
    is_short = len(folder) < LONGEST_NAME // 4 and folder.count("/") < DEEPEST - 1
    if is_short and re.fullmatch(_PLAIN, last) and _is_plain_folder(parent, known):
        known.add(folder)
        return True
    return False


def _name_problem(name: str, *, portable: bool) -> str | None:
    if not name or name.startswith("/"):
        return "is an absolute name" if name else "is an empty name"
    if "\\" in name:
        return "has a backslash in its name"
    parts = name.split("/")
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME or len(parts) > DEEPEST:
        return f"has a name longer than {LONGEST_NAME} bytes or deeper than {DEEPEST} folders"
    for part in parts:
        reason = _component_problem(part) or (_portability_problem(part) if portable else None)
        if reason:
            return reason
    # bsdtar takes it away wherever it runs, so that the member gets another name there.
    return "begins with a drive letter" if re.match(_DRIVE, name) else None


def _component_problem(part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"has an empty, '.' or '..' part in its name, and could leave its folder ({part!r})"
    if not part.isprintable():
        return "has a control, formatting or undecodable character in its name"
    if len(part.encode()) > LONGEST_COMPONENT:
        return f"has a part in its name longer than {LONGEST_COMPONENT} bytes"
    return None


def _portability_problem(part: str) -> str | None:
    if re.search(_NOT_PORTABLE, part):
        return 'has a character in its name that Windows reads otherwise (one of < > : " | ? *)'
    if part[-1] in ". ":
        return "has a part in its name that ends in a dot or blank, which Windows drops"
    if re.match(_DEVICE, part):
        return "has the name of a Windows device in its name"
    return None


def collision_problems(names: Sequence[str]) -> list[str]:
    """Say which names are one file where case or Unicode form does not count, and which are both file and folder."""
    keys = [_collision_key(name) for name in names]
    problems = []
    if len(set(keys)) != len(keys):
        repeated = {key for key, count in Counter(keys).items() if count > 1}
        for wanted in sorted(repeated):
            group = [name for name, key in zip(names, keys, strict=True) if key == wanted]
            problems.append(f"one file to some systems: {_told_apart(group)}")
    folders = folders_above(key for key in keys)
    problems.extend(
        f"{printable(name)}: is a file and also a folder"
        for name, key in zip(names, keys, strict=True)
        if key in folders and not name.endswith("/")
    )
    return problems


def spelling_problems(paths: Iterable[str]) -> list[str]:
    """Say which paths, of files and of all their folders, are one where case or Unicode form does not count."""
    spellings: dict[str, set[str]] = {"": {""}}
    for path in paths:
        spellings.setdefault(_collision_key(path), set()).add(path)
    problems = []
    for group in sorted(sorted(group) for group in spellings.values() if len(group) > 1):
        parents = {_collision_key(path.rpartition("/")[0]) for path in group}
        # Of folders that are one, what is in them need not be told as well.
        if len(parents) > 1 or len(spellings.get(parents.pop(), ())) < 2:  # noqa: PLR2004 - two spellings
            problems.append(f"one path to some systems: {_told_apart(group)}")
    return problems


def _told_apart(names: Sequence[str]) -> str:
    """Names in a row; by their code points where they would look the same, in two Unicode forms."""
    forms = {unicodedata.normalize("NFC", name) for name in names}
    return ", ".join(printable(name) if len(forms) == len(names) else ascii(name)[1:-1] for name in names)


def _collision_key(name: str) -> str:
    """What is equal for names that are one on some system: Unicode's compatibility caseless matching (D146)."""
    name = name.removesuffix("/")
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKD", folded.casefold())


def folders_above(keys: Iterable[str]) -> set[str]:
    """Every folder above paths that have no empty part."""
    found: set[str] = set()
    for key in keys:
        folder = key.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def printable(name: str) -> str:
    """Show a hostile name on a terminal: everything that is not printable is escaped."""
    return name if name.isprintable() else ascii(name)[1:-1]
