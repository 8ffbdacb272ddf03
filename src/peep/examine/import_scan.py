"""Scan for module-level imports, without parsing: for unchanged files, quick, and never too few.

Strings and comments are blanked by one regular expression; what then looks like an import outside of a function body
counts; what function bodies import is told apart, for only the exact analysis knows whether they run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from peep.dataclass import dataclass
from peep.examine.facts import ImportFact
from peep.examine.file_kinds import text_of

_NOT_CODE = re.compile(
    r"#[^\n]*|'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^\\'\n])*'|\"(?:\\.|[^\\\"\n])*\"", re.DOTALL
)
_LINE = re.compile(
    r"^([ \t]*)(?![ \t])(?:(def|async[ \t]+def)\b|if[ \t]+(?:\w+\.)*(TYPE_CHECKING)[ \t]*:|"
    r"(?:[^\n]*?[;:][ \t]*)?from(?:[ \t]+|(?=\.))([.\w]+(?:[ \t]+[.\w]+)*?)[ \t]*\bimport\b[ \t]*\(?([^)\n;]*)|"
    r"(?:[^\n]*?[;:][ \t]*)?import[ \t]+([\w., \t]+)|\S)",
    re.MULTILINE,
)
"""Blanks are taken whole and words one by one: what does not match is given up in time that grows as the line does."""
_OPEN_LIST = re.compile(r"\bimport[ \t]*\(([^()]*)\)")

_IMPORT_WORD = re.compile(r"(?<!\w)import(?!\w)")
_REST = re.compile(
    r"import(?:[ \t]|\\\n)*\((?:[^()#]|#[^\n]*\n){0,20000}\)(?:\\\n|[^\n])*"
    r"|import(?!(?:[ \t]|\\\n)*\()(?:\\\n|[^\n])*"
)
"""An import with its list in brackets, in which comments may stand, or with all lines that backslashes make one."""
_CALLING = (
    b"importlib", b"import_module", b"__import__", b"builtins", b"globals", b"locals", b"vars", b"modules", b"__main__",
)  # fmt: skip
"""Words of files that may import by calling, or only when they are run as a program: a scan does not tell."""
_SEVERAL = re.compile(r"^([ \t]*)(?![ \t])[^\n;]*;[^\n]*", re.MULTILINE)
_SHORT_FUNCTION = re.compile(
    r"^([ \t]*)(?![ \t])((?:async[ \t]+)?def\b[^\n]*:)[ \t]*(?=(?:import|from)\b)", re.MULTILINE
)
_FORM_FEED = re.compile(r"(?:\n|\A)[ \t\f]*\f")
_CHECKING = "TYPE_CHECKING"
_GUARD = re.compile(r"[ \t]*if[ \t]+(?:\w+\.)*TYPE_CHECKING[ \t]*:")
_IMPORTED = re.compile(r"\bimport\b")
_NAMED = re.compile(r"\bTYPE_CHECKING\b")


@dataclass(frozen=True, slots=True)
class ScannedImports:
    """`imports` at module level; `local`: what functions import, which may or may not run at import."""

    imports: tuple[ImportFact, ...]
    local: tuple[ImportFact, ...]


def scanned_imports(content: bytes) -> ScannedImports:
    """Find imports line by line; function bodies by their indentation."""
    text = _joined(_importing_part(_source(content)))
    outside: list[ImportFact] = []
    inside: list[ImportFact] = []
    body = -1
    for match in _LINE.finditer(text):
        if body >= 0 and match[0][-1] not in ")]}" and len(match[1].expandtabs()) <= body:
            body = -1
        if match[2] or match[3]:
            if body < 0:
                body = len(match[1].expandtabs())
            continue
        if match[4] or match[6]:
            (outside if body < 0 else inside).extend(_imports(match))
    return ScannedImports(tuple(outside), tuple(inside))


def is_scan_certain(content: bytes) -> bool:
    """Whether the exact analysis of a file would find all of a scan's `imports`, some of its `local`, no others."""
    if any(word in content for word in _CALLING):  # in texts too: a name may be made of one
        return False
    text = _joined(without_literals(_source(content))) if _CHECKING.encode() in content else ""
    return all(_is_plain(line) for line in text.split("\n") if _CHECKING in line)


def _is_plain(line: str) -> bool:
    """Whether a line that has the word is a plain guard, or imports the name, and does nothing else with it."""
    found = _NAMED.search(line)
    if found is None or line.count(_CHECKING) > 1:
        return False
    return _GUARD.match(line) is not None or _IMPORTED.search(line, 0, found.start()) is not None


def _source(content: bytes) -> str:
    """Text whose lines end where Python ends them, and are indented as it counts: anew behind a form feed."""
    text = text_of(content).removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _FORM_FEED.sub("\n", text).replace("\f", " ") if "\f" in text else text


def _importing_part(text: str) -> str:
    """The beginning of a text, without literals, that holds all its imports: most have none behind the first lines."""
    position = text.rfind("import")
    while position >= 0 and not _IMPORT_WORD.match(text, position):
        position = text.rfind("import", 0, position)
    found = _REST.match(text, position) if position >= 0 else None
    if found is None:
        return without_literals(text) if position >= 0 else ""
    part = _without_literals(text, found.end())
    is_open = part.rfind("(") > part.rfind(")")  # the word stands in a comment inside of a list
    return without_literals(text) if is_open else part


def _without_literals(text: str, end: int) -> str:
    """As `without_literals`, of the beginning of a text up to `end` or the end of the literal that reaches over it."""
    parts: list[str] = []
    done = 0
    for match in _NOT_CODE.finditer(text):
        if match.start() >= end:
            break
        parts += (text[done : match.start()], _blank(match))
        done = match.end()
    return "".join((*parts, text[done : max(done, end)]))


def _joined(text: str) -> str:
    """A line for each statement: those that go on in the next one, and lists of names in brackets, on one line."""
    closed, end, rest = text.replace("\\\n", "  ").rpartition(")")
    text = _OPEN_LIST.sub(lambda found: "import " + " ".join(found[1].split()), closed + end) + rest
    if ";" in text:
        text = _SEVERAL.sub(lambda found: found[0].replace(";", f"\n{found[1]}"), text)
    return _SHORT_FUNCTION.sub(r"\1\2\n\1 ", text)


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
            words = " ".join(part.split()).replace(" .", ".").replace(". ", ".").split()
            if words:
                yield ImportFact(words[0], 0, (), 0, "import")
