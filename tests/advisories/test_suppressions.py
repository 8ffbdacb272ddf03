"""Policy and suppressions: every rule of theirs, the last day and the next, other bytes, changed advisories, VEX."""

from __future__ import annotations

import json

import pytest

from support.audit_run import AuditRun, ids_of, kinds
from support.osv import record, since

A, B = "a" * 64, "b" * 64

ENTRY = {
    "id": '"PYSEC-1"',
    "project": '"web"',
    "version": '"1.0"',
    "status": '"not_affected"',
    "justification": '"vulnerable_code_not_in_execute_path"',
    "reason": '"never read"',
    "added": "2026-11-01",
    "expires": "2026-11-26",
}


def entry(**changes: str | None) -> str:
    stated = {key.replace("_", "-"): value for key, value in {**ENTRY, **changes}.items() if value is not None}
    return "\n[[suppress]]\n" + "".join(f"{key} = {value}\n" for key, value in stated.items())


@pytest.fixture
def suppressed(audit: AuditRun) -> AuditRun:
    """A pin with one finding and one suppression of it."""
    audit.records(record("PYSEC-1", versions=["1.0"], aliases=["CVE-1"]))
    audit.pins(f"web==1.0.0 --hash=sha256:{A}")
    write(audit)
    return audit


def write(audit: AuditRun, *entries: str) -> None:
    audit.file("peep-audit.toml", "version = 1\n" + "".join(entries or (entry(),)))


def judged(audit: AuditRun, *words: str):
    status, report = audit.report("-r", str(audit.folder / "requirements.txt"), *words)
    return status, report


def test_a_suppressed_finding_does_not_count_and_is_told(suppressed: AuditRun):
    status, report = judged(suppressed)
    assert (status, report["findings"]) == (0, [])
    [one] = report["suppressed"]
    assert one["suppression"] == {
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        "reason": "never read",
        "by": None,
        "added": "2026-11-01",
        "expires": "2026-11-26",
        "source": f"{suppressed.folder / 'peep-audit.toml'}:3",
    }
    _, printed = suppressed.printed("-r", str(suppressed.folder / "requirements.txt"))
    assert printed.splitlines()[-1] == "0 fail, 1 suppressed (next ends 2026-11-26), 1 pin"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": '"CVE-1"'},  # an alias suppresses the whole group
        {"project": '"Web"'},
        {"version": None, "sha256": f'["{A}"]'},
        {"version": None, "sha256": f'["sha256:{A}", "{B}"]'},
        {"status": '"affected"', "justification": None},
        {"status": '"under_investigation"', "justification": None},
        {"until_fixed": "true"},  # nothing fixes it
    ],
)
def test_what_fits(suppressed: AuditRun, changes):
    write(suppressed, entry(**changes))
    assert judged(suppressed)[0] == 0


@pytest.mark.parametrize(
    "changes",
    [{"id": '"PYSEC-2"'}, {"project": '"other"'}, {"version": '"1.1"'}, {"version": None, "sha256": f'["{B}"]'}],
)
def test_what_does_not_fit_is_unused(suppressed: AuditRun, changes):
    write(suppressed, entry(**changes))
    status, report = judged(suppressed)
    assert status == 1
    assert [kind for kind, _, _ in kinds(report)] == ["vulnerability", "unused-suppression"]
    assert judged(suppressed, "--strict")[0] == 1


def test_all_listed_digests_must_be_named(suppressed: AuditRun):
    suppressed.pins(f"web==1.0 --hash=sha256:{A} --hash=sha256:{B}")
    write(suppressed, entry(version=None, sha256=f'["{A}"]'))
    assert judged(suppressed)[0] == 1


def test_the_last_day_counts_and_the_next_does_not(suppressed: AuditRun):
    suppressed.arguments = ["--offline", "--max-age", "30d"]
    assert judged(suppressed, "--at", "2026-11-26T23:59:59Z")[0] == 0
    status, report = judged(suppressed, "--at", "2026-11-27T00:00:00Z")
    assert status == 1
    assert kinds(report) == [("expired-suppression", "error", "web"), ("vulnerability", "error", "web")]
    assert "peep-audit.toml:3" in report["findings"][0]["message"]


