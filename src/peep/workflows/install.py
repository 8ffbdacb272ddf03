"""`peep install`: the order of the stages. Read this first.

Everything is fetched and verified before anything is built, everything is built before the environment changes, and all
that is wrong is found before the run gives up (promises 1 to 3 of docs/architecture.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from peep.environment.dependencies import RequiringProject, check_dependencies
from peep.environment.installed import installed_projects, requirements_of
from peep.environment.plan import PlanOptions, plan_install, with_wheels
from peep.environment.target import require_changeable
from peep.environment.transaction import ApplyOptions, Changes, apply_plan, recover
from peep.errors import Problem, Problems
from peep.model import InstalledProject, InstallPlan, PinnedRequirement, PlannedWheel, TargetEnvironment
from peep.requirements.pinned_set import PinnedSet
from peep.workflows.options import InstallOptions
from peep.workflows.session import Session, opened
from peep.workflows.supply import Supply
from peep.workflows.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, or under `--dry-run` would have done."""

    plan: InstallPlan
    pinned: PinnedSet
    target: TargetEnvironment
    changes: Changes | None
    """None when nothing was changed."""


def install(options: InstallOptions, surroundings: Surroundings) -> Outcome:
    """Make the target hold what the user's files list, verified; give back what that took.

    Raises `InstallRefused` with every problem of the run, before anything was built or changed, and the other
    errors of `peep.errors` for what stops a run at once.
    """
    with opened(options, surroundings) as session:
        return install_into(session)


def install_into(session: Session) -> Outcome:
    """Run the stages in their order."""
    make_ready(session)
    pinned = session.read_pins()
    installed = installed_projects(session.target)
    with session.store.held(), session.supplier(pinned) as supplier:
        known = supplier.remembered(pinned.pins)
        plan = planned(session, pinned, installed, known)
        supply = supplier.fetch(plan.missing)
        plan = with_wheels(plan, supply.wheels.values())
        refuse_if_wrong(session, pinned, plan, supply)
        return finished(session, pinned, plan)


def make_ready(session: Session) -> None:
    """Finish or undo what an interrupted run left, and see whether this run may change the target at all."""
    options, reporter = session.options, session.surroundings.reporter
    if not options.dry_run:
        require_changeable(
            session.target,
            break_system_packages=options.target.break_system_packages,
            require_virtualenv=options.target.require_virtualenv,
        )
        if repaired := recover(session.target, reporter):
            reporter.note(repaired)


def planned(
    session: Session, pinned: PinnedSet, installed: dict[str, InstalledProject], known: dict[str, PlannedWheel]
) -> InstallPlan:
    """What the pins mean for the target, as far as the store knows their wheels."""
    options = session.options
    return plan_install(
        pinned.pins,
        installed,
        {name: one.wheel for name, one in known.items()},
        {name: one.provenance for name, one in known.items() if one.provenance},
        PlanOptions(options.force_reinstall or options.ignore_installed, options.trust_installed),
    )


def refuse_if_wrong(session: Session, pinned: PinnedSet, plan: InstallPlan, supply: Supply) -> None:
    """Raise `InstallRefused` with all that is wrong: unusable lines, failed archives, unmet requirements."""
    problems = Problems([*pinned.unusable, *supply.problems])
    skips_check = pinned.directive_values("--no-check-dependencies") or not session.options.check_dependencies
    if not skips_check:
        problems.found += dependency_problems(session, pinned, plan)
    problems.raise_if_any()


def dependency_problems(session: Session, pinned: PinnedSet, plan: InstallPlan) -> list[Problem]:
    """Requirements of the listed projects that no listed project meets.

    A listed project whose archive did not come has a problem of its own; nobody is told that it is missing as well.
    """
    projects = [
        *(_requiring(one) for one in plan.link),
        *(RequiringProject(one.name, one.version, requirements_of(one).requires_dist) for one in plan.keep),
    ]
    known = {project.name for project in projects}
    without_archive = [_unknown(pin) for pin in pinned.pins if pin.name not in known]
    unusable_names = {line.text.split("==")[0].strip().lower() for line in pinned.unusable}
    found = check_dependencies([*projects, *without_archive], pinned.pins, session.target.markers)
    return [problem for problem in found if problem.name not in unusable_names]


def _requiring(one: PlannedWheel) -> RequiringProject:
    return RequiringProject(one.wheel.identity.name, one.wheel.identity.version, one.wheel.requires_dist)


def _unknown(pin: PinnedRequirement) -> RequiringProject:
    return RequiringProject(pin.name, pin.version or "", ())


def finished(session: Session, pinned: PinnedSet, plan: InstallPlan) -> Outcome:
    """Change the target, or under `--dry-run` leave it as it is."""
    reporter = session.surroundings.reporter
    for note in plan.notes:
        reporter.note(note)
    if session.options.dry_run or plan.is_empty:
        return Outcome(plan, pinned, session.target, None)
    changes = apply_plan(plan, session.target, apply_options(session.options), reporter)
    return Outcome(plan, pinned, session.target, changes)


def apply_options(options: InstallOptions) -> ApplyOptions:
    return ApplyOptions(link_mode=options.link_mode or "auto", compile=bool(options.compile))
