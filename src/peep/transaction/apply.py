"""Application of an `InstallPlan` as one transaction: old or new, never half (promise 5).

Everything is prepared in a work folder inside of site-packages, out of sight; the journal is written; then a few
renames make it visible. Until the commit mark stands everything is undone, after it everything is finished, by this
process or by the next one that comes along (`recover`).
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from peep.dataclass import dataclass, replace
from peep.environment.installed import installed_projects
from peep.environment.mapping import WORK_FOLDER, rooted_paths
from peep.environment.plan import refreshed
from peep.environment.scheme_paths import SchemePaths, scheme_paths_of
from peep.errors import HOW_TO_GET_UTF8, EnvironmentChangeError
from peep.model import InstalledProject, InstallPlan, PlannedWheel, TargetEnvironment
from peep.reporting import Reporter, SilentReporter
from peep.system.files import remove_tree
from peep.transaction.crash_points import CrashPoints, NoCrashPoints
from peep.transaction.giving_way import GivingWay, giving_way
from peep.transaction.journal import Journal, clean_up, commit, remove_made, repair, run_moves, undo, write_journal
from peep.transaction.link_modes import LinkMode
from peep.transaction.lock import environment_lock, leave_note
from peep.transaction.move_plan import Placement, ordered_moves, refuse_conflicts
from peep.transaction.staged_tree import StagedTree
from peep.transaction.staging import fill, plan_staging, write_records
from peep.transaction.uninstall_files import LeavingFiles, files_to_remove, leaving_files


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to change the environment."""

    link_mode: str = "auto"
    """`clone`, `hardlink`, `copy` or `auto`."""
    compile: bool = False
    """Byte-compile with the target's interpreter."""
    force: bool = False
    """`--force-reinstall`: overwrite files in the way, whoever owns them, and replace projects without a RECORD."""
    giving_way: tuple[str, ...] = ()
    """`--allow-file-conflict`: normalised names of projects that leave files to others which bring them, too."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What was done to the environment."""

    installed: tuple[PlannedWheel, ...] = ()
    removed: tuple[InstalledProject, ...] = ()
    """Replaced projects too."""
    notes: tuple[str, ...] = ()
    plan: InstallPlan = InstallPlan()
    """What was carried out: another run may have done a part of what was planned in the meantime."""


def apply_plan(
    plan: InstallPlan,
    target: TargetEnvironment,
    options: ApplyOptions | None = None,
    reporter: Reporter | None = None,
    crash_points: CrashPoints | None = None,
) -> Changes:
    """Make the environment what `plan` says; nothing may be missing from it any more.

    Waits for other runs on the same environment, repairs what an interrupted one left, and takes into account what has
    changed since the plan was made. Raises `EnvironmentChangeError` when it can't be done (its subclass
    `EnvironmentChangedMeanwhile`: make a new plan) and `StoredWheelsDamaged` when the store was edited; the environment
    is then as it was.
    """
    if plan.missing:
        raise ValueError(f"{len(plan.missing)} wheels of the plan are not in the store yet")
    _refuse_unwritable_names(plan.link)
    told = reporter or SilentReporter()
    with _explained(target.paths["purelib"]):
        scheme_paths = scheme_paths_of(target)
        site = scheme_paths.target.paths["purelib"]
        made = _make_folders(site)
        try:
            with environment_lock(site, told):
                _repair(scheme_paths, told)
                run = _Run(scheme_paths, options or ApplyOptions(), told, crash_points or NoCrashPoints(), tuple(made))
                installed = installed_projects(target)
                return _changed(refreshed(plan, installed), installed, run)
        finally:
            remove_made(made)  # goes only as far as they are empty: nothing was installed


def _refuse_unwritable_names(wheels: Sequence[PlannedWheel]) -> None:
    """Names beyond ASCII are written as UTF-8, as everywhere else, or not at all: RECORD and imports go by that."""
    encoding = sys.getfilesystemencoding()
    if encoding.lower() == "utf-8":
        return
    for planned in wheels:
        for file in planned.wheel.files:
            if not file.path.isascii():
                raise EnvironmentChangeError(
                    f"{planned.wheel.identity.filename} brings {file.path!a}, and names of files are written in "
                    f"{encoding} here, not in UTF-8; nothing was changed",
                    HOW_TO_GET_UTF8,
                )


def recover(
    target: TargetEnvironment, reporter: Reporter | None = None, crash_points: CrashPoints | None = None
) -> str | None:
    """Undo or finish what an interrupted run left in the environment; say so in one line, or None: nothing to do.

    Costs one look at the disk when there is nothing. Raises `EnvironmentChangeError` when it can't be repaired.
    """
    if not os.path.lexists(os.path.join(rooted_paths(target)["purelib"], WORK_FOLDER)):
        return None
    with _explained(target.paths["purelib"]):
        scheme_paths = scheme_paths_of(target)
        with environment_lock(scheme_paths.target.paths["purelib"], reporter or SilentReporter()):
            return repair(scheme_paths, crash_points)


def _repair(scheme_paths: SchemePaths, reporter: Reporter) -> None:
    if repaired := repair(scheme_paths):
        reporter.note(repaired)


