"""Vetting folder on disk: bounded reading, and writing that leaves old or new."""

from __future__ import annotations

import os
from collections.abc import Mapping

from peep.errors import RecordsErrors, RecordsUnreadable, VettingError
from peep.system import bounded
from peep.system.files import write_named
from peep.vetting.assembly import IMPORTS, OWN_FILES, copy_name
from peep.vetting.record_files import read_imports

MOST_BYTES = 64 << 20
"""Ceiling for one file: a hundred times the largest public set of audits."""


def read_folder(folder: str) -> dict[str, bytes]:
    """The files of a vetting folder that a decision depends on, by name: own ones, and the copies `imports.toml` names.

    A folder that is not there holds none. Raises `RecordsErrors` for what cannot be read: it must not count as absent.
    """
    problems: list[RecordsUnreadable] = []
    files = {name: content for name in OWN_FILES if (content := _read(folder, name, problems)) is not None}
    pins, _ = read_imports(files.get(IMPORTS, b'format = "peep imports 1"\n'), IMPORTS)
    for pin in pins:
        name = copy_name(pin.name)
        if (content := _read(folder, name, problems)) is not None:
            files[name] = content
    if problems:
        raise RecordsErrors(problems)
    return files


def read_file(folder: str, name: str) -> bytes | None:
    """One file of a folder, None where there is none. Raises `RecordsErrors` for one that cannot be read."""
    problems: list[RecordsUnreadable] = []
    content = _read(folder, name, problems)
    if problems:
        raise RecordsErrors(problems)
    return content


def _read(folder: str, name: str, problems: list[RecordsUnreadable]) -> bytes | None:
    path = os.path.join(folder, *name.split("/"))
    try:
        return bounded.read_file(path, MOST_BYTES)
    except FileNotFoundError:
        if not os.path.islink(path):
            return None
        problems.append(RecordsUnreadable(f"{folder}/{name}", "is a link to what is not there"))
    except OSError as error:
        problems.append(RecordsUnreadable(f"{folder}/{name}", error.strerror or str(error)))
    return None


def write_files(folder: str, files: Mapping[str, bytes]) -> None:
    """Write files of a vetting folder, each whole or not at all, in the order given. Raises `VettingError`."""
    for name, content in files.items():
        path = os.path.join(folder, *name.split("/"))
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write_named(path, content, durable=True)
        except OSError as error:
            raise VettingError(f"{folder}/{name}: {error.strerror or error}; it was not written") from error