def test_an_entry_does_not_count_before_its_time(suppressed: AuditRun):
    """Else a day in the far future would outlast `longest-suppression`; tomorrow may be today elsewhere."""
    write(suppressed, entry(added="2099-01-01", expires="2099-02-01"))
    status, report = judged(suppressed)
    assert status == 1
    assert kinds(report) == [("expired-suppression", "error", "web"), ("vulnerability", "error", "web")]
    assert "it begins with 2099-01-01" in report["findings"][0]["message"]
    write(suppressed, entry(added="2026-11-27", expires="2026-12-01"))
    assert judged(suppressed)[0] == 0


def test_text_of_an_entry_is_cleaned(suppressed: AuditRun):
    write(suppressed, entry(reason=r'"no\u001b[31m\nred\u202e"', by=r'"a\u0000b"'))
    _, report = judged(suppressed)
    said = report["suppressed"][0]["suppression"]
    assert (said["reason"], said["by"]) == ("no[31m red", "ab")
    write(suppressed, entry(reason=r'"\u200b"'))
    assert suppressed.printed("-r", str(suppressed.folder / "requirements.txt"))[0] == 2
    assert "`reason` is blank" in suppressed.said


def test_a_fix_ends_what_was_meant_until_then(suppressed: AuditRun):
    suppressed.records(record("PYSEC-1", events=since("0", "2.0")))
    assert judged(suppressed)[0] == 0
    write(suppressed, entry(until_fixed="true"))
    assert judged(suppressed)[0] == 1


def test_an_entry_is_written_with_digests_and_reopens_when_the_advisory_changes(suppressed: AuditRun):
    (suppressed.folder / "peep-audit.toml").unlink()
    words = ["--suppress", "CVE-1", "Web", "--reason", 'say "no"', "--expires", "2026-12-24"]
    justified = ["--justification", "component_not_present"]
    status, said = suppressed.printed("-r", str(suppressed.folder / "requirements.txt"), *words, *justified)
    assert status == 0, suppressed.said
    assert "suppressed until 2026-12-24" in said
    written = (suppressed.folder / "peep-audit.toml").read_text()
    assert f'sha256 = ["{A}"]' in written
    assert 'advisory = "sha256:' in written
    assert judged(suppressed)[0] == 0

    cosmetic = record("PYSEC-1", versions=["1.0"], aliases=["CVE-1"], modified="2026-11-26T05:00:00Z", summary="new")
    suppressed.records(cosmetic)
    assert judged(suppressed)[0] == 0
    suppressed.records(record("PYSEC-1", versions=["1.0", "1.1"], aliases=["CVE-1"]))
    status, report = judged(suppressed)
    assert status == 1
    assert "something else than when it was judged" in report["findings"][0]["message"]

    status, _ = suppressed.printed("-r", str(suppressed.folder / "requirements.txt"), *words, *justified)
    assert status == 2  # the same entry twice
    assert (suppressed.folder / "peep-audit.toml").read_text() == written


def test_a_suppression_stands_beside_one_file(suppressed: AuditRun):
    listing = suppressed.file("lists.txt", "requirements.txt\n")
    words = ["--suppress", "CVE-1", "web", "--reason", "x", "--expires", "2026-12-01", "--files-from", str(listing)]
    assert suppressed.printed(*words)[0] == 2
    assert "name that file by -r" in suppressed.said


def test_what_is_not_found_cannot_be_suppressed(suppressed: AuditRun):
    words = ["--suppress", "CVE-9", "web", "--reason", "r", "--expires", "2026-12-24"]
    assert suppressed.printed("-r", str(suppressed.folder / "requirements.txt"), *words)[0] == 2
    assert "CVE-9" in suppressed.said


