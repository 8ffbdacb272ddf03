"""Rules over build files that are no Python: programs and downloads of CMake, Meson, Cargo, make and the shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from peep.examine.text_rules import Finding, line_at

_FETCHING = r"\b(?:curl|wget)[ \t]+[-\"'$h@{]|/dev/tcp/|\bfile[ \t]*\([ \t]*DOWNLOAD\b|\b(?:FetchContent_Declare|ExternalProject_Add)\b"
_STARTING = r"\|[ \t]*(?:ba|da|z|k)?sh\b(?![.\w-])|\bbase64[ \t]+(?:-d|-D|--decode)\b"
_STARTING_BY_SUFFIX = {
    ".txt": r"\bexecute_process[ \t]*\(",
    ".cmake": r"\bexecute_process[ \t]*\(",
    ".build": r"\brun_command[ \t]*\(",
    ".rs": r"\bCommand::new[ \t]*\(",
}
_INDEXES = re.compile(r"^(?:index[-_]url|find[-_]links|dependency_links|setup_requires)[ \t]*=", re.MULTILINE)


def build_findings(path: str, text: str) -> Iterator[Finding]:
    """What a build file fetches, starts, or has fetched, by its lines."""
    if path.rpartition("/")[2] == "setup.cfg":
        yield from _found("build-requires-new", _INDEXES, text)
        return
    suffix = path[path.rfind(".") :]
    starting = "|".join(filter(None, (_STARTING, _STARTING_BY_SUFFIX.get(suffix, ""))))
    yield from _found("build-network", re.compile(_FETCHING), text)
    yield from _found("build-process", re.compile(starting), text)


def _found(rule: str, pattern: re.Pattern[str], text: str) -> Iterator[Finding]:
    line, counted = 1, 0
    for found in pattern.finditer(text):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        yield rule, line, line_at(text, found.start())
