"""Move plan: from a filled work folder to the renames that make it visible."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping

from peep.dataclass import dataclass, field
from peep.environment.installed import rows_if_any
from peep.environment.mapping import is_protected
from peep.environment.scheme_paths import SchemePaths, StagingArea, in_one_case, is_inside
from peep.errors import EnvironmentChangeError
from peep.model import InstalledProject
from peep.transaction.journal import Move
from peep.transaction.uninstall_files import recorded_paths

_SHOWN = 10


@dataclass(slots=True)
class Placement:
    """What is to be moved, not yet in order."""

    scheme_paths: SchemePaths
    backup: dict[str, str]
    """Path in the environment -> its place in the work folder."""
    force: bool
    put: list[Move] = field(default_factory=list)
    making_room: dict[str, str] = field(default_factory=dict)
    """Destination -> the path that is moved aside for it: the same, but for its case where the system ignores that."""
    conflicts: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)

    def match(self, mirror: StagingArea, *, ignores_case: bool | None = None) -> None:
        """Lay the new tree of `mirror` over the environment; `ignores_case` None: as the file systems do."""
        if os.path.isdir(mirror.new):
            spelled = (
                in_one_case if (self.scheme_paths.ignores_case() if ignores_case is None else ignores_case) else str
            )
            leaving = {spelled(path): path for path in self.backup}
            self._lay(mirror, mirror.new, mirror.root, lambda path: leaving.get(spelled(path)))

    def _lay(self, mirror: StagingArea, staged: str, place: str, leaving_at: Callable[[str], str | None]) -> None:
        present = set(os.listdir(place)) if os.path.isdir(place) else set()
        with os.scandir(staged) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                destination = os.path.join(place, entry.name)
                leaving = leaving_at(destination)
                if leaving is not None:
                    self._put(entry.path, destination, leaving)
                elif not _is_taken(entry.name, destination, present):
                    self.put.append(Move(entry.path, destination))
                elif entry.is_dir() and (folder := self._folder_at(destination)):
                    self._lay(mirror, entry.path, folder, leaving_at)
                else:
                    self._meet(mirror, entry.path, destination)

    def _put(self, staged: str, destination: str, leaving: str) -> None:
        self.put.append(Move(staged, destination))
        self.making_room[destination] = leaving

    def _folder_at(self, path: str) -> str | None:
        """The folder to go on in; a link counts if it stays inside of the environment (`lib64` -> `lib`).

        A second name of a work folder, as old file systems make them up (`PEEP~1`), leads nowhere.
        """
        if not os.path.isdir(path):
            return None
        real = os.path.realpath(path)
        if any(real == mirror.work or is_inside(real, mirror.work) for mirror in self.scheme_paths.mirrors):
            return None
        return real if real == path or self.scheme_paths.holds(real) else None

    def _meet(self, mirror: StagingArea, staged: str, destination: str) -> None:
        """Something that stays is where a new file goes."""
        if _is_same_file(staged, destination):
            return
        is_bytecode = destination.endswith(".pyc") and os.path.isfile(destination)
        may_give_way = self.force and not is_protected(destination, self.scheme_paths.target.paths)
        if is_bytecode or (may_give_way and not os.path.isdir(destination)):
            self.backup[destination] = os.path.join(mirror.old, str(len(self.backup)))
            self._put(staged, destination, destination)
            self.overwritten.append(destination)
        else:
            self.conflicts.append(destination)


def _is_taken(name: str, destination: str, present: set[str]) -> bool:
    # Where the file system ignores case, a name can be taken that the list does not show.
    return name in present or os.path.lexists(destination)


def _is_same_file(staged: str, present: str) -> bool:
    if not stat.S_ISREG(os.lstat(present).st_mode) or os.path.isdir(staged):
        return False
    import filecmp  # noqa: PLC0415 - seldom is a file in the way

    return filecmp.cmp(staged, present, shallow=False)


def refuse_conflicts(placement: Placement, staying: Iterable[InstalledProject]) -> None:
    """Raise `EnvironmentChangeError` that lists every file in the way, with its owner (THREATS W11)."""
    if not placement.conflicts:
        return
    owners = _owners(placement.conflicts, staying, placement.scheme_paths)
    told = [f"{path} ({owners.get(path, 'of no project')})" for path in placement.conflicts]
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    raise EnvironmentChangeError(
        "files that are no part of what is replaced are in the way: " + ", ".join(told[:_SHOWN]) + more,
        "move them away or remove the project that owns them; --force-reinstall overwrites files that may be",
    )


def _owners(paths: Iterable[str], staying: Iterable[InstalledProject], scheme_paths: SchemePaths) -> dict[str, str]:
    wanted = set(paths)
    found: dict[str, str] = {}
    for project in staying:
        for path in wanted.intersection(recorded_paths(rows_if_any(project), project.metadata_path, scheme_paths, [])):
            found.setdefault(path, f"of {project.name}")
    return found


def ordered_moves(placement: Placement, leaving: Mapping[str, str], arriving: Mapping[str, str]) -> list[Move]:
    """Project by project: old metadata away; each old folder away and its successor in; new metadata in.

    `leaving` and `arriving` say whose an entry at the top of site-packages is. A program that starts in between finds
    whole folders, and metadata only of projects whose files are all there. What several projects share goes first.
    """
    moves: list[tuple[tuple[str, int, str], list[Move]]] = []
    taken = set()
    for put in placement.put:
        owner = arriving.get(put.source, "")
        is_metadata = put.destination.endswith(".dist-info")
        leaving_path = placement.making_room.get(put.destination)
        swap = [put]
        if leaving_path is not None and not is_metadata:
            taken.add(leaving_path)
            swap.insert(0, Move(leaving_path, placement.backup[leaving_path]))
        moves.append(((owner, 3 if is_metadata else 2, put.destination), swap))
    for path, backup in placement.backup.items():
        if path not in taken:
            phase = 0 if path.endswith(".dist-info") else 1
            owner = _owner_of(path, leaving)
            moves.append(((owner, phase, path), [Move(path, backup)]))
    return [move for _, group in sorted(moves, key=lambda group: group[0]) for move in group]


def _owner_of(path: str, owners: Mapping[str, str]) -> str:
    while path != os.path.dirname(path):
        if path in owners:
            return owners[path]
        path = os.path.dirname(path)
    return ""
