"""Static metadata of a source archive (PKG-INFO, PEP 643), read without running code.

Source: core metadata 2.2 (PEP 643: in a PKG-INFO of 2.2 or newer every field not named in Dynamic is final); PEP 621
(what stands in `[project]` and is not named in `dynamic` is final).
"""

from __future__ import annotations

from typing import Any

from packaging.version import Version

from peep.dataclass import dataclass
from peep.formats.dependency_specifiers import read_requirement, read_version
from peep.formats.documents import parse_toml
from peep.formats.names import normalised
from peep.formats.wheel_metadata import header_fields

_FIRST_STATIC = Version("2.2")
_NEEDED = frozenset({"name", "version", "requires-dist", "requires-python", "provides-extra"})
_NEEDED_OF_PROJECT = frozenset({"version", "dependencies", "optional-dependencies", "requires-python"})


@dataclass(frozen=True, slots=True)
class SdistMetadata:
    """Metadata that every wheel built of the archive must agree with."""

    name: str
    """As written."""
    version: str
    requires_dist: tuple[str, ...] = ()
    """Requirements as PEP 508 texts; those of extras carry the marker `extra == '…'`."""
    requires_python: str = ""
    provides_extra: tuple[str, ...] = ()
    source: str = "PKG-INFO"
    """The file that was believed."""


def read_static_metadata(information: bytes | None, pyproject: bytes | None) -> SdistMetadata | None:
    """Read PKG-INFO, or else pyproject.toml; None when neither is final about everything an installer needs."""
    found = _from_information(information) if information is not None else None
    return found or (_from_pyproject(pyproject) if pyproject is not None else None)


def _from_information(content: bytes) -> SdistMetadata | None:
    fields, problems = header_fields(content, "PKG-INFO")
    if problems or any(len(fields.get(name, [])) != 1 for name in ("metadata-version", "name", "version")):
        return None
    try:
        if read_version(fields["metadata-version"][0]) < _FIRST_STATIC:
            return None
    except ValueError:  # InvalidVersion, and numbers longer than Python reads
        return None
    if _NEEDED & {name.strip().lower() for name in fields.get("dynamic", [])}:
        return None
    return SdistMetadata(
        name=fields["name"][0],
        version=fields["version"][0],
        requires_dist=tuple(fields.get("requires-dist", [])),
        requires_python="".join(fields.get("requires-python", [])[:1]),
        provides_extra=tuple(fields.get("provides-extra", [])),
    )


def _from_pyproject(content: bytes) -> SdistMetadata | None:
    try:
        project = parse_toml(content.decode("utf-8")).get("project")
    except ValueError:  # not UTF-8, no TOML, or numbers and nesting beyond measure
        return None
    if not isinstance(project, dict) or not isinstance(project.get("dynamic", []), list):
        return None
    if _NEEDED_OF_PROJECT & {text for text in project.get("dynamic", []) if isinstance(text, str)}:
        return None
    name, version = project.get("name"), project.get("version")
    requires_python = project.get("requires-python", "")
    extras = project.get("optional-dependencies", {})
    if not all(isinstance(text, str) for text in (name, version, requires_python)) or not isinstance(extras, dict):
        return None
    try:
        requires = [str(read_requirement(text)) for text in _texts(project.get("dependencies", []))]
        for extra, texts in extras.items():
            requires += [_for_extra(text, extra) for text in _texts(texts)]
    except (TypeError, ValueError, RecursionError):
        return None
    names = tuple(normalised(extra) for extra in extras)
    return SdistMetadata(str(name), str(version), tuple(requires), requires_python, names, "pyproject.toml")


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError
    return value


def _for_extra(text: str, extra: str) -> str:
    requirement = read_requirement(text)
    condition = f"extra == '{normalised(extra)}'"
    marker = f"({requirement.marker}) and {condition}" if requirement.marker else condition
    requirement.marker = None
    separator = " ; " if requirement.url else "; "
    return f"{requirement}{separator}{marker}"