@pytest.mark.parametrize(
    ("changes", "line", "reason"),
    [
        ({"reason": None}, 3, "`reason` is missing"),
        ({"reason": '"  "'}, 9, "`reason` is blank"),
        ({"reson": '"x"'}, 12, "`reson` is no key"),
        ({"id": '"CVE-*"'}, 4, "is the id of no advisory"),
        ({"project": '"*"'}, 5, "no wildcards"),
        ({"version": '"1.*"'}, 6, "no single version"),
        ({"version": '">=1"'}, 6, "no single version"),
        ({"sha256": f'["{A}"]'}, 3, "either `sha256` or `version`"),
        ({"version": None}, 3, "either `sha256` or `version`"),
        ({"version": None, "sha256": '["abc"]'}, 11, "is no sha256"),
        ({"version": None, "sha256": "[]"}, 11, "is no list of digests"),
        ({"status": '"fine"'}, 7, "is none of"),
        ({"justification": None}, 3, "`justification` is missing"),
        ({"justification": '"because"'}, 8, "is none of"),
        ({"expires": '"2026-11-26"'}, 11, "without quotes"),
        ({"expires": "2026-11-26T00:00:00"}, 11, "is no day"),
        ({"expires": "2026-10-01"}, 11, "is before `added`"),
        ({"expires": "2027-11-01"}, 11, "more than 180 days"),
        ({"until_fixed": '"yes"'}, 12, "neither true nor false"),
        ({"advisory": '"77e0"'}, 12, "is no sha256"),
        ({"id": '"MAL-1"'}, 3, "by `sha256` alone"),
        ({"id": '"MAL-1"', "version": None, "sha256": f'["{A}"]', "expires": "2026-12-02"}, 3, "at most 30 days"),
        (
            {"id": '"MAL-1"', "version": None, "sha256": f'["{A}"]', "status": '"affected"', "justification": None},
            3,
            "malware can only be `not_affected`",
        ),
    ],
)
def test_a_slip_in_an_entry_does_not_unaudit(suppressed: AuditRun, changes, line: int, reason: str):
    write(suppressed, entry(**changes))
    status, printed = suppressed.printed("-r", str(suppressed.folder / "requirements.txt"))
    assert (status, printed) == (2, "")
    assert reason in suppressed.said
    assert f"peep-audit.toml:{line}: " in suppressed.said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[suppress]]\n", "it must begin with `version = 1`"),
        ("version = 2\n", "only version 1 is known"),
        ("version = 1\n[policy]\n", "`policy` has no meaning here"),
        ("version = 1\nsuppress = 3\n", "each begins with [[suppress]]"),
        ("version = \n", "no TOML"),
        ("version = 1\n" + entry() + entry(), "is suppressed twice"),
    ],
)
def test_a_slip_in_a_file_does_not_unaudit(suppressed: AuditRun, text: str, reason: str):
    suppressed.file("peep-audit.toml", text)
    status, _ = suppressed.printed("-r", str(suppressed.folder / "requirements.txt"))
    assert status == 2
    assert reason in suppressed.said


def test_malware_under_an_alias_is_refused_when_it_is_met(audit: AuditRun):
    audit.records(record("MAL-1", versions=["1.0"], aliases=["GHSA-1"]))
    audit.pins("web==1.0")
    write(audit, entry(id='"GHSA-1"'))
    assert judged_status(audit) == 2
    assert "by `sha256` alone" in audit.said


def judged_status(audit: AuditRun) -> int:
    return audit.printed("-r", str(audit.folder / "requirements.txt"))[0]


def test_malware_can_be_suppressed_by_its_bytes_for_a_while(audit: AuditRun):
    audit.records(record("MAL-1", versions=["1.0"], files={"web-1.0.whl": A}))
    audit.pins(f"web==1.0 --hash=sha256:{A}")
    write(audit, entry(id='"MAL-1"', version=None, sha256=f'["{A}"]'))
    assert judged(audit)[0] == 0


# -- policy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('max-age = "soon"', "is no duration"),
        ('fail-on = "severe"', "wants one of"),
        ('without-fix = "ignore"', "wants one of"),
        ("private = 'acme'", "wants a list"),
        ('snapshot-sha256 = "9b1c"', "wants the 64 hexadecimal"),
        ('advisories-url = "ftp://x"', "is no http"),
        ("refuse-malware = 1", "wants true or false"),
        ('fail_on = "low"', "there is no such key"),
    ],
)
def test_a_slip_in_the_policy_stops_the_run(audit: AuditRun, text: str, reason: str):
    audit.records(record("PYSEC-1", versions=["1"]))
    audit.file("pyproject.toml", f"[tool.other]\nx = 1\n\n[tool.peep.audit]\n{text}\n")
    pins = audit.pins("web==2")
    assert audit.printed(*pins)[0] == 2
    assert reason in audit.said
    assert "pyproject.toml:5: " in audit.said


