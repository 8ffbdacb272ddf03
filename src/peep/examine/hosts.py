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


def may_resemble(content: bytes, hosts: Iterable[str]) -> bool:
    """Whether `lookalikes_among` can find one of `hosts` near a host that a file names, as far as its text tells.

    False only where each address in the text names a host, none of them near: most files need not be analysed to know.
    """
    wanted = {_registered(host) for host in hosts}
    text = content.decode("utf-8", "replace")
    named = _HOST.findall(text)
    if len(named) < text.count("://"):
        return True
    domains = {_registered(host.lower()) for host in named}
    return any(one != other and is_near(one, other) for one in wanted for other in domains)


def _registered(host: str) -> str:
    return ".".join(host.split(".")[-_LABELS:])
