"""Crash points: named moments of a transaction, at which tests end the process."""

from __future__ import annotations

from typing import Protocol


class CrashPoints(Protocol):
    """Told before each step that changes something on disk."""

    def reached(self, step: str) -> None: ...


class NoCrashPoints:
    """Nobody wants to know."""

    def reached(self, step: str) -> None: ...
