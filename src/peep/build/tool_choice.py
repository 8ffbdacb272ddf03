"""Choice of build tools among the versions that build constraints list, for one build at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.version import Version

from peep.dataclass import dataclass
from peep.formats.dependency_specifiers import version_or_none
from peep.model import PinnedRequirement

Listed = Mapping[str, Sequence[PinnedRequirement]]
"""What builds may use: normalised project name -> one pin for each listed version or URL."""

_MOST_ATTEMPTS = 200
"""Choices tried for one build: lists with many versions of many tools could otherwise take for ever."""

NOT_LISTED = "no build constraint pins it"


def tool_key(pin: PinnedRequirement) -> str:
    """The name of one pin among all those that builds may use: builds may use several versions of one project."""
    return f"{pin.name} {pin.version if pin.version is not None else pin.url}"


def newest_first(pins: Iterable[PinnedRequirement]) -> list[PinnedRequirement]:
    """Pins by version (PEP 440), the newest first; URLs and texts that are no version last, in their order."""
    return sorted(pins, key=_age, reverse=True)


def _age(pin: PinnedRequirement) -> tuple[bool, Version]:
    version = version_or_none(pin.version or "")
    return version is not None, version or Version("0")


def objection(requirement: Requirement, pin: PinnedRequirement) -> str:
    """Why a pin does not serve a requirement; '' when it does."""
    if not (pin.hashes or pin.listed_files):
        return f"{pin.location} pins it without a hash"
    if requirement.url is not None and requirement.url != pin.url:
        return f"it is wanted from a URL of its own, and {pin.location} does not pin that URL"
    if pin.version is None or not requirement.specifier:
        return ""
    version = version_or_none(pin.version)
    fits = version is not None and requirement.specifier.contains(version, prereleases=True)
    return "" if fits else f"{pin.location} pins version {pin.version}"


def fitting(requirement: Requirement, pins: Iterable[PinnedRequirement]) -> list[PinnedRequirement]:
    """Those pins that serve a requirement, the newest first."""
    return [pin for pin in newest_first(pins) if not objection(requirement, pin)]


@dataclass(frozen=True, slots=True)
class Clash:
    """A requirement that the choices made before it leave no pin for; another one of `culprits` may help."""

    culprits: tuple[PinnedRequirement, ...]


def search(
    attempt: Callable[[frozenset[str]], Sequence[Clash]], listed: Listed, most: int = _MOST_ATTEMPTS
) -> frozenset[str] | None:
    """The fewest pins (by `tool_key`) to pass over, so that `attempt` meets no clash; None when there are no such.

    `attempt` makes the choices for one build without the pins that it is given, and tells the clashes. Whatever
    choice is free of clashes lacks one culprit of each clash, or more: so none is missed.
    """
    waiting = deque([frozenset[str]()])
    tried: set[frozenset[str]] = set()
    while waiting and len(tried) < most:
        avoided = waiting.popleft()
        if avoided in tried:
            continue
        tried.add(avoided)
        clashes = attempt(avoided)
        if not clashes:
            return avoided
        for culprit in clashes[0].culprits:
            key = tool_key(culprit)
            if any(tool_key(other) not in {key, *avoided} for other in listed[culprit.name]):
                waiting.append(avoided | {key})
    return None
