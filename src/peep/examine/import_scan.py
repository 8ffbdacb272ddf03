"""Module-level imports of a Python file without parsing it, for files that did not change: quick, and never too few.

Strings and comments are blanked by one regular expression; what then looks like an import outside of a function body
counts. A file whose functions import modules of its own project is handed on to the exact analysis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from peep.dataclass import dataclass
from peep.examine.facts import ImportFact, facts_of
from peep.examine.file_kinds import text_of

_NOT_CODE = re.compile(
    r"#[^\n]*|'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^\\'\n])*'|\"(?:\\.|[^\\\"\n])*\"", re.DOTALL
)
_LINE = re.compile(
    r"^([ \t]*)(?:(def|async[ \t]+def)\b|if[ \t]+(?:\w+\.)*(TYPE_CHECKING)[ \t]*:|"
    r"(?:[^\n]*?[;:][ \t]*)?from[ \t]+([.\w \t]+?)[ \t]*\bimport[ \t]*\(?([^)\n;]*)|"
    r"(?:[^\n]*?[;:][ \t]*)?import[ \t]+([\w., \t]+)|\S)",
    re.MULTILINE,
)
_OPEN_LIST = re.compile(r"\bimport[ \t]*\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class ScannedImports:
    """`imports` at module level; `local_modules`: what functions import, which may or may not run."""

    imports: tuple[ImportFact, ...]
    local_modules: frozenset[str]


def scanned_imports(content: bytes) -> ScannedImports:
    """Find imports line by line; function bodies by their indentation."""
    text = without_literals(text_of(content)).replace("\\\n", "  ")
    text = _OPEN_LIST.sub(lambda found: "import " + " ".join(found[1].split()), text)
    outside: list[ImportFact] = []
    inside: set[str] = set()
    body = -1
    for match in _LINE.finditer(text):
        indent = len(match[1].expandtabs())
        if body >= 0 and indent <= body:
            body = -1
        if match[2] or match[3]:
            if body < 0:
                body = indent
            continue
        for fact in _imports(match):
            if body < 0:
                outside.append(fact)
            else:
                inside.add("." * fact.level + fact.module)
    return ScannedImports(tuple(outside), frozenset(inside))


def module_imports(content: bytes, own_tops: frozenset[str]) -> tuple[ImportFact, ...]:
    """Imports that run when a file is imported; exact where functions of it import modules of `own_tops`."""
    scanned = scanned_imports(content)
    if any(module.startswith(".") or module.partition(".")[0] in own_tops for module in scanned.local_modules):
        facts = facts_of(content)
        if not facts.error:
            return tuple(fact for fact in facts.imports if fact.when == "import")
    return scanned.imports


def without_literals(text: str) -> str:
    """Python text with its comments gone and its strings emptied; lines keep their places."""
    return _NOT_CODE.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    text = match[0]
    return "\n" * text.count("\n") if text[0] == "#" or "\n" in text else "''"


def _imports(match: re.Match[str]) -> Iterator[ImportFact]:
    if match[4]:
        written = match[4].replace(" ", "").replace("\t", "")
        module = written.lstrip(".")
        names = tuple(part.split()[0] for part in match[5].split(",") if part.split())
        yield ImportFact(module, len(written) - len(module), names, 0, "import")
    elif match[6]:
        for part in match[6].split(","):
            if part.split():
                yield ImportFact(part.split()[0], 0, (), 0, "import")
