"""Faults of places that carry archives: bundles that are not as listed, targets that are left incomplete.

Entries of reports, like those of `errors`, whose `Problem` names them.
"""

from __future__ import annotations

from enum import Enum

from peep.dataclass import dataclass
from peep.model import Digest


class FileState(Enum):
    """How a file of a bundle differs from what its manifest says."""

    CHANGED = "changed"
    MISSING = "missing"
    FOREIGN = "foreign"
    """The manifest does not know it."""
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
