"""The named moments of a transaction, so that tests can end the process at each of them."""

from __future__ import annotations

from typing import Protocol


class Steps(Protocol):
    """Told before each step that changes something on disk."""

    def reached(self, step: str) -> None: ...


class NoSteps:
    """Nobody wants to know."""

    def reached(self, step: str) -> None: ...
