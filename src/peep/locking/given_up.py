"""Reasons why kept pins could not stay, found by what a solution looked at and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from peep.locking.group_judge import Candidate, Unusable
from peep.locking.group_view import GroupView
from peep.locking.solution import GivenUp


def given_up(chosen: Mapping[str, Candidate], view: GroupView) -> Iterator[GivenUp]:
    """Tell of each kept pin of the `chosen` projects that gave way what it is that speaks against it.

    What others require of it is no matter of the pin, and told elsewhere.
    """
    for name, candidate in chosen.items():
        versions = {pin.version for pin in view.kept(name)} - {candidate.release.version}
        if not versions:
            continue
        numbers = {version: number for number, version in enumerate(view.page(name).versions)}
        for version in sorted(versions):
            if version not in numbers:
                yield GivenUp(name, version, f"no index offers {name} {version}")
                continue
            for reason in _objections(name, numbers[version], chosen, view):
                yield GivenUp(name, version, reason)


def _objections(name: str, number: int, chosen: Mapping[str, Candidate], view: GroupView) -> Iterable[str]:
    found = view.judged(name, number)
    title = f"{name} {view.page(name).releases[number].text}"
    match found:
        case Unusable():
            yield f"{title} {found.reason}"
        case Candidate():
            for edge in view.edges(found):
                other = chosen.get(edge.name)
                if other is not None and not edge.specifier.contains(other.release.version, prereleases=True):
                    yield f"{title} requires {edge}"
        case None:
            return
