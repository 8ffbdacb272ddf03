"""Reading fails closed: own files to anything odd, imports to what could hide a violation; file and entry are named."""

from __future__ import annotations

import pytest

from peep.errors import RecordsErrors
from peep.vetting.verdicts import Word
from support.vetting import (
    audit,
    audits_file,
    excuse,
    folder,
    hex_of,
    line,
    lines,
    published,
    trusted,
    verdict,
    vetting,
    violation,
)

NEW = "idna-3.20.tar.gz"
GOOD = audit(NEW)


def refused(files):
    with pytest.raises(RecordsErrors) as caught:
        vetting(files)
    return [str(problem) for problem in caught.value.problems]


def test_an_empty_folder_holds_nothing_and_the_default_policy():
    found = vetting({})

    assert found.records.own.audits == ()
    assert (found.policy.demand, found.policy.demand_build) == ("safe-to-run", "safe-to-run")
    assert (found.policy.accept_compiled, found.policy.accept_machine) == (True, False)
    assert found.policy.accept_skipped == {"tests/**", "docs/**"}


def test_every_key_of_an_audit_is_read():
    more = (
        f'version = "3.20"\nsame = {lines(["s"])}\ncompiled = {lines(["c"])}\nhow = "machine"\nusing = "scanner 2"\n'
        'skipped = ["tests/**"]\nnotes = "none"\n'
        'answers = [{rule = "startup-code", path = "x.pth", sha256 = "' + "a" * 64 + '", why = "coverage"}]\n'
    )
    found = vetting(folder(audit(NEW, since=["o"], more=more))).records.own.audits[0]

    assert (found.project, found.version, found.criteria) == ("idna", "3.20", ("safe-to-run",))
    assert [[str(one) for one in part] for part in (found.read, found.same, found.compiled, found.since)] == [
        [line(NEW)],
        [line("s")],
        [line("c")],
        [line("o")],
    ]
    assert (found.is_by_machine, found.using, found.skipped, found.notes) == (True, "scanner 2", ("tests/**",), "none")
    assert [(one.rule, one.path, one.why) for one in found.answers] == [("startup-code", "x.pth", "coverage")]


ODD_AUDITS = [
    (GOOD.replace('project = "idna"', 'project = "Idna"'), "audit record 1: project is not normalised: 'Idna'"),
    (GOOD.replace('project = "idna"\n', ""), "audit record 1: project is missing"),
    (GOOD.replace('project = "idna"', 'project = "a/b"'), "audit record 1: project is not normalised: 'a/b'"),
    (GOOD.replace('criteria = ["safe-to-run"]\n', ""), "audit record 1: criteria is missing"),
    (GOOD.replace('criteria = ["safe-to-run"]', "criteria = []"), "audit record 1: criteria is empty"),
    (GOOD.replace('criteria = ["safe-to-run"]', 'criteria = "safe-to-run"'), "criteria is no list of texts"),
    (GOOD.replace('criteria = ["safe-to-run"]', "criteria = [1]"), "criteria is no list of texts"),
    (audit(NEW, criteria="safe"), "audit record 1: nobody defined the criterion safe"),
    (audit(NEW, by=" "), "audit record 1: by is empty"),
    (audit(NEW, on='"2026-11-01"'), "audit record 1: on is no date such as 2026-11-26, without quotes"),
    (audit(NEW, on="2026-11-01T10:00:00Z"), "on is no date"),
    (audit(), "audit record 1: read is empty"),
    (GOOD.replace(hex_of(NEW), hex_of(NEW)[1:]), "is not of the form SHA256  FILENAME"),
    (GOOD.replace(hex_of(NEW), hex_of(NEW).upper()), "is not of the form SHA256  FILENAME"),
    (GOOD + "future = 1\n", "audit record 1: unknown keys: future"),
    (GOOD + "since = []\n", "audit record 1: since is empty"),
    (GOOD + 'how = "person"\n', "audit record 1: how: 'person' is not machine"),
    (GOOD + 'how = "machine"\n', 'how = "machine" and using = "TOOL MODEL" come together'),
    (GOOD + 'using = "scanner"\n', 'how = "machine" and using = "TOOL MODEL" come together'),
    (GOOD + 'skipped = "tests/**"\n', "skipped is no list of texts"),
    (GOOD + "notes = 7\n", "notes is no text"),
    (GOOD + 'answers = [{rule = "x", path = "y"}]\n', "audit record 1: answer 1: why is missing"),
    (GOOD + 'answers = [{rule = "x", path = "y", why = "z", who = "w"}]\n', "answer 1: unknown keys: who"),
    (GOOD + 'answers = [{rule = "x", path = "y", why = "z", sha256 = "A"}]\n', "answer 1: sha256 is not 64"),
    (GOOD + "answers = 3\n", "answers is no list of tables"),
    (violation(), "violation 1: it names neither archives nor versions"),
    (violation(versions="0.2"), "violation 1: versions: '0.2' is no range such as >=0.2,<0.3"),
    (violation(NEW).replace("why", "because"), "violation 1: why is missing; unknown keys: because"),
    (violation(NEW, criteria="safe"), "violation 1: nobody defined the criterion safe"),
    ("[criteria.x]\n", "criterion 'x': text is missing"),
    ('[criteria.x]\ntext = "t"\nimplies = ["y"]\n', "criterion 'x': nobody defined the criterion y"),
    ('[criteria.safe-to-run]\ntext = "t"\n', "criterion 'safe-to-run': is built in"),
    ('[criteria."x y"]\ntext = "t"\n', "criterion 'x y': is not made of letters"),
    ("[criteria]\nx = 1\n", "x is no table"),
    ("[[excused]]\n", "unknown keys: excused"),
    ("audit = 3\n", "audit is no list of tables"),
    ("audit = [3]\n", "audit is no list of tables"),
    ("criteria = 3\n", "criteria is no table"),
]