def test_the_policy_stands_beside_the_first_file_only_once(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"], database_specific={"severity": "LOW"}))
    path = audit.file("below/requirements.txt", "web==1\n")
    audit.file("pyproject.toml", '[tool.peep.audit]\nfail-on = "high"\n')
    assert audit.report("-r", str(path))[0] == 1  # never a parent's
    audit.file("below/peep.toml", '[audit]\nfail-on = "high"\n')
    assert audit.report("-r", str(path))[0] == 0
    assert audit.report("-r", str(path), "--fail-on", "low")[0] == 1
    audit.file("below/pyproject.toml", '[tool.peep.audit]\nfail-on = "high"\n')
    assert audit.printed("-r", str(path))[0] == 2
    assert audit.report("-r", str(path), "--policy", str(audit.folder / "pyproject.toml"))[0] == 0


def test_what_nothing_fixes_can_be_a_warning(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]), record("PYSEC-2", "other", events=since("0", "2")))
    audit.file("peep.toml", '[audit]\nwithout-fix = "warn"\n')
    status, report = audit.report(*audit.pins("web==1", "other==1"))
    assert status == 1
    assert kinds(report) == [("vulnerability", "error", "other"), ("vulnerability", "warning", "web")]


# -- VEX -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["openvex", "cyclonedx"])
def test_vex_out_and_in_is_the_same(suppressed: AuditRun, style: str):
    if style == "cyclonedx":
        pytest.importorskip("cyclonedx")
    suppressed.records(
        record("PYSEC-1", versions=["1.0"], aliases=["CVE-1"]), record("PYSEC-2", versions=["1.0"], summary="open")
    )
    requirements = ["-r", str(suppressed.folder / "requirements.txt")]
    status, document = suppressed.printed(*requirements, "--format", style)
    assert status == 1
    vex = suppressed.file("vex.json", document)
    (suppressed.folder / "peep-audit.toml").unlink()
    status, report = suppressed.report(*requirements, "--vex-in", str(vex))
    assert status == 1
    assert ids_of(report["findings"]) == ["PYSEC-2"]
    [one] = report["suppressed"]
    assert one["suppression"]["justification"] == "vulnerable_code_not_in_execute_path"
    assert one["suppression"]["reason"] == "never read"
    assert one["suppression"]["added"] == "2026-11-01"
    _, again = suppressed.printed(*requirements, "--format", style, "--vex-in", str(vex))
    assert json.loads(again) == json.loads(document)


def test_vex_counts_only_what_binds_and_explains(suppressed: AuditRun):
    (suppressed.folder / "peep-audit.toml").unlink()

    def status_with(**changes: object) -> int:
        statement = {
            "vulnerability": {"name": "CVE-1"},
            "products": [{"@id": f"pkg:pypi/web@1.0?checksum=sha256:{A}"}],
            "status": "not_affected",
            "justification": "component_not_present",
            "timestamp": "2026-11-01T00:00:00Z",
            **changes,
        }
        document = {"@context": "https://openvex.dev/ns/v0.2.0", "statements": [statement]}
        vex = suppressed.file("vex.json", json.dumps(document))
        status, _ = judged(suppressed, "--vex-in", str(vex))
        return status

    assert status_with() == 0
    assert status_with(products=[{"@id": "pkg:pypi/Web@1.0"}]) == 0
    assert status_with(products=[{"@id": "pkg:pypi/web"}]) == 1
    assert status_with(products=[{"@id": "pkg:pypi/web@1.1"}]) == 1
    assert status_with(products=[{"@id": f"pkg:pypi/web@1.0?checksum=sha256:{B}"}]) == 1
    assert status_with(products=[{"@id": "pkg:npm/web@1.0"}]) == 1
    assert status_with(status="fixed") == 1
    assert status_with(justification=None) == 1
    assert status_with(timestamp=None) == 1
    assert status_with(timestamp="2026-05-01T00:00:00Z") == 1  # longest-suppression from its time
