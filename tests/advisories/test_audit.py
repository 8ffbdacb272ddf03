"""`peep audit` from the command line: what it judges, how it groups, what it counts, which status it ends with."""

from __future__ import annotations

import gzip
import json
import random
import socket
import sys
import venv
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from peep.advisories.watch import interpreter_finding
from peep.cli.main import run
from support.audit_run import NOW, AuditRun, ids_of, kinds, reasons
from support.osv import contents, record, since, write_folder, write_zip

A, B = "a" * 64, "b" * 64


def test_a_pin_below_the_fix_is_found_with_all_that_is_known_of_it(audit: AuditRun):
    audit.records(
        record(
            "PYSEC-2026-1",
            events=since("0", "1.2"),
            aliases=["CVE-2026-1"],
            summary="Leaks things",
            database_specific={"severity": "HIGH"},
        )
    )
    status, report = audit.report(*audit.pins("six==1", f"web==1.0 --hash=sha256:{A}"))

    assert status == 1
    assert report["outcome"] == "findings"
    [found] = report["findings"]
    assert found["kind"] == "vulnerability"
    assert found["level"] == "error"
    assert (found["name"], found["version"], found["hashes"]) == ("web", "1.0", [f"sha256:{A}"])
    assert found["locations"] == [{"path": str(audit.folder / "requirements.txt"), "line": 2, "marker": None}]
    assert (found["id"], found["ids"]) == ("CVE-2026-1", ["CVE-2026-1", "PYSEC-2026-1"])
    assert found["matched"] == [{"record": "PYSEC-2026-1", "by": "range", "introduced": "0", "fixed": "1.2"}]
    assert found["severity"]["label"] == "high"
    assert found["summary"] == "Leaks things"
    assert found["fix"] == {"version": "1.2", "reach": "same-major", "blocked_by": [], "hashes": []}


def test_nothing_found_is_clean_and_says_by_what(audit: AuditRun):
    audit.records(record("PYSEC-2026-1", events=since("0", "1.2")))
    status, report = audit.report(*audit.pins("web==1.2"))

    assert status == 0
    assert report["outcome"] == "clean"
    [snapshot] = report["advisories"]
    assert (snapshot["records"], snapshot["withdrawn"], snapshot["unreadable"]) == (1, 0, [])


def test_aliases_make_one_finding_of_several_records_whatever_their_order(audit: AuditRun):
    chained = [
        record("PYSEC-2026-1", versions=["1.0"], aliases=["GHSA-x"]),
        record("GHSA-x", versions=["2.0"], aliases=["CVE-2026-7"]),
        record("OTHER-1", versions=["1.0"], aliases=["CVE-2026-7"]),
        record("OTHER-2", versions=["1.0"], related=["CVE-2026-7"], upstream=["CVE-2026-7"]),
    ]
    pins = audit.pins("web==1.0")
    reports = set()
    for seed in range(4):
        random.Random(seed).shuffle(chained)
        audit.records(*chained)
        status, printed = audit.printed("--format", "json", *pins)
        report = json.loads(printed)
        reports.add(json.dumps(report["findings"]))
    assert status == 1
    assert len(reports) == 1
    joined, apart = report["findings"]
    assert joined["ids"] == ["CVE-2026-7", "GHSA-x", "PYSEC-2026-1", "OTHER-1"]
    assert [one["record"] for one in joined["matched"]] == ["OTHER-1", "PYSEC-2026-1"]
    assert joined["disagree"] == ["GHSA-x"]
    assert apart["ids"] == ["OTHER-2"]


def test_one_cve_in_two_projects_is_two_findings(audit: AuditRun):
    audit.records(
        record("PYSEC-1", "one", versions=["1"], aliases=["CVE-1"]),
        record("PYSEC-2", "two", versions=["1"], aliases=["CVE-1"]),
    )
    _, report = audit.report(*audit.pins("one==1", "two==1"))
    assert [(one["name"], one["ids"]) for one in report["findings"]] == [
        ("one", ["CVE-1", "PYSEC-1"]),
        ("two", ["CVE-1", "PYSEC-2"]),
    ]


