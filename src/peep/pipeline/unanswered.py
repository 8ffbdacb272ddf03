"""Sources that could not be asked: when the rest of them is enough, and what is told when it is not.

A hash decides what is installed, not the index: where the others offer a file that is listed, one that fails costs a
warning (docs/decisions/0050).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from peep.errors import FetchFailure, HashMismatch, NoUsableFile, Problem
from peep.index.answers import SourceFailure
from peep.index.preference import HashStatus, hash_status_of
from peep.model import Candidate, PinnedRequirement

_MOST_NAMES = 3


def is_needed(pin: PinnedRequirement, chosen: Candidate | NoUsableFile) -> bool:
    """Whether a source that failed may be the only one with a file for `pin`: the others offer none that may be listed.

    For a pin without hashes the first index that has the project counts (THREATS N12), so that all must answer.
    """
    if not isinstance(chosen, Candidate) or not pin.hashes:
        return True
    return hash_status_of(chosen.file, pin) is HashStatus.UNLISTED


def is_unserved(pin: PinnedRequirement, problems: Iterable[Problem]) -> bool:
    """Whether what was fetched for `pin` from the others did not come, or was another file than the listed one."""
    return any(
        (isinstance(problem, FetchFailure) and problem.pin is pin)
        or (isinstance(problem, HashMismatch) and problem.candidate.pin is pin)
        for problem in problems
    )


def failures_as_problems(pin: PinnedRequirement, failures: Iterable[SourceFailure]) -> list[Problem]:
    """A problem for each source that failed."""
    return [FetchFailure(pin, "", str(failure.error), failure.error.hint) for failure in failures]


def warnings_about(
    missed: Sequence[tuple[PinnedRequirement, Collection[SourceFailure]]], of_folders: Collection[str] = ()
) -> list[str]:
    """One line for each source that failed, with the projects that came from others all the same.

    `of_folders`: names of those that lay in a local folder: where all do, the index need not be asked at all.
    """
    first: dict[str, SourceFailure] = {}
    names: dict[str, list[str]] = {}
    for pin, failures in missed:
        for failure in failures:
            first.setdefault(failure.source, failure)
            names.setdefault(failure.source, []).append(pin.name)
    return [
        _warning(failure, names[source], has_folder={*names[source]} <= {*of_folders})
        for source, failure in first.items()
    ]


def _warning(failure: SourceFailure, names: Sequence[str], *, has_folder: bool) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    hint = f" ({failure.error.hint})" if failure.error.hint else ""
    advice = ": --no-index keeps to the folder" if has_folder else ""
    return f"{failure.error}{hint}; other sources offer what is listed for {shown}{more}{advice}"
