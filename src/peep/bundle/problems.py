"""What can be wrong with a bundle, as values; `cli` makes sentences of them."""

from __future__ import annotations

from enum import Enum

from peep.dataclass import dataclass
from peep.errors import FileNameTaken
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
    """A file that is not as the manifest says; `path` from the root of the bundle."""

    path: str
    state: FileState

    @property
    def kind(self) -> str:
        return "bundle-file"


@dataclass(frozen=True, slots=True, order=True)
class UnpulledFile:
    """A Git LFS pointer in the place of a listed file: `git lfs pull` has not run."""

    path: str

    @property
    def kind(self) -> str:
        return "lfs-pointer"


@dataclass(frozen=True, slots=True)
class DigestDiffers:
    """Another bundle than the one that was asked for."""

    expected: Digest
    got: Digest

    @property
    def kind(self) -> str:
        return "bundle-digest"


@dataclass(frozen=True, slots=True)
class IncompleteTarget:
    """A requirement that the bundle cannot meet on a target."""

    target: str
    requirement: str
    reason: str

    @property
    def kind(self) -> str:
        return "incomplete-target"


BundleProblem = BundleFileFault | UnpulledFile | DigestDiffers | FileNameTaken | IncompleteTarget
