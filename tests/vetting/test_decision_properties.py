"""The decision against two slow ones that cannot be wrong in the same way, on random records; and how it grows."""

from __future__ import annotations

import time
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from peep.formats.digest_lines import DigestLine
from peep.vetting.assembly import Vetting
from peep.vetting.decision import Chains, Decision
from peep.vetting.records import Audit, AuditsFile, Records
from peep.vetting.rules import Conclusion, Question, Rule
from peep.vetting.verdicts import Basis, Standing, Subject
from support.examples import examples

DAY = date(2026, 11, 1)
KEYS = [f"{number:064x}" for number in range(9)]

RULES = st.lists(
    st.builds(
        lambda conclusions, premises, standing: Rule(
            tuple(Conclusion(key, "f", basis) for key, basis in conclusions.items()), premises, standing, "", "x", DAY
        ),
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from([Basis.READ, Basis.COMPILED]), min_size=1, max_size=3),
        st.lists(st.sampled_from(KEYS), unique=True, max_size=3).map(tuple),
        st.sampled_from(Standing),
    ),
    max_size=16,
)
SPOILED = st.frozensets(st.sampled_from(KEYS), max_size=2)

Cost = tuple[int, int, bool]


def by_fixpoint(rules: list[Rule], spoiled: frozenset[str]) -> dict[str, Cost]:
    """Apply every rule to what the last round gave, until a round gives the same."""
    known: dict[str, Cost] = {}
    while True:
        found: dict[str, Cost] = {}
        for rule in rules:
            if all(premise in known for premise in rule.premises):
                below = [known[premise] for premise in rule.premises]
                standing = max([rule.standing.value, *(cost[0] for cost in below)])
                steps = 1 + max((cost[1] for cost in below), default=0)
                compiled = any(cost[2] for cost in below)
                for one in rule.conclusions:
                    cost = (standing, steps, compiled or one.basis is Basis.COMPILED)
                    if one.key not in spoiled:
                        found[one.key] = min(cost, found.get(one.key, cost))
        if found == known:
            return known
        known = found


def by_thresholds(rules: list[Rule], spoiled: frozenset[str]) -> dict[str, int]:
    """The strongest standing whose rules alone reach an archive."""
    best: dict[str, int] = {}
    for limit in Standing:
        reached: set[str] = set()
        while True:
            more = {
                one.key
                for rule in rules
                if rule.standing <= limit and reached.issuperset(rule.premises)
                for one in rule.conclusions
            } - spoiled
            if more <= reached:
                break
            reached |= more
        for key in reached:
            best.setdefault(key, limit.value)
    return best


@settings(max_examples=examples(300), deadline=None)
@given(RULES, SPOILED)
def test_chains_equal_a_naive_fixpoint(rules, spoiled):
    chains = Chains(rules, spoiled)

    costs = {key: chains.cost(key) for key in chains.keys()}  # noqa: SIM118 - no mapping

    assert {key: tuple(cost) for key, cost in costs.items() if cost} == by_fixpoint(rules, spoiled)
    assert {key: cost.standing.value for key, cost in costs.items() if cost} == by_thresholds(rules, spoiled)


@settings(max_examples=examples(100), deadline=None)
@given(RULES, SPOILED)
def test_a_chain_holds_all_that_it_rests_on(rules, spoiled):
    chains = Chains(rules, spoiled)

    for key in chains.keys():  # noqa: SIM118 - no mapping
        steps = chains.steps(key)
        held = {step.key for step in steps}
        assert steps[0].key == key
        assert len(held) == len(steps)
        assert all(held.issuperset(step.since) for step in steps)
        assert max(step.standing for step in steps) == chains.cost(key).standing
        assert not held & spoiled


@settings(max_examples=examples(100), deadline=None)
@given(RULES, SPOILED, st.randoms())
def test_the_order_of_records_changes_no_cost(rules, spoiled, random):
    shuffled = list(rules)
    random.shuffle(shuffled)
    before, after = Chains(rules, spoiled), Chains(shuffled, spoiled)

    assert {key: before.cost(key) for key in before.keys()} == {key: after.cost(key) for key in after.keys()}  # noqa: SIM118


def records_of(projects: int, releases: int) -> Vetting:
    """Each project: a full audit, then a delta per release, of a wheel and an sdist each."""
    audits = []
    for project in range(projects):
        before: tuple[DigestLine, ...] = ()
        for release in range(releases):
            now = tuple(
                DigestLine(f"{project:032x}{release:031x}{kind}", f"p{project}-{release}.{suffix}")
                for kind, suffix in ((0, "tar.gz"), (1, "whl"))
            )
            audits.append(Audit(f"p{project}", ("safe-to-run",), "x", DAY, now[:1], same=now[1:], since=before))
            before = now[:1]
    return Vetting(Records(AuditsFile({}, tuple(audits))))


def seconds_for(vetting: Vetting) -> float:
    subjects = [
        Subject(line.sha256, audit.project, str(number))
        for number, audit in enumerate(vetting.records.own.audits)
        for line in audit.archives
    ]
    best = 60.0
    for _ in range(3):
        started = time.process_time()
        decision = Decision(vetting, Question("safe-to-run", DAY))
        found = [decision.verdict(subject) for subject in subjects]
        best = min(best, time.process_time() - started)
        assert all(one.is_examined for one in found)
    return best


def test_two_thousand_archives_are_decided_in_the_time_that_was_set():
    assert seconds_for(records_of(50, 20)) < 0.2  # 2,000 archives in chains of 20


def test_one_long_chain_costs_what_many_short_ones_cost():
    assert seconds_for(records_of(1, 1000)) < 4 * seconds_for(records_of(50, 20)) + 0.05
