"""Drift of a list from its source: requirements that it does not fulfil any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion

from peep.errors import PeepError
from peep.formats.dependency_specifiers import read_requirement, read_specifiers, read_version
from peep.formats.documents import parse_toml
from peep.formats.names import normalised
from peep.model import PinnedRequirement
from peep.requirements.decoding import decode
from peep.requirements.files import read_requirements_files

ReadFile = Callable[[str], bytes]


def unfulfilled(
    source: str, pins: Sequence[PinnedRequirement], read: ReadFile, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """What a `requirements.in` or pyproject.toml asks for and no pin is, as written; without any network.

    Extras and groups, which a list need not be for, are left out, and what a marker limits counts only where the list
    has the project. `peep lock --check` looks at all of it, and asks the index. Raises `PeepError` and `OSError`.
    """
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, []).append(pin.version or "")
    asked = _of_project(source, read) if source.endswith(".toml") else _of_lines(source, read, environ)
    return tuple(
        text for text, name, clauses, marker in asked if not _is_fulfilled(versions.get(name), clauses, marker)
    )


def _is_fulfilled(versions: Sequence[str] | None, clauses: str, marker: str) -> bool:
    if versions is None:
        return bool(marker)
    try:
        wanted = read_specifiers(clauses)
        return any(not text or wanted.contains(read_version(text), prereleases=True) for text in versions)
    except (InvalidSpecifier, InvalidVersion):
        return True  # not ours to judge: the verbs that use it refuse it


def _of_lines(source: str, read: ReadFile, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Each requirement: as written, name, version clauses, marker."""
    files, errors = read_requirements_files([source], read, environ)
    if errors:
        raise errors[0]
    for file in files:
        for line in file.lines:
            if line.parsed.name and not line.is_constraint:
                clauses = "" if line.parsed.location else line.parsed.specifier
                yield line.written, normalised(line.parsed.name), clauses, line.parsed.marker


def _of_project(source: str, read: ReadFile) -> Iterator[tuple[str, str, str, str]]:
    try:
        project = parse_toml(decode(read(source), source).text).get("project")
    except ValueError as error:
        raise PeepError(f"{source}: this is no TOML: {error}") from error
    listed = project.get("dependencies") if isinstance(project, dict) else None
    for text in listed if isinstance(listed, list) else []:
        try:
            one = read_requirement(text)
        except (InvalidRequirement, TypeError) as error:
            raise PeepError(f"{source}: {text!r} is no requirement") from error
        yield text, normalised(one.name), "" if one.url else str(one.specifier), str(one.marker or "")
