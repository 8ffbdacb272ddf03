"""Where imports come from, what a new state changes, and what it takes to accept it."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from peep.errors import RecordsErrors, UsageError, VettingError
from peep.vetting.import_pins import (
    GitSource,
    ImportedFile,
    UrlSource,
    check_accepted,
    check_name,
    offered,
    parse_source,
    with_pin,
)
from peep.vetting.records import ImportPin
from support.vetting import TODAY, audit, audits_file, violation

PIN = ImportPin("mozilla", "https://m.example/a.toml", "0" * 64, date(2026, 1, 1))
COMMIT = "c" * 40


@pytest.mark.parametrize(
    ("text", "source", "signature"),
    [
        ("https://m.example/a.toml", UrlSource("https://m.example/a.toml"), "https://m.example/a.toml.sig"),
        ("http://m.example/a?x=1", UrlSource("http://m.example/a?x=1"), "http://m.example/a.sig?x=1"),
        ("../shared/a.toml", ImportedFile("../shared/a.toml"), "../shared/a.toml.sig"),
        (
            f"git+https://g.example/r.git@{COMMIT}#vetting/audits.toml",
            GitSource("https://g.example/r.git", COMMIT, "vetting/audits.toml"),
            "vetting/audits.toml.sig",
        ),
    ],
)
def test_a_source_is_a_url_a_file_or_a_file_of_a_commit(text, source, signature):
    assert parse_source(text) == source
    assert parse_source(text).signature == signature


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a\nb",
        "ftp://m.example/a",
        "git+https://g.example/r.git#a.toml",
        "git+https://g.example/r.git@main#a.toml",
        f"git+https://g.example/r.git@{COMMIT[1:]}#a.toml",
        f"git+https://g.example/r.git@{COMMIT}",
        f"git+https://g.example/r.git@{COMMIT}#../a.toml",
        f"git+https://g.example/r.git@{COMMIT}#/etc/a.toml",
    ],
)
def test_other_sources_are_refused(text):
    with pytest.raises(UsageError):
        parse_source(text)


def test_a_name_is_one_plain_file_name():
    assert check_name("mozilla-1") == "mozilla-1"
    with pytest.raises(UsageError):
        check_name("../x")


def test_an_offer_tells_what_comes_and_what_goes():
    old = audits_file(audit("a"), audit("b"), violation("x"), '[criteria.fast]\ntext = "one"\n')
    new = audits_file(audit("b"), audit("c"), violation("y"), '[criteria.fast]\ntext = "two"\n')

    offer = offered(PIN, new, old, "a.toml")

    change = offer.difference
    assert offer.pin.sha256 == sha256(new).hexdigest()
    assert [[one.read[0].filename for one in part] for part in (change.added_audits, change.removed_audits)] == [
        ["c"],
        ["a"],
    ]
    assert [one.archives[0].filename for one in change.added_violations] == ["y"]
    assert [one.archives[0].filename for one in change.removed_violations] == ["x"]
    assert change.changed_criteria == ("fast",)
    assert offered(PIN, old, old, "a.toml").difference.is_empty
    assert not offered(PIN, old, None, "a.toml").difference.is_empty


def test_what_is_unusable_is_no_offer():
    with pytest.raises(RecordsErrors, match=r"a\.toml: violation 1: unknown keys: future"):
        offered(PIN, audits_file(violation("x", more="future = 1")), None, "a.toml")


def test_only_the_digest_of_what_came_accepts_it():
    offer = offered(PIN, audits_file(audit("a")), None, "a.toml")

    check_accepted(offer, offer.pin.sha256)
    check_accepted(offer, f"sha256:{offer.pin.sha256}")
    with pytest.raises(VettingError, match=offer.pin.sha256):
        check_accepted(offer, "0" * 64)
    with pytest.raises(UsageError):
        check_accepted(offer, "yes")


def test_a_pin_takes_the_place_of_the_one_of_its_name():
    other = ImportPin("other", "b.toml", "1" * 64, date(2026, 1, 1))

    assert with_pin([PIN, other], PIN, TODAY) == (other, ImportPin(PIN.name, PIN.source, PIN.sha256, TODAY))
