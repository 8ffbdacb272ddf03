from __future__ import annotations

import pytest

from peep.errors import UsageError
from peep.formats.target_ids import parse_target_id


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cp312-manylinux_2_28_x86_64", ("cp", (3, 12), None, False, "manylinux_2_28_x86_64", "cp312")),
        ("cp313t-win_amd64", ("cp", (3, 13), None, True, "win_amd64", "cp313t")),
        ("pp310-macosx_14_0_arm64", ("pp", (3, 10), None, False, "macosx_14_0_arm64", "pypy310_pp73")),
        ("cp3.11.4-musllinux_1_2_aarch64", ("cp", (3, 11), 4, False, "musllinux_1_2_aarch64", "cp311")),
        ("CP39-Win32", ("cp", (3, 9), None, False, "win32", "cp39")),
        ("cp310-manylinux2014_i686", ("cp", (3, 10), None, False, "manylinux2014_i686", "cp310")),
    ],
)
def test_an_id_is_taken_apart(text, parts):
    found = parse_target_id(text)
    implementation, minor, micro = found.implementation, found.minor, found.micro
    assert (implementation, minor, micro, found.is_free_threaded, found.platform, found.abi) == parts
    assert str(found) == text.lower()
    assert parse_target_id(str(found)) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cp312", "no platform"),
        ("cp27-win_amd64", "names no interpreter"),
        ("cp37-win_amd64", "3.8 and newer"),
        ("cp312t-win_amd64", "begin with CPython 3.13"),
        ("pp311t-win_amd64", "begin with CPython 3.13"),
        ("py3-any", "names no interpreter"),
        ("cp312-any", "no wheel platform tag"),
        ("cp312-manylinux_2_28_vax", "is no machine"),
        ("cp312-macosx_14_0_universal2", "is no machine"),
        ("cp3.11-win_amd64", "names no interpreter"),
        ("", "no platform"),
        ("cp312-win_amd64 x", "no wheel platform tag"),
        ("cp\u0663\u0661\u0662-win_amd64", "names no interpreter"),
    ],
)
def test_what_means_nothing_is_a_usage_error(text, reason):
    with pytest.raises(UsageError, match=reason) as caught:
        parse_target_id(text)
    assert caught.value.exit_status == 2
    assert "cp312-manylinux_2_28_x86_64" in caught.value.hint
