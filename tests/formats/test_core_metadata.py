from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.core_metadata import LARGEST_METADATA, UnreadableMetadata, parse_core_metadata

METADATA = b"""\
Metadata-Version: 2.1
Name: Left.Pad
Version: 1.0
Requires-Dist: common (<2)
Requires-Dist: colorama ; sys_platform == "win32"
Requires-Dist: fast>=1;
  extra == "Speed"
Requires-Python: >=3.8
Provides-Extra: Speed_Up
License: one
        Requires-Dist: hidden

Requires-Dist: not-me
"""


def test_the_header_part_is_read_and_nothing_of_the_description():
    found = parse_core_metadata(METADATA)
    assert (found.name, found.version, found.requires_python) == ("left-pad", "1.0", ">=3.8")
    assert found.requires_dist == ("common (<2)", 'colorama ; sys_platform == "win32"', 'fast>=1; extra == "Speed"')
    assert found.provides_extra == ("speed-up",)
    assert found.is_static


def test_line_ends_do_not_matter():
    assert parse_core_metadata(METADATA.replace(b"\n", b"\r\n")) == parse_core_metadata(METADATA)


@pytest.mark.parametrize(
    ("headers", "is_static"),
    [
        ("Metadata-Version: 2.1\n", False),
        ("Metadata-Version: 2.2\n", True),
        ("Metadata-Version: 2.4\nDynamic: License\n", True),
        ("Metadata-Version: 2.2\nDynamic: requires-dist\n", False),
        ("Metadata-Version: 2.2\nDynamic: Requires-Python\n", False),
        ("Metadata-Version: 2.3\nDynamic: Description\nDynamic: Provides-Extra\n", False),
        ("Metadata-Version: two\n", False),
    ],
)
def test_a_source_archive_is_static_by_pep_643(headers, is_static):
    content = f"{headers}Name: x\nVersion: 1\n".encode()
    assert parse_core_metadata(content, is_wheel=False).is_static is is_static
    assert parse_core_metadata(content).is_static


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Metadata-Version 0 times"),
        (b"Metadata-Version: 2.1\nName: x\n", "Version 0 times"),
        (b"Metadata-Version: 2.1\nName: x\nName: y\nVersion: 1\n", "Name 2 times"),
        (b"Metadata-Version: 2.1\nName: x\nVersion: 1\nRequires-Python: >=3\nRequires-Python: <3\n", "more than once"),
        (b"Metadata-Version: 2.1\nName: \xff\nVersion: 1\n", "not UTF-8"),
        (b"M" * (LARGEST_METADATA + 1), "the limit is"),
        (
            b"Metadata-Version: 2.1\nName: x\nVersion: 1\n" + b"Requires-Dist: a\n" * 10_001,
            "10001 requirements; the limit",
        ),
    ],
)
def test_what_is_no_metadata_says_why(content, reason):
    with pytest.raises(UnreadableMetadata, match=reason):
        parse_core_metadata(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content):
    try:
        found = parse_core_metadata(content)
    except UnreadableMetadata:
        return
    assert found.version
