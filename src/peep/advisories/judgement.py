"""Pins against the advisories that are known of them: findings, and what could not be judged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.advisories.findings import AuditedPin, Finding, UnjudgedPin
from peep.advisories.fixes import FixFinder
from peep.advisories.grouping import AdvisoryGroup, finding_of, groups_of
from peep.advisories.lookup import Known, Wanted
from peep.advisories.matching import Match, is_unjudged, just_above, match
from peep.advisories.record import Advisory
from peep.advisories.severity import Rater
from peep.dataclass import dataclass, replace


@dataclass(frozen=True, slots=True)
class Judgement:
    """What advisories say of some pins. `remarks` are for `-v`: pins just above a `last_affected`."""

    findings: tuple[Finding, ...]
    unjudged: tuple[UnjudgedPin, ...]
    remarks: tuple[str, ...] = ()


def wanted_for(pins: Iterable[AuditedPin]) -> Wanted:
    """What a snapshot must be asked for to judge these pins."""
    names: set[str] = set()
    digests: set[str] = set()
    for pin in pins:
        names.add(pin.name)
        digests |= pin.sha256s
    return Wanted(frozenset(names), frozenset(digests))


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
        findings: list[Finding] = []
        unjudged: list[UnjudgedPin] = []
        remarks: list[str] = []
        for pin in pins:
            advisories = self._about(pin)
            if not advisories:
                continue
            matches = {one.id: found for one in advisories if (found := match(one, pin)) is not None}
            if matches:
                findings += self._findings(pin, advisories, matches)
            elif is_unjudged(pin, advisories):
                unjudged.append(UnjudgedPin(pin.name, "unknown-version", pin.places))
            remarks += _remarks(pin, [one for one in advisories if one.id not in matches])
        return Judgement(tuple(findings), tuple(unjudged), tuple(remarks))

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


def with_fixes(
    findings: Iterable[Finding], finder: FixFinder, ignored: Mapping[tuple[str, str | None], frozenset[str]]
) -> list[Finding]:
    """The findings, each with the version that no advisory affects.

    `ignored` has, by name and version of a pin, the ids of records that are suppressed for it.
    """
    return [
        replace(one, fix=finder.fix(one.name, one.version or "", ignored.get((one.name, one.version), frozenset())))
        for one in findings
    ]
