"""Every pin that requirements files list, for any target: what is vetted, not what is installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peep.dataclass import dataclass
from peep.errors import RequirementsError, UnusableRequirement
from peep.formats.names import normalised
from peep.formats.url_secrets import redacted
from peep.formats.versions import same_version
from peep.model import HashForm, PinnedRequirement
from peep.requirements.file_parser import RequirementLine
from peep.requirements.files import RequirementsFile, in_reading_order
from peep.requirements.merging import merge
from peep.requirements.requirement_text import RequirementKind
from peep.requirements.sources import Accepted, refusal


@dataclass(frozen=True, slots=True)
class EveryPin:
    """What files list, whatever their markers say; one project may be pinned several times."""

    pins: tuple[PinnedRequirement, ...] = ()
    unusable: tuple[UnusableRequirement, ...] = ()
    """Lines that pin nothing."""
    folders: tuple[UnusableRequirement, ...] = ()
    """Local projects: no hash can vouch for one, so there is nothing to examine."""
    errors: tuple[RequirementsError, ...] = ()
    """Contradictions between lines."""


def every_pin(files: Sequence[RequirementsFile]) -> EveryPin:
    """Make a pin of each requirement line, completed by the constraints that speak of the same version."""
    lines = [entry for entry in in_reading_order(files) if isinstance(entry, RequirementLine)]
    constraints: dict[str, list[RequirementLine]] = {}
    for line in lines:
        if line.is_constraint and line.parsed.name:
            constraints.setdefault(normalised(line.parsed.name), []).append(line)
    collector = _Collector(constraints)
    for line in lines:
        if not line.is_constraint:
            collector.take(line)
    return EveryPin(tuple(collector.pins), tuple(collector.unusable), tuple(collector.folders), tuple(collector.errors))


class _Collector:
    def __init__(self, constraints: dict[str, list[RequirementLine]]) -> None:
        self._constraints = constraints
        self.pins: list[PinnedRequirement] = []
        self.unusable: list[UnusableRequirement] = []
        self.folders: list[UnusableRequirement] = []
        self.errors: list[RequirementsError] = []

    def take(self, line: RequirementLine) -> None:
        if line.parsed.kind is RequirementKind.LOCAL_PROJECT:
            self.folders.append(_refused(line, "no hash can vouch for a folder"))
            return
        if reason := refusal(line, Accepted(repository_commits=True)):
            self.unusable.append(_refused(line, reason))
            return
        if not line.parsed.name:
            self.unusable.append(_refused(line, "it does not tell which project it is; write NAME @ URL"))
            return
        constraints = self._constraints.get(normalised(line.parsed.name), [])
        pinnings = [line] if _pins(line) else [one for one in constraints if _pins(one)]
        if not pinnings:
            self.unusable.append(_refused(line, "it pins no version"))
        for pinning in pinnings:
            self._merge(line, pinning, constraints)

    def _merge(self, line: RequirementLine, pinning: RequirementLine, constraints: Iterable[RequirementLine]) -> None:
        agreeing = [one for one in constraints if one is not pinning and _is_of_the_same(one, pinning)]
        try:
            self.pins.append(merge(list(dict.fromkeys([line, pinning, *agreeing])), pinning, HashForm.OPTION))
        except RequirementsError as error:
            self.errors.append(error)


def _pins(line: RequirementLine) -> bool:
    return line.parsed.version is not None or line.parsed.kind is not RequirementKind.VERSION


def _is_of_the_same(one: RequirementLine, pinning: RequirementLine) -> bool:
    """Whether a constraint speaks of the version that is pinned; other versions stand under other markers."""
    if one.parsed.version is None or pinning.parsed.version is None:
        return False
    return same_version(one.parsed.version, pinning.parsed.version)


def _refused(line: RequirementLine, reason: str) -> UnusableRequirement:
    return UnusableRequirement(line.location, redacted(line.written), reason)
