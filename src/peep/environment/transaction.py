"""An `InstallPlan` into an environment as one transaction: old or new, never half (promise 5).

Everything is prepared in a work folder inside of site-packages, out of sight; the journal is written; then a few
renames make it visible. Until the commit mark stands everything is undone, after it everything is finished, by this
process or by the next one that comes along (`recover`).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from peep.environment.installed import installed_projects
from peep.environment.journal import Journal, clean_up, commit, remove_made, repair, run_moves, undo, write_journal
from peep.environment.leaving import LeavingFiles, departures, leaving_files
from peep.environment.lock import environment_lock, leave_note
from peep.environment.mapping import WORK_FOLDER, rooted_paths
from peep.environment.placement import Placement, ordered_moves, refuse_conflicts
from peep.environment.places import Places, places_of
from peep.environment.placing import LinkMode
from peep.environment.plan import refreshed
from peep.environment.staging import StagedTree, fill, plan_staging
from peep.environment.steps import NoSteps, Steps
from peep.errors import EnvironmentChangeError
from peep.model import InstalledProject, InstallPlan, PlannedWheel, TargetEnvironment
from peep.reporting import Reporter, SilentReporter
from peep.system.files import remove_tree


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to change the environment."""

    link_mode: str = "auto"
    """`clone`, `hardlink`, `copy` or `auto`."""
    compile: bool = False
    """Byte-compile with the target's interpreter."""
    force: bool = False
    """Overwrite files in the way that no replaced project owns."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What was done to the environment."""

    installed: tuple[PlannedWheel, ...] = ()
    removed: tuple[InstalledProject, ...] = ()
    """Replaced projects too."""
    notes: tuple[str, ...] = ()


def apply_plan(
    plan: InstallPlan,
    target: TargetEnvironment,
    options: ApplyOptions | None = None,
    reporter: Reporter | None = None,
    steps: Steps | None = None,
) -> Changes:
    """Make the environment what `plan` says; nothing may be missing from it any more.

    Waits for other runs on the same environment, repairs what an interrupted one left, and takes into account what has
    changed since the plan was made. Raises `EnvironmentChangeError` when it can't be done and `StoredWheelsDamaged`
    when the store was edited; the environment is then as it was.
    """
    if plan.missing:
        raise ValueError(f"{len(plan.missing)} wheels of the plan are not in the store yet")
    told = reporter or SilentReporter()
    places = places_of(target)
    site = places.target.paths["purelib"]
    with _explained(site):
        made = _make_folders(site)
        try:
            with environment_lock(site, told):
                _repair(places, told)
                current = refreshed(plan, installed_projects(target))
                return _changed(current, places, options or ApplyOptions(), told, steps or NoSteps())
        finally:
            remove_made(made)  # goes only as far as they are empty: nothing was installed


def recover(target: TargetEnvironment, reporter: Reporter | None = None) -> str | None:
    """Undo or finish what an interrupted run left in the environment; say so in one line, or None: nothing to do.

    Costs one look at the disk when there is nothing. Raises `EnvironmentChangeError` when it can't be repaired.
    """
    if not os.path.lexists(os.path.join(rooted_paths(target)["purelib"], WORK_FOLDER)):
        return None
    places = places_of(target)
    site = places.target.paths["purelib"]
    with _explained(site), environment_lock(site, reporter or SilentReporter()):
        return repair(places)


def _repair(places: Places, reporter: Reporter) -> None:
    if repaired := repair(places):
        reporter.note(repaired)


def _changed(plan: InstallPlan, places: Places, options: ApplyOptions, reporter: Reporter, steps: Steps) -> Changes:
    if not (plan.link or plan.remove):
        return Changes(notes=("another run has made all changes meanwhile",) if plan.keep else ())
    leaving_projects = _each_once((*plan.replace, *plan.remove))
    names = {project.name for project in leaving_projects}
    staying = [project for name, project in installed_projects(places.target).items() if name not in names]
    leaving = leaving_files(leaving_projects, staying, places)
    for warning in leaving.warnings:
        reporter.warning(warning)
    made = _make_work_folders(places)
    try:
        tree = _filled(plan, places, options, steps)
        journal = _journal(tree, leaving, staying, places, options, made)
    except BaseException:
        _withdraw(places, made)
        raise
    _run(journal, steps, reporter)
    return Changes(plan.link, leaving_projects, tuple(tree.notes))


