"""Rules over several uses in one Python file: each is common, together they are what loaders do."""

from __future__ import annotations

from collections.abc import Iterator

from peep.examine.facts import FileFacts, Use
from peep.examine.text_rules import Finding

_SAVING = frozenset({"urllib.request.urlretrieve", "urllib.urlretrieve", "wget.download"})
"""Calls that write what they fetch."""


def joint_findings(facts: FileFacts) -> Iterator[Finding]:
    """What a file does by several calls, at the line of the last of them that matters."""
    by_kind: dict[str, Use] = {}
    for use in facts.uses:
        by_kind.setdefault(use.kind, use)
    network, process = by_kind.get("network"), by_kind.get("process")
    redirect, write, place = by_kind.get("redirect"), by_kind.get("write"), by_kind.get("native-place")
    if network and process and redirect:
        yield "code-remote-shell", redirect.line, f"{network.name}, {redirect.name} and {process.name}"
    saved = write or next((use for use in facts.uses if use.name in _SAVING), None)
    if network and process and saved and not redirect:
        yield "code-fetched-program", process.line, f"{network.name}, {saved.name} and {process.name}"
    if place and (write or _makes_temporary(facts)):
        yield "code-native-written", place.line, place.name
    yield from _startup_files(facts, by_kind.get("site-folder"))


def _makes_temporary(facts: FileFacts) -> bool:
    return any(fact.module.partition(".")[0] == "tempfile" for fact in facts.imports)


def _startup_files(facts: FileFacts, folder: Use | None) -> Iterator[Finding]:
    """Names of start-up files beside a question for the folder where the interpreter looks for them."""
    if folder is None:
        return
    for literal in facts.literals:
        if literal.text.endswith((".pth", "customize.py")):
            yield "persistence", literal.line, f"{literal.text} and {folder.name}"
