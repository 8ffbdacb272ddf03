"""`peep audit --bundle`: what a bundle carries, judged by the snapshot inside it."""

from __future__ import annotations

import hashlib
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from peep.bundle.folder import BundleWriter, claimed_folder
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleFile, BundleManifest
from peep.bundle.tree import FilesTree
from peep.cli.main import run
from peep.dataclass import replace
from support.audit_run import NOW, AuditRun, kinds, reasons
from support.osv import record, since, write_zip
from support.small_bundle import small_bundle

INSIDE = "advisories/PyPI.zip"


def bundle_with(folder: Path, *records: dict, version: str = "1.0") -> BundleManifest:
    """The small bundle in `folder`, with a snapshot of these records; without one for none."""
    manifest, contents = small_bundle(version)
    if records:
        content = write_zip(folder.parent / "inside.zip", records).read_bytes()
        listed = BundleFile(INSIDE, hashlib.sha256(content).hexdigest(), len(content))
        manifest = replace(manifest, advisories=(listed,))
        contents[INSIDE] = content
    files = FilesTree(contents)
    with claimed_folder(str(folder)):
        BundleWriter(str(folder), manifest, bundle_lock(manifest, files)).write(files)
    return manifest


DEMO = record("PYSEC-1", "demo", events=since("0", "1.2"))


@pytest.fixture
def bundled(audit: AuditRun, monkeypatch: pytest.MonkeyPatch) -> AuditRun:
    """Audits of a bundle in `vendor`; nothing may use the network, and there is no other snapshot."""
    monkeypatch.setenv("PEEP_ADVISORIES", str(audit.folder / "none.zip"))
    bundle_with(audit.folder / "vendor", DEMO, record("MAL-1", "bad", versions=["1"]))
    audit.arguments = ["--at", NOW]

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return audit


def test_a_bundle_is_judged_by_what_is_inside(bundled: AuditRun):
    status, report = bundled.report("--bundle", "vendor", default=False)
    assert (status, kinds(report)) == (1, [("vulnerability", "error", "demo")])
    [subject] = report["subjects"]
    assert (subject["kind"], subject["path"], subject["pins"], subject["judged"]) == ("bundle", "vendor", 3, 3)
    [snapshot] = report["advisories"]
    assert (snapshot["path"], snapshot["records"]) == (f"vendor/{INSIDE}", 2)
    assert report["findings"][0]["locations"] == [{"path": "vendor", "line": 0, "marker": None}]
    assert report["index_facts"]["asked"] is False


def test_a_tar_is_the_same_and_its_digest_can_be_demanded(bundled: AuditRun):
    assert run(["bundle", "pack", "vendor", "-o", "vendor.tar"]) == 0
    status, report = bundled.report("--bundle", "vendor.tar", default=False)
    assert (status, kinds(report)) == (1, [("vulnerability", "error", "demo")])
    status, report = bundled.report("--bundle", "vendor.tar", "--bundle-digest", "0" * 64, default=False)
    assert (status, reasons(report)) == (4, ["missing-advisories", "unreadable-subject"])


def test_age_is_enforced_and_other_advisories_go_first(bundled: AuditRun):
    bundled.arguments = ["--at", "2026-12-26T07:00:00Z"]
    status, report = bundled.report("--bundle", "vendor", default=False)
    assert (status, reasons(report)) == (1, ["stale-advisories"])
    bundled.arguments = ["--at", NOW]
    bundled.records(record("PYSEC-2", "other", versions=["1.0"]))
    status, report = bundled.report("--bundle", "vendor")
    assert (status, report["findings"]) == (0, [])
    assert report["advisories"][0]["path"] == str(bundled.snapshot)


def test_a_snapshot_that_is_not_as_listed_is_none(bundled: AuditRun):
    write_zip(bundled.folder / "vendor" / INSIDE, [record("PYSEC-5", "nothing")])
    status, report = bundled.report("--bundle", "vendor", default=False)
    assert (status, reasons(report), report["findings"]) == (4, ["broken-advisories"], [])


def test_what_is_no_bundle_could_not_be_judged(bundled: AuditRun):
    (bundled.folder / "empty").mkdir()
    bundled.records(DEMO)
    for place in ("empty", "nowhere"):
        status, report = bundled.report("--bundle", place)
        assert (status, reasons(report)) == (4, ["unreadable-subject"])


def test_without_a_snapshot_inside_the_fetched_one_counts(bundled: AuditRun):
    bundle_with(bundled.folder / "bare")
    status, report = bundled.report("--bundle", "bare", "--offline", default=False)
    assert (status, reasons(report)) == (4, ["missing-advisories"])
    write_zip(bundled.folder / "none.zip", [DEMO])
    assert bundled.report("--bundle", "bare", "--offline", default=False)[0] == 1


def test_a_bundle_and_a_list_are_judged_together(bundled: AuditRun):
    path = str(bundled.file("requirements.txt", "demo==1.0\n"))
    _, report = bundled.report("--bundle", "vendor", "-r", path, default=False)
    assert [one["kind"] for one in report["subjects"]] == ["requirements", "bundle"]


def test_a_tar_comes_from_the_network(audit: AuditRun, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    bundle_with(audit.folder / "vendor", DEMO)
    assert run(["bundle", "pack", "vendor", "-o", "vendor.tar"]) == 0
    audit.arguments = ["--at", NOW]
    handler = partial(SimpleHTTPRequestHandler, directory=str(audit.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        status, report = audit.report("--bundle", f"{url}/vendor.tar", default=False)
        assert (status, kinds(report)) == (1, [("vulnerability", "error", "demo")])
        status, report = audit.report("--bundle", f"{url}/missing.tar")
        assert (status, reasons(report)[-1]) == (4, "unreadable-subject")
        server.shutdown()
    assert audit.printed("--bundle", "oci://registry.example/x")[0] == 2
    assert audit.printed("--bundle", f"{url}/vendor.tar", "--offline")[0] == 2
