"""Records as rules of one criterion (Horn clauses): *if all premises are examined, so are these*."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from peep.dataclass import dataclass
from peep.formats.digest_lines import DigestLine
from peep.vetting.assembly import Vetting
from peep.vetting.criteria import with_implied
from peep.vetting.records import Audit, CommitLine, Excuse
from peep.vetting.verdicts import Basis, Standing, node


@dataclass(frozen=True, slots=True)
class Conclusion:
    """An archive that a rule speaks for."""

    key: str
    """Its node: other projects' records say nothing of it."""
    filename: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Rule:
    """One record that counts for the criterion in question, today."""

    conclusions: tuple[Conclusion, ...]
    premises: tuple[str, ...]
    """Nodes, each once."""
    standing: Standing
    source: str
    by: str
    on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What decides which records count: the criterion, the day (UTC), and what is accepted beyond the policy.

    `assume_compiled` asks what would be if the policy accepted compiled files that nobody read; `assume_machine`
    likewise for the records of machines.
    """

    criterion: str
    today: date
    assume_compiled: bool = False
    assume_machine: bool = False


def rules_of(vetting: Vetting, question: Question) -> list[Rule]:
    """Every record that counts, in the order of the files: own ones, imports, publishers, excuses."""
    relevant = _Relevant(vetting, question)
    rules = [rule for audit in vetting.records.own.audits for rule in relevant.audit(audit, "")]
    for one in vetting.records.imports:
        rules += [rule for audit in one.audits for rule in relevant.audit(audit, one.pin.name)]
    rules += relevant.published()
    rules += [rule for excuse in vetting.records.excuses for rule in relevant.excuse(excuse)]
    return rules


class _Relevant:
    def __init__(self, vetting: Vetting, question: Question) -> None:
        self._vetting = vetting
        self._policy = vetting.policy
        self._question = question
        self._brings: dict[tuple[str, ...], bool] = {}

    def _is_brought(self, criteria: tuple[str, ...]) -> bool:
        """Whether somebody who vouches for `criteria` vouches for the one in question, too."""
        known = self._brings.get(criteria)
        if known is None:
            known = self._question.criterion in with_implied(criteria, self._vetting.criteria)
            self._brings[criteria] = known
        return known

    def audit(self, audit: Audit, source: str) -> Iterator[Rule]:
        """The rule of an audit record, if it counts at all: of today or earlier, nothing skipped that matters."""
        question, policy = self._question, self._policy
        if not self._is_brought(audit.criteria) or audit.on > question.today:
            return
        if not policy.accept_skipped.issuperset(audit.skipped):
            return
        standing = Standing.IMPORTED if source else Standing.OURS
        if audit.is_by_machine:
            if not (policy.accept_machine or question.assume_machine):
                return
            standing = Standing.MACHINE
        conclusions = [
            *_conclusions(audit.project, audit.read, Basis.READ),
            *_conclusions(audit.project, audit.same, Basis.SAME),
        ]
        if policy.accept_compiled or question.assume_compiled:
            conclusions += _conclusions(audit.project, audit.compiled, Basis.COMPILED)
        premises = tuple(dict.fromkeys(node(audit.project, line.sha256) for line in audit.since))
        by = f"{audit.by}, using {audit.using}" if audit.using else audit.by
        yield Rule(tuple(conclusions), premises, standing, source, by, audit.on)

    def published(self) -> list[Rule]:
        """Archives of trusted publishers: same ids, published within the days that the policy names."""
        today = self._question.today
        return [
            Rule(
                (Conclusion(node(one.project, one.archive.sha256), one.archive.filename, Basis.PUBLISHED),),
                (),
                Standing.PUBLISHER,
                "",
                one.publisher,
                one.on,
                trusted.until,
            )
            for trusted in self._policy.trusted
            if today < trusted.until and self._is_brought(trusted.criteria)
            for one in self._vetting.records.published
            if (one.project, one.publisher, one.repository_id, one.owner_id)
            == (trusted.project, trusted.publisher, trusted.repository_id, trusted.owner_id)
            and trusted.since <= one.on < trusted.until
            and one.on <= today
        ]

    def excuse(self, excuse: Excuse) -> Iterator[Rule]:
        if not (excuse.on <= self._question.today < excuse.until and self._is_brought(excuse.criteria)):
            return
        conclusions = (
            *_conclusions(excuse.project, excuse.archives, Basis.EXCUSED),
            *(
                Conclusion(node(excuse.project, str(commit)), commit_name(commit), Basis.EXCUSED)
                for commit in excuse.commits
            ),
        )
        yield Rule(conclusions, (), Standing.EXCUSED, "", excuse.by, excuse.on, excuse.until)


def _conclusions(project: str, lines: Iterable[DigestLine], basis: Basis) -> Iterator[Conclusion]:
    return (Conclusion(node(project, line.sha256), line.filename, basis) for line in lines)


def commit_name(commit: CommitLine) -> str:
    """What a commit is called where archives have a file name."""
    return f"git:{commit.hex}  {commit.url}"
