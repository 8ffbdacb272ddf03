"""Entry points (entry_points.txt), under a grammar that leaves no room for code.

The only reader: a wheel is refused, and a launcher written, by the same lines. Source: entry points specification,
"File format" and "Data model"; THREATS W12, W13.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8

from peep.dataclass import NamedTuple
from peep.formats.member_names import printable
from peep.formats.program_names import protected_program

_SCRIPT_GROUPS = ("console_scripts", "gui_scripts")
_SCRIPT_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?", re.ASCII)
_IDENTIFIER = r"[^\W\d]\w*"
_REFERENCE = re.compile(
    rf"(?P<module>{_IDENTIFIER}(?:\.{_IDENTIFIER})*)[ \t]*:[ \t]*(?P<attribute>{_IDENTIFIER}(?:\.{_IDENTIFIER})*)"
    r"[ \t]*(?:\[[A-Za-z0-9_., \t-]*\])?"
)


class EntryPoint(NamedTuple):
    """One launcher: its file name, and the object it calls."""

    name: str
    module: str
    attribute: str
    is_gui: bool


def parse_entry_points(content: bytes, path: str) -> tuple[tuple[EntryPoint, ...], list[str]]:
    """Read the launchers out of entry_points.txt and say what is wrong with it; other groups are left alone."""
    try:
        text = content.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return (), [f"{path}: is not UTF-8"]
    scripts: dict[str, EntryPoint] = {}
    problems = []
    group = ""
    for raw_line in re.split(r"\r\n|\r|\n", text):
        line = raw_line.strip(" \t")
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            group = line[1:-1].strip()
        elif group in _SCRIPT_GROUPS:
            script, reason = _parse_script(line, is_gui=group == "gui_scripts")
            if script is None:
                problems.append(f"{path}: {printable(line)}: {reason}")
            elif scripts.setdefault(script.name.lower(), script) != script:
                problems.append(f"{path}: {printable(line)}: is a second launcher of that name")
    return tuple(scripts.values()), problems


def _parse_script(line: str, *, is_gui: bool) -> tuple[EntryPoint | None, str]:
    name, separator, value = (part.strip(" \t") for part in line.partition("="))
    if not separator:
        return None, "is no line of the form NAME = MODULE:ATTRIBUTE"
    if not _SCRIPT_NAME.fullmatch(name):
        return None, "has a launcher name with other characters than letters, digits, '_', '.' and '-'"
    if replaced := protected_program(name):
        return None, f"would replace the environment's {replaced}"
    reference = _REFERENCE.fullmatch(value)
    if not reference:
        return None, "does not refer to an object as MODULE:ATTRIBUTE"
    return EntryPoint(name, reference["module"], reference["attribute"], is_gui), ""
