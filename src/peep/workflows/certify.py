"""`peep certify`: an audit record of what somebody read, bound to the bytes of the listed archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from peep.dataclass import dataclass, replace
from peep.errors import UsageError, VettingError
from peep.formats.digest_lines import DigestLine
from peep.formats.names import is_name, normalised
from peep.formats.versions import same_version
from peep.pipeline.context import RunContext
from peep.pipeline.listed_archives import Listing, listing_of
from peep.pipeline.listed_names import named_subjects
from peep.pipeline.options import InstallOptions
from peep.pipeline.plain_reading import plain_reading
from peep.pipeline.session import open_session
from peep.pipeline.vetting_author import author
from peep.pipeline.vetting_place import open_vetting, vetting_folder
from peep.system.clock import utc_day
from peep.vetting import canonical
from peep.vetting.assembly import AUDITS, EXCUSED, Vetting
from peep.vetting.criteria import with_implied
from peep.vetting.decision import Decision
from peep.vetting.editing import certified
from peep.vetting.folder import write_files
from peep.vetting.known_versions import KnownVersions, known_filenames
from peep.vetting.records import Answer, Audit, Criterion
from peep.vetting.rules import Question
from peep.vetting.verdicts import Basis, Subject
from peep.workflows.install import STAGES


@dataclass(frozen=True, slots=True)
class CertifyOptions:
    run: InstallOptions
    """Its files list the archives."""
    name: str
    version: str
    criteria: tuple[str, ...] = ()
    """Empty: what the policy demands."""
    by: str | None = None
    notes: str | None = None
    """Given: the statement that all was read; None: a person is asked for it."""
    since: str | None = None
    """The version that it was compared with; None: the nearest examined one below."""
    is_full: bool = False
    skipped: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    machine: str | None = None
    vetting: str | None = None


@dataclass(frozen=True, slots=True)
class Division:
    """How the archives of a version relate to what was read."""

    read: tuple[DigestLine, ...]
    same: tuple[DigestLine, ...] = ()
    compiled: tuple[DigestLine, ...] = ()
    since: tuple[DigestLine, ...] = ()


Divide = Callable[[Sequence[DigestLine], Sequence[DigestLine]], Division]
"""Archives of the new version, and of the one that it was compared with -> their division."""
State = Callable[[Audit, Mapping[str, Criterion]], str]
"""Asks a person for the statement; gives back the notes. Raises `VettingError` where it is not made."""


def everything_read(new: Sequence[DigestLine], old: Sequence[DigestLine]) -> Division:
    """Every archive was read file by file."""
    return Division(read=tuple(sorted(new)), since=tuple(sorted(old)))


@dataclass(frozen=True, slots=True)
class Certified:
    folder: str
    audit: Audit
    notes: tuple[str, ...]
    lacking: tuple[str, ...]
    """Criteria of the record for which its archives are not examined all the same."""


def certify(
    options: CertifyOptions,
    context: RunContext,
    state: State | None,
    divide: Divide = everything_read,
    today: date | None = None,
) -> Certified:
    """Write an audit record; `state` is None where nobody can be asked, and the notes must be given.

    Raises `RequirementsErrors`, `RecordsErrors`, `VettingError` and `UsageError`; then nothing was written.
    """
    day = today or utc_day()
    if not is_name(options.name):
        raise UsageError(f"{options.name!r} is no name of a project")
    if options.notes is None and state is None:
        raise UsageError(
            "nobody is there to state that all was read", "state it by --notes TEXT, which becomes part of the record"
        )
    listing = _listing(options, context)
    folder = vetting_folder(options.vetting, listing.directives, options.run.sources.requirement_files)
    vetting = open_vetting(folder)
    archives = _archives(options, listing, vetting, context)
    audit = _audit(options, vetting, archives, divide, author(options.by, context.environ), day)
    certified(vetting, audit)  # what contradicts it is told before anybody writes a word
    notes = options.notes if options.notes is not None or state is None else state(audit, vetting.criteria)
    audit = replace(audit, notes=notes or "")
    edited = certified(vetting, audit)
    files = {AUDITS: canonical.audits_text(edited.own)}
    if edited.excuses != vetting.records.excuses:
        files[EXCUSED] = canonical.excused_text(edited.excuses)
    write_files(folder, files)
    after = Vetting(replace(vetting.records, own=edited.own, excuses=edited.excuses), vetting.policy)
    return Certified(folder, audit, edited.notes, _lacking(audit, after, day))


def _listing(options: CertifyOptions, context: RunContext) -> Listing:
    sources = options.run.sources
    if not sources.requirement_files:
        raise UsageError("which archives did you read?", "name the files that list them: -r requirements.txt")
    reading = plain_reading(options.run, context)
    return listing_of(sources.requirement_files, sources.constraint_files, reading.read, context.environ)


def _archives(
    options: CertifyOptions, listing: Listing, vetting: Vetting, context: RunContext
) -> tuple[DigestLine, ...]:
    """The listed archives of the version. Raises `VettingError` where there is none that a record can name."""
    name = normalised(options.name)
    mine = [one.subject for one in listing.archives if one.subject.name == name]
    found = [one for one in mine if not one.is_commit and same_version(one.version, options.version)]
    if not found:
        listed = ", ".join(sorted({one.version for one in mine if one.version}))
        hint = f"listed versions: {listed}" if listed else "nothing of that project is listed"
        raise VettingError(f"no archive of {name} {options.version} is listed", hint)
    if nameless := [one for one in found if not one.key]:
        told = f"{len(nameless)} of {len(found)} listed archives of {name} {options.version} have no sha256"
        raise VettingError(told, "records name archives by sha256: list that (peep hash prints it)")
    names = known_filenames(vetting)
    named = tuple(replace(one, filename=one.filename or names.get(one.key, "")) for one in found)
    if not all(one.filename for one in named):
        with open_session(options.run, context, STAGES) as session:
            session.read_pins()  # the network learns from it which indexes the files name
            named = named_subjects(named, vetting, session.store, context.reporter, session.network.index)
    return tuple(sorted({DigestLine(one.key, one.filename) for one in named}))


def _audit(
    options: CertifyOptions,
    vetting: Vetting,
    archives: tuple[DigestLine, ...],
    divide: Divide,
    by: str,
    today: date,
) -> Audit:
    criteria = tuple(sorted(set(options.criteria or (vetting.policy.demand,))))
    division = divide(archives, _base(options, vetting, criteria, today))
    return Audit(
        project=normalised(options.name),
        version=options.version,
        criteria=criteria,
        by=by,
        on=today,
        read=division.read,
        same=division.same,
        compiled=division.compiled,
        since=division.since,
        using=(options.machine or "").strip(),
        skipped=tuple(sorted(set(options.skipped))),
        answers=options.answers,
    )


def _base(options: CertifyOptions, vetting: Vetting, criteria: tuple[str, ...], today: date) -> tuple[DigestLine, ...]:
    """The archives of the version that was compared with: examined ones, of these the ones that somebody read.

    Nothing under `--full`, and where no version below is examined. Raises `VettingError` for a version of which no
    archive is examined: what changed since then says nothing.
    """
    if options.is_full:
        return ()
    name = normalised(options.name)
    strongest = max(criteria, key=lambda one: len(with_implied([one], vetting.criteria)))
    decision = Decision(vetting, Question(strongest, today))
    known = KnownVersions(vetting, decision)
    if options.since is None:
        found = known.nearest(name, options.version).below
        return _read_ones(found.archives, decision) if found else ()
    version = known.version(name, options.since)
    if version is None:
        hint = f"certify {name} {options.since} first, or read all of it: --full"
        raise VettingError(f"no archive of {name} {options.since} is examined for {strongest}", hint)
    return _read_ones(version.archives, decision)


def _read_ones(archives: tuple[DigestLine, ...], decision: Decision) -> tuple[DigestLine, ...]:
    """Those that hold every content: `same` and `compiled` ones hold nothing that they do not."""
    derived = {Basis.SAME, Basis.COMPILED}
    read = tuple(line for line in archives if decision.chains.basis(line.sha256) not in derived)
    return read or archives


def _lacking(audit: Audit, after: Vetting, today: date) -> tuple[str, ...]:
    """For which criteria not all archives count as examined, though the record stands: something else is missing."""
    lacking = []
    for criterion in audit.criteria:
        decision = Decision(after, Question(criterion, today))
        subjects = [Subject(line.sha256, audit.project, audit.version, line.filename) for line in audit.archives]
        if not all(decision.verdict(subject).is_examined for subject in subjects):
            lacking.append(criterion)
    return tuple(lacking)
