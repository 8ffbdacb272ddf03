"""Hosts that a file names in addresses, and new ones that could be mistaken for one of before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from peep.examine.facts import Literal
from peep.examine.lookalikes import is_near

_HOST = re.compile(
    r"\b(?:https?|wss?|ftp)://(?:[^/@\s]{1,100}@)?([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9})", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+")
_LABELS = 2
"""Labels at the end of a host that somebody registers, as a rule."""


def named_hosts(literals: Iterable[Literal]) -> dict[str, Literal]:
    """Hosts by lower-case name, with the first text that names each."""
    found: dict[str, Literal] = {}
    for literal in literals:
        if "://" in literal.text:
            for host in _HOST.findall(literal.text[:100_000]):
                found.setdefault(host.lower(), literal)
    return found


def lookalikes_among(before: Iterable[str], now: Iterable[str]) -> Iterator[tuple[str, str]]:
    """New hosts, each with the one of before that it is nearly called like; numbered ones of a row are not."""
    known = {_registered(host): host for host in before}
    for host in now:
        domain = _registered(host)
        if domain not in known:
            similar = (other for other in known if _DIGITS.sub("", other) != _DIGITS.sub("", domain))
            near = next((other for other in similar if is_near(domain, other)), "")
            if near:
                yield host, known[near]


def _registered(host: str) -> str:
    return ".".join(host.split(".")[-_LABELS:])
