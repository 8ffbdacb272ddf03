"""Names in a tar header and in the extended headers before it: each of them must be safe.

Source: POSIX.1-2017 pax, "pax Extended Header" (`path`, `linkpath`); the GNU tar manual, "Basic Tar Format" (long
names); THREATS T17, T18. A reader that knows nothing of an extension writes to the name that it overrides.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from peep.archives.source_members import FILE, FOLDER, HARD_LINK, SYMBOLIC_LINK
from peep.archives.tar_headers import TarHeader
from peep.dataclass import NamedTuple
from peep.formats.member_names import name_problems, printable

_PLAIN = re.compile(rb"(?:\w[\w.+-]{0,99}/){0,20}\w[\w.+-]{0,99}")
"""Names of nothing but ASCII letters, digits and a few marks, with no part that begins with a dot: most names."""


class Naming(NamedTuple):
    """A member's header, and the name and link target that an extended header gives it, b'' where none does."""

    header: TarHeader
    other_name: bytes
    other_link: bytes

    @property
    def name(self) -> bytes:
        """The name that counts, raw."""
        return self.other_name or self.header.name

    @property
    def link(self) -> bytes:
        """The link target that counts, raw."""
        return self.other_link or self.header.link


def naming_problems(naming: Naming, kind: str) -> list[str]:
    """Say what two readers would name differently. `kind`: one of `source_members`' kinds, as the header states it."""
    problems = _ending_problems(naming, kind)
    if naming.other_link and kind not in (HARD_LINK, SYMBOLIC_LINK):
        problems.append("is no link, and an extended header states a link's target for it")
    if naming.other_name:
        problems += hidden_name_problems(naming.header)
    if kind in (HARD_LINK, SYMBOLIC_LINK) and not problems:
        problems += _hidden_link_problems(naming, kind)
    return problems


def _ending_problems(naming: Naming, kind: str) -> list[str]:
    """A final slash makes a folder for some; old tars have no other way to say it, and there all agree."""
    name, own = naming.name, naming.header.name
    if kind not in (FILE, FOLDER):
        return ["is a link and has the name of a folder"] if name.endswith(b"/") else []
    if naming.header.kind == b"\0" and naming.other_name and (name.endswith(b"/") or own.endswith(b"/")):
        return ["is of the oldest kind, and its two names disagree on being a folder"]
    return ["is a file and has the name of a folder"] if kind == FILE and name.endswith(b"/") else []


def hidden_name_problems(header: TarHeader) -> list[str]:
    """What is wrong with a header's own name where another is taken, or where it is that of an extended header.

    The name may be cut off where its field ends, hold other bytes than UTF-8, and `.` parts, which writers put there.
    """
    return [] if _PLAIN.fullmatch(header.name) else list(_odd_name_problems(header.name, header.name_is_full))


@lru_cache(maxsize=64)
def _odd_name_problems(raw: bytes, is_full: bool) -> tuple[str, ...]:
    """Of a name that is not plain; most often it is the one that a writer gives to all its extended headers."""
    shown = raw.decode("utf-8", "replace")
    name = _whole(raw, is_full=is_full).decode("utf-8", "replace")
    name = "/".join(part for part in name.split("/") if part != ".")
    if not name:
        return ()
    reasons = [line.removeprefix(f"{printable(name)}: ") for line in name_problems([name], portable=False)]
    return tuple(f"hides an unsafe name in its header, {printable(shown)}, which {reason}" for reason in reasons)


def _whole(text: bytes, *, is_full: bool) -> bytes:
    """A text without its last part where that may be the beginning of another (`..` of `..rc`) and leads nowhere."""
    folder, _, last = text.rpartition(b"/")
    return folder if is_full and last in (b"", b".", b"..") else text


def _hidden_link_problems(naming: Naming, kind: str) -> list[str]:
    """Each of a link's names with each of its targets must stay inside the tree."""
    header = naming.header
    names = [naming.name, *([header.name] if naming.other_name and not header.name_is_full else [])]
    links = [naming.link, *([_whole(header.link, is_full=header.link_is_full)] if naming.other_link else [])]
    for name in names:
        for link in links:
            if (name, link) != (naming.name, naming.link) and _leads_out(name, link, kind):
                shown = printable(link.decode("utf-8", "replace"))
                return [f"hides an unsafe link in its header, to {shown}"]
    return []


def _leads_out(name: bytes, link: bytes, kind: str) -> bool:
    base = posixpath.dirname(name) if kind == SYMBOLIC_LINK else b""
    target = posixpath.normpath(posixpath.join(base, link))
    return not link or b"\\" in link or target.startswith((b"/", b"../")) or target == b".."
