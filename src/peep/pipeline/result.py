"""Result of a run that changes an environment."""

from __future__ import annotations

from collections.abc import Mapping

from peep.dataclass import dataclass, field
from peep.model import InstallPlan, PlannedWheel, TargetEnvironment
from peep.requirements.pinned_set import PinnedSet
from peep.transaction.apply import Changes


@dataclass(frozen=True, slots=True)
class InstallResult:
    """What a run did, or under `--dry-run` would have done."""

    plan: InstallPlan
    pinned: PinnedSet
    target: TargetEnvironment
    wheels: Mapping[str, PlannedWheel]
    """Every wheel that the run knows for a pin, by project name, linked or not."""
    changes: Changes | None
    """None when nothing was changed."""
    yanked: frozenset[str] = frozenset()
    """Names of projects whose file the index calls yanked, as far as this run asked it."""
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    """Core metadata of what is linked, by project name, for `--report`: a store of this run alone goes before that."""
