"""Faults of places that carry archives: bundles not as listed, targets left incomplete.

Entries of reports, like those of `errors`, whose `Problem` names them.
"""

from __future__ import annotations

from enum import Enum

from peep.dataclass import dataclass
from peep.model import Digest


class FileState(Enum):
    """How a file of a bundle or a mirror differs from what is recorded of it."""

    CHANGED = "changed"
    MISSING = "missing"
    FOREIGN = "foreign"
    """No record knows it."""
    NOT_A_FILE = "not-a-file"
    """A link, a folder or a device lies in the place of a file."""


@dataclass(frozen=True, slots=True, order=True)
class BundleFileFault:
    """A file that is not as the bundle's manifest says; `path` from the root of the bundle."""

    path: str
    state: FileState


@dataclass(frozen=True, slots=True, order=True)
class UnpulledFile:
    """A Git LFS pointer in the place of a listed file: `git lfs pull` has not run."""

    path: str


@dataclass(frozen=True, slots=True)
class DigestDiffers:
    """Another bundle than the one that was asked for."""

    expected: Digest
    got: Digest


@dataclass(frozen=True, slots=True, order=True)
class IncompleteTarget:
    """A requirement that cannot be met on a declared target."""

    target: str
    """Its name; at a later micro version of Python where the text says so."""
    requirement: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotOwned:
    """A name that the source which brings it to a mirror does not own."""

    name: str
    source: str
    """Which would bring it; '' where nobody owns the name, so that no source would."""
    rule: str
    """The rule of `mirror.toml` that says who owns it, and whose rule that is; '' if nobody does."""
    path: str
    """Of `mirror.toml`."""
    listed: str = ""
    """Where the name was met: file and line of a list, or an archive; '' in the mirror itself."""


@dataclass(frozen=True, slots=True, order=True)
class MirrorFileFault:
    """A file of a mirror that is not what its facts say; `reason` where more is known."""

    path: str
    state: FileState
    reason: str = ""