def test_withdrawn_records_are_nowhere(audit: AuditRun):
    audit.records(
        record("PYSEC-1", versions=["1"], withdrawn="2026-01-01T00:00:00Z", aliases=["CVE-1"]),
        record("PYSEC-2", "other", versions=["1"]),
    )
    status, report = audit.report(*audit.pins("web==1"))
    assert (status, report["findings"]) == (0, [])
    assert report["advisories"][0]["withdrawn"] == 1


def test_an_unparsable_fix_is_no_fix_and_the_record_is_named(audit: AuditRun):
    audit.records(record("PYSEC-1", events=[{"introduced": "0"}, {"fixed": "2019-09-12"}]))
    status, report = audit.report(*audit.pins("web==3"))
    assert status == 1
    assert report["findings"][0]["fix"] is None
    assert report["advisories"][0]["malformed"] == ["PYSEC-1"]


def test_pins_are_judged_not_judged_or_local(audit: AuditRun):
    audit.records(record("PYSEC-1", events=since("0", "1"), versions=["0.9"]))
    digest = "uqQyyVQlcGH7LSlOkKkFGRlr2hUbSGlWqK1rOcGm1oA"
    audit.file("more.txt", "web==0.9\nincluded==1\n")
    audit.file("c.txt", "constrained==4\n")
    pins = audit.pins(
        "-r more.txt",
        f"# sha256: {digest}",
        "comment==1.0",
        f"option==1.0 --hash=sha256:{A}",
        "unpinned",
        "constrained>=2",
        "web===2012j",
        "Flask[async]==3 ; sys_platform == 'win32'",
        "archive @ https://host.example/archive-1.5.tar.gz",
        "nothing @ https://host.example/main.zip",
        "git+https://host.example/repo@main#egg=repo",
        "-e ./mine",
        "./here",
    )
    status, report = audit.report(*pins, "-c", str(audit.folder / "c.txt"))
    [subject] = report["subjects"]

    assert status == 1
    assert subject["pins"] == subject["judged"] + subject["unjudged"] + subject["local"] == 13
    assert (subject["judged"], subject["local"]) == (7, 2)
    assert sorted((one["name"], one["reason"]) for one in report["unjudged"]) == [
        ("nothing", "no-version"),
        ("repo", "no-version"),
        ("unpinned", "no-version"),
        ("web", "unknown-version"),
    ]
    assert report["findings"][0]["locations"][0]["path"] == str(audit.folder / "more.txt")


def test_unjudged_pins_make_a_strict_run_incomplete(audit: AuditRun):
    audit.records(record("PYSEC-1", events=since("0", "1")))
    pins = audit.pins("web===2012j")
    assert audit.report(*pins)[0] == 0
    status, report = audit.report(*pins, "--strict")
    assert (status, report["outcome"], reasons(report)) == (4, "incomplete", ["unjudged"])


def test_a_lock_file_is_read_whole(audit: AuditRun):
    audit.records(
        record("PYSEC-1", versions=["1.0"]),
        record("MAL-1", "sdist-only", versions=["2"], files={"sdist_only-2.tar.gz": B}),
    )
    lock = audit.file(
        "pylock.toml",
        f"""lock-version = "1.0"
created-by = "hand"

[[packages]]
name = "web"
version = "1.0"
marker = "sys_platform == 'win32'"
[[packages.wheels]]
name = "web-1.0-py3-none-any.whl"
url = "https://host.example/web-1.0-py3-none-any.whl"
hashes = {{ sha256 = "{A}" }}

[[packages]]
name = "sdist-only"
[packages.sdist]
name = "sdist_only-2.tar.gz"
url = "https://host.example/sdist_only-2.tar.gz"
hashes = {{ sha256 = "{A}" }}

[[packages]]
name = "mine"
[packages.directory]
path = "."

[[packages]]
name = "repo"
[packages.vcs]
type = "git"
url = "https://host.example/repo"
commit-id = "{"1" * 40}"

[[packages]]
name = "direct"
[packages.archive]
url = "https://host.example/direct-4.0.zip"
hashes = {{ sha256 = "{A}" }}
""",
    )
    status, report = audit.report("-r", str(lock))

    assert status == 1
    assert report["subjects"] == [
        {"kind": "lock", "path": str(lock), "pins": 5, "judged": 3, "unjudged": 1, "local": 1}
    ]
    # The record knows that file name with other bytes: less than certain.
    assert kinds(report) == [("vulnerability", "error", "web"), ("malware", "warning", "sdist-only")]
    assert report["findings"][0]["locations"] == [{"path": str(lock), "line": 4, "marker": 'sys_platform == "win32"'}]


