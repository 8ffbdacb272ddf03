"""Runs `peep audit` in this process, at a fixed time, and gives back its status and its JSON report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from peep.cli.main import run
from support.osv import write_zip

NOW = "2026-11-26T07:00:00Z"
"""Two hours and a bit after the newest of the records that tests make."""


@dataclass
class AuditRun:
    """A folder with a snapshot and requirements files, and the audits that are run there."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    said: str = ""
    """Standard error of the last run."""
    arguments: list[str] = field(default_factory=lambda: ["--offline", "--at", NOW])

    @property
    def snapshot(self) -> Path:
        return self.folder / "advisories.zip"

    def records(self, *records: Mapping[str, Any]) -> None:
        write_zip(self.snapshot, records)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def printed(self, *words: str, default: bool = True) -> tuple[int, str]:
        """Status and standard output; `default`: judged by the snapshot of the folder."""
        advisories = ["--advisories", str(self.snapshot)] if default else []
        self.capsys.readouterr()
        status = run(["audit", *self.arguments, *advisories, *words])
        captured = self.capsys.readouterr()
        self.said = captured.err
        return status, captured.out

    def report(self, *words: str, default: bool = True) -> tuple[int, dict[str, Any]]:
        """Status and report."""
        status, printed = self.printed("--format", "json", *words, default=default)
        return status, json.loads(printed)

    def pins(self, *lines: str) -> list[str]:
        """Write requirements.txt; what names it on the command line."""
        return ["-r", str(self.file("requirements.txt", "".join(f"{line}\n" for line in lines)))]


def kinds(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Kind, level and project of each finding, in order."""
    return [(one["kind"], one["level"], one["name"]) for one in report["findings"]]


def reasons(report: Mapping[str, Any]) -> list[str]:
    return [one["reason"] for one in report["incomplete"]]


def ids_of(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    return [one["id"] for one in findings]
