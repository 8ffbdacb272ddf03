"""Repair of an environment (`verify --fix`) from verified archives, in one transaction.

Files of projects are put back, and permissions that let others write are taken away everywhere. What no project owns
stays where it is and goes on being told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping

from peep.environment.installed import installed_projects
from peep.environment.plan import is_proven
from peep.environment.records import record_bytes
from peep.environment.scheme_paths import SchemePaths, scheme_paths_of
from peep.errors import EnvironmentChangeError
from peep.model import InstalledProject, InstallPlan, PinnedRequirement, PlannedWheel
from peep.pipeline.installed_wheels import installed_wheels_of, planned_origin, supplied
from peep.pipeline.session import Session, apply_options
from peep.pipeline.vetting.examined_findings import examined_only
from peep.proof.check import read_records
from peep.proof.expected_files import expected_project
from peep.proof.findings import Finding, FindingKind
from peep.requirements.pinned_set import PinnedSet
from peep.store.inspection import faults_in_full
from peep.system.files import write_atomically
from peep.target.discovery import require_changeable
from peep.transaction.apply import apply_plan

_BY_MODE = frozenset({FindingKind.MODE, FindingKind.FOLDER_MODE, FindingKind.UNREADABLE})
_PLAIN_BITS = 0o755
"""No set-id, no sticky bit, nothing for others to write."""


def reinstall(session: Session, pinned: PinnedSet | None, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Reinstall the projects that `findings` are about; gives back the names of those that were.

    Permissions of folders, and of files that no project owns, are restored first. What is listed and absent, of unknown
    origin, or from an archive that is not listed is installed as listed.
    Raises `EnvironmentChangeError` when the environment can't be changed, `StoredWheelsDamaged` when the store was
    edited; the environment's projects are then as they were.
    """
    require_changeable(session.target, break_system_packages=session.options.target.break_system_packages)
    findings = tuple(findings)
    restore_modes(findings)
    scheme_paths = scheme_paths_of(session.target)
    installed = installed_projects(scheme_paths.target)
    affected = {one.project for one in findings if one.project and one.kind is not FindingKind.EXTRA}
    wheels = _to_put_back(affected, installed, session, pinned)
    # An environment may share its files with the store: whoever edited one has edited the other.
    damaged = faults_in_full(one.wheel for one in wheels)
    if damaged:
        for sha256 in damaged:
            session.store.drop(sha256)
        wheels = _to_put_back(affected, installed, session, pinned)
    wheels = examined_only(session, pinned, installed, wheels)
    names = {one.wheel.identity.name for one in wheels}
    if not wheels:
        return ()
    for planned in wheels:
        if planned.wheel.identity.name in installed:
            _restore_record(planned, installed[planned.wheel.identity.name], scheme_paths)
    replaced = tuple(project for name, project in sorted(installed.items()) if name in names)
    plan = InstallPlan(link=tuple(wheels), replace=replaced)
    apply_plan(plan, session.target, apply_options(session.options), session.context.reporter)
    return tuple(sorted(names))


def restore_modes(findings: Iterable[Finding]) -> None:
    """Take from others what only the owner may do, and give the owner back what nobody could.

    Files of projects are installed again after that: they may share what they are with the store, and nobody could link
    what can't be read. Raises `EnvironmentChangeError` where that is not allowed.
    """
    for one in findings:
        if one.kind not in _BY_MODE:
            continue
        try:
            mode = os.lstat(one.path).st_mode
            if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
                os.chmod(one.path, stat.S_IMODE(mode) & _PLAIN_BITS | _needed(mode, is_installed=bool(one.project)))
        except OSError as error:
            raise EnvironmentChangeError(
                f"the permissions of {one.path} can't be changed: {error.strerror}", "have its owner run this"
            ) from error


def _needed(mode: int, *, is_installed: bool) -> int:
    """What the owner must be able to do; everybody may read what is installed."""
    if stat.S_ISDIR(mode):
        return stat.S_IRWXU
    return 0o644 if is_installed else stat.S_IRUSR | stat.S_IWUSR


def _to_put_back(
    affected: set[str], installed: Mapping[str, InstalledProject], session: Session, pinned: PinnedSet | None
) -> list[PlannedWheel]:
    """Wheels for the affected projects: those of the listing where what is installed is not vouched for by it."""
    pins = {pin.name: pin for pin in pinned.pins} if pinned is not None else {}
    others = {pin.name: pin for pin in pins.values() if pin.name in affected and not _is_vouched(pin, installed)}
    wheels = _listed_wheels(list(others.values()), session, pinned) if pinned is not None and others else {}
    recorded = {name: installed[name] for name in affected & installed.keys() - others.keys()}
    records = read_records(os.path.join(project.metadata_path, "RECORD") for project in recorded.values())
    for name, wheel in installed_wheels_of(recorded, session, pinned).wheels.items():
        record = records.get(os.path.join(recorded[name].metadata_path, "RECORD"), b"")
        wheels[name] = planned_origin(recorded[name], wheel, record)
    return [wheels[name] for name in sorted(wheels)]


def _is_vouched(pin: PinnedRequirement, installed: Mapping[str, InstalledProject]) -> bool:
    return pin.name in installed and is_proven(pin, installed[pin.name])


def _listed_wheels(pins: list[PinnedRequirement], session: Session, pinned: PinnedSet) -> dict[str, PlannedWheel]:
    with session.wheel_provider(pinned) as provider:
        known = provider.remembered(pins)
        missing = [pin for pin in pins if pin.name not in known]
        return {**known, **(supplied(missing, session, pinned, provider).wheels if missing else {})}


def _restore_record(planned: PlannedWheel, present: InstalledProject, scheme_paths: SchemePaths) -> None:
    """Write the right RECORD: the one that is there may have been edited, and decides which files give way."""
    expected = expected_project(planned, scheme_paths.target)
    content = record_bytes(expected.rows)
    if expected.dist_info != present.metadata_path or os.path.islink(present.metadata_path):
        return
    if read_records([expected.record]).get(expected.record) != content:
        try:
            write_atomically(expected.record, content)
        except OSError as error:
            raise EnvironmentChangeError(
                f"{expected.record} can't be written: {error.strerror}",
                "remove what is in its place, then run this again",
            ) from error
