"""The gate: which problems and which summary come of demands, records and what a run is about to use."""

from __future__ import annotations

from datetime import date

import pytest

from peep.errors import Lack, NotExamined, ObjectedTo, UsageError
from peep.model import Digest, ListedFile
from peep.pipeline.vetting.examined_gate import Asked, Demand, ExaminedGate, ExaminedSummary, Role, strongest
from peep.pipeline.vetting.subjects import subjects_of
from peep.vetting.verdicts import Subject
from support.pins import made_up, pinned
from support.vetting import (
    TODAY,
    audit,
    audits_file,
    excuse,
    folder,
    hex_of,
    lines,
    published,
    trusted,
    vetting,
    violation,
)

WHEEL = "idna-3.20-py3-none-any.whl"
SDIST = "idna-3.20.tar.gz"
COMMIT = "c" * 40


def digest_of(filename: str) -> Digest:
    return Digest("sha256", hex_of(filename))


def asked(filename: str = WHEEL, role: Role = Role.INSTALLED, name: str = "idna") -> Asked:
    return Asked(pinned(f"{name}==3.20", digest_of(filename)), Subject(hex_of(filename), name, "3.20", filename), role)


def gate(files, *criteria: str) -> ExaminedGate:
    demands = [Demand(criterion, "--require-examined") for criterion in criteria or ("",)]
    return ExaminedGate(demands, vetting(files), TODAY)


def lacks(judgement):
    return [(problem.pin.name, problem.criterion, problem.lack) for problem in judgement.problems]


def test_what_is_examined_passes_and_is_counted_by_its_standing():
    files = folder(
        audit("a", more=f"compiled = {lines(['b'])}\n")
        + audit("m", more='how = "machine"\nusing = "scanner 1"\n')
        + audit("d", since=["c"]),
        "accept-machine = true\n" + trusted(),
        excuse("c", until="2027-01-31") + excuse("e", until="2026-12-24"),
        published("p"),
        imports={"mozilla": audits_file(audit("i"))},
    )

    found = gate(files).judge([asked(name) for name in "abmcdepi"], ["local"])

    assert found.problems == ()
    assert found.summary == ExaminedSummary(
        examined=3,
        compiled=1,
        publisher=1,
        machine=1,
        excused=3,
        excused_until="2026-12-24",
        trusted_folders=("local",),
    )
    assert (found.since, found.until) == (date(2026, 11, 1), date(2026, 12, 24))


def test_an_excused_version_is_not_told_as_examined():
    (problem,) = gate(folder(excused=excuse("idna-3.19.tar.gz", until="2026-12-24"))).judge([asked()]).problems

    assert isinstance(problem, NotExamined)
    assert (problem.nearest_version, problem.nearest_is_excused) == ("3.19", True)


def test_what_nobody_examined_is_told_with_the_nearest_version():
    older = audit("idna-3.18.tar.gz") + audit("idna-3.19.tar.gz", by="Bob <bob@example.org>")

    (problem,) = gate(folder(older)).judge([asked()]).problems

    assert isinstance(problem, NotExamined)
    assert (problem.archive, problem.sha256, problem.criterion) == (WHEEL, hex_of(WHEEL), "safe-to-run")
    assert (problem.lack, problem.nearest_version) == (Lack.UNEXAMINED, "3.19")
    assert (problem.nearest_by, problem.nearest_on) == ("Bob <bob@example.org>", "2026-11-01")


def test_what_is_missing_says_what_the_policy_would_have_to_accept():
    compiled = audit("x", more=f"compiled = {lines([WHEEL])}\n")
    machine = audit(WHEEL, more='how = "machine"\nusing = "scanner 1"\n')

    assert lacks(gate(folder(compiled, "accept-compiled = false\n")).judge([asked()])) == [
        ("idna", "safe-to-run", Lack.COMPILED)
    ]
    assert lacks(gate(folder(machine)).judge([asked()])) == [("idna", "safe-to-run", Lack.MACHINE)]


def test_every_objection_is_told_with_who_and_why():
    files = folder(audit(WHEEL) + violation(WHEEL), imports={"mozilla": audits_file(violation(versions=">=3"))})

    problems = gate(files).judge([asked()]).problems

    assert [type(one) for one in problems] == [ObjectedTo, ObjectedTo]
    assert [(one.source, one.why) for one in problems] == [
        ("", "sends the environment away"),
        ("mozilla", "sends the environment away"),
    ]


def test_a_kept_project_of_unknown_origin_is_refused():
    unknown = Asked(pinned("idna==3.20"), Subject("", "idna", "3.20"), Role.KEPT)

    assert lacks(gate(folder(audit(WHEEL))).judge([unknown])) == [("idna", "safe-to-run", Lack.UNRECORDED)]


