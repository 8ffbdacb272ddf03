"""Parts that the blocks of a report are made of."""

from __future__ import annotations

from collections.abc import Iterable

from peep.cli.output.text import escape_controls, wrap
from peep.formats.url_secrets import redacted
from peep.model import PinnedRequirement

INDENT = "    "
DEEPER = INDENT * 2


def plain(text: str) -> str:
    """Give back text that others wrote on one line, with nothing in it that a terminal obeys or hides."""
    return escape_controls(text.replace("\n", "\\n"))


def heading(pin: PinnedRequirement) -> str:
    """Name a requirement: `name==version`, or its name and URL without credentials."""
    if pin.version is None and pin.url is not None:
        return plain(f"{pin.written_name} @ {redacted(pin.url)}")
    return plain(str(pin))


def places(pin: PinnedRequirement) -> str:
    """Where a requirement was written."""
    return plain(", ".join(str(location) for location in pin.locations))


def titled(title: str, place: str, lines: Iterable[str], width: int | None) -> str:
    """An entry of a list: what and where, then its facts, each a paragraph below it."""
    first = f"{INDENT}{title}{f' ({plain(place)})' if place else ''}"
    return "\n".join([first, *(hanging("", plain(line), width, DEEPER) for line in lines)])


def hanging(label: str, text: str, width: int | None, indent: str) -> str:
    """A paragraph that begins with `label` and whose further lines stand below the text, not below the label."""
    body = wrap(text, width, indent + " " * len(label))
    return indent + label + body[len(indent) + len(label) :]
