"""Gate of `--require-examined`: what a run would use, held against the vetting records.

It stands after verification and before the first build, in one report with everything else that is wrong. Without a
demand nothing here is called and no vetting file is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import Enum

from peep.dataclass import dataclass, replace
from peep.errors import Lack, NotExamined, ObjectedTo, Problem, UsageError
from peep.model import PinnedRequirement
from peep.pipeline.vetting.examined_summary import ExaminedSummary
from peep.pipeline.vetting.subjects import subjects_of
from peep.vetting.assembly import Vetting
from peep.vetting.criteria import with_implied
from peep.vetting.decision import Decision
from peep.vetting.known_versions import ExaminedVersion, KnownVersions
from peep.vetting.rules import Question
from peep.vetting.verdicts import Standing, Subject, Verdict, Word


@dataclass(frozen=True, slots=True)
class Demand:
    """That a run uses nothing but examined archives; several of them add up, and none lowers another."""

    criterion: str
    """'' for the one that the policy names."""
    place: str
    """Where it was demanded, for messages: an option, or file and line."""


class Role(Enum):
    """What a run uses an archive for."""

    INSTALLED = "installed"
    """A wheel that is to be linked or saved."""
    KEPT = "kept"
    """An installed project that stays."""
    SOURCE = "source"
    """A source archive or a commit that is to be built."""
    BUILD = "build"
    """Part of a build environment."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One archive, or one commit, that a run is about to use. A `subject` without a key: nobody knows its bytes."""

    pin: PinnedRequirement
    subject: Subject
    role: Role = Role.INSTALLED


@dataclass(frozen=True, slots=True)
class ExaminedJudgement:
    """What the gate says."""

    problems: tuple[Problem, ...]
    summary: ExaminedSummary
    since: date | None = None
    """The first day on which this answer holds, as far as the clock decides."""
    until: date | None = None
    """The first day on which it no longer does; None: it has no end."""


