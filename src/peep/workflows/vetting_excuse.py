"""`peep vetting excuse`: every listed archive that nobody examined is let pass until a day."""

from __future__ import annotations

from datetime import date

from peep.dataclass import dataclass
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.plain_reading import plain_reading
from peep.pipeline.session import opened_store
from peep.pipeline.vetting.author import author
from peep.pipeline.vetting.listed_archives import listing_of
from peep.pipeline.vetting.listed_names import named_subjects
from peep.pipeline.vetting.records_place import open_vetting, vetting_folder
from peep.store.wheels import Store
from peep.system.clock import utc_day
from peep.vetting import canonical
from peep.vetting.assembly import EXCUSED, Vetting
from peep.vetting.decision import Decision
from peep.vetting.editing import excused, excuses_for
from peep.vetting.folder import write_files
from peep.vetting.records import Excuse
from peep.vetting.rules import Question
from peep.vetting.verdicts import Subject, Verdict, Word


@dataclass(frozen=True, slots=True)
class ExcuseOptions:
    run: InstallOptions
    until: date
    why: str
    criteria: tuple[str, ...] = ()
    """Empty: what the policy demands."""
    by: str | None = None
    vetting: str | None = None


@dataclass(frozen=True, slots=True)
class Excused:
    """What was let pass, and what was not."""

    folder: str
    subjects: tuple[Subject, ...]
    until: date
    objected: tuple[Verdict, ...] = ()
    """Somebody objects to these: no excuse helps."""
    without_digest: tuple[Subject, ...] = ()
    """Of these no sha256 is listed."""


def excuse(options: ExcuseOptions, context: RunContext) -> Excused:
    """Write an excuse for every listed archive and commit that is not examined; none lasts more than a year.

    Raises `RequirementsErrors`, `RecordsErrors`, `VettingError` and `UsageError`; then nothing was written.
    """
    today = utc_day()
    sources = options.run.sources
    reading = plain_reading(options.run, context)
    listing = listing_of(sources.requirement_files, sources.constraint_files, reading.read, context.environ)
    folder = vetting_folder(options.vetting, listing.directives, sources.requirement_files)
    vetting = open_vetting(folder)
    criteria = options.criteria or (vetting.policy.demand,)
    like = Excuse("", criteria, author(options.by, context.environ), today, options.until, options.why)
    excused(vetting, [like], today)  # what is wrong with the excuse itself is told before anything is looked up
    verdicts = _unexamined([one.subject for one in listing.archives], vetting, criteria, today)
    with opened_store(options.run.store, context) as store:
        subjects = _named(verdicts, vetting, store, context)
    excuses = excused(vetting, excuses_for(subjects, like), today)
    if subjects:
        write_files(folder, {EXCUSED: canonical.excused_text(excuses)})
    return Excused(
        folder,
        subjects,
        options.until,
        tuple(one for one in verdicts if one.word is Word.OBJECTED),
        tuple(one.subject for one in verdicts if not one.subject.key),
    )


def _unexamined(
    subjects: list[Subject], vetting: Vetting, criteria: tuple[str, ...], today: date
) -> tuple[Verdict, ...]:
    """A verdict for each archive that some criterion lacks; the objection, where there is one."""
    decisions = [Decision(vetting, Question(criterion, today)) for criterion in criteria]
    found = []
    for subject in subjects:
        lacking = [one for decision in decisions if not (one := decision.verdict(subject)).is_examined]
        found += sorted(lacking, key=lambda one: one.word is not Word.OBJECTED)[:1]
    return tuple(found)


def _named(verdicts: tuple[Verdict, ...], vetting: Vetting, store: Store, context: RunContext) -> tuple[Subject, ...]:
    subjects = [one.subject for one in verdicts if one.word is Word.UNEXAMINED and one.subject.key]
    return named_subjects(subjects, vetting, store, context.reporter)
