"""Each consequence of the decision that docs/vetting-format.md lists, on files as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from peep.vetting.decision import Decision
from peep.vetting.rules import Question
from peep.vetting.verdicts import Basis, Standing, Subject, Word
from support.vetting import (
    ALICE,
    TODAY,
    audit,
    audits_file,
    excuse,
    folder,
    hex_of,
    lines,
    published,
    trusted,
    verdict,
    vetting,
    violation,
)

OLD, NEW = "idna-3.19.tar.gz", "idna-3.20.tar.gz"
WHEEL = "idna-3.20-py3-none-any.whl"
OWN_CRITERION = '[criteria.reviewed]\ntext = "somebody looked at all of it"\nimplies = ["safe-to-run"]\n'


def test_a_full_audit_examines_what_it_read_and_nothing_else():
    files = folder(audit(NEW))

    found = verdict(files, NEW)

    assert (found.word, found.standing) == (Word.READ, Standing.OURS)
    assert verdict(files, WHEEL).word is Word.UNEXAMINED


def test_other_bytes_of_the_same_version_and_file_name_are_not_examined():
    decision = Decision(vetting(folder(audit(NEW))), Question("safe-to-run", TODAY))

    assert decision.verdict(Subject("0" * 64, "idna", "3.20", NEW)).word is Word.UNEXAMINED


def test_a_delta_needs_its_base():
    delta = audit(NEW, since=[OLD])

    assert verdict(folder(delta), NEW).word is Word.UNEXAMINED
    assert verdict(folder(audit(OLD) + delta), NEW).word is Word.READ


def test_a_delta_listed_backwards_counts_for_nothing():
    files = folder(audit(NEW) + audit(NEW, since=[OLD]))

    assert verdict(files, OLD).word is Word.UNEXAMINED


def test_all_of_several_bases_must_hold():
    delta = audit(NEW, since=[OLD, "idna-3.19-py3-none-any.whl"])

    assert verdict(folder(audit(OLD) + delta), NEW).word is Word.UNEXAMINED
    assert verdict(folder(audit(OLD, "idna-3.19-py3-none-any.whl") + delta), NEW).word is Word.READ


def test_cycles_count_for_nothing():
    files = folder(audit(NEW, since=[OLD]) + audit(OLD, since=[NEW]) + audit(WHEEL, since=[WHEEL]))

    assert [verdict(files, name).word for name in (OLD, NEW, WHEEL)] == [Word.UNEXAMINED] * 3


def test_a_criterion_brings_what_it_implies_and_never_more():
    run, deploy = folder(audit(NEW)), folder(audit(NEW, criteria="safe-to-deploy"))

    assert verdict(deploy, NEW, "safe-to-run").is_examined
    assert not verdict(run, NEW, "safe-to-deploy").is_examined
    assert verdict(folder(OWN_CRITERION + audit(NEW, criteria="reviewed")), NEW).is_examined
    assert not verdict(folder(OWN_CRITERION + audit(NEW)), NEW, "reviewed").is_examined


def test_a_chain_is_as_strong_as_its_weakest_criterion():
    files = folder(audit(OLD) + audit(NEW, since=[OLD], criteria="safe-to-deploy"))

    assert verdict(files, NEW, "safe-to-run").is_examined
    assert not verdict(files, NEW, "safe-to-deploy").is_examined


def test_compiled_files_that_nobody_read_count_unless_the_policy_says_otherwise():
    audits = audit(NEW, more=f"compiled = {lines([WHEEL])}\n") + audit("idna-3.21.tar.gz", since=[WHEEL])
    strict = "accept-compiled = false\n"

    assert verdict(folder(audits), WHEEL).word is Word.COMPILED
    assert verdict(folder(audits, strict), WHEEL).word is Word.UNEXAMINED
    assert verdict(folder(audits, strict), NEW).word is Word.READ
    assert verdict(folder(audits), "idna-3.21.tar.gz").has_compiled, "what was not read before is still not read"


def test_same_archives_count_as_read_ones():
    files = folder(audit(NEW, more=f"same = {lines([WHEEL])}\n"))

    assert verdict(files, WHEEL).word is Word.SAME


@pytest.mark.parametrize(
    ("skipped", "policy", "is_examined"),
    [
        ('["tests/**"]', "", True),
        ('["docs/**", "tests/**"]', "", True),
        ('["vendor/**"]', "", False),
        ('["tests/**", "vendor/**"]', "", False),
        ('["vendor/**"]', 'accept-skipped = ["vendor/**"]\n', True),
        ('["tests/**"]', "accept-skipped = []\n", False),
        ('["tests/unit/**"]', "", False),
    ],
)
def test_an_audit_that_skipped_what_is_not_accepted_counts_for_nothing(skipped, policy, is_examined):
    files = folder(audit(NEW, more=f"skipped = {skipped}\n"), policy)

    assert verdict(files, NEW).is_examined is is_examined


def test_a_machines_record_counts_where_accepted_and_below_every_person():
    machine = audit(NEW, more='how = "machine"\nusing = "scanner 2.1"\n')
    accepting = "accept-machine = true\n"

    assert not verdict(folder(machine), NEW).is_examined
    assert verdict(folder(machine, accepting), NEW).word is Word.MACHINE
    assert verdict(folder(machine + audit(NEW), accepting), NEW).standing is Standing.OURS
    assert verdict(folder(machine + audit(WHEEL, since=[NEW]), accepting), WHEEL).word is Word.MACHINE


def test_an_excuse_beats_nothing_and_a_chain_through_it_stays_excused():
    files = folder(audit(NEW, since=[OLD]), excused=excuse(OLD))

    found = verdict(files, NEW)

    assert (found.word, found.standing, found.until) == (Word.EXCUSED, Standing.EXCUSED, date(2026, 12, 1))
    assert verdict(folder(audit(OLD) + audit(NEW, since=[OLD]), excused=excuse(OLD)), NEW).word is Word.READ


def test_the_best_standing_wins_however_long_its_chain():
    long = audit("a") + audit("b", since=["a"]) + audit("c", since=["b"]) + audit(NEW, since=["c"])
    files = folder(long, excused=excuse(NEW), imports={"mozilla": audits_file(audit(NEW))})

    assert verdict(files, NEW).standing is Standing.OURS


@pytest.mark.parametrize(
    ("today", "is_examined"),
    [(date(2026, 10, 31), False), (date(2026, 11, 1), True), (date(2026, 11, 30), True), (date(2026, 12, 1), False)],
)
def test_an_excuse_counts_from_its_day_to_the_day_before_its_end(today, is_examined):
    assert verdict(folder(excused=excuse(NEW)), NEW, today=today).is_examined is is_examined


def test_an_audit_of_a_day_to_come_counts_for_nothing():
    files = folder(audit(NEW, on="2026-11-27"))

    assert not verdict(files, NEW).is_examined
    assert verdict(files, NEW, today=date(2026, 11, 27)).is_examined


@pytest.mark.parametrize(
    ("policy", "facts", "is_examined"),
    [
        (trusted(), published(NEW), True),
        (trusted(), published(NEW, repository_id="9"), False),
        (trusted(since="2026-06-02"), published(NEW), False),
        (trusted(since="2026-06-01"), published(NEW), True),
        (trusted(until="2026-06-01"), published(NEW), False),
        (trusted(until="2026-11-26"), published(NEW), False),
        (trusted(), published(NEW, on="2026-11-27"), False),
        (trusted(), published(OLD), False),
        ("", published(NEW), False),
    ],
)
def test_a_trusted_publisher_examines_what_it_published_within_its_days(policy, facts, is_examined):
    found = verdict(folder(policy=policy, published=facts), NEW)

    assert found.is_examined is is_examined
    assert found.word is (Word.PUBLISHED if is_examined else Word.UNEXAMINED)


def test_a_trusted_publisher_brings_only_the_criteria_of_the_policy():
    files = folder(policy=trusted(), published=published(NEW))

    assert not verdict(files, NEW, "safe-to-deploy").is_examined


def test_a_violation_beats_everything():
    files = folder(audit(NEW, WHEEL) + violation(NEW), excused=excuse(NEW))

    found = verdict(files, NEW)

    assert (found.word, found.is_examined) == (Word.OBJECTED, False)
    assert [(one.by, one.why) for one in found.objections] == [(ALICE, "sends the environment away")]
    assert verdict(files, WHEEL).word is Word.READ, "it carries nothing to others"


def test_a_violation_also_meets_what_nobody_recorded_anything_else_of():
    assert verdict(folder(violation(NEW)), NEW).word is Word.OBJECTED


def test_what_is_objected_to_is_no_base():
    files = folder(audit(OLD) + violation(OLD) + audit(NEW, since=[OLD]))

    assert verdict(files, NEW).word is Word.UNEXAMINED


@pytest.mark.parametrize(
    ("version", "word"),
    [
        ("3.19", Word.UNEXAMINED),
        ("3.20", Word.OBJECTED),
        ("3.20rc1", Word.UNEXAMINED),
        ("3.21b1", Word.OBJECTED),
        ("4", Word.UNEXAMINED),
        ("", Word.OBJECTED),
        ("not a version", Word.OBJECTED),
    ],
)
def test_a_range_of_versions_needs_no_bytes(version, word):
    files = folder(violation(versions=">=3.20,<4"))

    assert verdict(files, "unknown", version=version).word is word


def test_a_range_says_nothing_of_other_projects():
    assert verdict(folder(violation(versions=">=0")), NEW, project="flask", version="3.20").word is Word.UNEXAMINED


def test_an_archive_cannot_hide_from_a_range_behind_a_version_that_somebody_states():
    files = folder(audit(NEW, more='version = "3.18"\n') + violation(versions=">=3.20"))

    assert verdict(files, NEW, version="3.18").word is Word.OBJECTED
    assert (
        verdict(folder(audit(OLD) + audit("x", since=[NEW]) + violation(versions=">=3.20")), "x").word is not Word.READ
    )


def test_a_base_in_a_range_that_is_objected_to_is_no_base():
    audits = audit(OLD) + audit("idna-3.30.tar.gz", since=[OLD], more='version = "3.30"\n')

    assert verdict(folder(audits), "idna-3.30.tar.gz").is_examined
    assert not verdict(folder(audits + violation(versions="<3.20")), "idna-3.30.tar.gz").is_examined


def test_a_violation_of_the_weaker_criterion_spoils_the_stronger_and_not_the_reverse():
    audits = audit(NEW, criteria="safe-to-deploy")
    weak, strong = folder(audits + violation(NEW)), folder(audits + violation(NEW, criteria="safe-to-deploy"))

    assert verdict(weak, NEW, "safe-to-deploy").word is Word.OBJECTED
    assert verdict(strong, NEW, "safe-to-deploy").word is Word.OBJECTED
    assert verdict(strong, NEW, "safe-to-run").word is Word.READ


OVERRIDE = (
    f'[[override]]\nsource = "mozilla"\nproject = "idna"\narchive = "{hex_of(NEW)}  {NEW}"\nwhy = "Windows only"\n'
)


def test_an_override_lifts_one_sources_violation_for_one_archive():
    objecting = audits_file(violation(NEW, OLD, versions=">=3"))
    files = folder(audit(NEW, OLD), OVERRIDE, imports={"mozilla": objecting})
    two = folder(audit(NEW, OLD), OVERRIDE, imports={"mozilla": objecting, "other": objecting})

    assert verdict(files, NEW, version="3.20").word is Word.READ
    assert verdict(files, OLD, version="3.19").word is Word.OBJECTED, "another archive"
    assert verdict(two, NEW, version="3.20").word is Word.OBJECTED, "another source"


def test_an_override_never_lifts_ones_own_violation():
    files = folder(audit(NEW) + violation(NEW), OVERRIDE, imports={"mozilla": audits_file()})

    assert verdict(files, NEW).word is Word.OBJECTED


def test_the_chain_names_each_step_once_with_its_source():
    shared = audits_file(audit(OLD, by="Bob <bob@example.org>"))
    decision = Decision(
        vetting(folder(audit(NEW, since=[OLD]) + audit(WHEEL, since=[OLD, NEW]), imports={"mozilla": shared})),
        Question("safe-to-run", TODAY),
    )

    chain = decision.chain(Subject(hex_of(WHEEL), "idna"))

    assert chain[0].filename == WHEEL
    assert {(step.filename, step.basis, step.source, step.by) for step in chain} == {
        (WHEEL, Basis.READ, "", ALICE),
        (NEW, Basis.READ, "", ALICE),
        (OLD, Basis.READ, "mozilla", "Bob <bob@example.org>"),
    }
    assert len(chain) == 3
    assert decision.verdict(Subject(hex_of(WHEEL), "idna")).standing is Standing.IMPORTED


def test_a_commit_counts_only_when_it_is_excused():
    commit = f"git:{'c' * 40}  https://git.example/idna"
    files = folder(excused=excuse(more=f'commits = ["{commit}"]\n'), audits=violation(versions="<3"))
    decision = Decision(vetting(files), Question("safe-to-run", TODAY))

    assert decision.verdict(Subject(commit, "idna")).word is Word.EXCUSED
    assert decision.verdict(Subject(commit + "2", "idna")).word is Word.UNEXAMINED


def test_e1_a_record_says_nothing_of_archives_of_another_project():
    files = folder(audit(OLD, project="other") + audit(NEW, since=[OLD]))

    assert verdict(files, OLD).word is Word.UNEXAMINED
    assert verdict(files, NEW).word is Word.UNEXAMINED
    assert verdict(files, OLD, project="other").word is Word.READ


def test_e1_an_excluded_project_is_not_examined_under_another_name():
    disguised = audits_file(audit(NEW, project="harmless"))
    files = folder(imports={"m": disguised}, import_lines='exclude = ["idna"]')

    assert verdict(files, NEW).word is Word.UNEXAMINED
