"""Staged projects of a transaction, as they are put together in the work folder."""

from __future__ import annotations

import os

from peep.dataclass import NamedTuple, dataclass, field
from peep.environment.mapping import MappedFile
from peep.model import PlannedWheel, StoredFile
from peep.transaction.linking import WheelFiles

_MODE = 0o644


class Written(NamedTuple):
    """A file that is written, not linked."""

    path: str
    """In the work folder, absolute."""
    content: bytes
    mode: int = _MODE


@dataclass(slots=True)
class StagedWheel:
    """One project as it is put together."""

    planned: PlannedWheel
    site: str
    """Site-packages in the work folder."""
    recorded: list[StoredFile]
    """Files that keep their path below `site`; rows of RECORD are made of them when it is written."""
    top_level: set[str]
    """The names that they bring to the top of `site`."""
    shared: frozenset[str] = frozenset()
    """The paths of those that are not linked, since another project brings them alike."""
    elsewhere: list[MappedFile] = field(default_factory=list)
    """Files with places of their own in the work folder."""
    written: list[Written] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    """Of RECORD for all but `recorded`, as far as known."""
    read_at_start: set[str] = field(default_factory=set)
    """What every start of the interpreter reads of it: by name at the top of site-packages, else by path."""

    @property
    def name(self) -> str:
        return self.planned.wheel.identity.name

    @property
    def record(self) -> str:
        """Where RECORD is written, in the work folder."""
        return os.path.join(self.site, self.planned.wheel.identity.dist_info, "RECORD")

    @property
    def linked(self) -> WheelFiles:
        """The files that come from the store."""
        shared = self.shared
        files = [file for file in self.recorded if file.path not in shared] if shared else self.recorded
        return WheelFiles(self.planned.wheel, self.site, files, self.elsewhere)


@dataclass(slots=True)
class StagedTree:
    """All projects of a transaction."""

    wheels: list[StagedWheel]
    owners: dict[str, str] = field(default_factory=dict)
    """Path in the work folder, at the top of site-packages or of a written program -> project."""
    notes: list[str] = field(default_factory=list)
