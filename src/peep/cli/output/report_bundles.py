"""Problems of bundles and of places for archives, as the lines of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peep.cli.output.report_parts import plain
from peep.errors import FileNameTaken, Problem
from peep.place_faults import BundleFileFault, DigestDiffers, FileState, IncompleteTarget, UnpulledFile

_STATES = {
    FileState.CHANGED: "is not what bundle.json says",
    FileState.MISSING: "is missing",
    FileState.FOREIGN: "is not listed in bundle.json",
    FileState.NOT_A_FILE: "is no plain file",
}


def bundle_lines(problems: Sequence[Problem]) -> list[str]:
    """A line for each file of a bundle that is not as listed, and for a bundle that is another one, each once."""
    return list(dict.fromkeys(_bundle_lines(problems)))


def _bundle_lines(problems: Sequence[Problem]) -> Iterator[str]:
    for problem in problems:
        match problem:
            case DigestDiffers():
                yield f"this is the bundle {problem.got}, and {problem.expected} was asked for"
            case BundleFileFault():
                yield f"{plain(problem.path)}: {_STATES[problem.state]}"
            case UnpulledFile():
                yield f"{plain(problem.path)}: is a Git LFS pointer to the listed file: run `git lfs pull`"
            case _:
                pass  # other kinds stand in blocks of their own


def taken_line(problem: FileNameTaken) -> str:
    """A line that names both archives."""
    listed = " and ".join(map(str, problem.hashes))
    return f"{plain(problem.filename)}: {listed}"


def incomplete_entries(problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Lines of what each target lacks, by the target's name, both sorted."""
    found: dict[str, list[str]] = {}
    for problem in sorted({one for one in problems if isinstance(one, IncompleteTarget)}):
        found.setdefault(problem.target, []).append(f"{plain(problem.requirement)}: {plain(problem.reason)}")
    return found
