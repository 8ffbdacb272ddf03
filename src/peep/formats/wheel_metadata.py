"""METADATA and WHEEL: the header fields that decide what a wheel is.

Source: core metadata specification (RFC 822 headers, UTF-8); binary distribution format, "WHEEL"; PEP 503, PEP 440.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from peep.formats.member_names import printable
from peep.formats.names import normalised
from peep.formats.versions import same_version
from peep.formats.wheel_names import expanded_tags

_SUPPORTED_MAJOR = "1"
_TAG_PARTS = 3


class WheelMetadata(NamedTuple):
    """What WHEEL says; `tags` expanded (PEP 425)."""

    root_is_purelib: bool
    tags: tuple[str, ...]


def header_fields(content: bytes, path: str) -> tuple[dict[str, list[str]], list[str]]:
    """Read RFC 822 headers up to the first empty line: values by lower-case name, and what is wrong."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return {}, [f"{path}: is not UTF-8"]
    fields: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in re.split(r"\r\n|\r|\n", text):
        if not line:
            break
        if line[0] in " \t":
            if current is None:
                return {}, [f"{path}: begins with a continuation line"]
            current[-1] += "\n" + line
            continue
        name, separator, value = line.partition(":")
        if not separator or not name.isascii() or " " in name:
            return fields, [f"{path}: has a line that is no header: {printable(line[:60])}"]
        current = fields.setdefault(name.lower(), [])
        current.append(value.strip(" \t"))
    return fields, []


def _single(fields: dict[str, list[str]], name: str, path: str) -> tuple[str, list[str]]:
    values = fields.get(name.lower(), [])
    if len(values) == 1:
        return values[0], []
    return "", [f"{path}: states {name} {len(values)} times, not once"]


def check_core_metadata(content: bytes, path: str, name: str, version: str, *, of_source: bool = False) -> list[str]:
    """Compare METADATA or PKG-INFO with the normalised `name` and the `version` that the archive goes by (W5).

    `of_source`: a source archive's PKG-INFO tells no more than whose it is, and was often written before core metadata
    2.1 asked for UTF-8, or with a licence's lines among the headers: name and version above such a line are enough.
    """
    if of_source:
        fields, problems = header_fields(content.decode("utf-8", "replace").encode(), path)
        problems = [] if {"name", "version"} <= fields.keys() else problems
    else:
        fields, problems = header_fields(content, path)
    if not fields:
        return problems or [f"{path}: is empty"]
    stated_name, found = _single(fields, "Name", path)
    problems += found
    if stated_name and normalised(stated_name) != name:
        problems.append(f"{path}: is of project {printable(stated_name)}, and the archive's name is of {name}")
    stated_version, found = _single(fields, "Version", path)
    problems += found
    if stated_version and not same_version(stated_version, version):
        problems.append(f"{path}: is of version {printable(stated_version)}, and the archive's name is of {version}")
    return problems


def parse_wheel_metadata(content: bytes, path: str) -> tuple[WheelMetadata, list[str]]:
    """Read WHEEL. A major version other than 1 may mean another layout and is refused (binary distribution format)."""
    fields, problems = header_fields(content, path)
    version, found = _single(fields, "Wheel-Version", path)
    problems += found
    if version and version.partition(".")[0] != _SUPPORTED_MAJOR:
        problems.append(f"{path}: is of wheel format {printable(version)}; this reader knows version 1")
    purelib, found = _single(fields, "Root-Is-Purelib", path)
    problems += found
    if purelib and purelib.lower() not in ("true", "false"):
        problems.append(f"{path}: Root-Is-Purelib is {printable(purelib)!r}, neither true nor false")
    tags: list[str] = []
    for tag in fields.get("tag", []):
        if tag.count("-") + 1 != _TAG_PARTS:
            problems.append(f"{path}: has a tag that is none: {printable(tag)}")
        else:
            tags += expanded_tags(tag)
    return WheelMetadata(purelib.lower() != "false", tuple(tags)), problems
