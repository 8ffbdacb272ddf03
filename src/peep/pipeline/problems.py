"""Problems that only all projects of a run together show: unmet requirements, other Pythons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from peep.environment.dependencies import RequiringProject, check_dependencies
from peep.environment.installed import requirements_of
from peep.errors import NoUsableFile, Problem, Problems
from peep.index.compatibility import python_objection
from peep.model import InstallPlan, PinnedRequirement, PlannedWheel
from peep.pipeline.fetch import WheelProvider
from peep.pipeline.session import Session
from peep.pipeline.suggestions import with_suggestions
from peep.requirements.pinned_set import PinnedSet


def refuse_if_any(problems: Iterable[Problem]) -> None:
    """Raise `InstallRefused` with all of `problems`, worst first."""
    Problems(list(problems)).raise_if_any()


def problems_of(
    session: Session,
    pinned: PinnedSet,
    plan: InstallPlan,
    provider: WheelProvider,
    found: Iterable[Problem] = (),
    stated: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> list[Problem]:
    """All that is wrong: unusable lines, what was `found` on the way, wheels for other Pythons, unmet requirements.

    `stated`: what projects that are yet to be built say that they will require, by name.
    """
    unmet = requirement_problems(session, pinned, _requiring_projects(pinned, plan, stated), provider)
    return [*pinned.unusable, *found, *_python_problems(session, pinned, plan), *unmet]


def requirement_problems(
    session: Session, pinned: PinnedSet, projects: Iterable[RequiringProject], provider: WheelProvider
) -> Sequence[Problem]:
    """Requirements of listed projects that no listed project meets, unless the user asked not to look.

    Those of projects that are not listed at all come with lines to paste, as far as `provider`'s indexes have some.
    """
    if not session.options.check_dependencies or pinned.directive_values("--no-check-dependencies"):
        return ()
    unmet = check_dependencies(list(projects), pinned.pins, session.target.markers)
    return with_suggestions(unmet, provider, pinned.pins)


def projects_by_requirements(
    pins: Iterable[PinnedRequirement], known: Mapping[str, Iterable[str]]
) -> list[RequiringProject]:
    """Listed projects with their `Requires-Dist`, by name in `known`.

    Of a project that is not known nothing is said: its archive did not come, or only its build will tell.
    """
    return [RequiringProject(pin.name, pin.version or "", tuple(known.get(pin.name, ()))) for pin in pins]


def _requiring_projects(
    pinned: PinnedSet, plan: InstallPlan, stated: Mapping[str, tuple[str, ...]]
) -> list[RequiringProject]:
    """A listed project whose archive did not come has a problem of its own; nobody is told that it is missing, too."""
    projects = [
        *(_requiring(one) for one in plan.link),
        *(RequiringProject(one.name, one.version, requirements_of(one).requires_dist) for one in plan.keep),
    ]
    known = {project.name for project in projects}
    return [*projects, *projects_by_requirements((pin for pin in pinned.pins if pin.name not in known), stated)]


def _requiring(one: PlannedWheel) -> RequiringProject:
    return RequiringProject(one.wheel.identity.name, one.wheel.identity.version, one.wheel.requires_dist)


def _python_problems(session: Session, pinned: PinnedSet, plan: InstallPlan) -> list[Problem]:
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