def test_a_kept_project_is_objected_to_by_its_version_even_if_its_origin_is_unknown():
    unknown = Asked(pinned("idna==3.20"), Subject("", "idna", "3.20"), Role.KEPT)

    (problem,) = gate(folder(violation(versions="<4"))).judge([unknown]).problems

    assert isinstance(problem, ObjectedTo)


def test_a_source_archive_must_meet_both_demands_and_build_tools_only_theirs():
    files = folder(audit(SDIST) + audit("tool", criteria="safe-to-deploy"), 'demand-build = "safe-to-deploy"\n')

    source = gate(files, "safe-to-run").judge([asked(SDIST, Role.SOURCE)])
    tool = gate(files, "safe-to-run").judge([asked("tool", Role.BUILD)])
    plain = gate(files, "safe-to-run").judge([asked(SDIST, Role.BUILD)])

    assert lacks(source) == [("idna", "safe-to-deploy", Lack.UNEXAMINED)]
    assert lacks(tool) == []
    assert lacks(plain) == [("idna", "safe-to-deploy", Lack.UNEXAMINED)]


def test_a_commit_is_refused_unless_it_is_excused():
    pin = pinned(f"idna @ git+https://user:secret@git.example/idna@{COMMIT}")
    (subject,) = subjects_of(pin)
    commits = f'commits = ["git:{COMMIT}  https://git.example/idna"]\n'

    assert subject.key == f"git:{COMMIT}  https://git.example/idna"
    assert lacks(gate(folder(audit("x"))).judge([Asked(pin, subject, Role.SOURCE)])) == [
        ("idna", "safe-to-run", Lack.COMMIT)
    ]
    assert gate(folder(excused=excuse(more=commits))).judge([Asked(pin, subject, Role.SOURCE)]).summary.excused == 1


def test_the_strongest_demand_holds_and_incomparable_ones_all_do():
    own = '[criteria.fast]\ntext = "measured"\n[criteria.best]\ntext = "all"\nimplies = ["fast", "safe-to-deploy"]\n'
    records = vetting(folder(own))

    def of(*criteria):
        return strongest([Demand(criterion, "x") for criterion in criteria], records)

    assert of("") == ("safe-to-run",)
    assert of("safe-to-run", "safe-to-deploy", "") == ("safe-to-deploy",)
    assert of("safe-to-deploy", "safe-to-run") == ("safe-to-deploy",)
    assert of("fast", "safe-to-run") == ("fast", "safe-to-run")
    assert of("fast", "safe-to-run", "best") == ("best",)


def test_criteria_that_imply_each_other_do_not_cancel_out():
    own = '[criteria.a]\ntext = "a"\nimplies = ["b"]\n[criteria.b]\ntext = "b"\nimplies = ["a"]\n'

    assert strongest([Demand("b", "x"), Demand("a", "x")], vetting(folder(own))) == ("a",)


def test_a_demand_of_the_policy_holds_where_none_is_named():
    files = folder(audit(WHEEL), 'demand = "safe-to-deploy"\n')

    assert lacks(gate(files, "").judge([asked()])) == [("idna", "safe-to-deploy", Lack.UNEXAMINED)]
    assert lacks(gate(files, "safe-to-run").judge([asked()])) == []


def test_an_undefined_demand_is_refused_by_its_place():
    with pytest.raises(UsageError, match=r"requirements\.txt:3: nobody defined the criterion fast"):
        ExaminedGate([Demand("fast", "requirements.txt:3")], vetting({}), TODAY)


def test_what_has_no_examined_archive_need_not_be_fetched():
    pin = pinned("idna==3.20", digest_of(WHEEL), digest_of(SDIST))

    (problem,) = gate(folder()).refused_unfetched(pin)
    assert (problem.pin, problem.others) == (pin, 1)
    assert gate(folder(audit(SDIST))).refused_unfetched(pin) == ()
    assert gate(folder()).refused_unfetched(pinned("idna==3.20", made_up("a", "sha512"))) == ()
    assert gate(folder()).refused_unfetched(pinned("idna==3.20")) == ()


def test_of_objections_and_ignorance_the_objections_are_told():
    pin = pinned("idna==3.20", digest_of(WHEEL), digest_of(SDIST))

    (problem,) = gate(folder(violation(SDIST))).refused_unfetched(pin)

    assert isinstance(problem, ObjectedTo)


def test_the_files_of_a_lock_are_known_by_name():
    files = (ListedFile(WHEEL, (digest_of(WHEEL),)), ListedFile(SDIST, (made_up("b", "sha512"),)))
    pin = pinned("idna==3.20", digest_of(WHEEL), made_up("b", "sha512"), listed_files=files)

    assert [(one.key, one.filename) for one in subjects_of(pin)] == [(hex_of(WHEEL), WHEEL), ("", SDIST)]


def test_what_is_asked_twice_is_told_once():
    assert len(gate(folder()).judge([asked(), asked(), asked(role=Role.KEPT)]).problems) == 1
