"""Solution of one joint group, or why it has none."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.version import Version

from peep.dataclass import dataclass, field
from peep.locking.edges import Edge
from peep.locking.group_judge import Candidate, Unusable
from peep.locking.roots import Constraint, Root
from peep.locking.target_groups import JointGroup


@dataclass(frozen=True, slots=True)
class Requirer:
    """What asks for a project in a solution: a pin (with the extra that brings the edge), or a root."""

    child: str
    edge: Edge
    parent: str = ""
    """'' for a root."""
    extra: str = ""
    root: Root | None = None


@dataclass(frozen=True, slots=True)
class SolvedPin:
    """A project's version for a group."""

    name: str
    candidate: Candidate
    extras: tuple[str, ...] = ()
    """Asked for by anything, sorted."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A pin of the present lock that the next one does not have."""

    name: str
    version: Version
    reason: str


@dataclass(frozen=True, slots=True)
class TargetSolution:
    """What one group installs, and what asks for each pin."""

    group: JointGroup
    pins: Mapping[str, SolvedPin]
    """By name, sorted."""
    requirers: tuple[Requirer, ...]
    thresholds: frozenset[int]
    """Micro versions of the group's Python at which consulted metadata changes."""
    warnings: tuple[str, ...] = ()
    given_up: tuple[GivenUp, ...] = ()
    """Pins of the present lock that could not stay."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One external cause of a failure: versions of `parent` ('' for a root) require `child` within a range."""

    child: str
    edge: Edge
    parent: str = ""
    versions: tuple[str, ...] = ()
    """Of the parent, newest first."""
    origin: Root | Constraint | None = None
    allowed: int = 0
    """The range, as bits over the child's releases."""
    extra: str = ""
    """Of the parent, where only that brings the requirement."""


@dataclass(frozen=True, slots=True)
class Unsolvable:
    """Why a group has no solution."""

    group: JointGroup
    facts: tuple[Fact, ...]
    unusable: tuple[Unusable, ...] = ()
    """Releases within the allowed ranges that could not be used, newest first."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Projects that no index has, with the words for that."""
    first_comes: Mapping[str, str] = field(default_factory=dict)
    """Projects that several indexes have, with the words for whose files count."""
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Newest versions of projects of which a requirement wants another than any index offers."""
