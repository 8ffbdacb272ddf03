"""Two new projects that bring the same path: fine when the bytes are the same, otherwise refused. Pure."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING
from unicodedata import normalize

from peep.errors import EnvironmentChangeError

if TYPE_CHECKING:
    from peep.environment.staging import StagedWheel

_SHOWN = 10


class Claims:
    """Who brings which path of the work folder; `ignores_case` as the file system does."""

    def __init__(self, *, ignores_case: bool) -> None:
        self._ignores_case = ignores_case
        self._taken: set[str] = set()
        self._wheels: list[StagedWheel] = []
        self._clashes: list[tuple[StagedWheel, set[str]]] = []

    def add(self, wheel: StagedWheel) -> None:
        """Take in the paths of one more project; most share none with those before it."""
        paths = [*(file.destination for file in wheel.linked), *(file.path for file in wheel.written)]
        keys = {self._key(path) for path in paths} if self._ignores_case else set(paths)
        if len(keys) < len(paths):
            raise EnvironmentChangeError(f"{wheel.planned.wheel.identity.filename} brings one path twice")
        if not self._taken.isdisjoint(keys):
            self._clashes.append((wheel, self._taken & keys))
        self._taken |= keys
        self._wheels.append(wheel)

    def settle(self, *, force: bool) -> list[str]:
        """Let the first project by name bring what several bring alike; give back a line for each file that differs.

        Raises `EnvironmentChangeError` with all files that differ, unless `force` lets the first one have those, too.
        """
        differing = []
        for wheel, keys in self._clashes:
            first = self._first_contents(wheel, keys)
            for path, digest in _contents(wheel):
                key = self._key(path)
                if key in keys and first[key][1:] != (path, digest):
                    differing.append(f"{_inside(path)} ({first[key][0]}, {wheel.name})")
                    _drop_row(wheel, path)
            _drop_paths(wheel, {path for path, _ in _contents(wheel) if self._key(path) in keys})
        if differing and not force:
            more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
            raise EnvironmentChangeError(
                "projects bring different files to the same place: " + ", ".join(differing[:_SHOWN]) + more,
                "leave out one of the projects; --force-reinstall lets the first one in each pair have the file",
            )
        return [f"two projects bring {clash}: the first one's file was installed" for clash in differing]

    def _first_contents(self, until: StagedWheel, keys: set[str]) -> dict[str, tuple[str, str, str]]:
        found: dict[str, tuple[str, str, str]] = {}
        for wheel in self._wheels:
            if wheel is until:
                break
            for path, digest in _contents(wheel):
                if (key := self._key(path)) in keys:
                    found.setdefault(key, (wheel.name, path, digest))
        return found

    def _key(self, path: str) -> str:
        if not self._ignores_case:
            return path
        # Those file systems (macOS, Windows) mostly take composed and decomposed letters for the same as well.
        return path.lower() if path.isascii() else normalize("NFC", path).casefold()


def _contents(wheel: StagedWheel) -> Iterator[tuple[str, str]]:
    """Path in the work folder and digest of everything that a project brings."""
    yield from ((file.destination, file.file.record_hash) for file in wheel.linked)
    for written in wheel.written:
        yield written.path, urlsafe_b64encode(sha256(written.content).digest()).rstrip(b"=").decode()


def _drop_paths(wheel: StagedWheel, paths: set[str]) -> None:
    wheel.linked[:] = [file for file in wheel.linked if file.destination not in paths]
    wheel.written[:] = [file for file in wheel.written if file.path not in paths]


def _drop_row(wheel: StagedWheel, path: str) -> None:
    """A file that another project has is not this one's to record."""
    recorded = os.path.relpath(path, os.path.dirname(os.path.dirname(wheel.record))).replace(os.sep, "/")
    wheel.kept[:] = [file for file in wheel.kept if file.path != recorded]
    wheel.rows[:] = [row for row in wheel.rows if not row.startswith((f"{recorded},", f'"{recorded}",'))]


def _inside(path: str) -> str:
    """The path as it will be in the environment, without the work folder in front."""
    return path.rpartition(f"{os.sep}n{os.sep}")[2]
