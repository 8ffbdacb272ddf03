"""Old files that can hold what was found in a new release: most are spared the analysis."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable

_WORD = re.compile(r"\w+")
_NAME = re.compile(r"(?:\*|\w+)(?:\.\w+)*", re.ASCII)
_SPELLINGS = {"*.decode": r"decode|encode", "os.environ": r"environb?"}
"""How the last part of a name is written, where it is not written as it is told."""
_IMPORTING = r"__import__|import_module|modules|builtins|__builtins__|globals|locals|vars"
"""One of these words stands in a file that gets at a module, or a built-in function, by a text."""
_LOOKING_UP = rf"getattr|__dict__|{_IMPORTING}"
"""One of these words stands in a file that gets at a function by a text."""
_PLAIN_COOKIE = re.compile(rb"coding[:=][ \t]*(?:utf-?8|us-ascii|ascii)\b", re.IGNORECASE)


def may_have_lines(evidence: Iterable[str]) -> Callable[[bytes], bool]:
    """A test of whether a file may have one of some lines."""
    words = {max(_WORD.findall(one), key=len, default="").encode("utf-8", "surrogateescape") for one in evidence}
    return lambda content: any(word in content for word in words)


def may_call(calls: Collection[str]) -> Callable[[bytes], bool]:
    """A test of whether a Python file may make one of some calls, which are named as resolved: `os.system`.

    The first and the last part of such a name stand in a file as they are written, unless it makes texts of them.
    """
    if not all(map(_NAME.fullmatch, calls)):
        return lambda _content: True
    wanted = [tuple(map(re.compile, _both_parts(call))) for call in sorted(calls)]

    def test(content: bytes) -> bool:
        text = _normalised(content)
        return text is None or any(first.search(text) and last.search(text) for first, last in wanted)

    return test


def _both_parts(call: str) -> tuple[str, str]:
    first, last = call.split(".", maxsplit=1)[0], call.rpartition(".")[2]
    return (
        "" if first == "*" else rf"\b(?:{first}|{_IMPORTING})\b",
        rf"\b(?:{_SPELLINGS.get(call, last)}|{_LOOKING_UP})\b",
    )


def _normalised(content: bytes) -> str | None:
    """A text with its names as Python reads them (NFKC); None where it may be in another encoding than UTF-8."""
    if any(b"coding" in line and not _PLAIN_COOKIE.search(line) for line in content.split(b"\n", 2)[:2]):
        return None
    try:
        return unicodedata.normalize("NFKC", content.decode("utf-8"))
    except UnicodeDecodeError:
        return None
