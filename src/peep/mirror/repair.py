"""Repair of a mirror after a killed run: files that no facts speak of, and temporary ones.

A run that adds or removes immutable files notes their paths before it touches them. Whoever changes the mirror next
keeps those that facts speak of; the others go. Only a holder of the mirror's lock may call what stands here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from peep.formats.canonical_json import NotCanonical, canonical_json, parse_canonical_json
from peep.mirror.folder import LOCK_FILE, UNFINISHED, MirrorError, MirrorFolder
from peep.mirror.layout import stored_paths
from peep.system.bounded import RECORDS, read_file
from peep.system.files import ToldAs, remove_tree, write_atomically

PENDING = ".peep-mirror.pending"
_SCRATCH = re.compile(r"\.peep-[0-9a-f]{16}")
_TEMPORARY = re.compile(r".+\.[0-9a-f]{16}")
_STORED = ("files/", "provenance/")


def note_pending(mirror: MirrorFolder, paths: Mapping[str, Iterable[str]]) -> None:
    """Note immutable files that are about to come or go, by project. Raises `MirrorError`."""
    content = canonical_json({name: sorted(some) for name, some in paths.items()})
    with ToldAs(MirrorError, f"{mirror.root}: cannot be written"):
        write_atomically(mirror.place(PENDING), content, durable=True)


def settle(mirror: MirrorFolder) -> list[str]:
    """Remove the noted files that no facts speak of; gives back their paths. Raises `MirrorError`."""
    removed = []
    for name, paths in _pending(mirror).items():
        facts = mirror.facts(name)
        kept = stored_paths(facts) if facts else {}
        removed += [path for path in paths if path not in kept and os.path.lexists(mirror.place(path))]
    with ToldAs(MirrorError, f"{mirror.root}: cannot be written"):
        for path in removed:
            remove_tree(mirror.place(path))
            _drop_empty(mirror, path)
        remove_tree(mirror.place(PENDING))
    return removed


def repair(mirror: MirrorFolder) -> bool:
    """Tidy up after a killed run, if there was one; pages are completed by the next writing. Raises `MirrorError`."""
    with ToldAs(MirrorError, f"{mirror.root}: cannot be read"):
        names = os.listdir(mirror.root)
    scratch = [name for name in names if _SCRATCH.fullmatch(name)]
    begun = {PENDING, UNFINISHED}.intersection(names) or any(_TEMPORARY.fullmatch(name) for name in names)
    if not scratch and not begun:
        return False
    for name in scratch:
        remove_tree(mirror.place(name))
    settle(mirror)
    for folder, _, files in os.walk(mirror.root):
        for name in files:
            if _TEMPORARY.fullmatch(name) and name != LOCK_FILE:
                with suppress(OSError):
                    os.unlink(os.path.join(folder, name))
    return True


def _pending(mirror: MirrorFolder) -> dict[str, list[str]]:
    try:
        noted = parse_canonical_json(read_file(mirror.place(PENDING), RECORDS))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise MirrorError(f"{mirror.place(PENDING)}: cannot be read: {error.strerror or error}") from error
    except NotCanonical:
        return {}
    if not isinstance(noted, dict):
        return {}
    return {
        name: [path for path in paths if _is_stored(path)] for name, paths in noted.items() if isinstance(paths, list)
    }


def _is_stored(path: object) -> bool:
    """Whether a noted path can be one of ours: nothing else is ever removed."""
    return isinstance(path, str) and path.startswith(_STORED) and ".." not in path.split("/")


def _drop_empty(mirror: MirrorFolder, path: str) -> None:
    """Folders above a removed file go when nothing is left in them."""
    parts = path.split("/")[:-1]
    while parts:
        try:
            os.rmdir(mirror.place("/".join(parts)))
        except OSError:
            return
        parts.pop()
