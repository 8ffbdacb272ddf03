"""SARIF, Markdown, workflow commands and files: one run, right lines, stable fingerprints, all statuses."""

from __future__ import annotations

import html
import itertools
import json
import os
import re
from pathlib import Path

import pytest

from support.audit_run import AuditRun
from support.osv import record

SCHEMA = os.environ.get("PEEP_SARIF_SCHEMA")
STALE = {"modified": "2026-11-01T00:00:00Z"}


def sarif(audit: AuditRun, *words: str):
    status, printed = audit.printed(*words, "--format", "sarif")
    log = json.loads(printed)
    [run] = log["runs"]
    return status, run


def test_one_run_however_many_files_and_the_lines_are_right(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"], aliases=["CVE-1"], database_specific={"severity": "HIGH"}))
    audit.file("deep/included.txt", "# one\nweb==1\n")
    names = []
    for number in range(50):
        text = f"{'#' * 8}\n" * number + f"# sha256: {'A' * 42}A\nweb==1\n"
        names += ["-r", str(audit.file(f"r{number}.txt", text).relative_to(audit.folder))]
    audit.file("r50.txt", "\n-r deep/included.txt\n")
    status, run = sarif(audit, *names, "-r", "r50.txt")
    results = run["results"]
    assert status == 1
    places = [one["locations"] for one in results]
    found = {
        (place["physicalLocation"]["artifactLocation"]["uri"], place["physicalLocation"]["region"]["startLine"])
        for place in itertools.chain.from_iterable(places)
    }
    assert found == {(f"r{number}.txt", number + 2) for number in range(50)} | {("deep/included.txt", 2)}
    [rule] = run["tool"]["driver"]["rules"]
    assert rule["id"] == "CVE-1"
    assert rule["properties"]["security-severity"] == "8.0"
    assert len(rule["properties"]["tags"]) <= 10
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_files_below_the_working_folder_are_named_from_there(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    _, run = sarif(audit, "-r", str(audit.file("deep/r.txt", "web==1\n")))
    [place] = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "deep/r.txt"


def test_fingerprints_do_not_depend_on_the_place(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    prints = set()
    for lines in (["web==1"], ["", "", "web==1"]):
        _, run = sarif(audit, *audit.pins(*lines))
        prints.add(run["results"][0]["partialFingerprints"]["peepAdvisory/v1"])
    assert len(prints) == 1


def test_an_incomplete_run_says_so(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"], **STALE))
    status, run = sarif(audit, *audit.pins("web==2"))
    [invocation] = run["invocations"]
    assert (status, invocation["executionSuccessful"], run["results"]) == (4, False, [])
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("stale-advisories: ")


@pytest.mark.parametrize("style", ["text", "json", "sarif"])
@pytest.mark.parametrize(
    ("pin", "stated", "status"), [("web==2", {}, 0), ("web==1", {}, 1), ("web==2", STALE, 4), ("web==1", STALE, 1)]
)
def test_statuses_in_every_format(audit: AuditRun, style: str, pin: str, stated, status: int):
    audit.records(record("PYSEC-1", versions=["1"], **stated))
    assert audit.printed(*audit.pins(pin), "--format", style)[0] == status
    assert audit.printed(*audit.pins(pin), "--format", style, "--fail-on", "x")[0] == 2


def test_several_formats_at_once_go_into_files(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    words = ["--format", "sarif=a.sarif", "--format", "markdown=a.md", "--format", "json"]
    status, printed = audit.printed(*audit.pins("web==1"), *words)
    assert status == 1
    assert json.loads(printed)["outcome"] == "findings"
    assert json.loads((audit.folder / "a.sarif").read_text())["version"] == "2.1.0"
    assert (audit.folder / "a.md").read_text().startswith("## peep audit: findings\n")
    status, printed = audit.printed(*audit.pins("web==1"), "-o", "a.txt")
    assert (status, printed) == (1, "")
    assert (audit.folder / "a.txt").read_text().endswith("1 fail, 1 pin\n")


def test_a_file_that_cannot_be_written_is_an_error(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    status, _ = audit.printed(*audit.pins("web==2"), "-o", "nowhere/a.txt")
    assert status == 1
    assert audit.said.startswith("error: nowhere/a.txt: ")


def test_foreign_text_links_nowhere_in_markdown(audit: AuditRun):
    """Services look for mentions and addresses in rendered text: an entity alone does not hide them."""
    summary = "mail a@b.example, @everyone, #12, http://evil.example, WWW.evil.example"
    audit.records(record("PYSEC-1", versions=["1"], summary=summary))
    _, printed = audit.printed(*audit.pins("web==1"), "--format", "markdown")
    [row] = [line for line in printed.splitlines() if "PYSEC-1" in line]
    rendered = html.unescape(row)
    assert re.findall(r"\S*(?:[@#]\w|://|www\.\w)\S*", rendered, re.IGNORECASE) == [
        "[PYSEC-1](https://osv.dev/vulnerability/PYSEC-1)"
    ]
    assert rendered.replace("\u200b", "").count(summary) == 1


def test_annotations_and_the_job_summary(audit: AuditRun, monkeypatch: pytest.MonkeyPatch):
    audit.records(record("PYSEC-1", versions=["1"], summary="100% bad, really: yes"))
    summary = audit.file("summary.md", "before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    status, printed = audit.printed(*audit.pins("web==1"), "--format", "github")
    assert status == 1
    path = str(audit.folder / "requirements.txt").replace(":", "%3A")
    assert printed == f"::error file={path},line=1,title=PYSEC-1%3A web 1::100%25 bad, really: yes\n"
    assert summary.read_text().startswith("before\n## peep audit: findings\n")


def test_a_suppressed_finding_is_a_suppressed_result(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"]))
    audit.file(
        "peep-audit.toml",
        'version = 1\n[[suppress]]\nid = "PYSEC-1"\nproject = "web"\nversion = "1"\nstatus = "affected"\n'
        'reason = "behind a wall"\nadded = 2026-11-01\nexpires = 2026-12-01\n',
    )
    status, run = sarif(audit, *audit.pins("web==1"))
    [result] = run["results"]
    assert status == 0
    assert result["suppressions"] == [{"kind": "external", "justification": "behind a wall"}]


@pytest.mark.parametrize("is_complete", [True, False])
def test_openvex_has_what_its_specification_requires(audit: AuditRun, is_complete: bool):
    newest = {} if is_complete else STALE
    audit.records(record("PYSEC-1", versions=["1"], aliases=["CVE-1"], **newest))
    digest = "a" * 64
    _, printed = audit.printed(*audit.pins(f"web==1 --hash=sha256:{digest}"), "--format", "openvex")
    document = json.loads(printed)
    assert {"@context", "@id", "author", "timestamp", "version", "statements"} <= set(document)
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    [statement] = document["statements"]
    assert statement["vulnerability"]["name"] == "CVE-1"
    assert statement["status"] == "affected"
    assert statement["action_statement"]  # required with `affected`
    assert [one["@id"] for one in statement["products"]] == [f"pkg:pypi/web@1?checksum=sha256:{digest}"]


@pytest.mark.slow
def test_cyclonedx_validates(audit: AuditRun):
    validation = pytest.importorskip("cyclonedx.validation.json")
    schema = pytest.importorskip("cyclonedx.schema")
    audit.records(record("PYSEC-1", versions=["1"], aliases=["CVE-1"], database_specific={"severity": "HIGH"}))
    _, printed = audit.printed(*audit.pins("web==1"), "--format", "cyclonedx")
    version = schema.SchemaVersion.from_version(json.loads(printed)["specVersion"])
    try:
        fault = validation.JsonStrictValidator(version).validate_str(printed)
    except ImportError as error:  # its own extra
        pytest.skip(str(error))
    except Exception as error:
        if type(error).__name__ != "MissingOptionalDependencyException":
            raise
        pytest.skip(str(error))
    assert fault is None


def test_sarif_validates(audit: AuditRun):
    """Against the schema of OASIS, where somebody put it at hand: it is no part of this project."""
    jsonschema = pytest.importorskip("jsonschema")
    if SCHEMA is None:
        pytest.skip("PEEP_SARIF_SCHEMA names no schema")
    records = [record("PYSEC-1", versions=["1"], aliases=["CVE-1"], summary="Sum"), record("MAL-2", versions=["1"])]
    audit.records(*records, record("PYSEC-3", "other", versions=["1"]))
    schema = json.loads(Path(SCHEMA).read_text("utf-8"))
    for words in (["web==1", "other==1 ; sys_platform == 'win32'"], ["web==2"], ["web=="]):
        _, printed = audit.printed(*audit.pins(*words), "--format", "sarif")
        jsonschema.validate(json.loads(printed), schema)
