"""File conflicts between new projects: equal bytes are shared, others refused."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from peep.environment.scheme_paths import in_one_case
from peep.errors import EnvironmentChangeError
from peep.model import record_hash
from peep.transaction.giving_way import GivingWay
from peep.transaction.linking import WheelFiles

if TYPE_CHECKING:
    from peep.transaction.staged_tree import StagedWheel

_SHOWN = 10


_NOBODY = GivingWay()


class FileConflicts:
    """Who brings which path of the work folder; `ignores_case` as the file system does.

    Most projects have a folder of their own at the top of site-packages, where nobody else brings anything; their files
    there are not looked at one by one.
    """

    def __init__(self, wheels: Sequence[StagedWheel], *, ignores_case: bool, giving_way: GivingWay = _NOBODY) -> None:
        """Raise `EnvironmentChangeError` for a project that brings one path twice."""
        self._ignores_case = ignores_case
        self._giving_way = giving_way
        wheels = sorted(wheels, key=lambda wheel: wheel.name in giving_way.names)
        self._wheels = wheels
        self._contested = _contested_tops(wheels)
        self._clashes: list[tuple[StagedWheel, set[str]]] = []
        taken: set[str] = set()
        for wheel in wheels:
            paths = [*(path for path, _ in self._from_store(wheel)), *(file.path for file in wheel.written)]
            keys = set(map(self._key, paths))
            if len(keys) < len(paths):
                raise EnvironmentChangeError(f"{wheel.planned.wheel.identity.filename} brings one path twice")
            if not taken.isdisjoint(keys):
                self._clashes.append((wheel, taken & keys))
            taken |= keys

    def settle(self, *, force: bool) -> list[str]:
        """Let the first project by name bring what several bring alike; give back a line for each file that differs.

        Raises `EnvironmentChangeError` with all files that differ, unless `force` lets the first one have those, too.
        """
        told = self._leave_to_present()
        differing: list[str] = []
        for wheel, keys in self._clashes:
            first = self._first_contents(wheel, keys)
            contents = [(path, digest) for path, digest in self._contents(wheel) if self._key(path) in keys]
            for path, digest in contents:
                name, *others = first[self._key(path)]
                if others != [path, digest]:
                    clash = f"{_inside(path)} ({name}, {wheel.name})"
                    (told if wheel.name in self._giving_way.names else differing).append(clash)
                    _drop_row(wheel, path)
            _drop_paths(wheel, {path for path, _ in contents})
        if differing and not force:
            more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
            raise EnvironmentChangeError(
                "projects bring different files to the same place: " + ", ".join(differing[:_SHOWN]) + more,
                "leave out one of the projects, or say which one gives way: --allow-file-conflict NAME installs all of "
                "NAME but those files",
            )
        return [f"two projects bring {clash}: the first one's file was installed" for clash in (*told, *differing)]

    def _leave_to_present(self) -> list[str]:
        """Leave out what differs from files of installed projects that stay; gives back what was left out."""
        told = []
        for wheel in self._wheels:
            if wheel.name in self._giving_way.names:
                everything = [(path, file.record_hash) for file, path in wheel.linked.destinations()]
                owners = {path: self._giving_way.owner_of(path, digest) for path, digest in everything}
                left = {path for path, owner in owners.items() if owner}
                for path in sorted(left):
                    told.append(f"{_inside(path)} ({owners[path]}, {wheel.name})")
                    _drop_row(wheel, path)
                _drop_paths(wheel, left)
        return told

    def _first_contents(self, until: StagedWheel, keys: set[str]) -> dict[str, tuple[str, str, str]]:
        found: dict[str, tuple[str, str, str]] = {}
        for wheel in self._wheels:
            if wheel is until:
                break
            for path, digest in self._contents(wheel):
                if (key := self._key(path)) in keys:
                    found.setdefault(key, (wheel.name, path, digest))
        return found

    def _contents(self, wheel: StagedWheel) -> Iterator[tuple[str, str]]:
        """Path in the work folder and digest of everything contested that a project brings."""
        yield from self._from_store(wheel)
        for written in wheel.written:
            yield written.path, record_hash(sha256(written.content).digest())

    def _from_store(self, wheel: StagedWheel) -> Iterator[tuple[str, str]]:
        """As `_contents`, of the files that are linked."""
        linked = wheel.linked
        if not self._ignores_case:
            top_level = tuple(top for top in wheel.top_level if os.path.join(wheel.site, top) in self._contested)
            below = tuple(f"{top}/" for top in top_level)
            files = [file for file in linked.files if file[0].startswith(below) or file[0] in top_level]
            linked = WheelFiles(linked.wheel, linked.folder, files, linked.elsewhere)
        return ((path, file.record_hash) for file, path in linked.destinations())

    def _key(self, path: str) -> str:
        return in_one_case(path) if self._ignores_case else path


def _contested_tops(wheels: Sequence[StagedWheel]) -> set[str]:
    """Paths at the top of site-packages below which, or at which, more than one project's own files may come to lie."""
    counted = Counter(os.path.join(wheel.site, top) for wheel in wheels for top in wheel.top_level)
    found = {top for top, count in counted.items() if count > 1}
    others = [mapped.destination for wheel in wheels for mapped in wheel.elsewhere]
    others += [written.path for wheel in wheels for written in wheel.written]
    for site in {wheel.site for wheel in wheels}:
        start = len(site) + len(os.sep)
        found |= {path[: (path + os.sep).index(os.sep, start)] for path in others if path.startswith(site + os.sep)}
    return found


def _drop_paths(wheel: StagedWheel, paths: set[str]) -> None:
    """Leave what the first project brings alike to that one."""
    wheel.shared = frozenset(file.path for file, path in wheel.linked.destinations() if path in paths)
    wheel.elsewhere = [mapped for mapped in wheel.elsewhere if mapped.destination not in paths]
    wheel.written = [file for file in wheel.written if file.path not in paths]


def _drop_row(wheel: StagedWheel, path: str) -> None:
    """A file that another project has is not this one's to record."""
    recorded = os.path.relpath(path, wheel.site).replace(os.sep, "/")
    wheel.recorded = [file for file in wheel.recorded if file.path != recorded]
    wheel.rows = [row for row in wheel.rows if not row.startswith((f"{recorded},", f'"{recorded}",'))]


def _inside(path: str) -> str:
    """The path as it will be in the environment, without the work folder in front."""
    return path.rpartition(f"{os.sep}n{os.sep}")[2]
