"""Requirements put into the texts of sources: requirements files, pyproject.toml's dependencies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from peep.errors import PeepError
from peep.formats.documents import parse_toml
from peep.formats.names import normalised
from peep.formats.setting_lines import line_of_key
from peep.locking.edges import UnreadableRequirement, parse_edge
from peep.requirements.decoding import line_end
from peep.requirements.file_parser import RequirementLine, parse_text

_TOKEN = re.compile(r"\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|#[^\n]*|[\[\]]|,")


class CannotAdd(PeepError):
    """A source that can't take a requirement by an edit of its text."""


def add_to_requirements(text: str, path: str, requirement: str) -> str:
    """Put a requirement at the end of a requirements file, or in the place of the line of the same name.

    Raises `CannotAdd` where several lines have that name, and for what is no requirement.
    """
    name = _edge_name(requirement)
    parsed = parse_text(text, path, {})
    same = [
        entry
        for entry in parsed.entries
        if isinstance(entry, RequirementLine) and normalised(entry.parsed.name) == name
    ]
    if len(same) > 1:
        lines = ", ".join(str(entry.location.line) for entry in same)
        raise CannotAdd(f"{path} has {name} on lines {lines}", "edit it by hand")
    end = line_end(text)
    if same:
        return _with_line_replaced(text, same[0], requirement)
    start = text if not text or text.endswith(("\n", "\r")) else text + end
    return f"{start}{requirement}{end}"


def _with_line_replaced(text: str, entry: RequirementLine, requirement: str) -> str:
    """Replace the written requirement within its line; what stands around it stays."""
    lines = re.split(r"(?<=\n)", text)
    number = entry.location.line - 1
    if entry.written not in lines[number]:
        raise CannotAdd(f"{entry.location}: the line cannot be edited", "edit it by hand")
    lines[number] = lines[number].replace(entry.written, requirement, 1)
    return "".join(lines)


def add_to_pyproject(text: str, path: str, requirement: str) -> str:
    """Put a requirement into `[project] dependencies`, at the end or in the place of the same name.

    The result is parsed and compared: nothing else may have changed. Raises `CannotAdd`.
    """
    name = _edge_name(requirement)
    before = _dependencies(text, path)
    same = [number for number, one in enumerate(before) if _edge_name(one) == name]
    if len(same) > 1:
        raise CannotAdd(f"{path} lists {name} {len(same)} times", "edit it by hand")
    wanted = [requirement if number in same else one for number, one in enumerate(before)]
    wanted += [] if same else [requirement]
    changed = _replaced(text, before[same[0]], requirement) if same else _appended(text, requirement)
    if changed is None or _rest(changed, path) != _rest(text, path) or _dependencies(changed, path) != wanted:
        raise CannotAdd(f"{path}: its dependencies cannot be edited as a text", "edit them by hand")
    return changed


def _edge_name(requirement: str) -> str:
    try:
        return normalised(parse_edge(requirement).name)
    except UnreadableRequirement as error:
        raise CannotAdd(str(error)) from None


def _document(text: str, path: str) -> Mapping[str, object]:
    try:
        return parse_toml(text)
    except ValueError as error:
        raise CannotAdd(f"{path}: this is no TOML: {error}") from None


def _dependencies(text: str, path: str) -> list[str]:
    project = _document(text, path).get("project")
    found = project.get("dependencies") if isinstance(project, dict) else None
    if not isinstance(found, list):
        raise CannotAdd(f"{path} has no list of dependencies in [project]", "add dependencies = [] to it")
    return [str(one) for one in found]


def _rest(text: str, path: str) -> Mapping[str, object]:
    """Give back everything but the dependencies."""
    document = dict(_document(text, path))
    project = document.get("project")
    if isinstance(project, dict):
        document["project"] = {key: value for key, value in project.items() if key != "dependencies"}
    return document


def _replaced(text: str, old: str, new: str) -> str | None:
    for quoted in (json.dumps(old), f"'{old}'"):
        if text.count(quoted) == 1:
            return text.replace(quoted, json.dumps(new))
    return None


def _appended(text: str, requirement: str) -> str | None:
    """Insert an entry before the bracket that ends the list of dependencies."""
    line = line_of_key(text, ("project", "dependencies"))
    lines = re.split(r"(?<=\n)", text)
    start = sum(len(one) for one in lines[: line - 1])
    opened, last, depth = -1, -1, 0
    for found in _TOKEN.finditer(text, text.find("=", start)):
        mark = found[0]
        if mark == "[":
            depth += 1
            opened = found.end() if opened < 0 else opened
        elif mark == "]":
            depth -= 1
            if not depth:
                return _inserted(text, opened, last, found.start(), json.dumps(requirement))
        elif not mark.startswith("#"):
            last = found.end()
    return None


def _inserted(text: str, opened: int, last: int, closed: int, quoted: str) -> str:
    """Insert after the last entry or its comma (`last`, -1: there is none), in the list's own style."""
    inside = text[opened:closed]
    end = line_end(text)
    if "\n" not in inside:
        before = text[opened:last].rstrip() if last > opened else ""
        separator = "" if not before else " " if before.endswith(",") else ", "
        return text[:opened] + before + separator + quoted + text[closed:]
    indent = re.search(r"\n([ \t]*)\S", inside)
    space = indent[1] if indent else "    "
    if last < opened:
        return f"{text[:opened]}{end}{space}{quoted},{end}{text[closed:]}"
    comma = "" if text[:last].endswith(",") else ","
    rest = text[last:closed]
    tail = rest[: rest.find("\n") + 1] if "\n" in rest else end
    return f"{text[:last]}{comma}{tail}{space}{quoted},{end}{rest[len(tail) :]}{text[closed:]}"
