"""Version equality between a pin and a file name (PEP 440)."""

from __future__ import annotations

from enum import IntEnum

from packaging.version import Version

from peep.model import PinnedRequirement


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
        self._wanted = None if pin.version is None or pin.arbitrary_equality else _parsed(pin.version)
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
        version = _parsed(text) if self._wanted else None
        if self._wanted is None or version is None:
            # A wheel's file name writes "_" for "-" (PEP 427, escaping).
            same = text.lower().replace("-", "_") == self._text.lower().replace("-", "_")
            return VersionMatch.EXACT if same else VersionMatch.NONE
        if version == self._wanted:
            return VersionMatch.EXACT
        # A pin with a local label equals no version without one, so only public pins come to match here.
        if version.local is not None and Version(version.public) == self._wanted:
            return VersionMatch.LOCAL
        return VersionMatch.NONE


def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of more digits than Python converts
        return None
