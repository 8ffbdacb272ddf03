"""`peep audit`: known malware, vulnerabilities and withdrawals of what is pinned or installed.

The order: what to judge and by which rules, the snapshot, what indexes say, the judgement. Nothing is installed,
changed or executed; what can't be read, asked or compared is told, and makes the run incomplete instead of clean.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import partial

from peep import __version__
from peep.advisories.assessment import Evidence, Terms, assess
from peep.advisories.cvss_scores import available_scores
from peep.advisories.exploited import LARGEST_LIST, UnreadableList, read_epss, read_kev
from peep.advisories.findings import AuditedPin, Finding
from peep.advisories.judgement import wanted_for
from peep.advisories.lookup import Known, LookupOptions, look_up
from peep.advisories.policy import AuditPolicy
from peep.advisories.report import AuditReport, IndexFacts
from peep.advisories.roster import PinTable, Roster
from peep.advisories.severity import rating_of
from peep.advisories.suppressions import Suppression, UnfitSuppression
from peep.advisories.timestamps import parse_duration
from peep.advisories.vex_statements import LARGEST_DOCUMENT, UnreadableVex, read_vex
from peep.advisories.watch import ProjectPages, filenames_of, interpreter_finding
from peep.dataclass import dataclass, field, replace
from peep.environment.installed import installed_projects
from peep.environment.scheme_paths import scheme_paths_of
from peep.errors import PeepError, UsageError
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import TargetEnvironment
from peep.pipeline.audit_baseline import read_baseline
from peep.pipeline.audit_settings import read_policy, read_suppression_file, settings_folder, suppressions_path
from peep.pipeline.audited_pins import ListReader, environment_subject
from peep.pipeline.context import RunContext
from peep.pipeline.index_facts import AskedIndexes, ask_indexes, is_of_extra_index, releases_of
from peep.pipeline.network import Network
from peep.pipeline.options import InstallOptions
from peep.pipeline.pip_configuration import configured_pip
from peep.pipeline.read_pins import Reading
from peep.pipeline.session import opened_store, target_request
from peep.system.bounded import read_file
from peep.target.discovery import discover_target
from peep.workflows.advisories_fetch import advisories_folder, current_snapshot


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What to audit, and how. `run` has sources, target, indexes, network, store and output as for any verb."""

    run: InstallOptions
    files_from: str | None = None
    advisories: tuple[str, ...] = ()
    is_offline: bool = False
    asks_indexes: bool = True
    max_age: str | None = None
    fail_on: str | None = None
    is_strict: bool = False
    only_here: bool = False
    policy: str | None = None
    suppressions: str | None = None
    baseline: str | None = None
    vex_in: tuple[str, ...] = ()
    kev: str | None = None
    epss: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRules:
    """By what an audit judges, read before anything else: whatever is wrong with it stops the run (status 2)."""

    policy: AuditPolicy
    suppressions: tuple[Suppression, ...] = ()
    suppressions_path: str = ""
    baseline: tuple[tuple[str, str | None, frozenset[str]], ...] = ()
    kev: frozenset[str] | None = None
    epss: Mapping[str, float] | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)


def audit(options: AuditOptions, context: RunContext) -> AuditReport:
    """Judge what the options name. Raises `UsageError` for options, policy and suppressions that mean nothing."""
    now = options.at or datetime.now(timezone.utc)
    with ExitStack() as stack:
        store = stack.enter_context(opened_store(options.run.store, context))
        defaults = configured_pip(options.run, context.environ, os.path.join(store.layout.remembered, "pip"))
        network = Network(options.run, context, defaults)
        stack.callback(network.close)
        reading = Reading(partial(_transport, network, options), context.standard_input)
        files = listed_files(options, reading.read)
        rules = read_rules(options, files)
        for note in rules.notes:
            context.reporter.note(note)
        target = _target(options, files, context)
        roster = _roster(options, files, target, reading, context)
        snapshots = _snapshots(options, rules.policy, network, context, now)
        asked = _asked(options, roster, network, context)
        extra = _extra_indexes(network) if asked is not None else ()
        roster = roster.with_pins(partial(_completed, asked=asked, policy=rules.policy, extra=extra))
        known = _known(roster, snapshots, context, now)
        evidence = _evidence(known, asked, rules, target, now)
        terms = Terms(now, rules.policy, rules.suppressions, rules.baseline, options.is_strict)
        try:
            return assess(roster, evidence, terms)
        except UnfitSuppression as unfit:
            raise UsageError(f"{unfit.suppression.source}: {unfit.suppression.id}: {unfit}") from unfit


# -- by what ---------------------------------------------------------------------------------------


def read_rules(options: AuditOptions, files: Sequence[str]) -> AuditRules:
    """Everything that a user wrote about the judgement. Raises `UsageError`."""
    folder = settings_folder(files)
    policy = _overridden(read_policy(folder, options.policy), options)
    path = suppressions_path(folder, options.suppressions)
    suppressions = list(read_suppression_file(path, policy, is_named=options.suppressions is not None))
    notes: list[str] = []
    for vex in options.vex_in:
        try:
            statements = read_vex(_content(vex, LARGEST_DOCUMENT), vex, policy.longest_suppression)
        except UnreadableVex as error:
            raise UsageError(f"--vex-in {vex}: {error}") from error
        suppressions += statements.suppressions
        notes += statements.left_aside
    try:
        kev = None if options.kev is None else read_kev(_content(options.kev, LARGEST_LIST))
        epss = None if options.epss is None else read_epss(_content(options.epss, LARGEST_LIST))
    except UnreadableList as error:
        raise UsageError(f"{options.kev or options.epss}: {error}") from error
    baseline = () if options.baseline is None else read_baseline(options.baseline)
    return AuditRules(policy, tuple(suppressions), path, baseline, kev, epss, tuple(notes))


