"""Pins of a requirements file as values: those of the present lock, and those that a judge looks at."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from peep.errors import RequirementsError
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.names import normalised
from peep.locking.completeness import JudgedPin
from peep.locking.group_judge import KnownPin
from peep.locking.marker_atoms import UnreadableMarker, canonical_marker
from peep.requirements.file_parser import RequirementLine

_COMMAND = re.compile(r"^#\s{4}peep lock(?P<arguments>(?: [^\r\n]*)?)\r?$", re.MULTILINE)


def judged_pins(lines: Iterable[RequirementLine]) -> tuple[tuple[JudgedPin, ...], tuple[RequirementsError, ...]]:
    """Give back every pin of a file, and an error for each line that pins nothing or whose marker means nothing."""
    pins: list[JudgedPin] = []
    errors: list[RequirementsError] = []
    for line in lines:
        try:
            pins.append(_judged(line))
        except (UnreadableMarker, ValueError) as error:
            errors.append(RequirementsError(line.location, str(error)))
    return tuple(pins), tuple(errors)


def _judged(line: RequirementLine) -> JudgedPin:
    parsed = line.parsed
    if not parsed.name:
        raise ValueError(f"{line.written!r} names no project")
    if parsed.version is None and not parsed.location:
        raise ValueError(f"{line.written!r} pins no version")
    return JudgedPin(
        normalised(parsed.name),
        parsed.version or "",
        canonical_marker(parsed.marker) if parsed.marker else "",
        parsed.extras,
        line.hashes,
        parsed.location,
        line.location,
        subdirectory=parsed.subdirectory or "",
    )


def known_pins(pins: Sequence[JudgedPin]) -> Mapping[str, tuple[KnownPin, ...]]:
    """Give back pins of versions by name, as preferences; what is no version of PEP 440 cannot be kept."""
    found: dict[str, list[KnownPin]] = {}
    for pin in pins:
        if version := version_or_none(pin.version):
            found.setdefault(pin.name, []).append(KnownPin(pin.name, version, pin.marker, pin.hashes))
    return {name: tuple(some) for name, some in found.items()}


_COMMIT_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])? @ (?P<url>git\+\S+@[0-9a-f]{40,64})(?:#\S*)?(?:\s.*)?"
)
_AT = re.compile(r"\s+#.* \(at (?P<ref>\S+)\)\s*")


def locked_commits(text: str) -> Mapping[str, tuple[str, str]]:
    """Give back, by name, the commit URL of each pin of a repository, and the branch or tag that it was locked at."""
    found: dict[str, tuple[str, str]] = {}
    name = ""
    for line in text.splitlines():
        if pin := _COMMIT_LINE.fullmatch(line):
            name = normalised(pin["name"])
            found[name] = (pin["url"], "")
        elif name and (at := _AT.fullmatch(line)):
            found[name] = (found[name][0], at["ref"])
        elif not line.startswith((" ", "\t")):
            name = ""
    return found


def header_arguments(text: str) -> tuple[str, ...] | None:
    """Give back the arguments of `peep lock` in the header of a lock, None where there is no such header."""
    above = re.split(r"(?m)^(?!#)", text, maxsplit=1)[0]
    found = _COMMAND.search(above)
    return None if found is None else command_arguments(f"peep lock{found['arguments']}")


def command_arguments(command: str) -> tuple[str, ...] | None:
    """Give back the arguments of a command line that is `peep lock …`, None for any other."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    return tuple(words[2:]) if words[:2] == ["peep", "lock"] else None
