"""View of a joint group on a project's releases: candidates with a usable file for every member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from peep.locking.candidates import ProjectPage
from peep.locking.edges import Edge
from peep.locking.group_judge import Candidate, KnownPin, Unusable, ViewSources
from peep.locking.target_groups import JointGroup

_MOST_EXPECTED = 8
"""Releases of one project of which the metadata is asked for ahead."""


class GroupView:
    """Releases as one group sees them, asked for as they are needed and remembered."""

    def __init__(self, group: JointGroup, sources: ViewSources, preferred: Mapping[str, Version]) -> None:
        """`preferred`: versions that groups solved before chose, by name."""
        self.group = group
        self._judge = sources.judge(group)
        self.judge = self._judge.markers
        self.looked_at: dict[str, frozenset[int]] = {}
        """Thresholds in the page of a project, of the releases that were looked at."""
        self._sources = sources
        self._facts = sources.facts
        self._preferred = preferred
        self._candidates: dict[tuple[str, int], Candidate | Unusable] = {}
        self._passed_over: dict[tuple[str, int], Unusable] = {}
        self._tried: dict[str, int] = {}
        """How many releases of a project were looked at before the last one."""
        self._orders: dict[str, tuple[int, ...]] = {}

    def page(self, project: str) -> ProjectPage:
        return self._sources.pages.page(project)

    def is_upgraded(self, project: str) -> bool:
        """Tell whether others are to give way to a project."""
        return project in self._sources.upgraded

    def kept(self, project: str) -> tuple[KnownPin, ...]:
        """Give back the pins of the present lock that hold for this group, newest first."""
        return self._judge.kept(project)

    def mask(self, project: str, specifier: SpecifierSet) -> int:
        """Give back the releases within `specifier` as bits, bit 0 the newest; pre-releases count as others do."""
        return self._facts.mask(self.page(project), specifier)

    def order(self, project: str) -> tuple[int, ...]:
        """Give back numbers of releases in the order of trying: kept, chosen by groups before, newest first."""
        known = self._orders.get(project)
        if known is None:
            page = self.page(project)
            preferred = self._preferred.get(project)
            first = [pin.version for pin in self._judge.kept(project)]
            first += [preferred] if preferred is not None else []
            numbers = self._facts.numbers(page)
            ahead = list(dict.fromkeys(numbers[version] for version in first if version in numbers))
            admitted = self._admitted_numbers(page)
            is_in_order = ahead == list(admitted[: len(ahead)])
            others = () if is_in_order else (number for number in admitted if number not in ahead)
            known = self._orders[project] = tuple(admitted) if is_in_order else (*ahead, *others)
        return known

    def _admitted_numbers(self, page: ProjectPage) -> Sequence[int]:
        """Leave out pre-releases, unless asked for by a specifier, `--pre`, or for want of a final release."""
        if self._facts.policy.allows_pre_releases or page.project in self._sources.admission.pre_releases:
            return range(len(page.versions))
        return self._facts.finals(page)

    def candidate(self, project: str, number: int) -> Candidate | Unusable:
        """Judge a release for all members: its files first, then what their metadata says."""
        key = project, number
        known = self._candidates.get(key)
        if known is None:
            self._expect_others(project, number)
            release = self.page(project).releases[number]
            self.looked_at[project] = self.looked_at.get(project, frozenset()) | self._judge.thresholds(release)
            known = self._candidates[key] = self._judge.candidate(release)
        return known

    def _expect_others(self, project: str, number: int) -> None:
        """Tell of the releases after this one, as many as were looked at before: whoever turned those down goes on."""
        tried = self._tried[project] = self._tried.get(project, -1) + 1
        order = self.order(project) if tried else ()
        start = order.index(number) + 1 if number in order else len(order)
        for following in order[start : start + min(tried, _MOST_EXPECTED)]:
            release = self.page(project).releases[following]
            for member in self.group.members:
                chosen = self._judge.file_choice(release, member).chosen
                if chosen is not None and (project, following) not in self._candidates:
                    self._sources.expect(release, chosen)

    def judged(self, project: str, number: int) -> Candidate | Unusable | None:
        """Give back what is known of a release without asking for anything; None: it was not looked at.

        Pre-releases that are not admitted are unusable without a look.
        """
        if number not in self.order(project):
            release = self.page(project).releases[number]
            return Unusable(release, "is a pre-release, which nothing asks for", is_passed_over=True)
        key = project, number
        return self._candidates.get(key) or self._passed_over.get(key)

    def passes_over(self, project: str, number: int) -> bool:
        """Note that a release is not to be looked into, and give back True, if a member could only build it."""
        release = self.page(project).releases[number]
        choices = [self._judge.file_choice(release, member) for member in self.group.members]
        if not any(choice.needs_build for choice in choices):
            return False
        reason = "has a source archive alone, as newer ones that would have to be built, and was not looked into"
        passed_over = Unusable(release, reason, is_passed_over=True, has_source_alone=True)
        self._passed_over[project, number] = passed_over
        return True

    def edges(self, candidate: Candidate, extra: str = "") -> tuple[Edge, ...]:
        """Give back requirements that hold in the group: without an extra, or those that only `extra` brings."""
        if not extra:
            return tuple(edge for edge in candidate.edges if self.judge.holds(edge.marker))
        return tuple(
            edge
            for edge in candidate.edges
            if edge.marker and self.judge.holds(edge.marker, extra) and not self.judge.holds(edge.marker)
        )
