"""Records about a compared release: its verdict, and its publisher by verified attestations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from peep.dataclass import dataclass
from peep.examine.types import Hit
from peep.formats.digest_lines import DigestLine
from peep.formats.names import normalised
from peep.vetting.assembly import Vetting
from peep.vetting.attestations import Provenance, provenance_of
from peep.vetting.decision import Decision
from peep.vetting.rules import Question
from peep.vetting.verdicts import Subject, Verdict, Word

_WORST_FIRST = (
    Word.OBJECTED,
    Word.UNEXAMINED,
    Word.EXCUSED,
    Word.MACHINE,
    Word.PUBLISHED,
    Word.COMPILED,
    Word.SAME,
    Word.READ,
)


@dataclass(frozen=True, slots=True)
class ReleaseRecords:
    """`verdict`: that of the archive about which least is known; `provenance`: None where no publisher is known."""

    verdict: Word = Word.UNEXAMINED
    provenance: Provenance | None = None

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The signal that the publisher is another one than before, or gone, or new."""
        return provenance_hits(self.provenance) if self.provenance is not None else ()

    @property
    def publishers(self) -> tuple[str, ...]:
        """A line for each publisher of the new release."""
        if self.provenance is None:
            return ()
        return tuple(
            dict.fromkeys(
                f"{one.publisher}, commit {one.commit} of {one.ref} ({one.on})" for one in self.provenance.new
            )
        )


def release_records(
    vetting: Vetting, project: str, old: Sequence[DigestLine] | None, new: Sequence[DigestLine], today: date
) -> ReleaseRecords:
    """What the records say of archives, for what the policy demands; `old` None: everything is new."""
    decision = Decision(vetting, Question(vetting.policy.demand, today))
    verdicts = [decision.verdict(Subject(line.sha256, normalised(project))) for line in new]
    provenance = provenance_of(vetting.records.published, old, new)
    return ReleaseRecords(_worst(verdicts), provenance if provenance.old or provenance.new else None)


def _worst(verdicts: Iterable[Verdict]) -> Word:
    return min((one.word for one in verdicts), key=_WORST_FIRST.index, default=Word.UNEXAMINED)


def provenance_hits(provenance: Provenance) -> tuple[Hit, ...]:
    """The signal of a change of publishers, if there is one; it is about no file."""
    if provenance.change is None:
        return ()
    return (Hit(provenance.change.value, "", 0, provenance.evidence, "metadata"),)
