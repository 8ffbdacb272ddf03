"""Pins against the advisories that are known of them: findings, and what could not be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.advisories.findings import AuditedPin, Finding
from peep.advisories.grouping import AdvisoryGroup, finding_of, groups_of
from peep.advisories.lookup import Known, WantedAdvisories
from peep.advisories.matching import Match, is_unjudged, just_above, match
from peep.advisories.record import Advisory
from peep.advisories.severity import Rater
from peep.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Judgement:
    """What advisories say of some pins. `remarks` are for `-v`: pins just above a `last_affected`."""

    findings: tuple[tuple[int, Finding], ...]
    """Each beside the number of its pin."""
    unjudged: frozenset[int]
    """Numbers of pins that can't be compared with what is known of their projects."""
    remarks: tuple[str, ...] = ()


def wanted_for(pins: Iterable[AuditedPin]) -> WantedAdvisories:
    """What a snapshot must be asked for to judge these pins."""
    names: set[str] = set()
    digests: set[str] = set()
    for pin in pins:
        names.add(pin.name)
        digests |= pin.sha256s
    return WantedAdvisories(frozenset(names), frozenset(digests))


class Judge:
    """Judges pins one by one; the groups of a project are made once."""

    def __init__(self, known: Known, rate: Rater) -> None:
        self._by_project = known.by_project()
        self._by_digest = known.by_digest()
        self._rate = rate
        self._groups: dict[str, tuple[AdvisoryGroup, ...]] = {}

    def of_project(self, name: str) -> Sequence[Advisory]:
        return self._by_project.get(name, ())

    def judge(self, pins: Iterable[AuditedPin]) -> Judgement:
        """Judge pins, whose numbers are their positions."""
        findings: list[tuple[int, Finding]] = []
        unjudged: set[int] = set()
        remarks: list[str] = []
        for number, pin in enumerate(pins):
            advisories = self._about(pin)
            matches = {one.id: found for one in advisories if (found := match(one, pin)) is not None}
            if matches:
                findings += [(number, one) for one in self._findings(pin, advisories, matches)]
            elif not pin.version or is_unjudged(pin, advisories):
                unjudged.add(number)
            remarks += _remarks(pin, [one for one in advisories if one.id not in matches])
        return Judgement(tuple(findings), frozenset(unjudged), tuple(remarks))

    def _about(self, pin: AuditedPin) -> list[Advisory]:
        """Records of the pin's project, and those of any other that list its bytes."""
        found = list(self._by_project.get(pin.name, ()))
        if self._by_digest:
            by_digest = [one for digest in pin.sha256s for one in self._by_digest.get(digest, ())]
            found += [one for one in dict.fromkeys(by_digest) if one not in found]
        return found

    def _findings(
        self, pin: AuditedPin, advisories: Sequence[Advisory], matches: Mapping[str, Match]
    ) -> Iterator[Finding]:
        own = self._by_project.get(pin.name, ())
        if len(advisories) > len(own):  # bytes that a record of another project lists: its aliases join here, too
            groups = groups_of(advisories)
        else:
            groups = self._groups.get(pin.name) or self._groups.setdefault(pin.name, groups_of(own))
        for group in groups:
            finding = finding_of(group, matches, pin, self._rate)
            if finding is not None:
                yield finding


def _remarks(pin: AuditedPin, others: Iterable[Advisory]) -> Iterator[str]:
    for advisory in others:
        last = just_above(advisory, pin)
        if last is not None:
            yield f"{pin.name} {pin.version} is above {last}, the last version that {advisory.id} calls affected"
