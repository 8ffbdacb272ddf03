"""`peep audit`: known malware, vulnerabilities and withdrawals of what is pinned or installed.

The order: what to judge and by which rules, the snapshot, what indexes say, the judgement. Nothing is installed,
changed or executed; what can't be read, asked or compared is told, and makes the run incomplete instead of clean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from peep import __version__
from peep.advisories.assessment import Evidence, Terms, assess
from peep.advisories.findings import AuditedPin, Finding, SeverityRating
from peep.advisories.judgement import wanted_for
from peep.advisories.lookup import Known, LookupOptions, look_up
from peep.advisories.policy import AuditPolicy
from peep.advisories.record import Advisory
from peep.advisories.report import AuditReport, IndexFacts
from peep.advisories.roster import PinTable, Roster, Subject
from peep.advisories.severity import Score, rating_of
from peep.advisories.suppressions import UnfitSuppression
from peep.advisories.watch import interpreter_finding
from peep.dataclass import dataclass, replace
from peep.errors import PeepError, UsageError
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import IndexOptions, TargetEnvironment
from peep.pipeline.audits.advisories_place import advisories_folder
from peep.pipeline.audits.audited_bundle_part import bundle_part
from peep.pipeline.audits.audited_pins import ListReader
from peep.pipeline.audits.rules import AuditOptions, AuditRules, read_rules
from peep.pipeline.context import RunContext
from peep.pipeline.read_pins import Reading

if TYPE_CHECKING:
    from peep.pipeline.audits.index_facts import AskedIndexes
    from peep.pipeline.network import Network

# Most audits read files and a snapshot: what speaks to the network or looks at an environment is imported by those that
# do, for it takes twice as long to import as all the rest.


_NOTHING_STATED = IndexOptions()


class OpenNetwork(Protocol):
    """Opens the network for files that state these indexes, once for each."""

    def __call__(self, stated: IndexOptions = ...) -> Network: ...


@dataclass(frozen=True, slots=True)
class AuditCase:
    """All that a judgement rests on."""

    roster: Roster
    evidence: Evidence
    terms: Terms


def audit(options: AuditOptions, context: RunContext) -> AuditReport:
    """Judge what the options name. Raises `UsageError` for options, policy and suppressions that mean nothing."""
    return judged(case_of(options, context))


def judged(case: AuditCase) -> AuditReport:
    """The report of a case. Raises `UsageError` for a suppression of malware that may not be."""
    try:
        return assess(case.roster, case.evidence, case.terms)
    except UnfitSuppression as unfit:
        raise UsageError(f"{unfit.suppression.source}: {unfit.suppression.id}: {unfit}") from unfit


def case_of(
    options: AuditOptions, context: RunContext, changed: Mapping[str, bytes] = MappingProxyType({})
) -> AuditCase:
    """Gather everything; `changed` files are read as if they held these bytes. Raises `UsageError`."""
    now = options.at or datetime.now(timezone.utc)
    with ExitStack() as stack:
        open_network = lru_cache(partial(_opened_network, options, context, stack))
        reading = ChangedReading(changed, partial(_transport, open_network, options), context.standard_input)
        files = listed_files(options, reading.read)
        rules = read_rules(options, files)
        for line in rules.left_aside:
            context.reporter.note(line)
        target = _target(options, files, context)
        table = PinTable()
        bundle = bundle_part(options, table, partial(_transport, open_network, options), stack)
        subjects = _subjects(options, files, target, ListInputs(table, reading, context))
        roster = Roster(table.pins(), (*subjects, *bundle.subjects))
        snapshots = bundle.snapshots or _snapshots(options, rules.policy, open_network, context, now)
        asked = _asked(options, roster, open_network, context)
        roster = roster.with_pins(partial(_with_privacy, policy=rules.policy))
        if asked is not None:
            roster = roster.with_pins(asked.completed)
        known = bundle.named(_known(roster, () if bundle.faults else snapshots, context, now))
        evidence = _evidence(known, asked, rules, target, now)
        terms = Terms(now, rules.policy, rules.suppressions, rules.baseline, options.is_strict)
        return AuditCase(roster, evidence, terms)


class ChangedReading(Reading):
    """Reads files of a run, some of them as they would be."""

    def __init__(
        self, changed: Mapping[str, bytes], open_transport: Callable[[], Transport], standard_input: Callable[[], bytes]
    ) -> None:
        super().__init__(open_transport, standard_input)
        self._changed = changed

    def read(self, path: str) -> bytes:
        return self._changed[path] if path in self._changed else super().read(path)


def _opened_network(
    options: AuditOptions, context: RunContext, stack: ExitStack, stated: IndexOptions = _NOTHING_STATED
) -> Network:
    """The network for files that state these indexes, with what pip is configured with; it is closed with `stack`."""
    import os  # noqa: PLC0415 - as above

    from peep.pipeline.network import Network  # noqa: PLC0415 - as above
    from peep.pipeline.pip_configuration import configured_pip  # noqa: PLC0415 - as above
    from peep.pipeline.session import opened_store  # noqa: PLC0415 - as above

    store = stack.enter_context(opened_store(options.run.store, context))
    defaults = configured_pip(options.run, context.environ, os.path.join(store.layout.remembered, "pip"))
    network = Network(options.run, context, defaults)
    network.stated = stated
    stack.callback(network.close)
    return network


def _transport(open_network: OpenNetwork, options: AuditOptions) -> Transport:
    if options.is_offline:
        raise UsageError("--offline: a file from the network can't be read")
    return open_network().transport()


def listed_files(options: AuditOptions, read: Callable[[str], bytes]) -> tuple[str, ...]:
    """Every requirements and lock file that the options name, each once. Raises `UsageError`."""
    named = list(options.run.sources.requirement_files)
    if options.files_from is not None:
        try:
            text = read(options.files_from).decode()
        except (OSError, PeepError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise UsageError(f"--files-from {redacted(options.files_from)}: {reason}") from error
        named += [line for line in text.splitlines() if line.strip()]
        if not named:
            raise UsageError(f"--files-from {redacted(options.files_from)}: it names no file")
    return tuple(dict.fromkeys(named))


def _target(options: AuditOptions, files: Sequence[str], context: RunContext) -> TargetEnvironment | None:
    """The environment to audit, or the target that `--here` and `--python` mean; None where none is asked for."""
    if (files or options.run.bundle) and not (options.only_here or options.run.target.python):
        return None
    from peep.workflows.audit_environment import discovered  # noqa: PLC0415 - as above

    return discovered(options.run, context)


@dataclass(frozen=True, slots=True)
class ListInputs:
    """What reading lists takes, and where their pins go."""

    table: PinTable
    reading: Reading
    context: RunContext


def _subjects(
    options: AuditOptions, files: Sequence[str], target: TargetEnvironment | None, inputs: ListInputs
) -> tuple[Subject, ...]:
    if files or options.run.bundle is not None or target is None:
        here = target.markers if target is not None and options.only_here else None
        constraints = options.run.sources.constraint_files
        reader = ListReader(inputs.table, inputs.reading.read, inputs.context.environ, constraints, here)
        return reader.subjects(files)
    from peep.workflows.audit_environment import installed_subject  # noqa: PLC0415 - as above

    return (installed_subject(target, inputs.table, inputs.context),)


def _with_privacy(pin: AuditedPin, policy: AuditPolicy) -> AuditedPin:
    return replace(pin, is_private=True) if policy.private and policy.is_private(pin.name) else pin


def _snapshots(
    options: AuditOptions, policy: AuditPolicy, open_network: OpenNetwork, context: RunContext, now: datetime
) -> tuple[str, ...]:
    """The snapshots to judge by: those given, or the fetched one, fetched anew where it is not of these hours."""
    if options.advisories:
        return options.advisories
    from peep.pipeline.audits.current_snapshot import current_snapshot  # noqa: PLC0415 - as above

    transport = None if options.is_offline else lambda: open_network().transport()
    return current_snapshot(context, policy, transport, now)


def _asked(
    options: AuditOptions, roster: Roster, open_network: OpenNetwork, context: RunContext
) -> AskedIndexes | None:
    """What the configured indexes say, or None where they are not to be asked."""
    if options.is_offline or not options.asks_indexes or options.run.bundle is not None:
        return None
    from peep.pipeline.audits.index_facts import AskedIndexes, ask_indexes, ask_publishers, names_by_indexes  # noqa: PLC0415 - as above

    asked = AskedIndexes()
    for stated, names in names_by_indexes(roster).items():
        try:
            network = open_network(stated)
            ask_indexes(asked, names, network.index)
            asked.extra += tuple(
                redacted(url) for url in (*network.index_options().index_urls[1:], *network.bound_urls())
            )
        except PeepError as error:
            context.reporter.warning(f"no index was asked: {error}")
            asked.failed.update(dict.fromkeys(sorted(names), str(error)))
    if options.watches_publishers and asked.pages:
        ask_publishers(asked, roster.pins, open_network().transport())
    return asked


def _known(roster: Roster, snapshots: Sequence[str], context: RunContext, now: datetime) -> Known:
    wanted = wanted_for(roster.pins)
    return look_up(
        snapshots, wanted, LookupOptions(now, __version__, advisories_folder(context.environ), context.reporter)
    )


def _evidence(
    known: Known, asked: AskedIndexes | None, rules: AuditRules, target: TargetEnvironment | None, now: datetime
) -> Evidence:
    further: tuple[Finding, ...] = ()
    if target is not None and target.implementation == "cpython":
        ended = interpreter_finding(target.version, target.paths["data"], now)
        further = (ended,) if ended is not None else ()
    return Evidence(
        known,
        _rating,
        {} if asked is None else asked.pages,
        {} if asked is None else asked.releases(None if target is None else target.version),
        IndexFacts() if asked is None else asked.facts(),
        rules.kev,
        rules.epss,
        {} if asked is None else asked.publishers,
        further,
    )


def _rating(members: Sequence[Advisory], name: str) -> SeverityRating:
    return rating_of(members, name, _scores())


@lru_cache
def _scores() -> Score:
    """The library for scores is imported when there is something to rate."""
    from peep.advisories.cvss_scores import available_scores  # noqa: PLC0415 - see above

    return available_scores()
