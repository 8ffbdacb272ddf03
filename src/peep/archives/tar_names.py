"""The names that stand in a tar header and those that an extended header puts in their place.

Source: POSIX.1-2017 pax, "pax Extended Header" (`path`, `linkpath`); the GNU tar manual, "Basic Tar Format" (long
names); THREATS T17.
"""

from __future__ import annotations

from typing import NamedTuple

from peep.archives.source_members import FILE, FOLDER, HARD_LINK, SYMBOLIC_LINK
from peep.archives.tar_headers import TarHeader


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
    return problems


def _ending_problems(naming: Naming, kind: str) -> list[str]:
    """A final slash makes a folder for some; old tars have no other way to say it, and there all agree."""
    name, own = naming.name, naming.header.name
    if kind not in (FILE, FOLDER):
        return ["is a link and has the name of a folder"] if name.endswith(b"/") else []
    if naming.header.kind == b"\0" and naming.other_name and (name.endswith(b"/") or own.endswith(b"/")):
        return ["is of the oldest kind, and its two names disagree on being a folder"]
    return ["is a file and has the name of a folder"] if kind == FILE and name.endswith(b"/") else []
