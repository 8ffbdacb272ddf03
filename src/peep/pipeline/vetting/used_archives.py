"""Archives and projects that a run is about to use, as gates are asked about them."""

from __future__ import annotations

from collections.abc import Sequence

from peep.dataclass import dataclass
from peep.model import InstalledProject, PinnedRequirement, PlannedWheel, StoredWheel, VerifiedArchive


@dataclass(frozen=True, slots=True)
class Used:
    """What a run is about to use, all of it verified or installed."""

    link: Sequence[PlannedWheel] = ()
    """Wheels to be linked."""
    keep: Sequence[InstalledProject] = ()
    """Installed projects that stay."""
    wheels: Sequence[StoredWheel] = ()
    """Wheels to be saved, or to be part of a build environment."""
    sdists: Sequence[VerifiedArchive] = ()
    trees: Sequence[PinnedRequirement] = ()
    """Commits and folders to be built."""
