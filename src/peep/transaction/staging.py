"""Staging of new projects in the work folder, launchers and records included."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.environment.launchers import relative_interpreter
from peep.environment.mapping import (
    MappedFile,
    data_file,
    installed_files,
    refuse_work_folder,
    site_scheme,
    top_level_of,
)
from peep.environment.programs import program_files
from peep.environment.records import generated_files, manifest_rows, record_bytes, row, row_of
from peep.environment.scheme_paths import SchemePaths, is_inside, shown_path
from peep.errors import StoredWheelsDamaged
from peep.formats.startup_files import startup_entry
from peep.model import PlannedWheel
from peep.system.files import write_fully
from peep.transaction.crash_points import CrashPoints
from peep.transaction.file_conflicts import FileConflicts
from peep.transaction.giving_way import GivingWay
from peep.transaction.link_modes import LinkMode
from peep.transaction.linking import StoreFault, link_wheels, parent_folders
from peep.transaction.staged_tree import StagedTree, StagedWheel, Written

_BINARY = getattr(os, "O_BINARY", 0)
_PROGRAM_MODE = 0o755
_NOBODY = GivingWay()


def plan_staging(
    plans: Sequence[PlannedWheel],
    scheme_paths: SchemePaths,
    *,
    force: bool,
    ignores_case: bool,
    giving_way: GivingWay = _NOBODY,
) -> StagedTree:
    """Decide what goes where in the work folder; nothing is made, scripts are read from the store.

    Raises `EnvironmentChangeError` when two projects bring different files to one place (unless `force`: then the
    first by name has it, or one of them gives way), `StoredWheelsDamaged` for a script that isn't what was stored.
    """
    ordered = sorted(plans, key=lambda planned: planned.wheel.identity.name)
    tree = StagedTree([_staged(planned, scheme_paths) for planned in ordered])
    tree.notes += FileConflicts(tree.wheels, ignores_case=ignores_case, giving_way=giving_way).settle(force=force)
    for wheel in tree.wheels:
        _note_owners(wheel, tree.owners)
        tree.notes += [*_startup_notes(wheel), *_script_notes(wheel)]
    return tree


def fill(tree: StagedTree, mode: LinkMode, crash_points: CrashPoints, *, is_complete: bool) -> None:
    """Link and write everything into the work folder, RECORDs only if no more files will come (`is_complete`).

    Raises OSError, or `StoredWheelsDamaged`.
    """
    crash_points.reached("link")

    def write() -> None:
        crash_points.reached("write")
        _write_all([file for wheel in tree.wheels for file in wheel.written])
        if is_complete:
            write_records(tree, crash_points)

    if faults := link_wheels([wheel.linked for wheel in tree.wheels], mode, write).faults:
        raise _damaged(tree, faults)


def write_records(tree: StagedTree, crash_points: CrashPoints) -> None:
    """Write every RECORD, now that all files are known; the folders are there, with INSTALLER in them."""
    crash_points.reached("record")
    for wheel in tree.wheels:
        _write(Written(wheel.record, record_bytes([*manifest_rows(wheel.recorded), *wheel.rows])))


def _write_all(files: Sequence[Written]) -> None:
    for folder in parent_folders(file.path for file in files):
        os.makedirs(folder, exist_ok=True)
    for file in files:
        _write(file)


def _write(file: Written) -> None:
    descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, file.mode)
    try:
        write_fully(descriptor, file.content)
        if sys.platform == "linux":
            # Starts writing to the disk now, without waiting: a file system that orders data before names (ext4) has
            # the content on the disk when the commit mark gets there. Waiting for each file would take seconds.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _damaged(tree: StagedTree, faults: Sequence[StoreFault]) -> StoredWheelsDamaged:
    names = {wheel.planned.wheel.sha256: wheel.planned.wheel.identity.filename for wheel in tree.wheels}
    told = [f"{names[fault.sha256]}: {fault.path}: {fault.reason}" for fault in faults]
    return StoredWheelsDamaged(sorted({fault.sha256 for fault in faults}), told)


def _staged(planned: PlannedWheel, scheme_paths: SchemePaths) -> StagedWheel:
    wheel = planned.wheel
    site = scheme_paths.target.paths[site_scheme(wheel)]
    stage = scheme_paths.mirror_of(os.path.join(site, "x")).staged(site)
    plain, data = installed_files(wheel)
    staged = StagedWheel(planned, stage, plain, top_level_of(plain))
    refuse_work_folder(wheel, staged.top_level)
    mapped_data = [data_file(wheel, file, scheme_paths.target.paths) for file in data]
    top_level = [os.path.join(site, name) for name in staged.top_level]  # files or folders: nobody asked which
    landed = [*top_level, *(top + os.sep for top in top_level), *(mapped.destination for mapped in mapped_data)]
    staged.read_at_start = set(_read_at_start(landed, site, scheme_paths.target.paths))
    for mapped in mapped_data:
        _add_data(staged, mapped, scheme_paths, site)
    for path, content in program_files(wheel, data, scheme_paths.target):
        _add_written(staged, path, content, scheme_paths, site, mode=_PROGRAM_MODE)
    for name, content in generated_files(planned):
        staged.written.append(Written(os.path.join(stage, wheel.identity.dist_info, name), content))
        staged.rows.append(row_of(f"{wheel.identity.dist_info}/{name}", content))
    staged.rows.append(row(f"{wheel.identity.dist_info}/RECORD", "", ""))
    return staged


def _add_data(staged: StagedWheel, mapped: MappedFile, scheme_paths: SchemePaths, site: str) -> None:
    """A file of `.data`: linked, unless it is a script, which names the interpreter."""
    if mapped.scheme == "scripts":
        return
    destination = mapped.destination
    staged.elsewhere.append(mapped._replace(destination=scheme_paths.mirror_of(destination).staged(destination)))
    staged.rows.append(row(recorded_path(destination, site), mapped.file.record_hash, str(mapped.file.size)))


def _add_written(
    staged: StagedWheel, destination: str, content: bytes, scheme_paths: SchemePaths, site: str, *, mode: int
) -> None:
    staged.written.append(Written(scheme_paths.mirror_of(destination).staged(destination), content, mode))
    staged.rows.append(row_of(recorded_path(destination, site), content))


def recorded_path(destination: str, site: str) -> str:
    """Relative to site-packages where there is a way ("Recording installed projects", The RECORD file)."""
    try:
        return os.path.relpath(destination, site).replace(os.sep, "/")
    except ValueError:  # another drive
        return destination


def _read_at_start(landed: Iterable[str], site: str, paths: Mapping[str, str]) -> Iterator[str]:
    root, *sites = (paths[scheme].replace(os.sep, "/") for scheme in ("data", "purelib", "platlib"))
    for path in landed:
        if entry := startup_entry(path.replace(os.sep, "/"), root, sites):
            own = path[: len(entry)]
            yield shown_path(own, site if is_inside(own, site) else paths["data"])


def _startup_notes(staged: StagedWheel) -> list[str]:
    """A line for what will run at every start of the environment (THREATS W15, W22): verified, but worth knowing."""
    if not staged.read_at_start:
        return []
    version = staged.planned.wheel.identity.version
    found = ", ".join(sorted(staged.read_at_start))
    return [f"{staged.name} {version} brings {found}, which every start of this environment's Python reads"]


def _script_notes(staged: StagedWheel) -> list[str]:
    """A line for each script that would start a program of whatever folder the user is in (THREATS W23)."""
    programs = {os.path.basename(file.path): relative_interpreter(file.content) for file in staged.written}
    return [
        f"{staged.name} brings the script {name}, which starts {program} of the folder that it is called in"
        for name, program in sorted(programs.items())
        if program
    ]


def _note_owners(staged: StagedWheel, owners: dict[str, str]) -> None:
    """Who brings what to the top of site-packages; what several bring is nobody's alone ('')."""
    for name in staged.top_level:
        top = os.path.join(staged.site, name)
        owners[top] = staged.name if owners.get(top, staged.name) == staged.name else ""
    for written in staged.written:
        owners.setdefault(written.path, staged.name)
