"""Verdicts on archives and the chains that they rest on: the values that the decision gives back."""

from __future__ import annotations

from datetime import date
from enum import Enum, IntEnum

from peep.dataclass import dataclass


class Standing(IntEnum):
    """How strong a chain is: as its weakest step. Lower is stronger."""

    OURS = 0
    IMPORTED = 1
    PUBLISHER = 2
    MACHINE = 3
    EXCUSED = 4

    @property
    def word(self) -> str:
        """As JSON and messages have it."""
        return self.name.lower()


class Basis(Enum):
    """How a step of a chain reaches its archive."""

    READ = "read"
    SAME = "same"
    COMPILED = "compiled"
    PUBLISHED = "published"
    EXCUSED = "excused"


def node(project: str, key: str) -> str:
    """What chains know an archive by: its bytes as those of one project.

    A record that names another project's archive says nothing of it, or whoever is to be believed of `a` alone could
    vouch for `b` (THREATS E1).
    """
    return f"{project}\n{key}"


def key_of(one: str) -> str:
    """The key of the archive that a node stands for."""
    return one.rpartition("\n")[2]


class Word(Enum):
    """The verdict on one archive. None of them says "safe"."""

    READ = "read"
    SAME = "same"
    COMPILED = "compiled"
    """Examined but for compiled files, somewhere on its chain."""
    PUBLISHED = "published"
    MACHINE = "machine"
    EXCUSED = "excused"
    UNEXAMINED = "unexamined"
    OBJECTED = "objected"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: an archive, or a commit, by the key that records know it by."""

    key: str
    """The lower-case hex sha256 of an archive; `git:HEX  URL` for a commit; other texts are known to no record."""
    name: str
    """The project, normalised."""
    version: str = ""
    filename: str = ""

    @property
    def node(self) -> str:
        return node(self.name, self.key)

    @property
    def is_commit(self) -> bool:
        return self.key.startswith("git:")


@dataclass(frozen=True, slots=True)
class Step:
    """One record that a verdict rests on, and the archive that it speaks for."""

    key: str
    filename: str
    basis: Basis
    standing: Standing
    """Of this record alone."""
    source: str
    """The import that it came by; '' for one's own."""
    by: str
    """Who read, excused, or published."""
    on: date
    since: tuple[str, ...] = ()
    """Keys of the archives that it rests on."""
    until: date | None = None
    """The first day on which it no longer counts."""


@dataclass(frozen=True, slots=True)
class Objection:
    """A violation that meets an archive."""

    source: str
    by: str
    on: date
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the records say of one archive for one criterion."""

    subject: Subject
    criterion: str
    word: Word
    standing: Standing | None = None
    """None: not examined."""
    has_compiled: bool = False
    """Nobody read the compiled files of some archive of its chain."""
    since: date | None = None
    """The first day on which its whole chain holds: with a clock before it, it does not."""
    until: date | None = None
    """The first day on which its chain no longer holds; None: it has no end."""
    objections: tuple[Objection, ...] = ()

    @property
    def is_examined(self) -> bool:
        return self.standing is not None
