"""Severity: by score with the library, by label without, unknown when neither can be read."""

from __future__ import annotations

import json

import pytest

from peep.advisories import cvss_scores
from peep.advisories.cvss_scores import available_scores
from peep.advisories.record import Advisory, parse_record
from peep.advisories.severity import no_scores, rating_of
from support.osv import record

V3 = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N"}
V4 = {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}
V2 = {"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}
NONE = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:N"}


def advisory(identifier: str = "PYSEC-1", *severity, label: str = "") -> Advisory:
    specific = {"database_specific": {"severity": label}} if label else {}
    stated = record(identifier, versions=["1"], severity=list(severity), **specific)
    read = parse_record(json.dumps(stated).encode(), "x.json")
    assert isinstance(read, Advisory), read
    return read


@pytest.mark.parametrize(
    ("severity", "label", "score"),
    [
        ([V3], "high", 8.1),
        ([V4], "critical", 9.3),
        ([V2], "high", 7.5),
        ([V3, V4], "critical", 9.3),
        ([NONE], "none", 0.0),
    ],
)
def test_scores(severity, label: str, score: float):
    pytest.importorskip("cvss")
    rating = rating_of([advisory("PYSEC-1", *severity)], "web", available_scores())
    assert (rating.label, rating.score, rating.record) == (label, score, "PYSEC-1")


@pytest.mark.parametrize("vector", ["nonsense", "CVSS:3.1/AV:N", "CVSS:3.1/AV:X/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N", "", 7])
def test_a_broken_vector_is_unknown(vector):
    pytest.importorskip("cvss")
    broken = {"type": "CVSS_V3", "score": vector}
    assert rating_of([advisory("PYSEC-1", broken)], "web", available_scores()).label == "unknown"
    labelled = rating_of([advisory("PYSEC-1", broken, label="LOW")], "web", available_scores())
    assert (labelled.label, labelled.score) == ("low", None)


def test_without_the_library_the_label_counts(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str):
        raise ImportError(name)

    monkeypatch.setattr(cvss_scores, "import_module", missing)
    assert available_scores() is no_scores
    rating = rating_of([advisory("PYSEC-1", V3, label="MODERATE")], "web", available_scores())
    assert (rating.label, rating.score, rating.vector) == ("medium", None, V3["score"])


def test_the_highest_of_the_members_counts():
    members = [advisory("A-1", label="LOW"), advisory("B-1", label="CRITICAL"), advisory("C-1")]
    rating = rating_of(members, "web")
    assert (rating.label, rating.record) == ("critical", "B-1")
    assert rating_of([advisory("C-1")], "web").label == "unknown"


def test_a_vector_of_the_project_goes_before_that_of_the_record():
    pytest.importorskip("cvss")
    stated = record("PYSEC-1", versions=["1"], severity=[V4])
    stated["affected"][0]["severity"] = [V3]
    read = parse_record(json.dumps(stated).encode(), "x.json")
    assert isinstance(read, Advisory)
    assert rating_of([read], "web", available_scores()).score == 8.1
