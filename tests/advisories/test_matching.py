"""The matching rules: each by example, all of them against an oracle, on made-up and on real records."""

from __future__ import annotations

import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.advisories.findings import AuditedPin, Certainty
from peep.advisories.matching import is_unjudged, just_above, match
from peep.advisories.record import Advisory, parse_record
from peep.advisories.slim_record import from_slim, slim
from peep.model import Digest
from support.advisory_oracle import covering
from support.corpus import CORPUS
from support.examples import examples
from support.osv import record, since

REAL_RECORDS = CORPUS / "advisories" / "pysec-2024-10-10.zip"
A, B = "a" * 64, "b" * 64


def advisory(*parts, **named) -> Advisory:
    read = parse_record(json.dumps(record(*parts, **named)).encode(), "x.json")
    assert isinstance(read, Advisory), read
    return read


def pin(version: str, *digests: str, name: str = "web", **further) -> AuditedPin:
    return AuditedPin(name, version, tuple(Digest("sha256", one) for one in digests), **further)


@pytest.mark.parametrize(
    ("events", "version", "is_affected"),
    [
        (since("0", "1.26.17"), "1.26.5", True),
        (since("0", "1.26.17"), "1.26.17", False),
        (since("0", "2"), "0.dev0", True),
        (since("1.0"), "1.0rc1", False),
        (since("1.0"), "1.0", True),
        ([{"fixed": "2"}, {"introduced": "3"}, {"introduced": "1"}, {"fixed": "4"}], "3.5", True),  # unsorted
        ([{"fixed": "2"}, {"introduced": "3"}, {"introduced": "1"}, {"fixed": "4"}], "2.5", False),
        ([{"introduced": "1"}, {"fixed": "1"}], "1", False),  # equal: introduced before fixed
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0", True),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0.post1", False),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0+cu118", True),  # rule 7
        (since("0", "2.0"), "2.0+x", False),
        ([{"introduced": "0"}, {"limit": "2"}], "2", False),
        ([{"introduced": "0"}, {"limit": "2"}, {"limit": "*"}], "2", True),
        ([{"introduced": "nonsense"}, {"fixed": "2"}], "1", True),  # rule 6: fails closed
        ([{"introduced": "0"}, {"fixed": "2019-09-12"}], "7", True),
        ([{"fixed": "2"}], "1", False),  # a range that begins nowhere
        (since("1!1.0"), "9", False),
    ],
)
def test_ranges(events, version, is_affected):
    found = match(advisory("PYSEC-1", events=events), pin(version))
    assert (found is not None) is is_affected


@pytest.mark.parametrize(
    ("listed", "version"), [("1.0", "1.0.0"), ("2022.12.07", "2022.12.7"), ("v1.0", "1"), ("1.0a1", "1.0.alpha1")]
)
def test_versions_are_compared_by_pep_440(listed, version):
    found = match(advisory("PYSEC-1", versions=[listed]), pin(version))
    assert found is not None
    assert found.by == "versions"


def test_what_is_no_version_is_compared_as_text_and_else_not_judged():
    listed = advisory("PYSEC-1", versions=["2012j"], events=since("0", "2"))
    assert match(listed, pin("2012j")) is not None
    assert match(listed, pin("2012k")) is None
    assert is_unjudged(pin("2012k"), [listed])
    assert is_unjudged(pin("1.0", is_arbitrary=True), [listed])
    assert not is_unjudged(pin("1.0"), [listed])
    assert not is_unjudged(pin("2012k"), [advisory("PYSEC-1", versions=["2012j"])])
    assert match(advisory("PYSEC-1", versions=["1.0.0"]), pin("1.0", is_arbitrary=True)) is None


def test_malware_of_all_versions_is_not_evaded_by_arbitrary_equality():
    everything = advisory("MAL-1", events=since("0"))
    found = match(everything, pin("1.0", is_arbitrary=True))
    assert found is not None
    assert found.certainty is Certainty.VERSION
    assert match(advisory("PYSEC-1", events=since("0")), pin("1.0", is_arbitrary=True)) is None


def test_names_are_normalised_and_the_ecosystem_is_exact():
    assert match(advisory("PYSEC-1", "Jw.Util", versions=["1"]), pin("1", name="jw-util")) is not None
    other = record("PYSEC-1", versions=["1"])
    other["affected"][0]["package"]["ecosystem"] = "PyPI:other"
    read = parse_record(json.dumps(other).encode(), "x.json")
    assert isinstance(read, Advisory)
    assert match(read, pin("1")) is None


def test_git_ranges_are_left_out_and_semver_counts_as_malformed():
    assert match(advisory("PYSEC-1", events=since("0"), kind="GIT"), pin("1")) is None
    semver = advisory("PYSEC-1", events=since("0"), kind="SEMVER")
    assert match(semver, pin("1")) is not None
    assert semver.is_malformed
    assert advisory("PYSEC-1", events=[{"introduced": "0"}, {"fixed": "2019-09-12"}]).is_malformed
    assert not advisory("PYSEC-1", events=since("0", "2")).is_malformed


