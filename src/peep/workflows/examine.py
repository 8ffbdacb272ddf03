"""`peep examine`: a verdict on every listed archive, or on every installed one, and what to read next."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from peep.dataclass import dataclass, replace
from peep.environment.installed import installed_projects
from peep.errors import PeepError, RequirementsErrors, UnusableRequirement
from peep.formats.archive_names import ArchiveName, NameReader
from peep.index.compatibility import Compatibility
from peep.model import FormatControl, IndexFile, Location, TargetEnvironment
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.plain_reading import plain_reading
from peep.pipeline.session import open_session
from peep.pipeline.vetting.installed_archives import installed_subject, is_folder
from peep.pipeline.vetting.listed_archives import listing_of
from peep.pipeline.vetting.listed_verdicts import asked_criterion, named
from peep.pipeline.vetting.reading_prices import reading_prices, requirers
from peep.pipeline.vetting.records_place import open_vetting, vetting_folder
from peep.pipeline.vetting.subjects import subjects_of
from peep.requirements.lock_requirers import StatedRequirer
from peep.requirements.pinned_set import Directive
from peep.system.clock import utc_day
from peep.vetting.assembly import Vetting
from peep.vetting.decision import Decision
from peep.vetting.folder import read_folder
from peep.vetting.import_gains import ImportGain, import_gains
from peep.vetting.known_versions import KnownVersions, Nearest, known_filenames
from peep.vetting.records import IgnoredRecord
from peep.vetting.rules import Question
from peep.vetting.suggestion import (
    SuggestedComparison,
    Suggestion,
    TrustGain,
    excuse_ends,
    suggestions,
    trust_gains,
    unexamined_subjects,
)
from peep.vetting.verdicts import Step, Subject, Verdict
from peep.workflows.install import STAGES


@dataclass(frozen=True, slots=True)
class ExamineOptions:
    """What is to be examined, and for what."""

    run: InstallOptions
    """Sources (without files: what is installed in the target)."""
    vetting: str | None = None
    criterion: str | None = None
    """None: what the files demand, else what the policy does."""
    here: bool = False
    """Only what the target would use."""
    suggest: bool = False
    """Whether what is unexamined may be fetched and opened, to tell what it costs to read."""
    use_sandbox: bool = True


@dataclass(frozen=True, slots=True)
class ExaminedArchive:
    """One verdict, with what it rests on and, where there is no chain, what it could be compared with."""

    verdict: Verdict
    chain: tuple[Step, ...]
    nearest: Nearest
    locations: tuple[Location, ...] = ()
    would_do: str = ""
    """`compiled` or `machine`: the archive would be examined if the policy accepted such records."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Every verdict, in the order of the listing."""

    folder: str
    criterion: str
    today: date
    archives: tuple[ExaminedArchive, ...]
    unusable: tuple[UnusableRequirement, ...]
    folders: tuple[str, ...]
    """Local projects, about which nobody is asked."""
    ignored: tuple[IgnoredRecord, ...]
    suggestions: tuple[Suggestion, ...]
    """What to read next, cheapest first; all of it."""
    gains: tuple[TrustGain, ...]
    import_gains: tuple[ImportGain, ...]
    excused: tuple[tuple[date, int], ...]
    """How many archives are excused until when."""

    @property
    def is_examined(self) -> bool:
        return not self.unusable and all(one.verdict.is_examined for one in self.archives)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked about, before any record is read."""

    subjects: tuple[tuple[Subject, tuple[Location, ...]], ...]
    unusable: tuple[UnusableRequirement, ...] = ()
    folders: tuple[str, ...] = ()
    directives: tuple[Directive, ...] = ()
    requirers: tuple[StatedRequirer, ...] = ()


def examine(options: ExamineOptions, context: RunContext, today: date | None = None) -> Examination:
    """Judge every archive; `today` is UTC's day unless given.

    Raises `RecordsErrors`, `RequirementsErrors`, `UsageError`, and what opening a target raises.
    """
    files = options.run.sources.requirement_files
    asked = _listed(options, context) if files else _installed(options, context)
    folder = vetting_folder(options.vetting, asked.directives, files)
    vetting = open_vetting(folder)
    asked = _named(asked, vetting)
    if files and options.here:
        asked = _of_this_target(asked, options, context)
    criterion = asked_criterion(options.criterion, asked.directives, files, vetting)
    decision = Decision(vetting, Question(criterion, today or utc_day()))
    return _Examiner(options, context, vetting, decision).examination(folder, asked)


class _Examiner:
    """Verdicts on all that is asked about, and what would settle the rest."""

    def __init__(self, options: ExamineOptions, context: RunContext, vetting: Vetting, decision: Decision) -> None:
        self._options = options
        self._context = context
        self._vetting = vetting
        self._decision = decision
        self._judge = _Judge(vetting, decision)

    def examination(self, folder: str, asked: _Asked) -> Examination:
        archives = [self._judge.archive(subject, locations) for subject, locations in asked.subjects]
        verdicts = [one.verdict for one in archives]
        unexamined = unexamined_subjects(verdicts)
        has_imports = bool(unexamined and self._vetting.records.imports)
        question = self._decision.question
        return Examination(
            folder,
            question.criterion,
            question.today,
            tuple(archives),
            asked.unusable,
            asked.folders,
            self._vetting.ignored,
            self._suggestions(unexamined, asked) if unexamined else (),
            trust_gains(self._vetting, unexamined),
            import_gains(self._vetting, read_folder(folder), question, unexamined) if has_imports else (),
            excuse_ends(verdicts),
        )

    def _suggestions(self, unexamined: Sequence[Subject], asked: _Asked) -> tuple[Suggestion, ...]:
        """Cheapest first; where nothing may be fetched, or there is no sandbox, by name and without costs."""
        subjects = [subject for subject, _ in asked.subjects]
        if not self._options.suggest:
            return suggestions(unexamined, self._judge.known, _untold, requirers(subjects, asked.requirers, None))
        with open_session(self._options.run, self._context, STAGES) as session:
            used_by = requirers(subjects, asked.requirers, session.store)
            try:
                if self._options.run.sources.requirement_files:
                    with suppress(RequirementsErrors):  # told already: what has no pin has no price
                        session.read_pins()  # the network learns from it which indexes the files name
                with reading_prices(session, use_sandbox=self._options.use_sandbox) as price:
                    return suggestions(unexamined, self._judge.known, price, used_by)
            except PeepError as error:
                self._context.reporter.warning(f"what it costs to read is not known: {error}")
                return suggestions(unexamined, self._judge.known, _untold, used_by)


def _untold(_comparison: SuggestedComparison) -> None:
    """The price of every comparison where no archive may be looked at."""


class _Judge:
    """Verdicts on single archives. What only an unexamined one needs is found out when the first is met."""

    def __init__(self, vetting: Vetting, decision: Decision) -> None:
        self._vetting = vetting
        self._decision = decision
        self._known: KnownVersions | None = None
        self._would: dict[str, Decision] = {}

    @property
    def known(self) -> KnownVersions:
        if self._known is None:
            self._known = KnownVersions(self._vetting, self._decision)
        return self._known

    def archive(self, subject: Subject, locations: tuple[Location, ...]) -> ExaminedArchive:
        verdict = self._decision.verdict(subject)
        if verdict.is_examined or verdict.objections:
            return ExaminedArchive(verdict, self._decision.chain(subject), Nearest(), locations)
        nearest = self.known.nearest(subject.name, subject.version)
        return ExaminedArchive(verdict, (), nearest, locations, self._would_do(subject))

    def _would_do(self, subject: Subject) -> str:
        """What the policy would have to accept for it to be examined: `compiled`, `machine`, or '' if neither helps."""
        if not self._would:
            compiled = replace(self._decision.question, assume_compiled=True)
            self._would["compiled"] = Decision(self._vetting, compiled)
            self._would["machine"] = Decision(self._vetting, replace(compiled, assume_machine=True))
        found = (name for name, decision in self._would.items() if decision.verdict(subject).is_examined)
        return next(found, "")


def _listed(options: ExamineOptions, context: RunContext) -> _Asked:
    """The archives of the files, for whatever target."""
    sources = options.run.sources
    reading = plain_reading(options.run, context)
    listing = listing_of(sources.requirement_files, sources.constraint_files, reading.read, context.environ)
    folders = tuple(f"{one.location}: {one.text}" for one in listing.folders)
    subjects = tuple((one.subject, one.pin.locations) for one in listing.archives)
    return _Asked(subjects, listing.unusable, folders, listing.directives, listing.requirers)


def _named(asked: _Asked, vetting: Vetting) -> _Asked:
    """With the file names that the records know: requirements files list digests alone."""
    names = known_filenames(vetting)
    return replace(asked, subjects=tuple((named(subject, names), locations) for subject, locations in asked.subjects))


def _of_this_target(asked: _Asked, options: ExamineOptions, context: RunContext) -> _Asked:
    """Only what the target's markers select and its tags allow."""
    with open_session(options.run, context, STAGES) as session:
        held = {subject.key for pin in session.read_pins().pins for subject in subjects_of(pin)}
        usable = _Usable(session.target)
    subjects = tuple(
        (subject, locations) for subject, locations in asked.subjects if subject.key in held and usable(subject)
    )
    return replace(asked, subjects=subjects)


class _Usable:
    """Whether the target could use an archive, by its name; one whose name nobody knows might be."""

    def __init__(self, target: TargetEnvironment) -> None:
        self._target = target

    def __call__(self, subject: Subject) -> bool:
        name = NameReader(subject.name).read(subject.filename) if subject.filename else None
        if not isinstance(name, ArchiveName):
            return True
        compatibility = Compatibility(subject.name, self._target, FormatControl())
        return not compatibility.objection(name, IndexFile(subject.filename, ""))


def _installed(options: ExamineOptions, context: RunContext) -> _Asked:
    """What is installed in the target, each project by the digest of the archive that it came from."""
    subjects: list[tuple[Subject, tuple[Location, ...]]] = []
    folders: list[str] = []
    with open_session(options.run, context, STAGES) as session:
        for _, project in sorted(installed_projects(session.target).items()):
            if is_folder(project):
                folders.append(f"{project.name} {project.version}")
            else:
                subjects.append((installed_subject(project, session.target), ()))
    return _Asked(tuple(subjects), folders=tuple(folders))
