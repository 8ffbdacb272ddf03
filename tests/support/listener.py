"""A reporter that remembers what it was told."""

from __future__ import annotations

from peep.reporting import SilentReporter


class Listener(SilentReporter):
    """Keeps texts by kind, in order, and how much work was done of each kind; downloads go by unheard."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.details: list[str] = []
        self.work: dict[str, int] = {}

    def warning(self, text: str) -> None:
        self.warnings.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def detail(self, text: str) -> None:
        self.details.append(text)

    def worked(self, what: str) -> None:
        self.work[what] = self.work.get(what, 0) + 1
