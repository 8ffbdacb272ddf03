"""Changes of records: what they add, what they take away, and what they refuse because something contradicts it."""

from __future__ import annotations

from datetime import date

import pytest

from peep.errors import VettingError
from peep.formats.digest_lines import digest_line
from peep.vetting import editing
from peep.vetting.policy import TrustedPublisher
from peep.vetting.records import Audit, Excuse, Violation
from peep.vetting.verdicts import Subject
from support.vetting import ALICE, TODAY, audit, excuse, folder, hex_of, line, published, vetting, violation

OLD, NEW = "idna-3.19.tar.gz", "idna-3.20.tar.gz"


def read(filename: str, since: str = "", criteria: tuple[str, ...] = ("safe-to-run",)) -> Audit:
    bases = (digest_line(line(since)),) if since else ()
    return Audit("idna", criteria, ALICE, TODAY, (digest_line(line(filename)),), "3.20", since=bases)


def test_an_audit_record_is_added():
    edited = editing.certified(vetting(folder(audit(OLD))), read(NEW))

    assert [one.read[0].filename for one in edited.own.audits] == [OLD, NEW]
    assert (edited.excuses, edited.notes) == ((), ())


def test_an_excuse_of_what_was_read_goes():
    before = vetting(folder(excused=excuse(NEW, OLD)))

    edited = editing.certified(before, read(NEW))

    assert [[one.filename for one in excuse.archives] for excuse in edited.excuses] == [[OLD]]
    assert edited.notes == (f"{NEW}: no longer excused",)


def test_an_excuse_stays_while_the_delta_rests_on_nothing():
    before = vetting(folder(excused=excuse(NEW)))

    edited = editing.certified(before, read(NEW, since=OLD))

    assert edited.excuses == before.records.excuses
    assert "still excused" in edited.notes[0]


def test_an_excuse_for_more_than_was_vouched_for_stays():
    before = vetting(folder(excused=excuse(NEW).replace("safe-to-run", "safe-to-deploy")))

    assert editing.certified(before, read(NEW)).excuses == before.records.excuses


@pytest.mark.parametrize(
    ("files", "record", "reason"),
    [
        (folder(violation(NEW)), read(NEW), "audits.toml objects to it: sends the environment away"),
        (folder(violation(NEW)), read(NEW, criteria=("safe-to-deploy",)), "audits.toml objects to it"),
        (folder(), read(NEW, criteria=("fast",)), "nobody defined the criterion fast"),
        (folder(), read(NEW, since=NEW), "cannot be examined by what changed since itself"),
    ],
)
def test_what_contradicts_an_audit_record_is_told_instead(files, record, reason):
    with pytest.raises(VettingError, match=reason):
        editing.certified(vetting(files), record)


def test_a_violation_of_the_stronger_criterion_leaves_the_weaker_to_be_certified():
    before = vetting(folder(violation(NEW, criteria="safe-to-deploy")))

    assert editing.certified(before, read(NEW)).own.audits == (read(NEW),)


def test_the_same_record_is_not_written_twice():
    once = editing.certified(vetting(folder()), read(NEW))
    again = vetting(folder(audit(NEW, on="2026-11-26", more='version = "3.20"\n')))

    assert once.own.audits == again.records.own.audits
    with pytest.raises(VettingError, match=r"is in audits\.toml already"):
        editing.certified(again, read(NEW))


def template(until: date) -> Excuse:
    return Excuse("", ("safe-to-run",), ALICE, TODAY, until, "was here before")


def test_excuses_stand_by_version():
    subjects = [Subject(hex_of(name), project, "1", name) for project, name in [("b", "x"), ("a", "y"), ("b", "w")]]

    found = editing.excuses_for(subjects, template(date(2027, 1, 1)))

    assert [(one.project, {line.filename for line in one.archives}) for one in found] == [
        ("a", {"y"}),
        ("b", {"x", "w"}),
    ]
    assert editing.excused(vetting(folder()), found, TODAY) == found


@pytest.mark.parametrize("until", [TODAY, date(2026, 11, 25), date(2027, 11, 27)])
def test_an_excuse_ends_within_a_year_and_not_at_once(until):
    added = editing.excuses_for([Subject("0" * 64, "a", "1", "a")], template(until))

    with pytest.raises(VettingError, match="an excuse until"):
        editing.excused(vetting(folder()), added, TODAY)


def test_a_violation_tells_which_records_it_silences():
    wrong = Violation("idna", ("safe-to-run",), ALICE, TODAY, "bad", (digest_line(line(NEW)),))

    edited = editing.objected(vetting(folder(audit(NEW))), wrong)

    assert edited.own.violations == (wrong,)
    assert edited.notes == (f"{NEW}: the audit record of {ALICE} (2026-11-01) no longer counts",)
    with pytest.raises(VettingError, match="already"):
        editing.objected(vetting(folder(violation(NEW).replace("sends the environment away", "bad"))), wrong)


WANTED = TrustedPublisher(
    "idna", "github:o/idna/w.yml", "", "", ("safe-to-run",), date(2026, 1, 1), date(2027, 1, 1), "we know the team"
)


def test_trust_takes_the_ids_from_verified_attestations():
    found = editing.trusting(vetting(folder(published=published(NEW))), WANTED)

    assert (found.repository_id, found.owner_id) == ("1", "2")


def test_trust_needs_one_account_that_an_attestation_names():
    with pytest.raises(VettingError, match="knows no archive of idna"):
        editing.trusting(vetting(folder()), WANTED)
    with pytest.raises(VettingError, match="is several accounts: repository 1 of owner 2, repository 9 of owner 2"):
        editing.trusting(vetting(folder(published=published(NEW) + published(OLD, repository_id="9"))), WANTED)