class ExaminedGate:
    """Answers for one run: `demands` and `vetting` as they are on the day `today` (UTC)."""

    def __init__(self, demands: Sequence[Demand], vetting: Vetting, today: date) -> None:
        """Raise `UsageError` for a demand of a criterion that nobody defined."""
        self._vetting = vetting
        self._today = today
        self.criteria = strongest(demands, vetting)
        """What every archive must be examined for."""
        self.build_criteria = (vetting.policy.demand_build,)
        self._decisions: dict[Question, Decision] = {}
        self._known: dict[str, KnownVersions] = {}

    def judge(self, asked: Iterable[Asked], trusted_folders: Sequence[str] = ()) -> ExaminedJudgement:
        """Judge everything that a run uses; what is asked about twice is told once."""
        problems: dict[Problem, None] = {}
        verdicts: dict[str, Verdict] = {}
        for one in asked:
            for criterion in self._wanted(one.role):
                verdict = self._decision(criterion).verdict(one.subject)
                if verdict.is_examined:
                    verdicts[one.subject.key] = max(verdicts.get(one.subject.key, verdict), verdict, key=_weakness)
                else:
                    problems.update(dict.fromkeys(self._problems(one, verdict)))
        return ExaminedJudgement(
            tuple(problems),
            summarised(verdicts.values(), trusted_folders),
            max((verdict.since for verdict in verdicts.values() if verdict.since), default=None),
            min((verdict.until for verdict in verdicts.values() if verdict.until), default=None),
        )

    def refused_unfetched(self, pin: PinnedRequirement, role: Role = Role.INSTALLED) -> tuple[Problem, ...]:
        """Why nothing of `pin` need be fetched: none of the archives that it lists is examined; () when one may be.

        A pin that lists digests of other algorithms only is known when its bytes are.
        """
        subjects = subjects_of(pin)
        if not subjects or any(subject.key == "" for subject in subjects):
            return ()
        refused = [problem for subject in subjects if (problem := self._first_problem(pin, subject, role))]
        if len(refused) < len(subjects):
            return ()
        objected = [one for one in refused if isinstance(one, ObjectedTo)]
        first = refused[0]
        if objected or not isinstance(first, NotExamined):
            return tuple(objected)
        return (replace(first, others=len(refused) - 1),)

    def _first_problem(self, pin: PinnedRequirement, subject: Subject, role: Role) -> Problem | None:
        return next(iter(self.judge([Asked(pin, subject, role)]).problems), None)

    def _wanted(self, role: Role) -> tuple[str, ...]:
        if role is Role.BUILD:
            return self.build_criteria
        if role is Role.SOURCE:
            return tuple(dict.fromkeys((*self.criteria, *self.build_criteria)))
        return self.criteria

    def _decision(self, criterion: str, *, compiled: bool = False, machine: bool = False) -> Decision:
        question = Question(criterion, self._today, assume_compiled=compiled, assume_machine=machine)
        if question not in self._decisions:
            self._decisions[question] = Decision(self._vetting, question)
        return self._decisions[question]

    def _problems(self, one: Asked, verdict: Verdict) -> list[Problem]:
        pin, subject, criterion = one.pin, one.subject, verdict.criterion
        archive = subject.filename or (subject.key if subject.is_commit else "")
        sha256 = "" if subject.is_commit else subject.key
        if verdict.word is Word.OBJECTED:
            return [
                ObjectedTo(pin, archive, sha256, criterion, found.source, found.by, found.on.isoformat(), found.why)
                for found in verdict.objections
            ]
        lack = self._lack(subject, criterion)
        nearest = self._nearest(subject, criterion) if lack is Lack.UNEXAMINED else None
        if nearest is None:
            return [NotExamined(pin, archive, sha256, criterion, lack)]
        told = (nearest.version, nearest.by, nearest.on, nearest.is_excused)
        return [NotExamined(pin, archive, sha256, criterion, lack, 0, *told)]

    def _lack(self, subject: Subject, criterion: str) -> Lack:
        if subject.is_commit:
            return Lack.COMMIT
        if not subject.key:
            return Lack.UNRECORDED
        if self._decision(criterion, compiled=True).verdict(subject).is_examined:
            return Lack.COMPILED
        if self._decision(criterion, compiled=True, machine=True).verdict(subject).is_examined:
            return Lack.MACHINE
        return Lack.UNEXAMINED

    def _nearest(self, subject: Subject, criterion: str) -> ExaminedVersion | None:
        if criterion not in self._known:
            self._known[criterion] = KnownVersions(self._vetting, self._decision(criterion))
        known = self._known[criterion]
        nearest = known.nearest(subject.name, subject.version)
        return known.version(subject.name, subject.version) or nearest.below or nearest.above


def strongest(demands: Iterable[Demand], vetting: Vetting) -> tuple[str, ...]:
    """The criteria that all `demands` come to: none that another one implies. Raises `UsageError` for unknown ones."""
    known = vetting.criteria
    wanted: dict[str, None] = {}
    for demand in demands:
        criterion = demand.criterion or vetting.policy.demand
        if criterion not in known:
            hint = f"known: {', '.join(sorted(known))}; define others in vetting/audits.toml"
            raise UsageError(f"{demand.place}: nobody defined the criterion {criterion}", hint)
        wanted[criterion] = None
    implied = {name: with_implied([name], known) - {name} for name in wanted}
    return tuple(
        name
        for name in sorted(wanted)
        if not any(name in implied[other] and not (other in implied[name] and name < other) for other in wanted)
    )


def summarised(verdicts: Iterable[Verdict], trusted_folders: Sequence[str] = ()) -> ExaminedSummary:
    """Count verdicts on examined archives."""
    counts = dict.fromkeys(Standing, 0)
    compiled = 0
    ends = []
    for verdict in verdicts:
        if verdict.standing is None:
            continue
        counts[verdict.standing] += 1
        compiled += verdict.has_compiled and verdict.standing <= Standing.IMPORTED
        if verdict.standing is Standing.EXCUSED and verdict.until:
            ends.append(verdict.until)
    return ExaminedSummary(
        examined=counts[Standing.OURS] + counts[Standing.IMPORTED],
        compiled=compiled,
        publisher=counts[Standing.PUBLISHER],
        machine=counts[Standing.MACHINE],
        excused=counts[Standing.EXCUSED],
        excused_until=min(ends).isoformat() if ends else "",
        trusted_folders=tuple(trusted_folders),
    )


def _weakness(verdict: Verdict) -> tuple[int, bool]:
    return (int(verdict.standing or 0), verdict.has_compiled)
