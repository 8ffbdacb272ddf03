"""`peep install`: the order of the stages. Read this first.

Everything is fetched and verified before anything is built, everything is built before the environment changes, and all
that is wrong is found before the run gives up (promises 1 to 3 of docs/security.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from types import MappingProxyType

from peep.build.source_pins import is_source_tree
from peep.dataclass import replace
from peep.environment.dependencies import RequiringProject, check_dependencies
from peep.environment.installed import installed_projects, requirements_of
from peep.environment.plan import plan_install, with_wheels
from peep.environment.target import require_changeable
from peep.environment.transaction import apply_plan, recover
from peep.errors import EnvironmentChangedMeanwhile, NoUsableFile, Problem, Problems, StoredWheelsDamaged
from peep.index.compatibility import python_objection
from peep.model import InstallPlan, PlannedWheel
from peep.requirements.naming import normalised
from peep.requirements.pinned_set import PinnedSet
from peep.workflows.build_need import opened_builds
from peep.workflows.built_from import note_built
from peep.workflows.options import InstallOptions
from peep.workflows.outcome import Outcome
from peep.workflows.remembering import remember
from peep.workflows.session import Session, apply_options, opened, plan_options
from peep.workflows.supply import Supplier
from peep.workflows.surroundings import Surroundings

Amend = Callable[[InstallPlan, Session, PinnedSet], InstallPlan]
"""What another verb makes of the plan of an install."""


def as_planned(plan: InstallPlan, _session: Session, _pinned: PinnedSet) -> InstallPlan:
    return plan


def install(options: InstallOptions, surroundings: Surroundings, amend: Amend = as_planned) -> Outcome:
    """Make the target hold what the user's files list, verified; give back what that took.

    Raises `InstallRefused` with every problem of the run, before anything was built or changed, and the other
    errors of `peep.errors` for what stops a run at once.
    """
    with opened(options, surroundings) as session:
        make_ready(session)
        pinned = session.read_pins()
        with session.store.held(), session.supplier(pinned) as supplier:
            try:
                outcome = installed_from(supplier, session, pinned, amend)
            except (StoredWheelsDamaged, EnvironmentChangedMeanwhile) as overtaken:
                if isinstance(overtaken, StoredWheelsDamaged):
                    forget(overtaken, session)
                outcome = installed_from(supplier, session, pinned, amend)
        if amend is as_planned:
            remember(session, outcome)
        return outcome


def installed_from(supplier: Supplier, session: Session, pinned: PinnedSet, amend: Amend = as_planned) -> Outcome:
    """Plan, supply what is missing, refuse what is wrong, change the target: in this order."""
    known = supplier.remembered(pinned.pins)
    plan = amend(planned(session, pinned, known), session, pinned)
    trees = [pin for pin in plan.missing if is_source_tree(pin)]
    supply = supplier.fetch([pin for pin in plan.missing if pin not in trees])
    are_needed = bool(supply.sdists or trees)
    with closing(opened_builds(session, pinned, supplier, are_needed=are_needed)) as builds:
        supply.problems += builds.plan(supply.sdists, trees)
        plan = with_wheels(plan, supply.wheels.values())
        refuse_if_wrong(session, pinned, plan, supply.problems, builds.stated_requirements())
        if are_needed:
            built = {one.wheel.identity.name: one for one in builds.run()}
            supply.wheels.update(built)
            plan = with_wheels(plan, built.values())
            refuse_if_wrong(session, pinned, plan, ())  # only now is it certain what the built projects require
    outcome = finished(session, pinned, plan, {**known, **supply.wheels})
    yanked = (candidate.pin.name for candidate in supply.candidates if candidate.file.yanked is not None)
    return replace(outcome, yanked=frozenset(yanked))


def make_ready(session: Session) -> None:
    """Finish or undo what an interrupted run left, and see whether this run may change the target at all.

    As with pip, `--require-virtualenv` holds for a `--dry-run`, too.
    """
    options, reporter = session.options, session.surroundings.reporter
    require_changeable(
        session.target,
        break_system_packages=options.target.break_system_packages or options.dry_run,
        require_virtualenv=options.target.require_virtualenv,
    )
    if options.dry_run:
        return
    if repaired := recover(session.target, reporter):
        reporter.note(repaired)


def planned(session: Session, pinned: PinnedSet, known: dict[str, PlannedWheel]) -> InstallPlan:
    """What the pins mean for the target, as far as the store knows their wheels."""
    return plan_install(
        pinned.pins,
        installed_projects(session.target),
        {name: one.wheel for name, one in known.items()},
        {name: one.provenance for name, one in known.items() if one.provenance},
        plan_options(session.options),
    )


def refuse_if_wrong(
    session: Session,
    pinned: PinnedSet,
    plan: InstallPlan,
    found: Iterable[Problem],
    stated: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> None:
    """Raise `InstallRefused` with all that is wrong: unusable lines, failed archives, unmet requirements.

    `stated`: what projects that are yet to be built say that they will require, by name.
    """
    problems = Problems([*pinned.unusable, *found, *python_problems(session, pinned, plan)])
    if session.options.check_dependencies and not pinned.directive_values("--no-check-dependencies"):
        problems.found += dependency_problems(session, pinned, plan, stated)
    problems.raise_if_any()


def python_problems(session: Session, pinned: PinnedSet, plan: InstallPlan) -> list[Problem]:
    """Wheels that are not for the target's Python by their own word: where they came from need not have said so."""
    if session.options.target.ignore_requires_python:
        return []
    pins = {pin.name: pin for pin in pinned.pins}
    wheels = [one.wheel for one in plan.link]
    objections = [(wheel, python_objection(wheel.requires_python, session.target.version)) for wheel in wheels]
    return [
        NoUsableFile(pins[wheel.identity.name], f"{wheel.identity.filename} {objection}")
        for wheel, objection in objections
        if objection
    ]


