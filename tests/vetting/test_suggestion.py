"""What to read next: the nearest examined versions, priced by whoever can tell, cheapest first."""

from __future__ import annotations

from datetime import date

from peep.vetting.decision import Decision
from peep.vetting.known_versions import KnownVersions
from peep.vetting.rules import Question
from peep.vetting.suggestion import ReadingCost, comparisons, excuse_ends, suggestions, trust_gains, unexamined_subjects
from peep.vetting.verdicts import Subject
from support.vetting import TODAY, audit, excuse, folder, hex_of, published, trusted, vetting, violation


def subject(version: str, name: str = "idna") -> Subject:
    filename = f"{name}-{version}.tar.gz"
    return Subject(hex_of(filename), name, version, filename)


def asked(files):
    found = vetting(files)
    decision = Decision(found, Question("safe-to-run", TODAY))
    return found, decision, KnownVersions(found, decision)


def test_the_nearest_versions_are_examined_ones_by_the_order_of_versions():
    files = folder(
        audit("idna-3.9.tar.gz")
        + audit("idna-3.10.tar.gz", more='version = "3.10"\n')
        + audit("idna-3.30.tar.gz")
        + audit("idna-3.12.tar.gz", since=["nothing"])
        + audit("idna-3.13.tar.gz")
        + violation("idna-3.13.tar.gz")
    )
    _, _, known = asked(files)

    nearest = known.nearest("idna", "3.20")

    assert [one.version for one in nearest.both] == ["3.10", "3.30"]
    assert [line.filename for line in nearest.both[0].archives] == ["idna-3.10.tar.gz"]
    assert known.nearest("idna", "3.1").below is None
    assert known.nearest("idna", "4").above is None
    assert known.nearest("other", "4").both == ()
    assert known.nearest("idna", "no version").both == ()
    assert known.version("idna", "3.10.0") is not None, "versions compare as PEP 440 says"


def test_the_cheapest_comparison_is_suggested_and_the_cheapest_stands_first():
    _, _, known = asked(folder(audit("idna-3.9.tar.gz") + audit("idna-3.30.tar.gz")))
    prices = {"3.9": ReadingCost(50, 1), "3.30": ReadingCost(9, 90), "": ReadingCost(999, 0)}

    found = suggestions(
        [subject("1", "zebra"), subject("3.20")], known, lambda one: prices[one.old_version], {"idna": ("requests",)}
    )

    assert [(one.comparison.project, one.comparison.old_version, one.cost, one.used_by) for one in found] == [
        ("idna", "3.30", ReadingCost(9, 90), ("requests",)),
        ("zebra", "", ReadingCost(999, 0), ()),
    ]


def test_what_has_no_price_stands_last_and_is_still_told():
    _, _, known = asked(folder(audit("idna-3.9.tar.gz")))

    found = suggestions(
        [subject("3.20"), subject("1", "a")], known, lambda one: None if one.project == "a" else ReadingCost(1, 1), {}
    )

    assert [(one.comparison.project, one.cost) for one in found] == [("idna", ReadingCost(1, 1)), ("a", None)]


def test_archives_of_one_version_are_one_comparison():
    wheel = Subject(hex_of("w"), "idna", "3.20", "w")
    _, _, known = asked(folder(audit("idna-3.9.tar.gz")))

    found = comparisons([subject("3.20"), wheel], known)

    assert [(one.old_version, one.new) for one in found] == [
        ("3.9", (subject("3.20"), wheel)),
        ("", (subject("3.20"), wheel)),
    ]


def test_what_a_trusted_publisher_would_settle():
    facts = published("idna-3.20.tar.gz") + published("idna-3.21.tar.gz", repository_id="1")
    found, _, _ = asked(folder(published=facts))
    both = [subject("3.20"), subject("3.21"), subject("3.22")]

    assert [(one.project, one.publisher, one.archives) for one in trust_gains(found, both)] == [
        ("idna", "github:o/idna/w.yml", 2)
    ]
    assert trust_gains(vetting(folder(published=facts, policy=trusted())), both) == ()
    impostor = facts.replace('owner-id = "', 'owner-id = "9')
    assert impostor != facts
    assert trust_gains(vetting(folder(published=impostor, policy=trusted())), both) == (), "the name of another account"


def test_excuses_are_counted_by_their_end_and_objections_are_nothing_to_read():
    files = folder(
        violation("idna-5.tar.gz"),
        excused=excuse("idna-1.tar.gz", "idna-2.tar.gz", until="2027-02-01") + excuse("idna-3.tar.gz"),
    )
    _, decision, _ = asked(files)
    verdicts = [decision.verdict(subject(version)) for version in "12345"]

    assert excuse_ends(verdicts) == ((date(2026, 12, 1), 1), (date(2027, 2, 1), 2))
    assert unexamined_subjects(verdicts) == (subject("4"),)
