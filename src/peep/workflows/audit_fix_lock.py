"""Fixes of lock files: `peep lock` makes them anew, with other versions of affected projects."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from peep.advisories.fixed_files import Blocked, FixedPin
from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError
from peep.formats.dependency_specifiers import read_version
from peep.formats.names import is_lock_path
from peep.locking.changes import PinChange
from peep.locking.derivation import NoSolution
from peep.locking.edges import parse_edge
from peep.pipeline.context import RunContext
from peep.pipeline.locking.lock_file import output_of, read_present
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.locking.session import LockSession, opened_lock
from peep.system.files import ToldAs
from peep.workflows.audit_fix_wishes import Reasons, Wish
from peep.workflows.install import STAGES
from peep.workflows.lock import MadeLock, lock_in

_OTHER_SOURCES = (
    "a lock file does not say what it was made from, and `peep lock -o {name}` there would write another one: "
    "lock it with its own sources and --upgrade-package"
)
_MOST_TRIES = 8
"""Versions of one project that are tried."""


@dataclass(frozen=True, slots=True)
class RenewedLock:
    """A lock as it would be."""

    contents: Mapping[str, bytes]
    pins: tuple[FixedPin, ...]
    command: str
    wanted: Mapping[str, str]
    """Versions that it was asked for, by project."""
    places: Mapping[tuple[str, str | None], frozenset[str]] = field(default_factory=dict)


def is_generated(path: str) -> bool:
    """Whether a file's header says that `peep lock` wrote it."""
    try:
        return read_present(path).arguments is not None
    except PeepError:
        return False


def renewed_lock(
    path: str,
    wishes: Sequence[Wish],
    former: RenewedLock | None,
    lock_options: Callable[[str], LockOptions],
    context: RunContext,
) -> tuple[RenewedLock | None, Blocked]:
    """Lock anew, with a version for each wish that allows one; the others come back with the reason.

    `former`: what an earlier round made, whose versions are wanted, too.
    """
    blocked: Reasons = {}
    with _where_it_was_locked(path) as name:
        options = lock_options(name)
        with opened_lock(options, context, STAGES) as session:
            if is_lock_path(name) and (lock_in(session).result.is_different):
                raise PeepError(_OTHER_SOURCES.format(name=name))
            wanted = dict(former.wanted) if former else {}
            made, accepted = _made(session, wanted, wishes, blocked)
    if made is None or not made.result.is_different:
        return None, blocked
    command = shlex.join(["peep", "lock", *_upgrades(accepted), "-o", name])
    pins = tuple(_fixed_pins(made.result.changes))
    return RenewedLock({path: made.content}, pins, command, accepted), blocked


def _made(
    session: LockSession, wanted: dict[str, str], wishes: Sequence[Wish], blocked: Reasons
) -> tuple[MadeLock | None, dict[str, str]]:
    """All at once where that has a solution, else one after the other."""
    together = {**wanted, **_smallest(wishes)}
    try:
        return _locked(session, together), together
    except NoSolution:
        pass
    made: MadeLock | None = None
    for wish in wishes:
        reasons: list[str] = []
        for fix in wish.fixes[:_MOST_TRIES]:
            trial = {**wanted, wish.name: fix.version or ""}
            try:
                made, wanted = _locked(session, trial), trial
            except NoSolution as refused:
                reasons.append("; ".join(str(refused).split("\n")))
                continue
            break
        else:
            blocked[wish.key] = tuple(reasons[:1])
    return made, wanted


def _smallest(wishes: Sequence[Wish]) -> dict[str, str]:
    """The smallest version of each project that cures all its pins."""
    found: dict[str, str] = {}
    for wish in wishes:
        version = wish.fixes[0].version or ""
        if wish.name not in found or read_version(version) > read_version(found[wish.name]):
            found[wish.name] = version
    return found


def _locked(session: LockSession, wanted: Mapping[str, str]) -> MadeLock:
    upgraded = (*session.options.upgraded, *(parse_edge(f"{name}=={version}") for name, version in wanted.items()))
    return lock_in(replace(session, options=replace(session.options, upgraded=upgraded)))


def _upgrades(versions: Mapping[str, str]) -> Iterator[str]:
    for name, version in versions.items():
        yield from ("--upgrade-package", f"{name}=={version}")


def _fixed_pins(changes: Sequence[PinChange]) -> Iterator[FixedPin]:
    for change in changes:
        if change.before != change.after:
            yield FixedPin(change.name, next(iter(change.before), None), next(iter(change.after), None))


@contextmanager
def _where_it_was_locked(path: str) -> Iterator[str]:
    """Stand in the folder from which the names in a lock's header are meant; gives the lock's name there.

    Raises `PeepError` where the header names another file.
    """
    stated = _stated_output(path)
    with ToldAs(PeepError, f"{path}: its folder cannot be worked in"):
        folder = _folder_of(path, stated)
        here = os.getcwd()
        os.chdir(folder or here)
    try:
        yield stated or path
    finally:
        os.chdir(here)


def _folder_of(path: str, stated: str) -> str:
    """The folder in which `stated` is the file at `path`; '' for the working folder."""
    real, ending = os.path.abspath(path), os.path.normpath(stated)
    if not stated or os.path.abspath(stated) == real:
        return ""
    if os.path.isabs(ending) or not real.endswith(os.sep + ending):
        raise PeepError(f"its header says that peep lock wrote it as {stated}, which is another file")
    return real[: -len(ending)]


def _stated_output(path: str) -> str:
    """The name in the command that it states; a lock file without any is taken for one of its own folder."""
    arguments = read_present(path).arguments
    if arguments is None:
        return os.path.basename(path) if is_lock_path(path) else ""
    return output_of(arguments)
