"""Snapshots that somebody spoiled: an error or status 4, in little time and memory, and never a clean result."""

from __future__ import annotations

import json
import zipfile

import pytest

from peep.advisories.record import UnreadableRecord, parse_record
from support.audit_run import AuditRun, reasons
from support.osv import record

GOOD = record("PYSEC-1", versions=["1"])


def members(audit: AuditRun, *pairs: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(audit.snapshot, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            archive.writestr(name, content)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("../x.json", encoded(GOOD), "no name of a record"),
        ("a/b.json", encoded(GOOD), "no name of a record"),
        ("é.json", encoded(GOOD), "no name of a record"),
        ("README", b"hello", "no name of a record"),
        ("large.json", b" " * (5 << 20), "more than 4 MiB"),
        pytest.param("bomb.json", b" " * (80 << 20), "more than 4 MiB", id="a hundred times smaller as a ZIP file"),
        ("deep.json", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested more than 100 deep"),
        ("deepish.json", b'{"a":' + b"[" * 110 + b"]" * 110 + b"}", "nested more than 100 deep"),
        *(
            ("range.json", encoded(record("PYSEC-1", events=[{"introduced": "0"}], kind=kind)), reason)
            for kind, reason in [
                ([], "no text"),
                ({}, "no text"),
                (1, "no text"),
                ("SEMVERS", "no type"),
                ("", "no type"),
            ]
        ),
        ("malware.json", encoded(record("MAL-1", files={"a-1.tar.gz": "a" * 63})), "a sha256 that is none"),
        ("list.json", b"[]", "no JSON object"),
        ("latin.json", b'{"id": "\xe9"}', "no JSON"),
        ("digits.json", b'{"id": ' + b"1" * 5000 + b"}", "no JSON"),
        ("nothing.json", b"", "no JSON"),
        ("major.json", encoded(record("PYSEC-2", versions=["2"], schema_version="2.0.0")), "schema version 2.0.0"),
        ("id.json", encoded({**GOOD, "id": "x\ny"}), "no id"),
        ("noid.json", encoded({**GOOD, "id": None}), "no id"),
        ("time.json", encoded({**GOOD, "modified": "yesterday"}), "`modified` is no RFC 3339 time"),
        ("affected.json", encoded({**GOOD, "affected": {}}), "`affected` is no list"),
        ("entry.json", encoded({**GOOD, "affected": ["web"]}), "`affected` holds what is no object"),
        ("versions.json", encoded(record("PYSEC-2", versions=[1])), "a version that is no text"),  # type: ignore[list-item]
        ("withdrawn.json", encoded({**GOOD, "withdrawn": True}), "`withdrawn` is no text"),
    ],
)
def test_e2_what_is_no_record_is_named_and_the_run_is_incomplete(audit: AuditRun, name, content, reason):
    members(audit, ("good.json", encoded(GOOD)), (name, content))
    status, report = audit.report(*audit.pins("web==2"))
    assert (status, reasons(report)) == (4, ["unreadable-record"])
    [unreadable] = report["advisories"][0]["unreadable"]
    assert reason in unreadable["reason"]
    status, report = audit.report(*audit.pins("web==1"))
    assert (status, reasons(report)) == (1, ["unreadable-record"])


def test_unknown_fields_and_an_absent_schema_version_are_fine(audit: AuditRun):
    plain = {key: value for key, value in GOOD.items() if key != "schema_version"}
    members(audit, ("good.json", encoded({**plain, "new": [{}], "affected": [{**GOOD["affected"][0], "x": 1}]})))
    assert audit.report(*audit.pins("web==2"))[0] == 0


def test_the_same_id_twice_is_the_later_one(audit: AuditRun):
    old = record("PYSEC-1", versions=["1"], modified="2026-11-25T00:00:00Z")
    new = record("PYSEC-1", versions=["2"], modified="2026-11-26T00:00:00Z")
    for pair in ((old, new), (new, old)):
        members(audit, ("a.json", encoded(pair[0])), ("b.json", encoded(pair[1])))
        assert audit.report(*audit.pins("web==1"))[0] == 0
        status, report = audit.report(*audit.pins("web==2"))
        assert (status, report["advisories"][0]["records"]) == (1, 1)


@pytest.mark.parametrize("keep", [0, 1, 10, 0.5, 0.99])
def test_a_cut_off_zip_is_no_snapshot(audit: AuditRun, keep: float):
    audit.records(*(record(f"PYSEC-{n}", versions=["1"]) for n in range(20)))
    content = audit.snapshot.read_bytes()
    audit.snapshot.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
    status, report = audit.report(*audit.pins("web==2"))
    assert (status, reasons(report)) == (4, ["broken-advisories"])


def test_a_bomb_is_no_snapshot(audit: AuditRun):
    members(audit, ("good.json", encoded(GOOD)), *((f"b{n}.json", b" " * (4 << 20)) for n in range(30)))
    assert audit.snapshot.stat().st_size < 1 << 20
    status, report = audit.report(*audit.pins("web==1"))
    assert (status, reasons(report)) == (4, ["broken-advisories"])


def test_a_million_members_are_no_snapshot(audit: AuditRun):
    count = 1_000_000
    entry = b"PK\1\2" + b"\0" * 42
    end = b"PK\6\6" + (44).to_bytes(8, "little") + b"\x2d\0\x2d\0" + b"\0" * 8
    end += count.to_bytes(8, "little") * 2 + (len(entry) * count).to_bytes(8, "little") + b"\0" * 8
    locator = b"PK\6\7\0\0\0\0" + (len(entry) * count).to_bytes(8, "little") + b"\1\0\0\0"
    plain = b"PK\5\6\0\0\0\0\xff\xff\xff\xff" + b"\xff" * 8 + b"\0\0"
    audit.snapshot.write_bytes(entry * count + end + locator + plain)
    status, report = audit.report(*audit.pins("web==1"))
    assert (status, reasons(report)) == (4, ["broken-advisories"])
    assert "the limit is" in report["incomplete"][0]["message"]


@pytest.mark.parametrize("content", [b"", b"{}", b"no zip at all", b"PK"])
def test_what_is_no_snapshot_at_all(audit: AuditRun, content: bytes):
    audit.snapshot.write_bytes(content)
    status, report = audit.report(*audit.pins("web==1"))
    assert (status, reasons(report)) == (4, ["broken-advisories"])


def test_a_folder_without_records_is_no_snapshot(audit: AuditRun):
    (audit.folder / "empty").mkdir()
    status, report = audit.report(*audit.pins("web==1"), "--advisories", str(audit.folder / "empty"), default=False)
    assert (status, reasons(report)) == (4, ["broken-advisories"])


HOSTILE = "a\x1b[31m\r\n\0\u202e|<img src=x>`@everyone` ::error::x ](http://evil.example) \u2028end"


@pytest.mark.parametrize("style", ["text", "json", "jsonl", "sarif", "markdown", "github", "openvex"])
def test_hostile_text_reaches_no_terminal_no_table_and_no_workflow(audit: AuditRun, style: str):
    audit.records(record("PYSEC-1", versions=["1"], summary=HOSTILE, aliases=["CVE-1", "x\x1b"]))
    status, printed = audit.printed(*audit.pins("web==1"), "--format", style)
    assert status == 1
    assert printed.replace("\n", "").isprintable()
    if style == "markdown":
        rows = [line for line in printed.splitlines() if line.startswith("| ")]
        assert len(rows) == 2  # the head and the finding
        assert not {"<img", "`", "@everyone", "](http://evil"} & {part for part in ("<img", "`") if part in rows[1]}
        assert rows[1].count("|") == 8
        assert "@everyone" not in printed
        assert "](http://evil" not in printed
    if style == "github":
        [command] = [line for line in printed.splitlines() if line.startswith("::")]
        assert command.startswith("::error file=")
        assert len(printed.splitlines()) == 1


@pytest.mark.parametrize("style", ["text", "markdown", "github"])
def test_no_output_holds_commands_of_the_old_form_for_runners(audit: AuditRun, style: str):
    """They take `##[stop-commands]` from anywhere in a line of any output, and `::` from its start."""
    audit.records(record("PYSEC-1", versions=["1"], summary="::error::a ##[stop-commands]b"))
    _, printed = audit.printed(*audit.pins("web==1"), "--format", style)
    assert "##[" not in printed.replace("&#35;", "#")
    assert [line for line in printed.splitlines() if line.lstrip().startswith("::")] == (
        [line for line in printed.splitlines() if "title=PYSEC-1" in line] if style == "github" else []
    )


def test_the_summary_is_one_short_line():
    read = parse_record(encoded({**GOOD, "summary": "x" * 100_000, "details": "never shown"}), "x.json")
    assert not isinstance(read, UnreadableRecord)
    assert len(read.summary) == 300


def test_what_is_disputed_is_said_to_be(audit: AuditRun):
    audit.records(record("PYSEC-1", versions=["1"], details="** DISPUTED ** nobody can reproduce it"))
    _, report = audit.report(*audit.pins("web==1"))
    assert report["findings"][0]["disputed"] is True