def dependency_problems(
    session: Session, pinned: PinnedSet, plan: InstallPlan, stated: Mapping[str, tuple[str, ...]]
) -> list[Problem]:
    """Requirements of the listed projects that no listed project meets.

    A listed project whose archive did not come has a problem of its own; nobody is told that it is missing as well.
    """
    projects = [
        *(_requiring(one) for one in plan.link),
        *(RequiringProject(one.name, one.version, requirements_of(one).requires_dist) for one in plan.keep),
    ]
    known = {project.name for project in projects}
    without_archive = [
        RequiringProject(pin.name, pin.version or "", stated.get(pin.name, ()))
        for pin in pinned.pins
        if pin.name not in known
    ]
    found = check_dependencies([*projects, *without_archive], pinned.pins, session.target.markers)
    return list(found)


def _requiring(one: PlannedWheel) -> RequiringProject:
    return RequiringProject(one.wheel.identity.name, one.wheel.identity.version, one.wheel.requires_dist)


def finished(session: Session, pinned: PinnedSet, plan: InstallPlan, wheels: dict[str, PlannedWheel]) -> Outcome:
    """Change the target, or under `--dry-run` leave it as it is."""
    reporter = session.surroundings.reporter
    for note in plan.notes:
        reporter.note(note)
    for text in unknown_extras(pinned, plan):
        reporter.warning(text)
    note_built(session.store, wheels.values())
    changes = None
    if not (session.options.dry_run or plan.is_empty):
        changes = apply_plan(plan, session.target, apply_options(session.options), reporter)
        for note in changes.notes:
            reporter.note(note)
    outcome = Outcome(plan, pinned, session.target, wheels, changes)
    if session.options.report is None:
        return outcome
    from peep.workflows.installation_report import core_metadata  # noqa: PLC0415 - few runs want one

    return replace(outcome, metadata={one.wheel.identity.name: core_metadata(one) for one in plan.link})


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


def forget(damaged: StoredWheelsDamaged, session: Session) -> None:
    """Drop wheels whose files were edited in the store, so that they are fetched again."""
    for fault in damaged.faults:
        session.surroundings.reporter.warning(f"the store was edited: {fault}; fetched again")
    for sha256 in damaged.digests:
        session.store.drop(sha256)
