"""Journal of a transaction, from which any process can undo or finish it.

The state of a transaction is the state of its work folder, `.peep` in site-packages:

- without a journal, or with one without moves: nothing visible has happened; the folder is removed
- `journal`: moves may have happened, in order; all are undone
- `undone`: all moves have been undone; the folder is removed
- `committed`: all moves have happened; what was moved aside is removed, and the folder

The two marks are the journal under another name. Without `undone`, a repair that is itself interrupted while it removes
the folder would take the old files, back in their places, for new ones.

Each move has a path of its own on the side of the work folder, so that looking at the disk tells whether it happened.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress

from peep.dataclass import NamedTuple, dataclass
from peep.environment.scheme_paths import SchemePaths, is_inside
from peep.errors import EnvironmentChangeError
from peep.formats.documents import parse_json
from peep.system import bounded
from peep.system.files import fsync_folder, remove_tree, rename, write_atomically
from peep.transaction.crash_points import CrashPoints, NoCrashPoints

_JOURNAL = "journal"
_COMMITTED = "committed"
_UNDONE = "undone"
_MARKS = (_COMMITTED, _UNDONE, _JOURNAL)
_FORMAT = 1


class Move(NamedTuple):
    """One rename: from the environment into the work folder, or the reverse."""

    source: str
    destination: str


@dataclass(frozen=True, slots=True)
class Journal:
    """All that a transaction will do, in order. Paths are absolute here and relative to the work folder on disk."""

    moves: tuple[Move, ...]
    emptied: tuple[str, ...] = ()
    """Folders that lose files: removed at the end if nothing is left in them."""
    works: tuple[str, ...] = ()
    """Every work folder, that of the journal first."""
    made: tuple[str, ...] = ()
    """Folders that were made for the work folders: removed when the transaction is undone."""


def write_journal(journal: Journal, *, durable: bool = True) -> None:
    """Write the journal; `durable`: so that it is there after a power cut, as it must be before the first move."""
    work = journal.works[0]
    stated = {
        "format": _FORMAT,
        "moves": [[_relative(path, work) for path in move] for move in journal.moves],
        **{name: [_relative(path, work) for path in getattr(journal, name)] for name in ("emptied", "works", "made")},
    }
    write_atomically(os.path.join(work, _JOURNAL), json.dumps(stated).encode(), durable=durable)


def run_moves(journal: Journal, crash_points: CrashPoints) -> None:
    """Make every move; raises OSError at the first that fails, with those before it done."""
    work = journal.works
    for number, move in enumerate(journal.moves):
        crash_points.reached(f"move {number}")
        if any(is_inside(move.source, folder) for folder in work) and os.path.lexists(move.destination):
            raise FileExistsError(errno.EEXIST, "another program has just made this", move.destination)
        _move(move.source, move.destination)


def commit(journal: Journal, crash_points: CrashPoints) -> None:
    """From here on the new environment stands; everything the mark vouches for is on the disk before it."""
    for folder in sorted({os.path.dirname(path) for move in journal.moves for path in move}):
        if os.path.isdir(folder):
            fsync_folder(folder)
    crash_points.reached("commit")
    _mark(journal, _COMMITTED)
    crash_points.reached("committed")


def _mark(journal: Journal, name: str) -> None:
    work = journal.works[0]
    rename(os.path.join(work, _JOURNAL), os.path.join(work, name))
    fsync_folder(work)


def clean_up(journal: Journal, crash_points: CrashPoints) -> None:
    """Remove what was moved aside, and the work folders; can be repeated."""
    for folder in sorted(journal.emptied, key=len, reverse=True):
        with suppress(OSError):
            os.rmdir(folder)
    _remove_works(journal.works, crash_points)


def undo(journal: Journal, crash_points: CrashPoints) -> None:
    """Bring the environment back to what it was before the first move; can be repeated."""
    for number, move in reversed(tuple(enumerate(journal.moves))):
        crash_points.reached(f"undo {number}")
        if any(is_inside(move.source, work) for work in journal.works):
            if os.path.lexists(move.destination) and not os.path.lexists(move.source):
                os.makedirs(os.path.dirname(move.source), exist_ok=True)
                rename(move.destination, move.source)
        elif os.path.lexists(move.destination):
            _bring_back(move.destination, move.source)
    crash_points.reached("mark as undone")
    with suppress(FileNotFoundError):  # the journal could not be written: nothing was moved
        _mark(journal, _UNDONE)
    _discard(journal, crash_points)


def _discard(journal: Journal, crash_points: CrashPoints) -> None:
    """Remove the work folders of a transaction that has been undone; can be repeated."""
    _remove_works(journal.works, crash_points)
    remove_made(journal.made)


def remove_made(folders: Iterable[str]) -> None:
    """Remove folders that were made for a transaction, as far as nobody has put anything into them."""
    for folder in sorted(folders, key=len, reverse=True):
        with suppress(OSError):
            os.rmdir(folder)


def _remove_works(works: Sequence[str], crash_points: CrashPoints) -> None:
    """The journal goes last: until then, this can be started again."""
    for work in works[1:]:
        remove_tree(work)
    first = works[0]
    with suppress(FileNotFoundError):
        for name in sorted(os.listdir(first)):
            if name not in _MARKS:
                crash_points.reached(f"remove {name}")
                remove_tree(os.path.join(first, name))
    crash_points.reached("remove work folder")
    remove_tree(first)


def _move(source: str, destination: str) -> None:
    try:
        rename(source, destination)
    except OSError as error:
        if not _is_layered_folder(source, error):
            raise
        os.mkdir(destination)
        for name in sorted(os.listdir(source)):
            _move(os.path.join(source, name), os.path.join(destination, name))
        os.rmdir(source)


def _is_layered_folder(path: str, error: OSError) -> bool:
    """An overlay file system can't rename a folder of a lower layer (a container image's), only the files in it."""
    return error.errno == errno.EXDEV and os.path.isdir(path) and not os.path.islink(path)


def _bring_back(backup: str, place: str) -> None:
    """Move `backup` back to `place`, of which a part may still be, or already be, there."""
    if not os.path.lexists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        try:
            rename(backup, place)
        except OSError as error:
            if not _is_layered_folder(backup, error):
                raise
            os.mkdir(place)
        else:
            return
    for name in sorted(os.listdir(backup)):
        _bring_back(os.path.join(backup, name), os.path.join(place, name))
    os.rmdir(backup)


def repair(scheme_paths: SchemePaths, crash_points: CrashPoints | None = None) -> str | None:
    """Undo or finish what an interrupted run began here; say what was done in one line, or None.

    The caller holds the environment's lock. Raises `EnvironmentChangeError` for a journal that peep didn't write, and
    OSError when the disk doesn't let it.
    """
    told = crash_points or NoCrashPoints()
    work = scheme_paths.work
    for name in _MARKS:
        path = os.path.join(work, name)
        if os.path.lexists(path):
            journal = _read(path, scheme_paths)
            {_COMMITTED: clean_up, _UNDONE: _discard, _JOURNAL: undo}[name](journal, told)
            return _told("finished" if name == _COMMITTED else "undid", len(journal.moves))
    if not os.path.lexists(work):
        return None
    _remove_works([mirror.work for mirror in scheme_paths.mirrors], told)
    return _told("undid", 0)


def _told(what: str, moves: int) -> str:
    if moves == 0:
        return "an earlier run was interrupted here before it changed anything: removed what it had prepared"
    return f"an earlier run was interrupted here: {what} the {moves} moves that it had begun"


def _read(path: str, scheme_paths: SchemePaths) -> Journal:
    """Read a journal that may have been planted: every move must be one that a transaction here could have made."""
    work = os.path.dirname(path)
    try:
        stated = parse_json(bounded.read_file(path, bounded.RECORDS))
        if stated["format"] != _FORMAT:
            raise EnvironmentChangeError(
                f"{path} was written by another version of peep", "run that version once more here, then this one"
            )
        listed = {name: _absolute(stated[name], work) for name in ("emptied", "works", "made")}
        moves = tuple(Move(*_absolute(move, work)) for move in stated["moves"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EnvironmentChangeError(f"{path} is damaged: {error}", _BY_HAND) from error
    journal = Journal(moves, listed["emptied"], listed["works"], listed["made"])
    _refuse_foreign(journal, scheme_paths, path)
    return journal


_BY_HAND = "look at the folder, restore what lies in it by hand if need be, and remove it"


def _relative(path: str, work: str) -> str:
    try:
        return os.path.relpath(path, work)
    except ValueError:  # on another drive of Windows
        return path


def _absolute(paths: Sequence[str], work: str) -> tuple[str, ...]:
    return tuple(os.path.normpath(os.path.join(work, path)) for path in paths)


def _refuse_foreign(journal: Journal, scheme_paths: SchemePaths, path: str) -> None:
    works = {mirror.work for mirror in scheme_paths.mirrors}
    anchors = [mirror.root for mirror in scheme_paths.mirrors]

    def is_between(move: Move) -> bool:
        sides = [any(is_inside(side, work) for work in works) for side in move]
        return sides[0] != sides[1] and all(any(is_inside(side, root) for root in anchors) for side in move)

    inner = all(any(is_inside(folder, root) for root in anchors) for folder in journal.emptied)
    inner = inner and all(any(is_inside(work, folder) for work in works) for folder in journal.made)
    if not (set(journal.works) <= works and journal.works and inner and all(map(is_between, journal.moves))):
        raise EnvironmentChangeError(f"{path} names files that no transaction of this environment moves", _BY_HAND)
