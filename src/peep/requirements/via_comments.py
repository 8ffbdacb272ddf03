"""Requirers named by `# via` comments of requirements files: told, never decided by.

Source: pip-tools' README, annotations in the one-line and in the many-line form, as uv writes them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from peep.formats.names import is_name, normalised
from peep.requirements.decoding import physical_lines
from peep.requirements.files import RequirementsFile
from peep.requirements.lock_requirers import StatedRequirer
from peep.requirements.logical_lines import logical_lines

_VIA = re.compile(r"#[ \t]*via(?:[ \t]+(?P<names>.*))?")


def requirers_of_files(files: Iterable[RequirementsFile]) -> tuple[StatedRequirer, ...]:
    """What the `# via` comments say, behind a requirement or below it, up to the next one; sources are no requirers."""
    return tuple(dict.fromkeys(one for file in files for one in _of_file(file)))


def _of_file(file: RequirementsFile) -> Iterator[StatedRequirer]:
    names = {line.location.line: normalised(line.parsed.name) for line in file.lines if line.parsed.name}
    name, goes_on = "", False
    for line in logical_lines(physical_lines(file.source.text)):
        if line.content:
            name, goes_on = names.get(line.number, ""), False
        if not line.comment:
            continue
        found = _VIA.fullmatch(line.comment.strip())
        if found is not None:
            goes_on = True
            listed = found["names"] or ""
        elif goes_on and line.is_comment:
            listed = line.comment.lstrip("# \t")
        else:
            continue
        if name:
            yield from (StatedRequirer(name, by) for by in _named(listed))


def _named(listed: str) -> Iterator[str]:
    """`requests, -r requirements.in, app (pyproject.toml)` -> `requests`."""
    for one in listed.split(","):
        if is_name(one.strip()):
            yield normalised(one.strip())
