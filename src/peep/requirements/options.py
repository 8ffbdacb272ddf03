"""Options of a requirements file, and the division of a line into requirement and options.

Source: pip's requirements file format, "Supported options" and "Per-requirement options"; what pip once had and
removed is known by name, so that it can be skipped with a warning instead of stopping an old file.
"""

from __future__ import annotations

import re
from functools import lru_cache

from peep.dataclass import dataclass
from peep.errors import PeepError

TAKES_VALUE = {
    "--index-url": True,
    "--extra-index-url": True,
    "--no-index": False,
    "--find-links": True,
    "--no-binary": True,
    "--only-binary": True,
    "--prefer-binary": False,
    "--pre": False,
    "--all-releases": True,
    "--only-final": True,
    "--require-hashes": False,
    "--no-require-hashes": False,
    "--trusted-host": True,
    "--use-feature": True,
    "--requirement": True,
    "--constraint": True,
    "--editable": True,
    "--hash": True,
    "--config-settings": True,
}
"""Every option of today's pip in a requirements file, by its full name."""

REMOVED = {
    "--allow-all-external": False,
    "--allow-external": True,
    "--allow-insecure": True,
    "--allow-unverified": True,
    "--always-unzip": False,
    "--download-cache": True,
    "--global-option": True,
    "--install-option": True,
    "--mirrors": True,
    "--no-use-wheel": False,
    "--process-dependency-links": False,
    "--skip-requirements-regex": True,
    "--use-mirrors": False,
    "--use-wheel": False,
}
"""Options that pip removed, and whether a value follows."""

_ALIASES = {
    "-i": "--index-url",
    "--pypi-url": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-C": "--config-settings",
    "--config-setting": "--config-settings",
    "-Z": "--always-unzip",
    "-M": "--use-mirrors",
}

_KNOWN = {**TAKES_VALUE, **REMOVED}
_SPELLINGS = tuple(sorted({*_KNOWN, *(alias for alias in _ALIASES if alias.startswith("--"))}))

_FIRST_OPTION = re.compile(r"(?:^| )(?=-)")
_NEEDS_SHELL_RULES = re.compile(r"[\"'\\]")


class MalformedOptions(PeepError):
    """Options that cannot be understood; `str` says which and why."""


@dataclass(frozen=True, slots=True)
class DividedLine:
    """A logical line's two halves: the requirement's text (perhaps '') and its options by full name, with values."""

    requirement: str
    options: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1 << 15)  # fleets of files repeat their lines
def divide(content: str) -> DividedLine:
    """Divide a logical line where pip does: before the first space-separated word that begins with `-`.

    Raises `MalformedOptions` for an unknown or ambiguous option, a missing or superfluous value, an unclosed
    quotation, and words that are neither.
    """
    found = _FIRST_OPTION.search(content)
    if found is None:
        return DividedLine(content, ())
    return DividedLine(content[: found.start()].rstrip(), tuple(_options(_words(content[found.end() :]))))


def _words(text: str) -> list[str]:
    if not _NEEDS_SHELL_RULES.search(text):
        return text.split()
    import shlex  # noqa: PLC0415 - few lines have quotation marks

    try:
        return shlex.split(text)
    except ValueError as error:
        raise MalformedOptions(f"the options cannot be split into words ({str(error).lower()})") from None


def _options(words: list[str]) -> list[tuple[str, str]]:
    options: list[tuple[str, str]] = []
    rest = iter(words)
    for word in rest:
        name, value = _option_and_value(word)
        if _KNOWN[name]:
            value = next(rest, None) if value is None else value
            if value is None:
                raise MalformedOptions(f"{name} needs a value")
        elif value is not None:
            raise MalformedOptions(f"{name} takes no value")
        options.append((name, value or ""))
    return options


def _option_and_value(word: str) -> tuple[str, str | None]:
    if word.startswith("--"):
        spelled, equals, value = word.partition("=")
        return _full_name(spelled), value if equals else None
    if word.startswith("-") and word[:2] in _ALIASES:
        return _ALIASES[word[:2]], word[2:] or None
    if word.startswith("-"):
        raise MalformedOptions(f"the option {word.partition('=')[0]} is unknown in a requirements file")
    hint = "a marker stands before the options; pip would drop this one" if word.startswith(";") else ""
    shown = repr(word) if "@" not in word else "a word with an @"  # perhaps the end of a URL's password with a blank
    raise MalformedOptions(f"{shown} stands among the options but is none", hint)


@lru_cache(maxsize=256)
def _full_name(spelled: str) -> str:
    """Resolve an alias or an unambiguous beginning, as the standard library's option parsers do."""
    if spelled in _KNOWN or spelled in _ALIASES:
        return _ALIASES.get(spelled, spelled)
    possible = {_ALIASES.get(known, known) for known in _SPELLINGS if known.startswith(spelled)}
    current = {name for name in possible if name in TAKES_VALUE}
    possible = current or possible
    if len(possible) == 1 and len(spelled) > len("--"):
        return possible.pop()
    if possible:
        raise MalformedOptions(f"the option {spelled} could mean any of {', '.join(sorted(possible))}")
    raise MalformedOptions(f"the option {spelled} is unknown in a requirements file")