def _each_once(projects: Sequence[InstalledProject]) -> tuple[InstalledProject, ...]:
    return tuple({project.name: project for project in projects}.values())


def _filled(plan: InstallPlan, places: Places, options: ApplyOptions, steps: Steps) -> StagedTree:
    ignores_case = os.path.lexists(os.path.join(os.path.dirname(places.work), WORK_FOLDER.upper()))
    tree = plan_staging(plan.link, places, force=options.force, ignores_case=ignores_case)
    for mirror in places.mirrors:
        os.makedirs(mirror.new, exist_ok=True)
        os.makedirs(mirror.old, exist_ok=True)
    fill(tree, LinkMode(options.link_mode), steps)
    return tree


def _journal(
    tree: StagedTree,
    leaving: LeavingFiles,
    staying: Sequence[InstalledProject],
    places: Places,
    options: ApplyOptions,
    made: Sequence[str],
) -> Journal:
    going = departures(leaving, places)
    aside = {path: os.path.join(places.mirror_of(path).old, str(number)) for number, path in enumerate(going.paths)}
    placement = Placement(places, aside, force=options.force)
    for mirror in places.mirrors:
        placement.match(mirror)
    refuse_conflicts(placement, staying)
    tree.notes += [f"{path} was overwritten" for path in placement.overwritten if not path.endswith(".pyc")]
    moves = ordered_moves(placement, leaving.owners, tree.owners)
    works = tuple(mirror.work for mirror in places.mirrors)
    return Journal(tuple(moves), going.emptied, works, tuple(made))


def _run(journal: Journal, steps: Steps, reporter: Reporter) -> None:
    try:
        steps.reached("journal")
        write_journal(journal)
        steps.reached("journal written")
        run_moves(journal, steps)
        commit(journal, steps)
    except BaseException as error:
        try:
            undo(journal, steps)
        except OSError as failure:
            raise EnvironmentChangeError(
                f"{error}; putting the environment back failed too: {failure}", "the next run of peep repairs it"
            ) from error
        raise
    try:
        clean_up(journal, steps)
    except OSError as error:
        reporter.warning(f"{error.filename} could not be removed ({error.strerror}); the next run of peep does that")


# -- folders ---------------------------------------------------------------------------------------


def _make_folders(path: str) -> list[str]:
    """Make a folder and its parents; give back those that were not there."""
    made = []
    current = path
    while not os.path.isdir(current):
        made.append(current)
        current = os.path.dirname(current)
    for folder in reversed(made):
        with suppress(FileExistsError):
            os.mkdir(folder)
    return made


def _make_work_folders(places: Places) -> list[str]:
    made = []
    for mirror in places.mirrors:
        made += _make_folders(os.path.dirname(mirror.work))
        os.mkdir(mirror.work)
    leave_note(places.work)
    return made


def _withdraw(places: Places, made: Sequence[str]) -> None:
    for mirror in places.mirrors:
        remove_tree(mirror.work)
    remove_made(made)


@contextmanager
def _explained(site: str) -> Iterator[None]:
    """Turn what the operating system says into an error with a way out."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or site
        hints = {
            errno.ENOSPC: "free space on its disk",
            errno.EDQUOT: "free space within your quota",
            errno.EROFS: "the file system is read-only",
            errno.EACCES: "install into a virtual environment, or with --user",
            errno.EPERM: "install into a virtual environment, or with --user",
            errno.ENAMETOOLONG: "use an environment with a shorter path",
        }
        raise EnvironmentChangeError(
            f"{site} can't be changed: {place}: {error.strerror}; it is as it was", hints.get(error.errno or 0, "")
        ) from error
