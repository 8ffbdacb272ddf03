"""Sources and output of `peep lock`, where the command line leaves them open. Nothing is opened here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.formats.names import is_lock_path

DEFAULT_SOURCE = "requirements.in"
DEFAULT_OUTPUT = "requirements.txt"
DEFAULT_LOCK_FILE = "pylock.toml"
_PROJECT = "pyproject.toml"
_FILES = (".in", ".txt", ".toml", ".cfg")


@dataclass(frozen=True, slots=True)
class LockPaths:
    """What is read and written."""

    files: tuple[str, ...]
    """Source files, sorted, each once."""
    requirements: tuple[str, ...]
    """Requirements of the command line, sorted."""
    output: str
    were_chosen: bool = False
    """The user named neither: both names are worth a line."""

    @property
    def is_pylock(self) -> bool:
        return is_lock_path(self.output)


def is_source_file(word: str) -> bool:
    """Tell whether a word names a file rather than a requirement."""
    return word.lower().endswith(_FILES) or "/" in word or (os.sep in word and " @ " not in word)


def lock_paths(
    words: Sequence[str], files: Sequence[str], output: str, exists: Callable[[str], bool], *, has_project: bool
) -> LockPaths:
    """Decide what is read and written.

    `words`: plain arguments; `files`: those of `-r`. `has_project`: the working folder has a pyproject.toml with
    `[project]`. Raises `UsageError` where there is nothing to read, or no name to write to.
    """
    named = tuple(sorted({*files, *(word for word in words if is_source_file(word))}))
    requirements = tuple(sorted({word for word in words if not is_source_file(word)}))
    if named or requirements:
        return LockPaths(named, requirements, output or _output_for(named, exists))
    source = default_source(exists, has_project=has_project)
    if not source:
        reason = f"there is nothing to lock: neither {DEFAULT_SOURCE} nor a {_PROJECT} with [project] is here"
        raise UsageError(reason, _hint(output, exists))
    chosen = output or (DEFAULT_LOCK_FILE if exists(DEFAULT_LOCK_FILE) else DEFAULT_OUTPUT)
    return LockPaths((source,), (), chosen, were_chosen=not output)


def default_source(exists: Callable[[str], bool], *, has_project: bool) -> str:
    """Give back the source of the working folder, '' where there is none; `has_project` as above."""
    return DEFAULT_SOURCE if exists(DEFAULT_SOURCE) else _PROJECT if has_project else ""


def present_lock(exists: Callable[[str], bool]) -> str:
    """Give back the lock of the working folder, '' where there is none."""
    return next((name for name in (DEFAULT_LOCK_FILE, DEFAULT_OUTPUT) if exists(name)), "")


def _hint(output: str, exists: Callable[[str], bool]) -> str:
    """Say what to name; a lock that is there may say itself what it is made from."""
    source = "name a source, as in: peep lock requirements.in"
    if output and exists(output):
        return f"{source}; {output} does not say what it is made from: --refresh-hashes lists its own pins' files anew"
    lock = present_lock(exists)
    return f"{source}; or take what {lock} says that it is made from: peep lock -o {lock}" if lock else source


def _output_for(named: Sequence[str], exists: Callable[[str], bool]) -> str:
    """One source: its stem with `.txt`; pyproject.toml has the default names."""
    if len(named) != 1:
        raise UsageError("several sources have no one name for their lock", "give it one: -o requirements.txt")
    folder, name = os.path.split(named[0])
    if name in {_PROJECT, "setup.cfg"}:
        lock_file = os.path.join(folder, DEFAULT_LOCK_FILE)
        return lock_file if exists(lock_file) else os.path.join(folder, DEFAULT_OUTPUT)
    stem, ending = os.path.splitext(named[0])
    if ending == ".txt":
        raise UsageError(f"{named[0]} would be replaced by its own lock", "name another file: -o FILE")
    return f"{stem}.txt"