@pytest.mark.parametrize(("body", "reason"), ODD_AUDITS)
def test_an_own_audits_file_with_anything_odd_is_refused(body, reason):
    told = refused(folder(body))

    assert any(text.startswith("vetting/audits.toml: ") and reason in text for text in told), told


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"format = ", "is not TOML: Invalid value (at end of document)"),
        (b'format = "peep audits 2"\n', "its format is 'peep audits 2', not 'peep audits 1'"),
        (b'format = 1\n[[audit]]\nproject = "x"\n', "its format is 1, not 'peep audits 1'"),
        (b"", "it does not state its format"),
        (b'format = "peep audits 1"\n# \xff\n', "is not UTF-8 (byte 27)"),
        (b'format = "peep audits 1"\nx = ' + b"[" * 100_000, "is not TOML"),
        (b'format = "peep audits 1"\n<<<<<<< HEAD\n', "is not TOML"),
    ],
)
def test_what_is_no_file_of_this_format_is_refused(content, reason):
    told = refused({"audits.toml": content})

    assert len(told) == 1
    assert told[0].startswith(f"vetting/audits.toml: {reason}")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (folder(excused=excuse()), "vetting/excused.toml: excuse 1: it names neither archives nor commits"),
        (folder(excused=excuse(NEW, until="2027-11-02")), "excuse 1: until is more than a year after on"),
        (folder(excused=excuse(NEW).replace("until", "end")), "excuse 1: until is missing; unknown keys: end"),
        (folder(excused=excuse(more='commits = ["abc"]\n')), "excuse 1: commits: 'abc' is not of the form git:COMMIT"),
        (folder(excused=excuse(NEW).replace("safe-to-run", "x")), "excuse 1: nobody defined the criterion x"),
        (folder(policy=trusted(until="2027-01-02")), "trusted publisher 1: until is more than a year after since"),
        (
            folder(policy=trusted(criteria="x")),
            "vetting/policy.toml: trusted publisher 1: nobody defined the criterion x",
        ),
        (folder(policy=trusted().replace("owner-id", "owner")), "trusted publisher 1: owner-id is missing; unknown"),
        (folder(policy='demand = "x"\n'), "vetting/policy.toml: demand: nobody defined the criterion x"),
        (folder(policy='demand-build = ""\n'), "demand-build is empty"),
        (folder(policy='accept-compiled = "yes"\n'), "accept-compiled is neither true nor false"),
        (folder(policy='accept-skipped = "tests"\n'), "accept-skipped is no list of texts"),
        (folder(policy='trust-root = "x"\n'), "trust-root: 'x' is not of the form SHA256  FILENAME"),
        (folder(policy="accept-everything = true\n"), "vetting/policy.toml: unknown keys: accept-everything"),
        (
            folder(policy=f'[[override]]\nsource = "x"\nproject = "idna"\narchive = "{line(NEW)}"\nwhy = "w"\n'),
            "vetting/policy.toml: override 1: there is no import called x",
        ),
        (folder(published=published("a/b")), "published archive 1: archive: "),
        (folder(published=published(NEW).replace("publisher", "who")), "publisher is missing; unknown keys: who"),
    ],
)
def test_other_own_files_with_anything_odd_are_refused(files, reason):
    told = refused(files)

    assert any(reason in text for text in told), told


def test_an_excuse_may_last_a_year_and_over_a_leap_day():
    files = folder(excused=excuse(NEW, on="2026-11-01", until="2027-11-01"))

    assert verdict(files, NEW).word is Word.EXCUSED
    assert vetting(folder(excused=excuse(NEW, on="2028-02-29", until="2029-03-01"))).records.excuses


def test_everything_that_is_wrong_is_told_at_once():
    told = refused(folder(audit(NEW, by=""), policy="x = 1\n", excused=excuse()))

    assert [text.split(":")[0] for text in told] == [
        "vetting/audits.toml",
        "vetting/excused.toml",
        "vetting/policy.toml",
    ]


# -- imports ---------------------------------------------------------------------------------------


def test_an_import_counts_as_of_its_pinned_bytes():
    shared = audits_file(GOOD)
    files = folder(imports={"mozilla": shared})

    assert verdict(files, NEW).word is Word.READ

    files["imports/mozilla.toml"] = shared + b"\n"
    assert "imports/mozilla.toml: its sha256 is " in refused(files)[0]


