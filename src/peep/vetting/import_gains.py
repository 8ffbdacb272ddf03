"""Gains by imports: unexamined archives whose foreign records an entry here keeps from counting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peep.dataclass import dataclass, replace
from peep.vetting.assembly import Vetting, copy_name
from peep.vetting.criteria import BUILT_IN
from peep.vetting.decision import Decision
from peep.vetting.imported_files import in_words_here, read_shared
from peep.vetting.records import Import
from peep.vetting.rules import Question
from peep.vetting.verdicts import Subject


@dataclass(frozen=True, slots=True)
class ImportGain:
    """An import whose own criteria have no meaning here, or that leaves projects out, and how many archives that costs.

    `unmapped`: those criteria; `excluded`: those projects.
    """

    source: str
    archives: int
    unmapped: tuple[str, ...]
    excluded: tuple[str, ...]


def import_gains(
    vetting: Vetting, files: Mapping[str, bytes], question: Question, unexamined: Iterable[Subject]
) -> tuple[ImportGain, ...]:
    """What each import would settle if all of its audit records counted, most first; `files`: of the vetting folder."""
    subjects = tuple(unexamined)
    gains = [gain for one in vetting.records.imports if (gain := _gain(one, vetting, files, question, subjects))]
    return tuple(sorted(gains, key=lambda gain: (-gain.archives, gain.source)))


def _gain(
    one: Import, vetting: Vetting, files: Mapping[str, bytes], question: Question, subjects: tuple[Subject, ...]
) -> ImportGain | None:
    name = copy_name(one.pin.name)
    shared = read_shared(files.get(name, b""), name, one.pin.name)
    unmapped = {name for audit in shared.records.audits for name in audit.criteria} - {*BUILT_IN, *one.pin.criteria}
    excluded = {audit.project for audit in shared.records.audits} & {*one.pin.exclude}
    if not (unmapped or excluded):
        return None
    mapped = {**dict.fromkeys(unmapped, (question.criterion,)), **one.pin.criteria}
    wider = in_words_here(shared, replace(one.pin, exclude=(), criteria=mapped))
    imports = tuple(wider if known is one else known for known in vetting.records.imports)
    decision = Decision(Vetting(replace(vetting.records, imports=imports), vetting.policy), question)
    settled = [subject for subject in subjects if decision.verdict(subject).is_examined]
    projects = {subject.name for subject in settled}
    count = len({subject.key for subject in settled})
    if not count:
        return None
    return ImportGain(one.pin.name, count, tuple(sorted(unmapped)), tuple(sorted(excluded & projects)))