def test_here_leaves_out_what_markers_rule_out(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    pins = audit.pins("web==1 ; python_version < '3'")
    assert audit.report(*pins)[0] == 1
    assert audit.report(*pins, "--here")[0] == 0


def test_the_same_pin_in_several_places_is_one_finding(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1", "2"]))
    one = audit.file("one.txt", "web==1\n")
    two = audit.file("two.txt", "\nweb==1\nweb==2 ; python_version < '3'\n")
    _, report = audit.report("-r", str(one), "-r", str(two))
    assert [(f["version"], [p["line"] for p in f["locations"]]) for f in report["findings"]] == [
        ("1", [1, 2]),
        ("2", [3]),
    ]
    listing = audit.file("files.txt", f"{one}\n{two}\n")
    assert audit.report("--files-from", str(listing))[1]["findings"] == report["findings"]
    status, printed = audit.printed("--files-from", str(listing), "--format", "jsonl")
    first, second, rest = map(json.loads, printed.splitlines())
    assert status == 1
    assert [p["line"] for p in first["findings"][0]["locations"]] == [1]
    assert [f["version"] for f in second["findings"]] == ["1", "2"]
    assert (rest["outcome"], rest["findings"]) == ("findings", [])


def test_malware_is_found_by_its_bytes_under_another_name(audit: AuditRun):
    audit.records(record("MAL-1", "evil", versions=["6"], files={"evil-6.whl": A}))
    status, report = audit.report(*audit.pins(f"harmless==1 --hash=sha256:{B} --hash=sha256:{A}"))
    assert status == 1
    [found] = report["findings"]
    assert (found["kind"], found["level"], found["certainty"], found["id"]) == ("malware", "error", "hash", "MAL-1")
    assert found["matched"][0]["by"] == "hash"


def test_bytes_are_judged_where_no_version_is_known(audit: AuditRun):
    audit.records(
        record("MAL-1", "evil", versions=["6"], files={"evil-6.whl": A}), record("MAL-2", "main", versions=[])
    )
    known = f"main @ https://host.example/main.zip --hash=sha256:{A}"
    status, report = audit.report(*audit.pins(known))
    [found] = report["findings"]
    assert (status, found["id"], found["version"], found["certainty"]) == (1, "MAL-1", None, "hash")
    assert report["subjects"][0]["judged"] == 1
    status, report = audit.report(*audit.pins(known.replace(A, B)))
    assert (status, report["findings"]) == (0, [])
    assert [(one["name"], one["reason"]) for one in report["unjudged"]] == [("main", "no-version")]
    assert (report["subjects"][0]["judged"], report["subjects"][0]["unjudged"]) == (0, 1)


def test_levels_of_malware(audit: AuditRun):
    audit.records(
        record("MAL-1", "sure", versions=["1"]),
        record("MAL-2", "maybe", versions=["1"], events=since("0")),
        record("MAL-3", "acme-core", versions=["1"], files={"x.whl": A}),
    )
    audit.file("pyproject.toml", "[tool.peep.audit]\nprivate = ['acme-*']\n")
    status, report = audit.report(*audit.pins("maybe==2"))
    assert (status, kinds(report)) == (0, [("malware", "warning", "maybe")])
    assert audit.report(*audit.pins("maybe==2"), "--strict")[0] == 1
    status, report = audit.report(*audit.pins("acme-core==1"), "--strict")
    assert (status, kinds(report)) == (0, [("malware", "note", "acme-core")])
    status, report = audit.report(*audit.pins(f"acme-core==1 --hash=sha256:{A}"))
    assert (status, kinds(report)) == (1, [("malware", "error", "acme-core")])
    assert audit.report(*audit.pins("sure==1"))[0] == 1


@pytest.mark.parametrize(("label", "status"), [("MODERATE", 0), ("HIGH", 1), (None, 1), ("nonsense", 1)])
def test_fail_on(audit: AuditRun, label: str | None, status: int):
    specific = {"database_specific": {"severity": label}} if label else {}
    audit.records(record("PYSEC-1", versions=["1"], **specific))
    assert audit.report(*audit.pins("web==1"), "--fail-on", "high")[0] == status


def test_the_severity_of_one_member_suffices(audit: AuditRun):
    audit.records(
        record("PYSEC-1", versions=["1"], aliases=["GHSA-1"], database_specific={"severity": "LOW"}),
        record("GHSA-1", versions=["9"], database_specific={"severity": "CRITICAL"}),
    )
    status, report = audit.report(*audit.pins("web==1"), "--fail-on", "high")
    assert (status, report["findings"][0]["severity"]["label"]) == (1, "critical")


def test_a_fix_is_affected_by_nothing(audit: AuditRun):
    """The largest fix of the pin's advisories is affected by another that the pin does not have."""
    audit.records(
        record("PYSEC-1", events=since("0", "1.2")),
        record("PYSEC-2", events=since("1.1", "1.3.1")),
        record("PYSEC-3", events=since("1.3.1", "1.3.2rc1")),
        record("PYSEC-4", events=since("0.1", "0.2") + since("5.0", "6.0")),
    )
    _, report = audit.report(*audit.pins("web==1.0"))
    assert report["findings"][0]["fix"]["version"] == "6.0"
    assert report["findings"][0]["fix"]["reach"] == "major"


# -- snapshots and statuses ------------------------------------------------------------------------


def test_offline_opens_no_socket(audit: AuditRun, monkeypatch: pytest.MonkeyPatch):
    audit.records(record("PYSEC-1", versions=["1"]))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert audit.report(*audit.pins("web==1"))[0] == 1


def test_without_a_snapshot_nothing_can_be_judged(audit: AuditRun):
    pins = audit.pins("web==1")
    status, report = audit.report(*pins, default=False)
    assert (status, reasons(report)) == (4, ["missing-advisories"])
    status, report = audit.report(*pins, "--advisories", "nowhere.zip", default=False)
    assert (status, reasons(report)) == (4, ["missing-advisories"])


def test_an_old_snapshot_is_stale_whatever_its_file_says(audit: AuditRun):
    old = {"modified": "2026-11-18T06:59:59Z"}
    audit.records(record("PYSEC-1", versions=["1"], **old))
    status, report = audit.report(*audit.pins("web==2"))
    assert (status, report["outcome"], reasons(report)) == (4, "incomplete", ["stale-advisories"])
    status, report = audit.report(*audit.pins("web==1"))
    assert (status, report["outcome"], reasons(report)) == (1, "findings", ["stale-advisories"])
    assert audit.report(*audit.pins("web==2"), "--max-age", "9d")[0] == 0


def test_a_record_of_the_future_does_not_make_a_snapshot_fresh(audit: AuditRun):
    audit.records(
        record("PYSEC-1", versions=["1"], modified="2026-11-01T00:00:00Z"),
        record("PYSEC-2", versions=["3"], modified="2027-01-01T00:00:00Z"),
    )
    status, report = audit.report(*audit.pins("web==2"))
    assert (status, reasons(report)) == (4, ["stale-advisories"])
    assert report["advisories"][0]["newest"] == "2026-11-01T00:00:00Z"


def test_a_policy_can_pin_the_snapshot(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    pins = audit.pins("web==2")
    _, report = audit.report(*pins)
    digest = report["advisories"][0]["sha256"]
    audit.file("peep.toml", f'[audit]\nsnapshot-sha256 = "{digest}"\n')
    assert audit.report(*pins)[0] == 0
    audit.file("peep.toml", f'[audit]\nsnapshot-sha256 = "{A}"\n')
    status, report = audit.report(*pins)
    assert (status, reasons(report)) == (4, ["other-advisories"])


def test_two_runs_give_the_same_bytes_and_a_folder_differs_in_advisories_only(audit: AuditRun):
    records = [record("PYSEC-1", versions=["1"], aliases=["CVE-1"]), record("GHSA-1", versions=["1"])]
    audit.records(*records)
    folder = write_folder(audit.folder / "records", records)
    pins = audit.pins("web==1")
    _, first = audit.printed("--format", "json", *pins)
    _, second = audit.printed("--format", "json", *pins)
    _, third = audit.report(*pins, "--advisories", str(folder), default=False)
    assert first == second
    report = json.loads(first)
    assert {key for key, value in third.items() if value != report[key]} == {"advisories"}
    assert third["advisories"][0]["sha256"] is None


def test_of_one_id_in_several_snapshots_the_latest_counts(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    own = audit.folder / "own.json"
    own.write_text(json.dumps(record("PYSEC-1", versions=["2"], modified="2026-11-26T06:00:00Z")))
    both = ["--advisories", str(own)]
    assert audit.report(*audit.pins("web==1"), *both)[0] == 0
    assert audit.report(*audit.pins("web==2"), *both)[0] == 1
    gone = record("PYSEC-1", versions=["1"], withdrawn="2026-11-26T06:00:00Z", modified="2026-11-26T06:00:00Z")
    own.write_text(json.dumps(gone))
    assert audit.report(*audit.pins("web==1"), *both)[0] == 0


def test_files_that_cannot_be_read_make_a_run_incomplete_and_the_rest_is_judged(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    broken = audit.file("broken.txt", "web==1\nthis is no requirement\n")
    lock = audit.file("pylock.toml", "lock-version = 3")
    status, report = audit.report("-r", str(broken), "-r", "nowhere.txt", "-r", str(lock))
    assert status == 1
    assert kinds(report) == [("vulnerability", "error", "web")]
    assert reasons(report) == ["unreadable-subject"] * 3
    status, report = audit.report("-r", "nowhere.txt")
    assert (status, report["outcome"]) == (4, "incomplete")


@pytest.mark.parametrize(
    "words",
    [
        ["--max-age", "soon"],
        ["--at", "yesterday"],
        ["--fail-on", "severe"],
        ["--format", "xml"],
        ["--format", "json", "--format", "sarif"],
        ["--policy", "nowhere.toml"],
        ["--suppressions", "nowhere.toml"],
        ["--baseline", "requirements.txt"],
        ["--vex-in", "requirements.txt"],
        ["--kev", "requirements.txt"],
        ["--epss", "requirements.txt"],
        ["--epss", "cut.csv.gz"],
        ["--files-from", "nowhere.txt"],
        ["requirements.txt"],
    ],
)
def test_a_command_line_that_means_nothing(audit: AuditRun, words: list[str]):
    whole = gzip.compress(b"cve,epss\n" + b"CVE-2026-1001,0.25\n" * 9)
    (audit.folder / "cut.csv.gz").write_bytes(whole[:-9])
    audit.records(record("PYSEC-1", versions=["1"]))
    status, printed = audit.printed(*audit.pins("web==1"), *words)
    assert (status, printed) == (2, "")
    assert audit.said.startswith("error: ")


@pytest.mark.parametrize("cut", [slice(None, -9), slice(None, 30)])
def test_scores_that_break_off_are_no_scores(audit: AuditRun, cut: slice):
    audit.records(record("PYSEC-1", versions=["1"]))
    rows = "".join(f"CVE-2026-{number},0.25\n" for number in range(1000, 3000))
    (audit.folder / "epss.csv.gz").write_bytes(gzip.compress(f"cve,epss\n{rows}".encode())[cut])

    assert audit.printed(*audit.pins("web==1"), "--epss", str(audit.folder / "epss.csv.gz"))[0] == 2
    assert "epss.csv.gz" in audit.said


def test_exploited_vulnerabilities_come_first_and_are_errors(audit: AuditRun):
    low = {"database_specific": {"severity": "LOW"}}
    audit.records(
        record("PYSEC-1", "a", versions=["1"], aliases=["CVE-2026-1001"], **low),
        record("PYSEC-2", "b", versions=["1"], aliases=["CVE-2026-1002"], **low),
    )
    kev = audit.file("kev.json", json.dumps({"vulnerabilities": [{"cveID": "CVE-2026-1002"}]}))
    epss = audit.file("epss.csv", "#model_version:x\ncve,epss,percentile\nCVE-2026-1001,0.25,0.9\n")
    words = [*audit.pins("a==1", "b==1"), "--fail-on", "high"]
    assert audit.report(*words)[0] == 0
    status, report = audit.report(*words, "--kev", str(kev), "--epss", str(epss))
    assert status == 1
    assert [(one["name"], one["level"], one["exploited"]) for one in report["findings"]] == [
        ("b", "error", True),
        ("a", "warning", False),
    ]
    assert report["findings"][1]["epss"] == 0.25


def test_a_baseline_lets_only_what_is_new_fail(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    pins = audit.pins("web==1")
    _, printed = audit.printed("--format", "json", *pins)
    baseline = ["--baseline", str(audit.file("main.json", printed))]
    status, report = audit.report(*pins, *baseline)
    assert (status, report["findings"], ids_of(report["known"])) == (0, [], ["PYSEC-1"])
    audit.records(record("PYSEC-1", versions=["1"], aliases=["CVE-1"]), record("PYSEC-2", versions=["1"]))
    status, report = audit.report(*pins, *baseline)
    assert (status, ids_of(report["findings"]), ids_of(report["known"])) == (1, ["PYSEC-2"], ["CVE-1"])


def test_an_environment_is_judged_by_the_digests_that_are_recorded_and_not_executed(audit: AuditRun):
    audit.records(record("MAL-1", "evil", versions=["9"], files={"x.whl": A}), record("PYSEC-1", versions=["1.0"]))
    environment = audit.folder / "env"
    venv.create(environment, with_pip=False, symlinks=sys.platform != "win32")
    [site] = environment.glob("lib/python3*/site-packages")
    marker = audit.folder / "executed"
    (site / "evil.pth").write_text(f"import pathlib; pathlib.Path({str(marker)!r}).touch()\n")
    (site / "sitecustomize.py").write_text(f"import pathlib; pathlib.Path({str(marker)!r}).touch()\n")
    for name, version, provenance in (
        ("renamed", "1.0", {"url": "https://host.example/x.whl", "archive_info": {"hashes": {"sha256": A}}}),
        ("web", "1.0", None),
        ("mine", "0.1", {"url": "file:///src/mine", "dir_info": {"editable": True}}),
    ):
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
        if provenance:
            file = "direct_url.json" if "dir_info" in provenance else "provenance_url.json"
            (info / file).write_text(json.dumps(provenance))
    status, report = audit.report("--python", str(environment))

    assert status == 1
    assert [(one["name"], one["certainty"]) for one in report["findings"] if one["ids"]] == [
        ("renamed", "hash"),
        ("web", "version"),
    ]
    [subject] = report["subjects"]
    assert (subject["kind"], subject["pins"], subject["local"]) == ("environment", 3, 1)
    assert not marker.exists()


def test_text_names_advisories_findings_and_the_sum(audit: AuditRun):
    audit.records(record("MAL-1", "evil", versions=["1"], files={"evil-1.whl": A}), record("PYSEC-1", versions=["1"]))
    status, printed = audit.printed(*audit.pins(f"evil==1 --hash=sha256:{A}", "web==1 ; python_version < '3'"))
    first, malware, vulnerable, total = printed.splitlines()
    assert status == 1
    assert first.startswith("advisories of 2026-11-26 04:41 UTC (2 hours old), 2 records, sha256 ")
    assert malware.split()[:3] == ["MALWARE", "evil", "1"]
    assert malware.endswith("MAL-1  these bytes are listed as malware")
    assert "(only where python_version < '3')" in vulnerable
    assert total == "2 fail, 2 pins"


def test_info_and_show(audit: AuditRun, capsys: pytest.CaptureFixture[str]):
    audit.records(record("PYSEC-1", events=since("0", "2"), aliases=["CVE-1"], summary="Leaks"), record("X-1", "b"))
    assert run(["advisories", "info", str(audit.snapshot), "--at", NOW, "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["records"], facts["age"]) == (2, 8340)
    assert run(["advisories", "show", "CVE-1", "CVE-9", "--advisories", str(audit.snapshot)]) == 1
    shown = capsys.readouterr().out
    assert shown.splitlines() == [
        "web: CVE-1 PYSEC-1 (unknown)",
        "  PYSEC-1: Leaks",
        "    introduced 0, fixed 2",
        "CVE-9: no record knows this id",
    ]
    assert run(["advisories", "info", "nowhere.zip"]) == 1
    assert run(["advisories", "frobnicate"]) == 2


@pytest.mark.slow
def test_a_zip_of_many_records_is_read_by_its_index_with_the_same_answers(audit: AuditRun):
    filler = [record(f"PYSEC-9-{n}", f"p{n}", versions=["1"], details="x" * 2000) for n in range(50)]
    filler.append(record("PYSEC-8", "padding", versions=[str(n * 7919 % 1_000_003) for n in range(140_000)]))
    records = [*filler, record("PYSEC-1", versions=["1.0"], aliases=["CVE-1"]), record("X-2", versions=["1"])]
    with zipfile.ZipFile(audit.snapshot, "w") as archive:  # stored: above the size from which an index pays
        for name, content in contents(records).items():
            archive.writestr(name, content)
        archive.writestr("broken.json", b"{")
    pins = audit.pins("web==1", "p7==1", "padding==7919")
    status, by_index = audit.report(*pins)
    indexes = list(Path.home().glob(".cache/peep/advisories/*.sqlite"))
    assert len(indexes) == 1
    streamed = audit.folder / "streamed.zip"
    write_zip(streamed, records)  # compressed, and small enough to be streamed
    assert status == 1
    assert ids_of(by_index["findings"]) == ["PYSEC-9-7", "PYSEC-8", "CVE-1", "X-2"]
    assert reasons(by_index) == ["unreadable-record"]
    audit.arguments = [*audit.arguments, "--advisories", str(streamed)]
    _, by_stream = audit.report(*pins, default=False)
    assert by_stream["findings"] == by_index["findings"]
    indexes[0].write_bytes(b"no database at all" * 100)
    audit.arguments = audit.arguments[:3]
    assert audit.report(*pins)[1]["findings"] == by_index["findings"]


def test_an_interpreter_past_its_end_is_a_note(audit: AuditRun, tmp_path: Path):
    audit.records(record("PYSEC-1", versions=["1"]))
    venv.create(tmp_path / "env", with_pip=False, symlinks=sys.platform != "win32")
    python = str(tmp_path / "env" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    words = ["--python", python, "--max-age", "9999d"]
    audit.arguments = ["--offline", "--at", "2024-01-01T00:00:00Z"]
    assert audit.report(*words)[1]["findings"] == []
    audit.arguments = ["--offline", "--at", "2042-01-01T00:00:00Z"]
    status, report = audit.report(*words)
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert (status, kinds(report)) == (0, [("python-end-of-life", "note", "python")])
    assert report["findings"][0]["version"].startswith(f"{minor}.")
    assert f"Python {minor} got its last security fixes on 20" in report["findings"][0]["message"]


@pytest.mark.parametrize(
    ("version", "day", "told"),
    [
        ((3, 7, 17), "2026-11-26", "before 2024"),
        ((3, 9, 1), "2025-10-31", None),
        ((3, 9, 1), "2025-11-01", "on 2025-10-31"),
        ((3, 99, 0), "2042-01-01", None),
    ],
)
def test_ends_of_pythons(version: tuple[int, int, int], day: str, told: str | None):
    found = interpreter_finding(version, "/env", datetime.fromisoformat(f"{day}T23:00:00+00:00"))
    assert (found is not None) == (told is not None)
    assert found is None or (told or "") in found.message
