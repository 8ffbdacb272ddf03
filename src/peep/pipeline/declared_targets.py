"""Declared targets of a run: IDs as they were given, with `here` made into what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from peep.errors import UsageError
from peep.formats.target_ids import TargetId, parse_target_id
from peep.model import TargetEnvironment
from peep.target.declared import id_of_environment


def declared_targets(texts: Iterable[str], find_here: Callable[[], TargetEnvironment]) -> tuple[TargetId, ...]:
    """Read IDs, each once, sorted; `find_here` is asked for `here` only.

    Raises `UsageError` for what is no ID, and for an interpreter that none names.
    """
    return tuple(sorted({parse_target_id(_here(find_here()) if text == "here" else text) for text in texts}))


def _here(target: TargetEnvironment) -> str:
    found = id_of_environment(target.version, target.tags, target.markers)
    if not found:
        raise UsageError("this interpreter is of a kind that no target ID names", "declare targets: --target ID")
    return found
