"""`peep install`: the order of the stages, and the gate. Read this first.

Everything is fetched and verified before anything is built, everything is built before the environment changes, and all
that is wrong is found before the run gives up (promises 1 to 3 of docs/security.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing

from peep.archives.receive import receive_archive
from peep.archives.verification import verify_archive
from peep.build.source_pins import is_source_tree
from peep.dataclass import replace
from peep.environment.installed import installed_projects
from peep.environment.plan import plan_install, with_wheels
from peep.formats.names import normalised
from peep.index.selection import select_candidate
from peep.model import InstalledProject, InstallPlan, PlannedWheel
from peep.pipeline.attempts import attempts
from peep.pipeline.audits.malware_gate import refuse_known_malware
from peep.pipeline.build_need import open_builds
from peep.pipeline.built_wheel_cache import note_built
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import FetchResult, Stages, WheelProvider, fetch_all
from peep.pipeline.locking.locked_for import foreign_lists
from peep.pipeline.options import InstallOptions
from peep.pipeline.problems import problems_of, refuse_if_any, requirements_of_kept
from peep.pipeline.result import InstallResult
from peep.pipeline.session import Session, apply_options, open_session, plan_options
from peep.pipeline.unpacking import add_to_store
from peep.pipeline.vetting.run_gate import open_run_gate
from peep.pipeline.vetting.used_archives import Used
from peep.requirements.pinned_set import PinnedSet
from peep.shortcuts.record import remember
from peep.target.discovery import require_changeable
from peep.transaction.apply import apply_plan, recover

STAGES = Stages(
    select=select_candidate,  # index: which file of all that are offered
    receive=receive_archive,  # archives: its bytes, hashed as they come
    verify=verify_archive,  # THE GATE: a listed digest, or a problem
    unpack=add_to_store,  # store: wheels; sdists wait for the builds
)
"""The way of each archive, in this order, in every verb that fetches."""

Removals = Callable[[Session, PinnedSet], tuple[InstalledProject, ...]]
"""Which projects are to go, besides those that are replaced."""


def install(options: InstallOptions, context: RunContext) -> InstallResult:
    """Make the target hold what the user's files list, verified; give back what that took.

    Raises `InstallRefused` with every problem of the run, before anything was built or changed, and the other
    errors of `peep.errors` for what stops a run at once.
    """
    with open_session(options, context, STAGES) as session:
        make_ready(session)
        pinned = session.read_pins()
        warn_of_foreign_lists(session, pinned)
        admission = refuse_known_malware(session, pinned)
        with session.store.in_use(), session.wheel_provider(pinned) as provider:
            for attempt in attempts(session):
                with attempt:
                    result = install_pins(session, pinned, provider)
        remember(session, result, admission)
        return result


def install_pins(
    session: Session, pinned: PinnedSet, provider: WheelProvider, remove: tuple[InstalledProject, ...] = ()
) -> InstallResult:
    """Plan, fetch what is missing, refuse what is wrong, build, change the target: in this order.

    `remove`: installed projects that go in the same transaction.
    """
    stored = provider.remembered(pinned.pins)
    plan = planned(session, pinned, stored, remove)
    examined = open_run_gate(session, pinned)  # --require-examined
    wanted, refused = examined.worth_fetching(plan.missing)
    trees = [pin for pin in wanted if is_source_tree(pin)]
    fetched = fetch_all([pin for pin in wanted if pin not in trees], provider)  # STAGES, for each archive
    plan = with_wheels(plan, fetched.wheels.values())
    with closing(open_builds(session, pinned, provider, examined, are_needed=bool(fetched.sdists or trees))) as builds:
        used = Used(plan.link, plan.keep, sdists=fetched.sdists, trees=trees)
        found = (*fetched.problems, *builds.plan(fetched.sdists, trees), *refused, *examined.problems(used))
        stated = {**requirements_of_kept(plan, stored), **builds.stated_requirements()}
        refuse_if_any(problems_of(session, pinned, plan, provider, found, stated))
        built, pending = builds.foreseen() if is_told_only(session.options) else (builds.run(), ())
    if built:
        plan = with_wheels(plan, built)
        refuse_if_any(problems_of(session, pinned, plan, provider))  # only now is it certain what these require
    wheels = {**stored, **fetched.wheels, **{one.wheel.identity.name: one for one in built}}
    return replace(change_target(session, pinned, plan, wheels, fetched), examined=examined.judgement, pending=pending)


def is_told_only(options: InstallOptions) -> bool:
    """Whether what has to be built is not built, but told: nobody wants a compiler for a `--dry-run`."""
    return options.dry_run and not options.builds_anyway


def warn_of_foreign_lists(session: Session, pinned: PinnedSet) -> None:
    """Tell of lists that were locked for other targets."""
    for warning in foreign_lists(pinned.directives, session.target):
        session.context.reporter.warning(warning)


def make_ready(session: Session) -> None:
    """Finish or undo what an interrupted run left, and see whether this run may change the target at all.

    As with pip, `--require-virtualenv` holds for a `--dry-run`, too.
    """
    options, reporter = session.options, session.context.reporter
    require_changeable(
        session.target,
        break_system_packages=options.target.break_system_packages or options.dry_run,
        require_virtualenv=options.target.require_virtualenv,
    )
    if options.dry_run:
        return
    if repaired := recover(session.target, reporter):
        reporter.note(repaired)


def planned(
    session: Session, pinned: PinnedSet, stored: Mapping[str, PlannedWheel], remove: tuple[InstalledProject, ...]
) -> InstallPlan:
    """The meaning of the pins for the target, as far as the store knows their wheels."""
    plan = plan_install(
        pinned.pins,
        installed_projects(session.target),
        {name: one.wheel for name, one in stored.items()},
        {name: one.provenance for name, one in stored.items() if one.provenance},
        plan_options(session.options),
    )
    return replace(plan, remove=remove)


def change_target(
    session: Session, pinned: PinnedSet, plan: InstallPlan, wheels: Mapping[str, PlannedWheel], fetched: FetchResult
) -> InstallResult:
    """Change the target in one transaction, or under `--dry-run` leave it as it is."""
    reporter = session.context.reporter
    for note in plan.notes:
        reporter.note(note)
    for text in unknown_extras(pinned, plan):
        reporter.warning(text)
    note_built(session.store, wheels.values())
    changes = None
    if not (session.options.dry_run or plan.is_empty):
        changes = apply_plan(plan, session.target, apply_options(session.options, pinned), reporter)
        for note in changes.notes:
            reporter.note(note)
        plan = changes.plan
    yanked = frozenset(candidate.pin.name for candidate in fetched.candidates if candidate.file.yanked is not None)
    result = InstallResult(plan, pinned, session.target, wheels, changes, yanked)
    if session.options.report is None:
        return result
    from peep.pipeline.installation_report import core_metadata  # noqa: PLC0415 - few runs want one

    return replace(result, metadata={one.wheel.identity.name: core_metadata(one) for one in plan.link})


def unknown_extras(pinned: PinnedSet, plan: InstallPlan) -> list[str]:
    """A line for each extra that a listed project, now to be installed, does not have: it brings nothing."""
    provided = {one.wheel.identity.name: {normalised(extra) for extra in one.wheel.provides_extra} for one in plan.link}
    return [
        f"{pin} has no extra called {extra}"
        for pin in pinned.pins
        if pin.name in provided
        for extra in pin.extras
        if extra not in provided[pin.name]
    ]
