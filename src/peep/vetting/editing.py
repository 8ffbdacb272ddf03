"""Changes of records, as functions of records; what contradicts them is told instead of written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from peep.dataclass import dataclass, replace
from peep.errors import VettingError
from peep.formats.digest_lines import DigestLine
from peep.formats.url_secrets import redacted_to_share
from peep.vetting.assembly import Vetting
from peep.vetting.criteria import with_implied
from peep.vetting.decision import Decision
from peep.vetting.entries import one_year_after
from peep.vetting.policy import TrustedPublisher
from peep.vetting.records import Audit, AuditsFile, Excuse, Violation
from peep.vetting.rules import Question
from peep.vetting.tables import commit_of
from peep.vetting.verdicts import Subject


@dataclass(frozen=True, slots=True)
class Edited:
    """The own records after a change, and what the person who made it should hear."""

    own: AuditsFile
    excuses: tuple[Excuse, ...]
    notes: tuple[str, ...] = ()


def certified(vetting: Vetting, audit: Audit) -> Edited:
    """Add an audit record; excuses that it makes needless go.

    Raises `VettingError` when a criterion is undefined, when the record contradicts itself, when an own violation
    objects to one of its archives, and when it stands there already.
    """
    own = vetting.records.own
    _check_criteria(vetting, audit.criteria)
    _check_archives(audit)
    _check_objections(vetting, audit)
    if any(_says_the_same(one, audit) for one in own.audits):
        raise VettingError(f"{audit.project} {audit.version}: this audit record is in audits.toml already")
    after = replace(own, audits=(*own.audits, audit))
    excuses, notes = _without_needless(vetting, after, audit)
    return Edited(after, excuses, notes)


def extended(vetting: Vetting, audit: Audit, more: Audit) -> Edited:
    """Replace the own record `audit` by `more`, which names further archives; excuses that it makes needless go.

    Raises `VettingError` as `certified` does.
    """
    own = vetting.records.own
    _check_archives(more)
    _check_objections(vetting, more)
    after = replace(own, audits=tuple(more if one == audit else one for one in own.audits))
    excuses, notes = _without_needless(vetting, after, more)
    return Edited(after, excuses, notes)


def without_secrets(audit: Audit) -> Audit:
    """The record with `****` for passwords and tokens of URLs in what people said: notes, answers, patterns."""
    answers = tuple(
        replace(one, path=redacted_to_share(one.path), why=redacted_to_share(one.why)) for one in audit.answers
    )
    skipped = tuple(map(redacted_to_share, audit.skipped))
    return replace(
        audit,
        notes=redacted_to_share(audit.notes),
        using=redacted_to_share(audit.using),
        skipped=skipped,
        answers=answers,
    )


def _says_the_same(one: Audit, other: Audit) -> bool:
    """Whether the second adds nothing but a day and notes."""
    return replace(one, on=other.on, notes=other.notes) == other


def _check_archives(audit: Audit) -> None:
    keys = [line.sha256 for line in audit.archives]
    if twice := [line for line in audit.archives if keys.count(line.sha256) > 1]:
        raise VettingError(f"{twice[0].filename}: an audit record names each archive once")
    if bases := [line for line in audit.since if line.sha256 in keys]:
        raise VettingError(f"{bases[0].filename}: an archive cannot be examined by what changed since itself")


def _check_objections(vetting: Vetting, audit: Audit) -> None:
    """One's own violation and one's own audit of the same bytes cannot both be meant."""
    claimed = with_implied(audit.criteria, vetting.criteria)
    keys = {line.sha256 for line in audit.archives}
    for violation in vetting.records.own.violations:
        if keys & {line.sha256 for line in violation.archives} and claimed & {*violation.criteria}:
            raise VettingError(
                f"{audit.project} {audit.version}: audits.toml objects to it: {violation.why} "
                f"({violation.by}, {violation.on})",
                "take that violation out of audits.toml first, if it no longer holds",
            )


def _without_needless(vetting: Vetting, own: AuditsFile, audit: Audit) -> tuple[tuple[Excuse, ...], tuple[str, ...]]:
    """The excuses without archives of `audit` that are examined without them now."""
    records = replace(vetting.records, own=own, excuses=())
    is_examined = _Examined(Vetting(records, vetting.policy), audit.on)
    named = {line.sha256 for line in audit.archives}
    excuses: list[Excuse] = []
    notes: list[str] = []
    for excuse in vetting.records.excuses:
        needless = {line for line in excuse.archives if line.sha256 in named and is_examined(line, excuse)}
        kept = tuple(line for line in excuse.archives if line not in needless)
        notes += [f"{line.filename}: no longer excused" for line in sorted(needless)]
        notes += [
            f"{line.filename}: still excused: this record alone does not examine it for {', '.join(excuse.criteria)}"
            for line in kept
            if line.sha256 in named
        ]
        if kept or excuse.commits:
            excuses.append(replace(excuse, archives=kept))
    return tuple(excuses), tuple(notes)


class _Examined:
    """Whether archives are examined for all that an excuse lets pass; decides once for each criterion."""

    def __init__(self, vetting: Vetting, today: date) -> None:
        self._vetting = vetting
        self._today = today
        self._decisions: dict[str, Decision] = {}

    def __call__(self, line: DigestLine, excuse: Excuse) -> bool:
        subject = Subject(line.sha256, excuse.project, excuse.version, line.filename)
        return all(self._decision(criterion).verdict(subject).is_examined for criterion in excuse.criteria)

    def _decision(self, criterion: str) -> Decision:
        if criterion not in self._decisions:
            self._decisions[criterion] = Decision(self._vetting, Question(criterion, self._today))
        return self._decisions[criterion]


def excused(vetting: Vetting, archives: Iterable[Excuse], today: date) -> tuple[Excuse, ...]:
    """The excuses with `archives` added. Raises `VettingError` for an end in the past or over a year away."""
    added = tuple(archives)
    for excuse in added:
        _check_criteria(vetting, excuse.criteria)
        if excuse.until <= today:
            raise VettingError(f"an excuse until {excuse.until} would have ended already")
        if excuse.until > one_year_after(excuse.on):
            latest = one_year_after(excuse.on)
            raise VettingError(f"an excuse until {excuse.until} is too long", f"the last possible end is {latest}")
    return (*vetting.records.excuses, *added)


def excuses_for(subjects: Sequence[Subject], like: Excuse) -> tuple[Excuse, ...]:
    """One excuse for each version among `subjects`, with reason, criteria and days of `like`."""
    groups: dict[tuple[str, str], list[Subject]] = {}
    for subject in subjects:
        groups.setdefault((subject.name, subject.version), []).append(subject)
    return tuple(
        replace(
            like,
            project=name,
            version=version,
            archives=tuple(sorted(DigestLine(one.key, one.filename) for one in group if not one.is_commit)),
            commits=tuple(sorted(commit_of(one.key) for one in group if one.is_commit)),
        )
        for (name, version), group in sorted(groups.items())
    )


def objected(vetting: Vetting, violation: Violation) -> Edited:
    """Add a violation. Raises `VettingError` when a criterion is undefined and when it stands there already."""
    own = vetting.records.own
    _check_criteria(vetting, violation.criteria)
    if any(replace(one, on=violation.on) == violation for one in own.violations):
        raise VettingError(f"{violation.project}: this violation is in audits.toml already")
    keys = {line.sha256 for line in violation.archives}
    notes = tuple(
        f"{line.filename}: the audit record of {audit.by} ({audit.on}) no longer counts"
        for audit in own.audits
        for line in audit.archives
        if line.sha256 in keys and with_implied(audit.criteria, vetting.criteria) & {*violation.criteria}
    )
    return Edited(replace(own, violations=(*own.violations, violation)), vetting.records.excuses, notes)


def trusting(vetting: Vetting, wanted: TrustedPublisher) -> TrustedPublisher:
    """`wanted` with the ids that verified attestations of that publisher name; its own ids are not read.

    Raises `VettingError` when no attestation was verified yet, when they name several accounts, when the days are
    more than a year, and when a criterion is undefined.
    """
    _check_criteria(vetting, wanted.criteria)
    if wanted.until <= wanted.since or wanted.until > one_year_after(wanted.since):
        raise VettingError(f"{wanted.since} to {wanted.until}: a publisher is trusted for a year at most")
    ids = {
        (one.repository_id, one.owner_id)
        for one in vetting.records.published
        if (one.project, one.publisher) == (wanted.project, wanted.publisher)
    }
    if not ids:
        raise VettingError(
            f"published.toml knows no archive of {wanted.project} by {wanted.publisher}",
            f"verify its attestations first: peep vetting attest {wanted.project} VERSION",
        )
    if len(ids) > 1:
        told = ", ".join(f"repository {repository} of owner {owner}" for repository, owner in sorted(ids))
        raise VettingError(
            f"{wanted.publisher} is several accounts: {told}",
            "an account was registered anew, or moved: find out which one it is before you trust it",
        )
    repository_id, owner_id = next(iter(ids))
    return replace(wanted, repository_id=repository_id, owner_id=owner_id)


def _check_criteria(vetting: Vetting, names: Iterable[str]) -> None:
    known = vetting.criteria
    for name in names:
        if name not in known:
            raise VettingError(f"nobody defined the criterion {name}", f"known: {', '.join(sorted(known))}")
