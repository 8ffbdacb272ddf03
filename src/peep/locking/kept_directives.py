"""Directives that a lock keeps: its sources' demands, and those that people wrote into the list."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.errors import UsageError
from peep.requirements.pinned_set import Directive

_DEMANDS = frozenset({"--refuse-malware", "--require-examined", "--require-sandbox"})
_NAMING_PLACES = frozenset({"--build-constraint", "--build-path", "--bundle", "--trust-local", "--vetting"})
_WRITTEN_ANEW = frozenset({"--build-constraint", "--locked-by", "--locked-for"})
_OF_THE_FILE = frozenset({"--locked-by", "--locked-for"})

KeptDirectives = Sequence[tuple[str, str]]
"""Option and value, '' for none, each pair once, sorted."""


def kept_directives(sources: Iterable[Directive], present: Iterable[Directive]) -> KeptDirectives:
    """Give back what the next list states besides what `lock` itself writes.

    A demand that fell out of a list would let the next install pass without it. Other directives of sources stay where
    they are: their paths are meant from there.
    """
    kept = [one for one in present if one.option not in _WRITTEN_ANEW]
    kept += [one for one in sources if one.option in _DEMANDS]
    return sorted({(one.option, one.value) for one in kept})


def moved_directives(directives: Iterable[Directive], *, to_other_folder: bool) -> tuple[KeptDirectives, Sequence[str]]:
    """Give back what a list says, and what of it has no meaning in another folder.

    Its targets and the command that made it are no part of it. The second are lines: their relative paths are meant
    from the folder of the list that was read.
    """
    stated = sorted({(one.option, one.value) for one in directives if one.option not in _OF_THE_FILE})
    bound = [one for one in stated if to_other_folder and one[0] in _NAMING_PLACES and not _is_anywhere(one[1])]
    return [one for one in stated if one not in bound], list(directive_lines(bound))


def _is_anywhere(place: str) -> bool:
    return "://" in place or os.path.isabs(place)


def directive_lines(kept: KeptDirectives) -> Iterator[str]:
    """The lines of a requirements file."""
    return (f"# peep: {option}={value}" if value else f"# peep: {option}" for option, value in kept)


def directive_keys(kept: KeptDirectives) -> Mapping[str, bool | list[str]]:
    """The keys of a pylock.toml's `[tool.peep]`.

    Raises `UsageError` for a directive both with a value and without: one key cannot hold the two.
    """
    found: dict[str, bool | list[str]] = {}
    for option, value in kept:
        values = found.setdefault(option.removeprefix("--"), [] if value else True)
        if (values is True) is not (value == ""):
            raise UsageError(f"a pylock.toml cannot state {option} both with a value and without", "keep one of them")
        if isinstance(values, list):
            values.append(value)
    return found
