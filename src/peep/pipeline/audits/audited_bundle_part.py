"""Bundles in an audit: a subject, and the snapshot inside where that is to be judged by."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from peep.advisories.lookup import Known
from peep.advisories.roster import PinTable, Subject
from peep.advisories.snapshot import SnapshotError
from peep.dataclass import dataclass, replace
from peep.errors import PeepError, UsageError
from peep.http.transport import Transport
from peep.pipeline.audits.rules import AuditOptions


@dataclass(frozen=True, slots=True)
class BundlePart:
    """What a bundle adds to a run; nothing where none is named."""

    subjects: tuple[Subject, ...] = ()
    snapshots: tuple[str, ...] = ()
    """The one inside, where it counts."""
    shown: str = ""
    """Its name for messages."""
    faults: tuple[SnapshotError, ...] = ()

    def named(self, known: Known) -> Known:
        """The advisories that were found, their source by the name that the user knows."""
        facts = [replace(one, path=self.shown) if one.path in self.snapshots else one for one in known.facts]
        return replace(known, facts=facts, missing=[*known.missing, *self.faults])


def bundle_part(
    options: AuditOptions, table: PinTable, open_transport: Callable[[], Transport], stack: ExitStack
) -> BundlePart:
    """The bundle of a run as a subject, and its snapshot unless `--advisories` names another."""
    if options.run.bundle is None:
        return BundlePart()
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - for runs with a bundle

    from peep.pipeline.audits.audited_bundle import audited_bundle, unreadable_bundle  # noqa: PLC0415 - for runs with a bundle

    scratch = stack.enter_context(TemporaryDirectory(prefix="peep-audit-", ignore_cleanup_errors=True))
    try:
        opened = audited_bundle(options.run.bundle, open_transport, scratch, stack)
    except UsageError:
        raise
    except PeepError as error:
        return BundlePart((unreadable_bundle(options.run.bundle, error),))
    subjects = (opened.subject(table),)
    try:
        inside = None if options.advisories else opened.snapshot()
    except SnapshotError as error:
        return BundlePart(subjects, faults=(error,))
    return BundlePart(subjects) if inside is None else BundlePart(subjects, (inside.path,), inside.shown)
