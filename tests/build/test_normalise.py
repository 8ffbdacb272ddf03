from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.build.normalise import normalise_wheel
from peep.errors import ArchiveError

NAME = "a-1-py3-none-any.whl"
EPOCH = 1_000_000_000
CONTENT = {"a/__init__.py": b"x = 1\n", "a-1.dist-info/METADATA": b"Name: a\n", "a-1.dist-info/WHEEL": b"w"}


def wheel(members, *, when=(2020, 1, 1, 0, 0, 0), method=zipfile.ZIP_DEFLATED, mode=0o100644):
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", method) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, when)
            entry.compress_type = method
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return result.getvalue()


@given(
    order=st.permutations(list(CONTENT.items())), minute=st.integers(0, 59), mode=st.sampled_from([0o644, 0o600, 0o664])
)
def test_order_times_modes_and_compression_leave_no_trace(order, minute, mode):
    one = wheel(CONTENT.items())
    other = wheel(order, when=(2021, 5, 6, 7, minute, 0), method=zipfile.ZIP_STORED, mode=0o100000 | mode)
    assert normalise_wheel(NAME, one, EPOCH) == normalise_wheel(NAME, other, EPOCH)


def test_what_is_written():
    made = normalise_wheel(NAME, wheel(CONTENT.items(), mode=0o100775), EPOCH)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        entries = archive.infolist()
        record = list(csv.reader(io.StringIO(archive.read("a-1.dist-info/RECORD").decode())))
    assert [entry.filename for entry in entries] == [
        "a/__init__.py",
        "a-1.dist-info/METADATA",
        "a-1.dist-info/WHEEL",
        "a-1.dist-info/RECORD",
    ]
    assert {entry.date_time for entry in entries} == {(2001, 9, 9, 1, 46, 40)}
    assert [oct(entry.external_attr >> 16) for entry in entries] == ["0o100755"] * 3 + ["0o100644"]
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1\n").digest()).rstrip(b"=").decode()
    assert record[0] == ["a/__init__.py", f"sha256={digest}", "6"]
    assert record[-1] == ["a-1.dist-info/RECORD", "", ""]


@pytest.mark.parametrize(("epoch", "year"), [(0, 1980), (-5, 1980), (2**40, 2107)])
def test_times_that_zip_cannot_tell_are_moved_to_the_nearest(epoch, year):
    made = normalise_wheel(NAME, wheel(CONTENT.items()), epoch)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.infolist()[0].date_time[0] == year


def test_folders_and_signatures_and_the_old_record_go():
    more = [
        ("a/", b""),
        ("a-1.dist-info/RECORD", b"lies"),
        ("a-1.dist-info/RECORD.jws", b"{}"),
        ("a-1.dist-info/RECORD.p7s", b"x"),
    ]
    assert normalise_wheel(NAME, wheel([*CONTENT.items(), *more]), EPOCH) == normalise_wheel(
        NAME, wheel(CONTENT.items()), EPOCH
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("made", "message"),
    [
        (b"<html>", "ZIP"),
        (wheel([("a/__init__.py", b"")]), "exactly one"),
        (wheel([*CONTENT.items(), ("b-1.dist-info/METADATA", b"")]), "exactly one"),
        (wheel(CONTENT.items(), mode=0o120777), "link"),
    ],
)
def test_what_is_no_wheel_is_refused(made, message):
    with pytest.raises(ArchiveError, match=message):
        normalise_wheel(NAME, made, EPOCH)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused():
    with pytest.raises(ArchiveError, match="two members"):
        normalise_wheel(NAME, wheel([*CONTENT.items(), ("a/__init__.py", b"other")]), EPOCH)