def test_a_missing_copy_is_refused():
    files = folder(imports={"mozilla": audits_file()})
    del files["imports/mozilla.toml"]

    assert refused(files) == ["vetting/imports/mozilla.toml: the copy of this import is missing"]


@pytest.mark.parametrize(
    ("shared", "reason"),
    [
        (b"x", "is not TOML"),
        (b'format = "peep audits 2"\n', "its format is"),
        (audits_file("[[excused]]\n"), "unknown keys: excused"),
        (audits_file("[[trusted]]\n"), "unknown keys: trusted"),
        (audits_file(violation(NEW, more="future = 1")), "violation 1: unknown keys: future"),
        (audits_file(violation(NEW, criteria="fast")), "violation 1: nobody defined the criterion fast"),
        (audits_file(violation(NEW).replace(hex_of(NEW), "x")), "violation 1: archives: "),
        (audits_file(violation(NEW).replace("2026-11-02", '"soon"')), "violation 1: on is no date"),
        (audits_file('[criteria.x]\ntext = "t"\nimplies = ["y"]\n'), "criterion 'x': it implies y"),
    ],
)
def test_an_import_that_may_hide_a_violation_is_unusable(shared, reason):
    told = refused(folder(imports={"mozilla": shared}))

    assert any(text.startswith("vetting/imports/mozilla.toml: ") and reason in text for text in told), told


def test_an_odd_audit_of_an_import_counts_for_nothing_and_is_told_with_its_number():
    shared = audits_file(audit("other"), GOOD + "future = 1\n", audit("third", criteria="fast"))
    files = folder(imports={"mozilla": shared})

    assert verdict(files, "other").is_examined
    assert verdict(files, NEW).word is Word.UNEXAMINED
    assert [str(one) for one in vetting(files).ignored] == [
        "audit record 2 of mozilla: unknown keys: future",
        "audit record 3 of mozilla: nobody defined the criterion fast",
    ]


FOREIGN = '[criteria.reviewed]\ntext = "all read"\nimplies = ["safe-to-run"]\n[criteria.fast]\ntext = "measured"\n'


def test_foreign_criteria_count_where_they_are_mapped_and_for_what_they_imply():
    shared = audits_file(FOREIGN, audit("a", criteria="reviewed"), audit("b", criteria="fast"))
    plain = folder(imports={"m": shared})
    mapped = folder(imports={"m": shared}, import_lines='criteria = {fast = ["safe-to-deploy"]}\n')

    assert verdict(plain, "a").is_examined, "their reviewed implies safe-to-run, which is built in"
    assert not verdict(plain, "a", "safe-to-deploy").is_examined
    assert not verdict(plain, "b").is_examined
    assert verdict(mapped, "b", "safe-to-deploy").is_examined
    assert [str(one) for one in vetting(plain).ignored] == [
        "1 audit record of m: imports.toml does not map the criterion fast",
        "1 audit record of m: imports.toml does not map the criterion reviewed",
    ]


def test_a_mapping_to_what_nobody_defined_is_refused():
    files = folder(imports={"m": audits_file()}, import_lines='criteria = {fast = ["x"]}\n')

    assert refused(files) == ["vetting/imports.toml: import m: nobody defined the criterion x"]


def test_a_violation_of_a_foreign_criterion_meets_what_it_is_mapped_to():
    shared = audits_file(FOREIGN, violation(NEW, criteria="reviewed"))
    mapped = folder(imports={"m": shared}, import_lines='criteria = {reviewed = ["safe-to-run"]}\n')

    assert verdict(mapped, NEW).word is Word.OBJECTED
    assert [str(one) for one in vetting(folder(imports={"m": shared})).ignored] == [
        "1 violation of m: imports.toml does not map the criterion reviewed"
    ]


def test_the_violation_of_a_stronger_foreign_criterion_does_not_meet_the_weaker():
    shared = audits_file(GOOD, violation(NEW, criteria="safe-to-deploy"))

    assert verdict(folder(imports={"m": shared}), NEW).word is Word.READ
    assert verdict(folder(imports={"m": shared}), NEW, "safe-to-deploy").word is Word.OBJECTED


def test_excluded_projects_lose_their_audits_and_keep_their_violations():
    shared = audits_file(GOOD, violation("bad"))
    files = folder(imports={"m": shared}, import_lines='exclude = ["idna"]\n')

    assert verdict(files, NEW).word is Word.UNEXAMINED
    assert verdict(files, "bad").word is Word.OBJECTED


def test_two_imports_of_one_name_are_refused():
    files = folder(imports={"m": audits_file()})
    files["imports.toml"] += files["imports.toml"].replace(b'format = "peep imports 1"\n', b"").replace(b'"m"', b'"M"')

    assert "vetting/imports.toml: import M: two entries have this name" in refused(files)


@pytest.mark.parametrize("name", ["../x", "a b", "", "a/b", ".x"])
def test_the_name_of_an_import_is_one_plain_file_name(name):
    files = folder(imports={"m": audits_file()})
    files["imports.toml"] = files["imports.toml"].replace(b'name = "m"', f'name = "{name}"'.encode())

    assert any("import 1: name" in text for text in refused(files))
