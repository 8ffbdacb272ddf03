"""Declared targets of a list, held against the interpreter that it is installed for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from peep.errors import UsageError
from peep.model import TargetEnvironment
from peep.requirements.pinned_set import Directive

if TYPE_CHECKING:
    from peep.formats.target_ids import TargetId

_OPTION = "--locked-for"
_MOST_SHOWN = 5


def foreign_lists(directives: Sequence[Directive], target: TargetEnvironment) -> Iterator[str]:
    """Yield a warning for each file that was locked for other targets than this one, and for IDs that mean nothing."""
    by_file = _locked_for(directives)
    if not by_file:
        return
    from peep.formats.target_ids import parse_target_id  # noqa: PLC0415 - few lists are locked for targets

    for path, texts in by_file.items():
        ids = []
        for text in texts:
            try:
                ids.append(parse_target_id(text))
            except UsageError as error:
                yield f"{path}: {_OPTION}: {error}"
        if ids and not any(_is_for(one, target) for one in ids):
            yield (
                f"{path} was locked for {_shown(ids)}, and not for Python {'.'.join(map(str, target.version))} here: "
                f"what it needs only here may be missing; peep check -r {path} --target here tells"
            )


def not_carried_for(directives: Sequence[Directive], ids: Sequence[TargetId]) -> Iterator[str]:
    """Yield a warning for each file that was locked for more targets than `ids`, which nobody chose."""
    here = {str(one) for one in ids}
    for path, texts in _locked_for(directives).items():
        others = [text for text in dict.fromkeys(texts) if text not in here]
        if others:
            yield (
                f"{path} was locked for {_shown(others)} as well, for which nothing is carried: "
                "name all targets by --target, or in the settings"
            )


def _locked_for(directives: Sequence[Directive]) -> dict[str, list[str]]:
    """The targets that each file says it was locked for, by its path."""
    found: dict[str, list[str]] = {}
    for directive in directives:
        if directive.option == _OPTION:
            found.setdefault(directive.location.path, []).append(directive.value)
    return found


def _shown(targets: Sequence[object]) -> str:
    more = f" and {len(targets) - _MOST_SHOWN} more" if len(targets) > _MOST_SHOWN else ""
    return ", ".join(map(str, targets[:_MOST_SHOWN])) + more


def _is_for(one: TargetId, target: TargetEnvironment) -> bool:
    """Tell whether the environment accepts the wheels of an ID's own interpreter and platform."""
    interpreter = f"{one.implementation}{''.join(map(str, one.minor))}"
    exact = one.micro is None or (*one.minor, one.micro) == tuple(target.version)
    return exact and f"{interpreter}-{one.abi}-{one.platform}" in target.tags
