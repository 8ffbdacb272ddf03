"""`peep advisories show`: records by id or alias, what else is the same matter, and what each covers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from functools import partial

from peep import __version__
from peep.advisories.cvss_scores import available_scores
from peep.advisories.findings import SeverityRating
from peep.advisories.grouping import AdvisoryGroup, groups_of
from peep.advisories.lookup import LookupOptions, WantedAdvisories, look_up
from peep.advisories.severity import rating_of
from peep.advisories.snapshot import SnapshotError, SnapshotFacts
from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.pipeline.audits.advisories_place import advisories_folder, snapshot_path
from peep.pipeline.context import RunContext


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One matter as it concerns one project."""

    project: str
    group: AdvisoryGroup
    severity: SeverityRating


@dataclass(frozen=True, slots=True)
class ShownAdvisories:
    """What was asked for: groups by project, and the ids that nothing knows."""

    groups: tuple[ShownGroup, ...]
    unknown: tuple[str, ...]
    snapshots: tuple[SnapshotFacts, ...]


def show_advisories(ids: Sequence[str], paths: Sequence[str], context: RunContext) -> ShownAdvisories:
    """Look up ids in the snapshots at `paths`, () for the fetched one. Raises `PeepError` without a snapshot."""
    given = tuple(paths) or (snapshot_path(context.environ),)
    options = LookupOptions(
        datetime.now(timezone.utc), __version__, advisories_folder(context.environ), context.reporter
    )
    found = look_up(given, WantedAdvisories(ids=frozenset(ids)), options)
    raise_for(found.missing)
    names = frozenset(entry.name for one in found.advisories.values() for entry in one.affected)
    around = look_up(given, WantedAdvisories(names=names, ids=frozenset(ids)), options)
    rate = partial(rating_of, score=available_scores())
    groups = [
        ShownGroup(name, group, rate(group.members, name))
        for name, advisories in sorted(around.by_project().items())
        for group in groups_of(advisories)
        if not set(ids).isdisjoint(group.ids)
    ]
    known = {id_ for one in groups for id_ in one.group.ids} | set(found.advisories)
    return ShownAdvisories(tuple(groups), tuple(one for one in ids if one not in known), tuple(found.facts))


def raise_for(missing: Sequence[SnapshotError]) -> None:
    """Raise `PeepError` for snapshots that are missing or broken."""
    if missing:
        raise PeepError("\n".join(str(one) for one in missing), missing[0].hint)
