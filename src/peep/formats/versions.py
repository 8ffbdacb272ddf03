"""Version equality (PEP 440): of two texts, and of a pin with a file's or project's version."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from peep.model import PinnedRequirement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packaging.version import Version


def same_version(one: str, other: str) -> bool:
    """Whether two texts name one version: by PEP 440, with `_` for `-` and `+` as file names have it; else as text."""
    if one == other:
        return True
    left, right = (
        _parsed(one) or _parsed(one.replace("_", "+", 1)),
        _parsed(other) or _parsed(other.replace("_", "+", 1)),
    )
    if left is None or right is None:
        return one.replace("_", "-").lower() == other.replace("_", "-").lower()
    return left == right


class VersionMatch(IntEnum):
    """How well a version fits a pin; a greater one is preferred."""

    NONE = 0
    LOCAL = 1
    """The pin is a public version and the file has a local label besides."""
    EXACT = 2


class PinnedVersion:
    """Compares version texts with a pin's, each distinct text once."""

    def __init__(self, pin: PinnedRequirement) -> None:
        self._text = pin.version
        self._is_arbitrary = pin.arbitrary_equality
        self._known: dict[str, VersionMatch] = {}

    def match(self, text: str) -> VersionMatch:
        """Compare `text`, as a file name states it.

        PEP 440, "version matching": equal after normalisation and zero padding; a candidate's local label is ignored
        where the pin has none. "Arbitrary equality" (`===`): text against text, without regard to case. A version that
        PEP 440 does not know (`2012j`) matches the very same text only.

        A pin without a version takes any; '' (a name that states no version) matches all, as only files that a
        requirement states itself may have such names.
        """
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._compare(text)
        return known

    def _compare(self, text: str) -> VersionMatch:
        if self._text is None or text in {"", self._text}:
            return VersionMatch.EXACT
        # Here at last, since `packaging` takes 10 ms to import and equal texts are the rule.
        wanted = None if self._is_arbitrary else _parsed(self._text)
        version = None if wanted is None else _parsed(text)
        if wanted is None or version is None:
            # A wheel's file name writes "_" for "-" (PEP 427, escaping).
            same = text.lower().replace("-", "_") == self._text.lower().replace("-", "_")
            return VersionMatch.EXACT if same else VersionMatch.NONE
        if version == wanted:
            return VersionMatch.EXACT
        # A pin with a local label equals no version without one, so only public pins come to match here.
        if version.local is not None and _parsed(version.public) == wanted:
            return VersionMatch.LOCAL
        return VersionMatch.NONE


def version_in_name(text: str) -> Version | None:
    """The version that a part of a file name states, with `_` for `-`; None for one that PEP 440 does not know."""
    return _parsed(text.replace("_", "-"))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Version | None:
    from packaging.version import Version  # noqa: PLC0415 -- see `PinnedVersion`

    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of more digits than Python converts
        return None
