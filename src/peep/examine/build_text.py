"""Rules over build files that are no Python: of CMake, Meson, Cargo, make and the shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from peep.examine.text_rules import Finding, line_at, numbered

_FETCHING = re.compile(
    r"\b(?:curl|wget)[ \t]+[-\"'$h@{]|/dev/tcp/|\bfile[ \t]*\([ \t]*DOWNLOAD\b|\b(?:ureq|reqwest)::|\bstd::net\b"
)
_STARTING = re.compile(
    r"\|[ \t]*(?:ba|da|z|k)?sh\b(?![.\w-])|\bbase64[ \t]+(?:-d|-D|--decode)\b|"
    r"\b(?:Command::new|run_command|COMMAND)[ \t]*\(?[ \t]*[\"']?(?:sh|bash|curl|wget|powershell|pwsh|cmd)\b"
)
"""What is piped into a shell or decoded, and shells that CMake, Meson and Cargo start: other programs they all do."""
_INDEXES = re.compile(r"^(?:index[-_]url|find[-_]links|dependency_links|setup_requires)[ \t]*=", re.MULTILINE)


def build_findings(path: str, text: str) -> Iterator[Finding]:
    """What a build file fetches, starts, or has fetched, by its lines."""
    if path.rpartition("/")[2] == "setup.cfg":
        yield from _found("build-requires-new", _INDEXES, text)
        return
    yield from _found("build-network", _FETCHING, text)
    yield from _found("build-process", _STARTING, text)


def _found(rule: str, pattern: re.Pattern[str], text: str) -> Iterator[Finding]:
    for line, start in numbered(pattern.finditer(text), text):
        yield rule, line, line_at(text, start)
