"""Wishes of `--fix` for a file: affected pins, and the versions that they could go to."""

from __future__ import annotations

from peep.advisories.findings import Fix
from peep.dataclass import dataclass

Reasons = dict[tuple[str, str], tuple[str, ...]]
"""Why pins stay as they are, by name and version."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One affected pin; `fixes` are the versions above it that nothing affects, the smallest first."""

    name: str
    version: str
    paths: frozenset[str]
    fixes: tuple[Fix, ...]
    is_direct: bool = False
    """By a URL or from a repository."""

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.version

    def objection(self) -> str:
        """Why nothing can be done for it, '' when something can."""
        if self.is_direct:
            return "it is pinned by a URL, not by a version"
        return "" if self.fixes else "no version above it is free of advisories"
