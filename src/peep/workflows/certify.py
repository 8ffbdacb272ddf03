"""`peep certify`: an audit record of what somebody read, bound to the bytes of archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from peep.dataclass import dataclass, replace
from peep.errors import UsageError, VettingError
from peep.formats.names import is_name
from peep.formats.versions import same_version
from peep.pipeline.context import RunContext
from peep.pipeline.plain_reading import plain_reading
from peep.pipeline.session import open_session
from peep.pipeline.vetting.audit_ground import AskAbout, Ground
from peep.pipeline.vetting.author import author
from peep.pipeline.vetting.certified_version import CertifiedVersion, CertifyOptions
from peep.pipeline.vetting.listed_archives import Listing, listing_of
from peep.pipeline.vetting.reading_record import ReadingRecord, data_folder
from peep.pipeline.vetting.records_place import open_vetting, vetting_folder
from peep.system.clock import utc_day
from peep.vetting import canonical
from peep.vetting.assembly import AUDITS, EXCUSED, Vetting
from peep.vetting.decision import Decision
from peep.vetting.editing import Edited, certified, extended, without_secrets
from peep.vetting.folder import write_files
from peep.vetting.records import Audit, Criterion
from peep.vetting.rules import Question
from peep.vetting.verdicts import Subject
from peep.workflows.install import STAGES

State = Callable[[Audit, Mapping[str, Criterion]], str]
"""Asks a person for the statement; gives back the notes. Raises `VettingError` where it is not made."""


@dataclass(frozen=True, slots=True)
class People:
    """Who can be asked: for the statement, and about stop signals. None: nobody is there."""

    state: State | None = None
    ask: AskAbout | None = None


NOBODY = People()


@dataclass(frozen=True, slots=True)
class Certified:
    folder: str
    audit: Audit
    notes: tuple[str, ...]
    lacking: tuple[str, ...]
    """Criteria of the record for which its archives are not examined all the same."""


def certify(
    options: CertifyOptions, context: RunContext, people: People = NOBODY, today: date | None = None
) -> Certified:
    """Write an audit record: of what a reading covers, else of all of the archives, which a person must state.

    Raises `RequirementsErrors`, `RecordsErrors`, `VettingError`, `UsageError`, and `PeepError` for archives that cannot
    be had or analysed; then nothing was written.
    """
    _check(options, people)
    listing = _listing(options, context)
    folder = vetting_folder(options.vetting, listing.directives, options.run.sources.requirement_files)
    case = _case(options, context, listing, open_vetting(folder), today)
    ground = case.ground(people.ask)
    audit = _audit(case, ground, author(options.by, context.environ))
    certified(case.vetting, audit)  # what contradicts it is told before anybody writes a word
    audit = replace(audit, notes=_notes(options, ground, audit, people.state, case.vetting.criteria))
    written = without_secrets(audit)
    if written != audit:
        context.reporter.warning("a password or a token in a URL is left out of the record, which is shared")
    audit = written
    edited = certified(case.vetting, audit)
    write_edited(folder, case.vetting, edited)
    if not audit.using:  # nobody need not read again what a machine looked at
        ReadingRecord(data_folder(), context.reporter).add(ground.steps)
    after = Vetting(replace(case.vetting.records, own=edited.own, excuses=edited.excuses), case.vetting.policy)
    return Certified(folder, audit, (*ground.remarks, *edited.notes), _lacking(audit, after, case.today))


def add_archives(options: CertifyOptions, context: RunContext, today: date | None = None) -> Certified:
    """Let one's own audit record of the version speak for more archives: those that need no further reading.

    Raises as `certify` does, and `VettingError` where there is no such record or an archive would have to be read.
    """
    if not is_name(options.name):
        raise UsageError(f"{options.name!r} is no name of a project")
    listing = _listing(options, context)
    folder = vetting_folder(options.vetting, listing.directives, options.run.sources.requirement_files)
    case = _case(options, context, listing, open_vetting(folder), today)
    audit = _own_record(case, author(options.by, context.environ))
    more = case.extended(audit)
    edited = extended(case.vetting, audit, more)
    write_edited(folder, case.vetting, edited)
    after = Vetting(replace(case.vetting.records, own=edited.own, excuses=edited.excuses), case.vetting.policy)
    return Certified(folder, more, edited.notes, _lacking(more, after, case.today))


def _own_record(case: CertifiedVersion, by: str) -> Audit:
    """The newest record of the version by the same person. Raises `VettingError` where there is none."""
    found = [
        one
        for one in case.vetting.records.own.audits
        if one.project == case.project and same_version(one.version, case.options.version) and one.by == by
    ]
    if not found:
        raise VettingError(
            f"audits.toml has no audit record of {case.project} {case.options.version} by {by}",
            "certify the version first, without --add",
        )
    return max(found, key=lambda one: one.on)


def _check(options: CertifyOptions, people: People) -> None:
    if not is_name(options.name):
        raise UsageError(f"{options.name!r} is no name of a project")
    if options.notes is None and options.reading is None and people.state is None:
        raise UsageError(
            "nobody is there to state that all was read",
            "state it by --notes TEXT, which becomes part of the record, or give a reading: --from READING.json",
        )


def _notes(
    options: CertifyOptions, ground: Ground, audit: Audit, state: State | None, criteria: Mapping[str, Criterion]
) -> str:
    given = options.notes
    if given is None and options.reading is None and state is not None:
        given = state(audit, criteria)
    return "\n".join(text for text in (given or "", ground.unread) if text)


def write_edited(folder: str, vetting: Vetting, edited: Edited) -> None:
    """Write what an edit changed, all or nothing."""
    files = {AUDITS: canonical.audits_text(edited.own)}
    if edited.excuses != vetting.records.excuses:
        files[EXCUSED] = canonical.excused_text(edited.excuses)
    write_files(folder, files)


def _listing(options: CertifyOptions, context: RunContext) -> Listing:
    sources = options.run.sources
    if not sources.requirement_files:
        return Listing(())
    reading = plain_reading(options.run, context)
    return listing_of(sources.requirement_files, sources.constraint_files, reading.read, context.environ)


def _case(
    options: CertifyOptions, context: RunContext, listing: Listing, vetting: Vetting, today: date | None
) -> CertifiedVersion:
    return CertifiedVersion(
        options, listing, vetting, today or utc_day(), lambda: open_session(options.run, context, STAGES)
    )


def _audit(case: CertifiedVersion, ground: Ground, by: str) -> Audit:
    options, division = case.options, ground.division
    return Audit(
        project=case.project,
        version=options.version,
        criteria=case.criteria,
        by=by,
        on=case.today,
        read=division.read,
        same=division.same,
        compiled=division.compiled,
        since=division.since,
        using=(options.machine or "").strip(),
        skipped=tuple(sorted(set(options.skipped))),
        answers=tuple(sorted(ground.answers, key=lambda one: (one.rule, one.path))),
    )


def _lacking(audit: Audit, after: Vetting, today: date) -> tuple[str, ...]:
    """For which criteria not all archives count as examined, though the record stands: something else is missing."""
    lacking = []
    for criterion in audit.criteria:
        decision = Decision(after, Question(criterion, today))
        subjects = [Subject(line.sha256, audit.project, audit.version, line.filename) for line in audit.archives]
        if not all(decision.verdict(subject).is_examined for subject in subjects):
            lacking.append(criterion)
    return tuple(lacking)