def test_a_digest_decides_before_names():
    listed = advisory("MAL-1", "elsewhere", versions=["9"], files={"elsewhere-9.whl": A.upper()})
    found = match(listed, pin("1", A, B))
    assert found is not None
    assert (found.by, found.certainty) == ("hash", Certainty.HASH)
    assert match(listed, pin("1", B)) is None


def test_digests_of_reports_are_none_of_archives():
    origins = {"malicious-packages-origins": [{"sha256": A}], "evidence_files": [{"sha256": A}]}
    assert match(advisory("MAL-1", "elsewhere", versions=["9"], database_specific=origins), pin("1", A)) is None


@pytest.mark.parametrize(
    ("listed", "events", "version", "certainty"),
    [
        (["1"], since("0"), "1", Certainty.VERSION),
        (["1"], since("0"), "2", Certainty.RANGE),  # a stale range beside a list
        (["1"], since("0", "3"), "2", Certainty.VERSION),  # a range with an end is meant
        ([], since("0"), "2", Certainty.VERSION),
        (["2"], None, "2", Certainty.VERSION),
    ],
)
def test_how_sure_malware_is(listed, events, version, certainty):
    found = match(advisory("MAL-1", versions=listed, events=events), pin(version))
    assert found is not None
    assert found.certainty is certainty


def test_the_same_file_name_with_other_bytes_is_less_than_certain():
    listed = advisory("MAL-1", versions=["1"], files={"web-1.whl": A})
    found = match(listed, pin("1", B, filenames=("web-1.whl",)))
    assert found is not None
    assert (found.certainty, found.other_digests) == (Certainty.RANGE, (A,))
    for unknown in (pin("1", B), pin("1", B, filenames=("web-1.tar.gz",)), pin("1", filenames=("web-1.whl",))):
        certain = match(listed, unknown)
        assert certain is not None
        assert certain.certainty is Certainty.VERSION


def test_a_pin_just_above_the_last_affected_version_is_told():
    ended = advisory("PYSEC-1", events=[{"introduced": "0"}, {"last_affected": "2.0"}])
    assert just_above(ended, pin("2.1")) == "2.0"
    assert just_above(advisory("PYSEC-1", events=since("0", "2.0")), pin("2.1")) is None


def test_the_next_fix_is_told_not_the_last():
    found = match(advisory("PYSEC-1", events=[*since("0", "1.5"), *since("2.0", "2.5")]), pin("1.0"))
    assert found is not None
    assert (found.introduced, found.fixed) == ("0", "1.5")


# -- against the oracle ----------------------------------------------------------------------------

SPELLED = (
    "0", "0.dev0", "0.0.1", "1", "1.0", "1.0.0", "1.0a1", "1.0rc1", "1.0.post1", "1.0.dev3", "1.1", "1.10", "2.0",
    "2.0+cu118", "2.0+x", "1!0.5", "2022.12.07", "2022.12.7", "3", "v3", "2012j", "2019-09-12", "nonsense", "*",
)  # fmt: skip
VERSIONS = st.sampled_from(SPELLED)
EVENTS = st.lists(
    st.tuples(st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), VERSIONS).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    max_size=8,
)
RECORDS = st.builds(
    lambda ranges, listed: {
        **record("PYSEC-1"),
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "Web"},
                "ranges": [{"type": "ECOSYSTEM", "events": events} for events in ranges],
                "versions": listed,
            }
        ],
    },
    st.lists(EVENTS, max_size=2),
    st.lists(VERSIONS, max_size=3),
)


@settings(max_examples=examples(400), deadline=None)
@given(RECORDS, VERSIONS, st.booleans())
def test_any_record_and_any_version_are_judged_as_the_rules_say(stated, version, is_arbitrary):
    read = parse_record(json.dumps(stated).encode(), "x.json")
    assert isinstance(read, Advisory)
    found = match(read, pin(version, is_arbitrary=is_arbitrary))
    expected = covering(stated, "web", version, is_arbitrary=is_arbitrary)
    assert (found is not None) is bool(expected)
    assert found is None or found.by in expected


@settings(max_examples=examples(100), deadline=None)
@given(RECORDS)
def test_the_slim_form_loses_nothing(stated):
    read = parse_record(json.dumps(stated).encode(), "x.json")
    assert isinstance(read, Advisory)
    assert from_slim(slim(read)) == read


@pytest.mark.skipif(not REAL_RECORDS.exists(), reason="the corpus of real advisories is not beside the project")
def test_real_records_are_judged_as_the_rules_say():
    compared = 0
    with zipfile.ZipFile(REAL_RECORDS) as archive:
        for number, name in enumerate(archive.namelist()):
            stated = json.loads(archive.read(name))
            read = parse_record(json.dumps(stated).encode(), name)
            assert isinstance(read, Advisory), read
            if number % 8 or read.is_withdrawn:
                continue
            for entry in stated["affected"]:
                project = entry["package"]["name"].lower()
                fixed = [v for r in entry.get("ranges", []) for e in r["events"] for v in e.values()]
                for version in {*entry.get("versions", [])[::7], *fixed, "0.0.1", "99.0", "1.0+local"}:
                    found = match(read, pin(version, name=project.replace("_", "-").replace(".", "-")))
                    expected = covering(stated, project, version)
                    assert (found is not None) is bool(expected), (name, version)
                    compared += 1
    assert compared > 1000
