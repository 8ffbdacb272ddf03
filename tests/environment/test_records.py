"""What peep writes into a .dist-info: same facts, same bytes."""

from __future__ import annotations

import csv
import io
import json

import pytest

from peep.environment.installed import parse_provenance
from peep.environment.records import manifest_rows, provenance_bytes, record_bytes, row, row_of
from peep.model import Digest, Provenance, StoredFile

A, B = Digest("sha256", "a" * 64), Digest("sha512", "b" * 128)


@pytest.mark.parametrize(
    "paths", [["a.py", "b/c.py"], ["a,b.py", 'c"d.py', "plain.py"], ["line\rbreak.py", "se\u2028parator"], []]
)
def test_rows_read_back(paths):
    files = [StoredFile(path, "x" * 43, 3, is_executable=False) for path in paths]
    text = record_bytes([*manifest_rows(files), row("info/RECORD", "", "")]).decode()
    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert sorted(found) == sorted([["info/RECORD", "", ""], *([path, "sha256=" + "x" * 43, "3"] for path in paths)])


def test_the_order_of_rows_does_not_matter():
    rows = [row_of("b", b"1"), row_of("a", b"2"), row("info/RECORD", "", "")]
    assert record_bytes(rows) == record_bytes(reversed(rows))
    assert record_bytes(rows).endswith(b"info/RECORD,,\n")


@pytest.mark.parametrize(
    "provenance",
    [
        Provenance("https://index.example/a.whl", (A,)),
        Provenance("https://index.example/a.whl", (A, B)),
        Provenance("https://host.example/a.zip", (A, B), is_direct=True),
        Provenance("file:///tmp/x", is_direct=True, is_editable=True),
        Provenance("file:///tmp/x", is_direct=True),
    ],
)
def test_provenance_reads_back(provenance):
    written = provenance_bytes(provenance)
    assert parse_provenance(written, is_direct=provenance.is_direct) == provenance
    assert written == provenance_bytes(provenance)


def test_version_control_is_written_as_pep_610_says():
    provenance = Provenance("https://host.example/x.git", is_direct=True, vcs_commit="c" * 40)
    assert json.loads(provenance_bytes(provenance)) == {
        "url": "https://host.example/x.git",
        "vcs_info": {"vcs": "git", "commit_id": "c" * 40},
    }


def test_direct_archives_carry_both_forms_of_the_hash():
    stated = json.loads(provenance_bytes(Provenance("u", (A,), is_direct=True)))
    assert stated["archive_info"] == {"hashes": {"sha256": A.hex}, "hash": f"sha256={A.hex}"}