@dataclass(frozen=True, slots=True)
class _Run:
    """What every step of one transaction works with."""

    scheme_paths: SchemePaths
    options: ApplyOptions
    reporter: Reporter
    crash_points: CrashPoints
    made: tuple[str, ...]
    """Folders that were made for it so far."""


def _changed(plan: InstallPlan, installed: Mapping[str, InstalledProject], run: _Run) -> Changes:
    """Carry out a plan that is up to date with what is `installed`; the caller holds the lock."""
    if not (plan.link or plan.remove):
        return Changes(plan=plan)
    going = _each_once((*plan.replace, *plan.remove))
    names = {project.name for project in going}
    staying = [project for name, project in installed.items() if name not in names]
    leaving = leaving_files(going, staying, run.scheme_paths, force=run.options.force)
    for warning in leaving.warnings:
        run.reporter.warning(warning)
    run = _with_work_folders(run)
    try:
        tree = _filled(plan, run, giving_way(run.options.giving_way, staying, run.scheme_paths))
        journal = _journal(tree, leaving, staying, run)
    except BaseException:
        undo(_empty_journal(run), NoCrashPoints())
        raise
    _execute(journal, run)
    return Changes(plan.link, going, tuple(tree.notes), plan)


def _each_once(projects: Sequence[InstalledProject]) -> tuple[InstalledProject, ...]:
    return tuple({project.name: project for project in projects}.values())


def _filled(plan: InstallPlan, run: _Run, yielding: GivingWay) -> StagedTree:
    """The new projects, complete in the work folders."""
    scheme_paths = run.scheme_paths
    tree = plan_staging(
        plan.link, scheme_paths, force=run.options.force, ignores_case=scheme_paths.ignores_case(), giving_way=yielding
    )
    for mirror in scheme_paths.mirrors:
        os.makedirs(mirror.new, exist_ok=True)
        os.makedirs(mirror.old, exist_ok=True)
    fill(tree, LinkMode(run.options.link_mode), run.crash_points, is_complete=not run.options.compile)
    if run.options.compile:
        from peep.transaction.bytecode import add_bytecode  # noqa: PLC0415 -- 15 ms that few runs need

        add_bytecode(tree, scheme_paths, run.crash_points)
        write_records(tree, run.crash_points)
    return tree


def _journal(tree: StagedTree, leaving: LeavingFiles, staying: Sequence[InstalledProject], run: _Run) -> Journal:
    """All moves, in order; nothing that stays is in their way."""
    scheme_paths = run.scheme_paths
    going = files_to_remove(leaving, scheme_paths)
    backup = {
        path: os.path.join(scheme_paths.mirror_of(path).old, str(number)) for number, path in enumerate(going.paths)
    }
    placement = Placement(scheme_paths, backup, force=run.options.force)
    for mirror in scheme_paths.mirrors:
        placement.match(mirror)
    refuse_conflicts(placement, staying)
    tree.notes += [f"{path} was overwritten" for path in placement.overwritten if not path.endswith(".pyc")]
    moves = ordered_moves(placement, leaving.owners, tree.owners)
    return replace(_empty_journal(run), moves=tuple(moves), emptied=going.emptied)


def _empty_journal(run: _Run) -> Journal:
    return Journal((), (), tuple(mirror.work for mirror in run.scheme_paths.mirrors), run.made)


def _execute(journal: Journal, run: _Run) -> None:
    """Make the change visible, or put everything back and raise."""
    crash_points = run.crash_points
    try:
        crash_points.reached("journal")
        write_journal(journal)
        crash_points.reached("journal written")
        run_moves(journal, crash_points)
        commit(journal, crash_points)
    except BaseException as error:
        try:
            undo(journal, crash_points)
        except OSError as failure:
            raise EnvironmentChangeError(
                f"{error}; putting the environment back failed too: {failure}", "the next run of peep repairs it"
            ) from error
        raise
    try:
        clean_up(journal, crash_points)
    except OSError as error:
        run.reporter.warning(
            f"{error.filename} could not be removed ({error.strerror}); the next run of peep does that"
        )


def _make_folders(path: str) -> list[str]:
    """Make a folder and its parents; give back those that were not there."""
    made = []
    current = path
    while not os.path.isdir(current):
        made.append(current)
        current = os.path.dirname(current)
    try:
        for folder in reversed(made):
            with suppress(FileExistsError):
                os.mkdir(folder)
    except OSError:
        remove_made(made)
        raise
    return made


def _with_work_folders(run: _Run) -> _Run:
    """Make the work folders, and a journal without moves: it tells the next run what to remove again."""
    works = [mirror.work for mirror in run.scheme_paths.mirrors]
    made = list(run.made)
    try:
        for work in works:
            made += _make_folders(os.path.dirname(work))
            os.mkdir(work)
        run = replace(run, made=tuple(made))
        write_journal(_empty_journal(run), durable=False)
    except BaseException:
        for work in works:
            remove_tree(work)
        remove_made(made)
        raise
    leave_note(run.scheme_paths.work)
    return run


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
