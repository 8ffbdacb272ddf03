"""Comparisons inside the test's own process: what the sandboxed child does, without starting one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peep.examine.analysis import answer_to
from peep.examine.answer import decoded_comparison
from peep.examine.types import Comparison, Hit
from support.releases import TextRelease


def ordered(folder: Path) -> list[tuple[str, str, str]]:
    """The archives of a folder, as a child is told of them."""
    order: list[tuple[str, str, str]] = []
    for path in sorted(folder.iterdir(), key=lambda path: ("none-any" not in path.name, path.name)):
        role = "wheel" if path.suffix == ".whl" else "sdist"
        if role == "wheel" and any(known == "wheel" for _, _, known in order):
            role = "other-wheel"
        order.append((path.name, str(path), role))
    return order


def compared(old: Path | None, new: Path) -> Comparison:
    """Compare the archives of two folders."""
    answer: dict[str, Any] = answer_to({"old": ordered(old) if old is not None else None, "new": ordered(new)})
    return decoded_comparison(answer["comparison"])


def compared_releases(tmp_path: Path, old: TextRelease | None, new: TextRelease) -> Comparison:
    """Write and compare two releases."""
    before = old.write(tmp_path / "old") if old is not None else None
    return compared(before, new.write(tmp_path / "new"))


def rules_of(hits: tuple[Hit, ...]) -> set[str]:
    return {hit.rule for hit in hits}
