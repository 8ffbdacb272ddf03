"""What indexes say of pinned files: each kind of finding on and off, and indexes that do not answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.audit_run import AuditRun, kinds, reasons
from support.fake_index import FakeIndex
from support.index_content import FileFacts
from support.misbehaviour import Fail
from support.osv import record, since

WHEEL, SDIST, LATE = b"wheel", b"sdist", b"late"
WEB = {"web-1.0-py3-none-any.whl": WHEEL, "web-1.0.tar.gz": SDIST}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def asking(audit: AuditRun) -> AuditRun:
    """Audits that may use the network; nothing is known of any project."""
    audit.records(record("PYSEC-1", "unrelated", versions=["1"]))
    audit.arguments = ["--at", "2026-11-26T07:00:00Z", "--retries", "0"]
    return audit


def judged(asking: AuditRun, index: FakeIndex, *words: str):
    pin = f"web==1.0 --hash=sha256:{sha256(WHEEL)} --hash=sha256:{sha256(SDIST)}"
    return asking.report(*asking.pins(pin), "--index-url", index.simple_url, *words)


def test_an_ordinary_project_is_silent(asking: AuditRun):
    with FakeIndex({"web": WEB}) as index:
        status, report = judged(asking, index)
        assert (status, report["findings"], report["index_facts"]) == (0, [], {"asked": True, "failed": []})
        assert {request.path for request in index.requests} == {"/simple/web/"}
        assert judged(asking, index, "--no-index-facts")[1]["index_facts"]["asked"] is False
        assert len(index.requests) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("quarantined", ("quarantined", "error", "web")),
        ("archived", ("archived", "note", "web")),
        ("deprecated", ("deprecated", "note", "web")),
    ],
)
def test_statuses_of_projects(asking: AuditRun, status: str, expected):
    with FakeIndex({"web": WEB}, statuses={"web": (status, "see\x1b[31m elsewhere")}) as index:
        _, report = judged(asking, index)
    assert kinds(report) == [expected]
    assert report["findings"][0]["message"].endswith("see[31m elsewhere")


def test_a_project_that_is_gone_everywhere(asking: AuditRun):
    with FakeIndex({}) as index:
        status, report = judged(asking, index)
        assert (status, kinds(report)) == (1, [("project-removed", "error", "web")])
        with FakeIndex({"web": WEB}) as other:
            assert judged(asking, index, "--extra-index-url", other.simple_url)[0] == 0


def test_the_pinned_file_is_yanked_not_a_sibling(asking: AuditRun):
    yanked = {"web-1.0.tar.gz": FileFacts(yanked="broken")}
    with FakeIndex({"web": WEB}, facts=yanked) as index:
        status, report = judged(asking, index)
        assert (status, kinds(report)) == (0, [("yanked", "warning", "web")])
        assert report["findings"][0]["message"] == "yanked: broken"
        assert judged(asking, index, "--strict")[0] == 1
        only_wheel = asking.pins(f"web==1.0 --hash=sha256:{sha256(WHEEL)}")
        assert asking.report(*only_wheel, "--index-url", index.simple_url)[1]["findings"] == []


def test_a_listed_file_that_no_index_has_any_more(asking: AuditRun):
    with FakeIndex({"web": {"web-1.0.tar.gz": b"other"}}) as index:
        _, report = judged(asking, index)
    assert kinds(report) == [("file-removed", "warning", "web")]


def test_a_file_of_a_listed_folder_states_no_digest_and_may_be_the_listed_one(asking: AuditRun, tmp_path):
    (tmp_path / "web-1.0.tar.gz").write_bytes(SDIST)
    with FakeIndex({"web": {"web-0.9.tar.gz": b"other"}}) as index:
        assert kinds(judged(asking, index)[1]) == [("file-removed", "warning", "web")]
        assert kinds(judged(asking, index, "--find-links", str(tmp_path))[1]) == []


def test_a_file_that_came_late(asking: AuditRun):
    late = "web-1.0-py2-none-any.whl"
    for days, expected in (("2020-01-16T03:04:05Z", []), ("2020-01-16T03:04:06Z", [("file-added", "note", "web")])):
        with FakeIndex({"web": {**WEB, late: LATE}}, facts={late: FileFacts(upload_time=days)}) as index:
            assert kinds(judged(asking, index)[1]) == expected


@pytest.fixture
def failing() -> Iterator[FakeIndex]:
    with FakeIndex({"web": WEB}) as index:
        index.misbehave("/simple/web/", Fail(500))
        yield index


def test_an_index_that_fails_costs_facts_and_no_finding(asking: AuditRun, failing: FakeIndex):
    asking.records(record("PYSEC-1", versions=["1.0"]))
    status, report = judged(asking, failing)
    assert (status, kinds(report)) == (1, [("vulnerability", "error", "web")])
    assert [one["name"] for one in report["index_facts"]["failed"]] == ["web"]
    asking.records(record("PYSEC-1", versions=["2.0"]))
    assert judged(asking, failing)[0] == 0
    status, report = judged(asking, failing, "--strict")
    assert (status, reasons(report)) == (4, ["index-failed"])


def test_an_index_that_is_not_there_is_not_asked_for_everything(asking: AuditRun):
    pins = asking.pins(*(f"p{number}==1" for number in range(40)))
    status, report = asking.report(*pins, "--index-url", "http://127.0.0.1:9/simple")
    failed = report["index_facts"]["failed"]
    assert (status, len(failed)) == (0, 40)
    assert any(one["reason"].startswith("not asked: ") for one in failed)


def test_a_fix_is_a_release_of_the_index(asking: AuditRun):
    asking.records(record("PYSEC-1", events=since("0", "1.1")), record("PYSEC-2", versions=["1.1.1"]))
    files = {
        f"web-{version}-py3-none-any.whl": version.encode()
        for version in ("1.0", "1.1", "1.1.1", "1.2rc1", "1.2", "1.3")
    }
    facts = {"web-1.1-py3-none-any.whl": FileFacts(yanked=True), "web-1.2-py3-none-any.whl": FileFacts(yanked="oops")}
    with FakeIndex({"web": files}, facts=facts) as index:
        _, report = asking.report(*asking.pins("web==1.0"), "--index-url", index.simple_url)
    assert report["findings"][0]["fix"] == {
        "version": "1.3",
        "reach": "same-major",
        "blocked_by": [],
        "hashes": [f"sha256:{sha256(b'1.3')}"],
    }


def test_malware_by_name_is_a_note_where_the_pin_is_of_an_extra_index(asking: AuditRun):
    asking.records(record("MAL-1", versions=["1.0"]))
    with FakeIndex({"web": WEB}) as private, FakeIndex({}) as main:
        both = ["--extra-index-url", private.simple_url]
        assert kinds(judged(asking, main, *both)[1]) == [("malware", "note", "web")]
        assert kinds(judged(asking, private)[1]) == [("malware", "error", "web")]


def test_the_page_tells_file_names_for_digests(asking: AuditRun):
    """The record knows other bytes under the name of the pinned file."""
    asking.records(record("MAL-1", versions=["1.0"], files={"web-1.0.tar.gz": "f" * 64}))
    with FakeIndex({"web": WEB}) as index:
        _, report = judged(asking, index)
        assert kinds(report) == [("malware", "warning", "web")]
        assert "f" * 64 in report["findings"][0]["message"]
        assert kinds(judged(asking, index, "--no-index-facts")[1]) == [("malware", "error", "web")]


def test_private_names_reach_configured_indexes_only(asking: AuditRun):
    with FakeIndex({"acme-core": {"acme_core-1.0.tar.gz": SDIST}}) as private:
        pins = asking.pins("acme-core==1.0", "direct @ https://127.0.0.1:9/direct-1.0.zip")
        status, _ = asking.report(*pins, "--index-url", private.simple_url)
        assert status == 0
        assert {request.path for request in private.requests} == {"/simple/acme-core/"}


# -- --watch publisher -----------------------------------------------------------------------------

OLD, NEW = "web-1.0-py3-none-any.whl", "web-1.1-py3-none-any.whl"
OURS = {"kind": "GitHub", "repository": "acme/web", "workflow": "release.yml", "environment": "one"}


def provenance(*publishers: object) -> tuple[str, bytes]:
    bundles = [{"publisher": one, "attestations": []} for one in publishers]
    return "application/json", json.dumps({"version": 1, "attestation_bundles": bundles}).encode()


def watched(asking: AuditRun, newest: tuple[str, bytes] | None, *words: str) -> dict[str, Any]:
    pages = {"/integrity/old": provenance(OURS)} | ({"/integrity/new": newest} if newest else {})
    facts = {OLD: FileFacts(provenance="/integrity/old")}
    if newest:
        facts[NEW] = FileFacts(provenance="/integrity/new")
    with FakeIndex({"web": {OLD: WHEEL, NEW: LATE, "web-2.0a1.zip": b"pre"}}, facts=facts, pages=pages) as index:
        pins = asking.pins(f"web==1.0 --hash=sha256:{sha256(WHEEL)}")
        _, report = asking.report(*pins, "--index-url", index.simple_url, *words)
        assert words or {one.path for one in index.requests} == {"/simple/web/"}
    return report


@pytest.mark.parametrize(
    ("newest", "told"),
    [
        (provenance(OURS), None),
        (provenance({**OURS, "environment": "two"}), None),
        (provenance({**OURS, "repository": "evil/web\x1b"}), "by GitHub evil/web release.yml"),
        (provenance({**OURS, "workflow": "other.yml"}), "by GitHub acme/web other.yml"),
        (provenance({"kind": "GitLab", "repository": "acme/web", "workflow_filepath": "ci.yml"}), "by GitLab acme/web"),
        (None, "has no provenance"),
    ],
)
def test_another_publisher_of_the_newest_release(asking: AuditRun, newest: tuple[str, bytes] | None, told: str | None):
    assert watched(asking, newest)["findings"] == []
    report = watched(asking, newest, "--watch", "publisher")
    assert kinds(report) == ([("publisher-changed", "note", "web")] if told else [])
    assert told is None or told in report["findings"][0]["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"version": 2, "attestation_bundles": []}', b"{" * 100_000])
def test_provenance_that_is_none_is_a_failed_fact(asking: AuditRun, body: bytes):
    report = watched(asking, ("application/json", body), "--watch", "publisher", "--strict")
    assert (report["findings"], reasons(report)) == ([], ["index-failed"])
    assert "/integrity/new" in report["index_facts"]["failed"][0]["reason"]


def test_the_index_that_a_file_names_is_asked_and_no_other(asking: AuditRun):
    with FakeIndex({"web": WEB}) as main, FakeIndex({"own": {"own-1.0.zip": SDIST}}) as private:
        asking.file("own.txt", f"--index-url {private.simple_url}\nown==1.0\n")
        pins = asking.pins(f"web==1.0 --hash=sha256:{sha256(WHEEL)} --hash=sha256:{sha256(SDIST)}")
        status, report = asking.report(*pins, "-r", "own.txt", "--index-url", main.simple_url)
        assert (status, report["findings"], report["index_facts"]["failed"]) == (0, [], [])
        assert {request.path for request in main.requests} == {"/simple/web/"}
        assert {request.path for request in private.requests} == {"/simple/own/"}
