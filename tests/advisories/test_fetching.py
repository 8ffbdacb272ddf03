"""`peep advisories fetch` from a server that plays the bucket: whole, changed, refused; and `peep audit` by itself."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from peep.cli.main import run
from support.audit_run import AuditRun, kinds, reasons
from support.bucket import FakeBucket
from support.osv import record

LATER = "2026-11-26T05:00:00Z"


@pytest.fixture
def bucket() -> Iterator[FakeBucket]:
    with FakeBucket(*(record(f"PYSEC-{n}", f"p{n}", versions=["1"]) for n in range(4))) as server:
        yield server


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PEEP_ADVISORIES", str(tmp_path / "held" / "PyPI.zip"))
    return tmp_path / "held" / "PyPI.zip"


def fetch(bucket: FakeBucket, *words: str, at: str = "2026-11-26T07:00:00Z") -> int:
    bucket.asked.clear()
    return run(["advisories", "fetch", "--from", bucket.url, "--at", at, "--retries", "0", *words])


def ids(path: Path, audit: AuditRun) -> int:
    assert run(["advisories", "info", str(path), "--format", "json"]) == 0
    return json.loads(audit.capsys.readouterr().out)["records"]


def test_first_all_then_what_changed_then_all_again(bucket: FakeBucket, held: Path, audit: AuditRun):
    assert fetch(bucket) == 0
    assert bucket.asked == ["/osv/PyPI/all.zip"]
    remembered = json.loads(held.with_name("PyPI.zip.json").read_text())
    assert remembered["records"] == 4

    bucket.records[0] = record("PYSEC-0", "p0", versions=["1", "2"], modified=LATER)
    bucket.records.append(record("PYSEC-9", "p9", versions=["1"], modified=LATER))
    assert fetch(bucket) == 0
    assert sorted(bucket.asked) == ["/osv/PyPI/PYSEC-0.json", "/osv/PyPI/PYSEC-9.json", "/osv/PyPI/modified_id.csv"]
    audit.capsys.readouterr()
    assert ids(held, audit) == 5
    pins = audit.pins("p0==2", "p9==1", "p3==1", "p3==2")
    status, report = audit.report(*pins, default=False)
    assert (status, [name for _, _, name in kinds(report)]) == (1, ["p0", "p3", "p9"])
    assert report["advisories"][0]["fetched"] == "2026-11-26T07:00:00Z"

    assert fetch(bucket) == 0
    assert bucket.asked == ["/osv/PyPI/modified_id.csv"]
    assert fetch(bucket, "--full") == 0
    assert bucket.asked == ["/osv/PyPI/all.zip"]
    assert fetch(bucket, at="2026-12-03T07:00:00Z") == 0
    assert bucket.asked == ["/osv/PyPI/all.zip"]  # a week later; the server said that it is the same
    assert sorted(path.name for path in held.parent.iterdir()) == ["PyPI.zip", "PyPI.zip.json", "PyPI.zip.lock"]


def test_what_is_refused_is_named_as_the_user_knows_it(bucket: FakeBucket, held: Path, capsys):
    bucket.overrides["all.zip"] = bucket.zip()[:-30]
    assert fetch(bucket) == 1
    told = capsys.readouterr().err
    assert f"{bucket.url}: what came is not a ZIP file" in told
    assert held.name not in told


def test_the_zip_that_a_delta_writes_is_read_by_other_readers(bucket: FakeBucket, held: Path):
    assert fetch(bucket) == 0
    bucket.records[1] = record("PYSEC-1", "p1", versions=["7"], modified=LATER)
    assert fetch(bucket) == 0
    with zipfile.ZipFile(held) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"PYSEC-{n}.json" for n in range(4)]
        assert json.loads(archive.read("PYSEC-1.json"))["affected"][0]["versions"] == ["7"]


@pytest.mark.parametrize("how", ["lost", "older", "none", "html", "cut", "fails", "refused"])
def test_what_is_no_successor_is_refused_and_the_old_one_stays(bucket: FakeBucket, held: Path, how: str):
    assert fetch(bucket) == 0
    before = held.read_bytes()
    spoiled = {
        "lost": bucket.records.pop,
        "older": lambda: bucket.records.__setitem__(
            slice(None), [{**one, "modified": "2026-11-01T00:00:00Z"} for one in bucket.records]
        ),
        "none": bucket.records.clear,
        "html": lambda: bucket.overrides.update({"all.zip": b"<html>sign in</html>"}),
        "cut": lambda: bucket.overrides.update({"all.zip": before[:-30]}),
        "fails": lambda: bucket.overrides.update({"all.zip": 404}),
        "refused": lambda: bucket.overrides.update({"all.zip": 403}),
    }
    spoiled[how]()
    assert fetch(bucket, "--full") == 1
    assert held.read_bytes() == before
    assert sorted(path.name for path in held.parent.iterdir()) == ["PyPI.zip", "PyPI.zip.json", "PyPI.zip.lock"]


@pytest.mark.parametrize("listing", [b"no list at all", b"2026-11-26T05:00:00Z,../x\n", b"soon,PYSEC-1\n"])
def test_a_list_of_changes_that_is_none_is_refused(bucket: FakeBucket, held: Path, listing: bytes):
    assert fetch(bucket) == 0
    before = held.read_bytes()
    bucket.overrides["modified_id.csv"] = listing
    assert fetch(bucket) == 1
    assert held.read_bytes() == before


@pytest.mark.usefixtures("held")
def test_a_changed_record_that_is_gone_stays_until_all_is_fetched(bucket: FakeBucket, audit: AuditRun):
    assert fetch(bucket) == 0
    bucket.records[2] = record("PYSEC-2", "p2", versions=["5"], modified=LATER)
    bucket.overrides["PYSEC-2.json"] = 404
    assert fetch(bucket) == 0
    audit.capsys.readouterr()
    assert audit.report(*audit.pins("p2==1"), default=False)[0] == 1


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("further", [{"schema_version": "2.0.0"}, {"details": "x" * (5 << 20)}])
def test_an_unreadable_change_is_kept_and_named(bucket: FakeBucket, audit: AuditRun, further: dict[str, str]):
    assert fetch(bucket) == 0
    bucket.records[2] = record("PYSEC-2", "p2", versions=["5"], modified=LATER, **further)
    assert fetch(bucket) == 0
    status, report = audit.report(*audit.pins("p3==9"), default=False)
    assert (status, reasons(report)) == (4, ["unreadable-record"])


def test_from_a_file_and_to_a_file(bucket: FakeBucket, tmp_path: Path):
    source = tmp_path / "copied.zip"
    source.write_bytes(bucket.zip())
    target = tmp_path / "out" / "mine.zip"
    assert run(["advisories", "fetch", "--from", str(source), "-o", str(target)]) == 0
    assert target.read_bytes() == source.read_bytes()
    assert run(["advisories", "fetch", "--from", str(tmp_path / "nowhere.zip"), "-o", str(target)]) == 2


@pytest.mark.usefixtures("held")
def test_an_audit_fetches_what_it_lacks_and_only_that(bucket: FakeBucket, audit: AuditRun):
    audit.file("peep.toml", f'[audit]\nadvisories-url = "{bucket.url}"\n')
    pins = audit.pins("p0==1")
    at = ["--at", "2026-11-26T07:00:00Z", "--no-index-facts"]
    audit.arguments = at
    assert audit.report(*pins, default=False)[0] == 1
    assert bucket.asked == ["/osv/PyPI/all.zip"]
    assert audit.report(*pins, default=False)[0] == 1
    assert bucket.asked == ["/osv/PyPI/all.zip"]  # of these hours
    audit.arguments = ["--at", "2026-11-26T14:00:00Z", "--no-index-facts"]
    assert audit.report(*pins, default=False)[0] == 1
    assert bucket.asked[1:] == ["/osv/PyPI/modified_id.csv"]
    bucket.overrides["modified_id.csv"] = 404
    audit.arguments = ["--at", "2026-11-27T14:00:00Z", "--no-index-facts", "--retries", "0"]
    status, report = audit.report(*pins, default=False)
    assert (status, reasons(report)) == (1, [])
    assert "no newer advisories" in audit.said


@pytest.mark.usefixtures("held")
def test_a_frozen_mirror_shows_as_old(bucket: FakeBucket, audit: AuditRun):
    """Fetched just now, and what it holds ends two weeks ago."""
    assert fetch(bucket, at="2026-12-10T07:00:00Z") == 0
    audit.arguments = ["--offline", "--at", "2026-12-10T07:00:00Z"]
    status, report = audit.report(*audit.pins("p0==2"), default=False)
    assert (status, reasons(report)) == (4, ["stale-advisories"])


@pytest.mark.usefixtures("held")
def test_a_clock_that_went_back_makes_nothing_fresh(bucket: FakeBucket, audit: AuditRun):
    """Else a snapshot that was fetched under a clock of the future would be young for years."""
    bucket.records.append(record("PYSEC-9", "p9", versions=["1"], modified="2030-01-01T00:00:00Z"))
    assert fetch(bucket, at="2030-01-01T07:00:00Z") == 0
    status, report = audit.report(*audit.pins("p9==2"), default=False)
    assert (status, reasons(report)) == (4, ["stale-advisories"])
    assert "a clock is wrong" in report["incomplete"][0]["message"]
    assert audit.report(*audit.pins("p9==1"), default=False)[0] == 1


def test_a_sidecar_counts_for_its_own_zip_only(bucket: FakeBucket, held: Path, audit: AuditRun):
    assert fetch(bucket) == 0
    bucket.records.append(record("PYSEC-9", "p9", versions=["1"]))
    held.write_bytes(bucket.zip())
    os.utime(held)
    _, report = audit.report(*audit.pins("p0==2"), default=False)
    assert report["advisories"][0]["fetched"] is None
