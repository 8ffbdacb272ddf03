"""Problems that only all projects of a run together show: unmet requirements, other Pythons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from peep.dataclass import replace
from peep.environment.dependencies import RequiringProject, check_dependencies
from peep.environment.installed import installed_projects, requirements_of
from peep.errors import ConflictingDependency, NoUsableFile, OmittedDependency, Problem, Problems
from peep.index.compatibility import python_objection
from peep.model import InstalledProject, InstallPlan, PinnedRequirement, PlannedWheel, Provenance, StoredWheel
from peep.pipeline.fetch import WheelProvider
from peep.pipeline.session import Session
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

    `stated`: requirements that are known without asking the environment, by name: those that projects say which are yet
    to be built, and `requirements_of_kept`.
    """
    projects, present = _requiring_projects(pinned, plan, stated), partial(_unlisted, session, pinned, plan)
    unmet = requirement_problems(session, pinned, projects, provider, present)
    return [*pinned.unusable, *found, *_python_problems(session, pinned, plan), *unmet]


def requirement_problems(
    session: Session,
    pinned: PinnedSet,
    projects: Iterable[RequiringProject],
    provider: WheelProvider,
    present: Callable[[], Mapping[str, InstalledProject]] = dict,
) -> Sequence[Problem]:
    """Requirements of listed projects that no listed project meets, unless the user asked not to look.

    Those of projects that are not listed at all come with lines to paste, as far as `provider`'s indexes have some.
    Under `--trust-installed`, such a project counts if it is among those `present`, by name, in a version that fits:
    lists of pip-compile leave out pip and setuptools, which environments have.
    """
    if not session.options.check_dependencies or pinned.directive_values("--no-check-dependencies"):
        return ()
    asked = list(projects)
    unmet = _checked(session, pinned, asked)
    if not unmet:
        return ()
    from peep.pipeline.suggestions import with_suggestions  # noqa: PLC0415 - for a run that is refused

    there = present()
    remaining, counted = _counting_present(asked, unmet, there, partial(_checked, session, pinned))
    if session.options.trust_installed:
        for name in counted:
            told = f"{name} {there[name].version} is not listed; the installed one counts (--trust-installed)"
            session.context.reporter.note(told)
        return with_suggestions(remaining, provider, pinned.pins)
    versions = {name: there[name].version for name in counted}
    told_of = (
        replace(one, installed=versions.get(one.name, "")) if isinstance(one, OmittedDependency) else one
        for one in unmet
    )
    return with_suggestions(told_of, provider, pinned.pins)


_Unmet = Sequence[OmittedDependency | ConflictingDependency]


def _checked(session: Session, pinned: PinnedSet, projects: list[RequiringProject]) -> _Unmet:
    return check_dependencies(projects, pinned.pins, session.target.markers)


def _counting_present(
    projects: Sequence[RequiringProject],
    unmet: _Unmet,
    present: Mapping[str, InstalledProject],
    check: Callable[[list[RequiringProject]], _Unmet],
) -> tuple[_Unmet, list[str]]:
    """What stays unmet when installed projects count that nothing lists, and the names of these.

    Those of a version that does not fit do not count; what those that count require must be there in turn.
    """
    counted: dict[str, RequiringProject] = {}
    unfit: set[str] = set()
    while names := {one.name for one in unmet if one.name in present} - counted.keys() - unfit:
        for name in names:
            project = present[name]
            counted[name] = RequiringProject(name, project.version, requirements_of(project).requires_dist)
        unmet = check([*projects, *counted.values()])
        unfit |= {one.name for one in unmet if isinstance(one, ConflictingDependency) and one.name in counted}
        counted = {name: project for name, project in counted.items() if name not in unfit}
        unmet = check([*projects, *counted.values()])
    return unmet, sorted(counted)


def _unlisted(session: Session, pinned: PinnedSet, plan: InstallPlan) -> dict[str, InstalledProject]:
    """Installed projects that no pin names and that this run leaves."""
    gone = {pin.name for pin in pinned.pins} | {project.name for project in plan.remove}
    return {name: project for name, project in installed_projects(session.target).items() if name not in gone}


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
        *(
            RequiringProject(
                one.name, one.version, stated[one.name] if one.name in stated else requirements_of(one).requires_dist
            )
            for one in plan.keep
        ),
    ]
    known = {project.name for project in projects}
    return [*projects, *projects_by_requirements((pin for pin in pinned.pins if pin.name not in known), stated)]


def requirements_of_kept(plan: InstallPlan, stored: Mapping[str, PlannedWheel]) -> dict[str, tuple[str, ...]]:
    """What the archives of projects that stay require, by name, where the store holds just what they came from.

    That is what their METADATA says as well, which then is not read: a file more for each of them.
    """
    wheels = {name: one.wheel for name, one in stored.items()}
    return {
        one.name: wheels[one.name].requires_dist
        for one in plan.keep
        if one.name in wheels and one.provenance is not None and _is_of(one.provenance, wheels[one.name])
    }


def _is_of(origin: Provenance, wheel: StoredWheel) -> bool:
    return any(digest.hex == wheel.sha256 for digest in origin.hashes)


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
