"""The decision: which archives are examined for a criterion, by which chain of records.

Every audit record is a rule: *if all of `since` are examined, each archive that it names is*. The best chain of an
archive has the strongest weakest step (`Standing`); among those it is the shortest that is made of best chains; among
those one without compiled files, then the one whose record stands first. This is D. E. Knuth, "A generalization of
Dijkstra's algorithm" (1977): a rule makes a chain longer and never stronger, so whatever is cheapest among what is
known so far is final. Cycles and deltas without a base are never reached.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date
from heapq import heappop, heappush

from peep.dataclass import NamedTuple
from peep.vetting.assembly import Vetting
from peep.vetting.objections import ObjectionFinder
from peep.vetting.rules import Question, Rule, rules_of
from peep.vetting.verdicts import Basis, Standing, Step, Subject, Verdict, Word, key_of


class Cost(NamedTuple):
    """What chains are compared by; lower is better."""

    standing: Standing
    steps: int
    """On the longest way down."""
    has_compiled: bool


class _Reached(NamedTuple):
    """One way to reach an archive; the heap gives out the best one first."""

    cost: Cost
    rule: int
    key: str
    conclusion: int


class Chains:
    """The best chain of every archive that is examined."""

    def __init__(self, rules: Sequence[Rule], spoiled: Container[str]) -> None:
        """`spoiled`: nodes that somebody objects to; no chain reaches them or goes on from them."""
        self._rules = rules
        self._spoiled = spoiled
        self._best: dict[str, _Reached] = {}
        self._waiting = [len(rule.premises) for rule in rules]
        self._worst = [Cost(rule.standing, 0, has_compiled=False) for rule in rules]
        self._uses: dict[str, list[int]] = {}
        self._heap: list[_Reached] = []
        for number, rule in enumerate(rules):
            for premise in rule.premises:
                self._uses.setdefault(premise, []).append(number)
            if not rule.premises:
                self._conclude(number)
        while self._heap:
            self._settle(heappop(self._heap))

    def _settle(self, reached: _Reached) -> None:
        if reached.key in self._best or reached.key in self._spoiled:
            return
        self._best[reached.key] = reached
        for number in self._uses.get(reached.key, ()):
            worst, cost = self._worst[number], reached.cost
            self._worst[number] = Cost(
                max(worst.standing, cost.standing),
                max(worst.steps, cost.steps),
                worst.has_compiled or cost.has_compiled,
            )
            self._waiting[number] -= 1
            if not self._waiting[number]:
                self._conclude(number)

    def _conclude(self, number: int) -> None:
        worst = self._worst[number]
        for index, one in enumerate(self._rules[number].conclusions):
            has_compiled = worst.has_compiled or one.basis is Basis.COMPILED
            cost = Cost(worst.standing, worst.steps + 1, has_compiled)
            heappush(self._heap, _Reached(cost, number, one.key, index))

    def keys(self) -> tuple[str, ...]:
        """Every archive that is examined, best first."""
        return tuple(self._best)

    def cost(self, key: str) -> Cost | None:
        """The cost of the best chain of `key`; None where there is no chain."""
        reached = self._best.get(key)
        return reached.cost if reached else None

    def basis(self, key: str) -> Basis:
        """How the best chain of an examined archive reaches it."""
        reached = self._best[key]
        return self._rules[reached.rule].conclusions[reached.conclusion].basis

    def steps(self, key: str) -> tuple[Step, ...]:
        """The chain of `key`, its own step first, then all that it rests on, nearest first, each once."""
        if key not in self._best:
            return ()
        seen = {key}
        order = [key]
        for one in order:
            bases = [base for base in self._rules[self._best[one].rule].premises if base not in seen]
            seen.update(bases)
            order += bases
        return tuple(self._step(one) for one in order)

    def _step(self, key: str) -> Step:
        reached = self._best[key]
        rule = self._rules[reached.rule]
        one = rule.conclusions[reached.conclusion]
        since = tuple(map(key_of, rule.premises))
        return Step(
            key_of(key), one.filename, one.basis, rule.standing, rule.source, rule.by, rule.on, since, rule.until
        )

    def spans(self) -> dict[str, tuple[date, date | None]]:
        """By archive: the day from which its whole chain holds, and the first day on which it no longer does."""
        spans: dict[str, tuple[date, date | None]] = {}
        for key, reached in self._best.items():  # bases come first
            rule = self._rules[reached.rule]
            below = [spans[base] for base in rule.premises]
            ends = [end for end in (rule.until, *(end for _, end in below)) if end]
            spans[key] = max([rule.on, *(begin for begin, _ in below)]), min(ends, default=None)
        return spans


class Decision:
    """The answers to one question, for every archive."""

    def __init__(self, vetting: Vetting, question: Question) -> None:
        self.question = question
        self._objections = ObjectionFinder(vetting, question.criterion)
        self.chains = Chains(rules_of(vetting, question), self._objections.spoiled(vetting))
        self._spans = self.chains.spans()

    def verdict(self, subject: Subject) -> Verdict:
        """The verdict on one archive: an objection beats everything."""
        criterion = self.question.criterion
        if found := self._objections.of_subject(subject):
            return Verdict(subject, criterion, Word.OBJECTED, objections=found)
        cost = self.chains.cost(subject.node)
        if cost is None:
            return Verdict(subject, criterion, Word.UNEXAMINED)
        since, until = self._spans[subject.node]
        word = _word(cost, self.chains.basis(subject.node))
        return Verdict(subject, criterion, word, cost.standing, cost.has_compiled, since, until)

    def chain(self, subject: Subject) -> tuple[Step, ...]:
        """What the verdict on an examined archive rests on; nothing for others, and where somebody objects."""
        return () if self._objections.of_subject(subject) else self.chains.steps(subject.node)


def _word(cost: Cost, basis: Basis) -> Word:
    """The weakest step names the verdict, so that an excuse below a reading is never called a reading."""
    match cost.standing:
        case Standing.EXCUSED:
            return Word.EXCUSED
        case Standing.MACHINE:
            return Word.MACHINE
        case Standing.PUBLISHER:
            return Word.PUBLISHED
        case _:
            return Word.COMPILED if cost.has_compiled else Word(basis.value)