def _overridden(policy: AuditPolicy, options: AuditOptions) -> AuditPolicy:
    """The command line before the policy."""
    if options.max_age is not None:
        age = parse_duration(options.max_age)
        if age is None:
            raise UsageError(f"--max-age: {options.max_age!r} is no duration", "write 7d, 36h or 90m")
        policy = replace(policy, max_age=age)
    return policy if options.fail_on is None else replace(policy, fail_on=options.fail_on)


def _content(path: str, limit: int) -> bytes:
    try:
        return read_file(path, limit, is_regular=False)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


# -- what ------------------------------------------------------------------------------------------


def listed_files(options: AuditOptions, read: Callable[[str], bytes]) -> tuple[str, ...]:
    """Every requirements and lock file that the options name, each once. Raises `UsageError`."""
    named = list(options.run.sources.requirement_files)
    if options.files_from is not None:
        try:
            text = read(options.files_from).decode()
        except (OSError, PeepError, ValueError) as error:
            raise UsageError(f"--files-from {redacted(options.files_from)}: {error}") from error
        named += [line for line in text.splitlines() if line.strip()]
        if not named:
            raise UsageError(f"--files-from {redacted(options.files_from)}: it names no file")
    return tuple(dict.fromkeys(named))


def _target(options: AuditOptions, files: Sequence[str], context: RunContext) -> TargetEnvironment | None:
    """The environment to audit, or the target that `--here` and `--python` mean; None where none is asked for."""
    if files and not (options.only_here or options.run.target.python):
        return None
    from peep.workflows.verify import refuse_planted  # noqa: PLC0415 - 70 ms, and most audits read files

    refuse_planted(options.run)
    with opened_store(options.run.store, context) as store:
        return discover_target(target_request(options.run.target), store)


def _roster(
    options: AuditOptions,
    files: Sequence[str],
    target: TargetEnvironment | None,
    reading: Reading,
    context: RunContext,
) -> Roster:
    table = PinTable()
    if files or target is None:
        here = target.markers if target is not None and options.only_here else None
        constraints = options.run.sources.constraint_files
        reader = ListReader(table, reading.read, context.environ, constraints, here)
        subjects = tuple(reader.subject(path) for path in files)
        return Roster(table.pins(), subjects)
    from peep.workflows.verify import held_still  # noqa: PLC0415 - as above

    scheme_paths = scheme_paths_of(target)
    with held_still(scheme_paths, context.reporter):
        installed = installed_projects(scheme_paths.target)
    subject = environment_subject(installed, scheme_paths.target.paths["data"], table)
    return Roster(table.pins(), (subject,))


def _completed(pin: AuditedPin, asked: AskedIndexes | None, policy: AuditPolicy, extra: Sequence[str]) -> AuditedPin:
    """A pin with what is known of it beside what is listed: whether it is private, its file names."""
    pages = asked.pages.get(pin.name) if asked is not None and not pin.is_direct else None
    is_private = policy.is_private(pin.name) or is_of_extra_index(pin.hashes, pin.index, pages, extra)
    names = filenames_of(pin, pages.details) if pages is not None else ()
    if not (is_private or names):
        return pin
    return replace(pin, is_private=is_private, filenames=tuple(dict.fromkeys((*pin.filenames, *names))))


# -- evidence --------------------------------------------------------------------------------------


def _transport(network: Network, options: AuditOptions) -> Transport:
    if options.is_offline:
        raise UsageError("--offline: a file from the network can't be read")
    return network.transport()


def _snapshots(
    options: AuditOptions, policy: AuditPolicy, network: Network, context: RunContext, now: datetime
) -> tuple[str, ...]:
    """The snapshots to judge by: those given, or the fetched one, fetched anew where it is not of these hours."""
    if options.advisories:
        return options.advisories
    transport = None if options.is_offline else network.transport
    return current_snapshot(context, policy, transport, now)


def _asked(options: AuditOptions, roster: Roster, network: Network, context: RunContext) -> AskedIndexes | None:
    """What the configured indexes say, or None where they are not to be asked."""
    if options.is_offline or not options.asks_indexes:
        return None
    names = {pin.name for pin in roster.pins if not pin.is_direct}
    try:
        return ask_indexes(names, network.index)
    except PeepError as error:
        context.reporter.warning(f"no index was asked: {error}")
        return AskedIndexes(failed=dict.fromkeys(sorted(names), str(error)))


def _extra_indexes(network: Network) -> tuple[str, ...]:
    try:
        return tuple(redacted(url) for url in network.index_options().index_urls[1:])
    except PeepError:
        return ()


def _known(roster: Roster, snapshots: Sequence[str], context: RunContext, now: datetime) -> Known:
    wanted = wanted_for(roster.pins)
    folder = advisories_folder(context.environ)
    return look_up(snapshots, wanted, LookupOptions(now, __version__, folder))


def _evidence(
    known: Known,
    asked: AskedIndexes | None,
    rules: AuditRules,
    target: TargetEnvironment | None,
    now: datetime,
) -> Evidence:
    pages: Mapping[str, ProjectPages] = asked.pages if asked is not None else {}
    further: tuple[Finding, ...] = ()
    if target is not None and target.implementation == "cpython":
        ended = interpreter_finding(target.version, target.paths["data"], now)
        further = (ended,) if ended is not None else ()
    return Evidence(
        known,
        partial(rating_of, score=available_scores()),
        pages,
        releases_of(pages, None if target is None else target.version),
        asked.facts() if asked is not None else IndexFacts(),
        rules.kev,
        rules.epss,
        further,
    )
