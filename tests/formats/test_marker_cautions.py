"""Markers that say something else than they look are told; those that say what they look are not."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from peep.formats.marker_cautions import cautions
from peep.formats.markers import TargetMarkers


def told(marker, *, holds=False):
    Marker(marker)  # none of them is malformed
    return " ".join(cautions(marker, holds=holds))


@pytest.mark.parametrize(
    ("marker", "caution"),
    [
        ("python_version in '3.9 3.10 3.11'", "looks for a text in a text"),
        ("'3.1' not in python_version", "looks for a text in a text"),
        ("python_version != '3.11.*'", "python_version != '3.11' says the same everywhere"),
        ("python_version > '3.1*'", "compares texts, since >3.1* is no comparison of versions"),
        ("python_full_version < '3.11.x'", "compares texts"),
        ("platform_release >= 'generic'", "compares texts"),
        ("sys_platform >= 'linux'", "which have no order"),
        ("python_version == '3.11.4'", "a third is in python_full_version"),
        ("python_version >= '3.11.4'", "a third is in python_full_version"),
        ("sys_platform == 'windows'", "is never true: what is meant is called 'win32'"),
        ("sys.platform != 'Darwin'", "is always true: what is meant is called 'darwin'"),
        ("platform_system == 'linux'", "'Linux'"),
        ("os.name == 'windows'", "'nt'"),
        ("extra == 'dev'", "NAME[EXTRA]"),
    ],
)
def test_comparisons_that_mislead(marker, caution):
    assert caution in told(marker)
    assert caution in told(f"({marker}) and os_name == 'posix'", holds=True)


@pytest.mark.parametrize(
    "marker",
    [
        "python_version < '3' and python_version > '3.0'",
        "python_version < '3.8' and python_version >= '3.9' or sys_platform == 'linux' and sys_platform == 'win32'",
        "python_full_version < '3.11.2' and python_version == '3.12'",
        "sys_platform == 'linux' and sys_platform in 'win32 cygwin'",
    ],
)
def test_markers_that_can_never_be_true(marker):
    assert "can never be true" in told(marker)


@pytest.mark.parametrize(
    "marker",
    [
        "python_version < '2.7'",
        "python_version == '3.30'",
        "python_version >= '3.11' and python_version < '4.0'",
        "python_full_version == '3.11.*'",
        "python_full_version >= '3.8.1' and sys_platform == 'win32'",
        "python_full_version < '3.11.2' and python_version == '3.11'",
        "python_version ~= '3.8'",
        "python_version == '3.10.0'",
        "sys_platform == 'nowhere' or platform_machine == 'riscv64'",
        "sys_platform in 'linux darwin'",
        "'linux' in sys_platform",
        "platform_machine not in 'x86_64 AMD64' and implementation_name != 'pypy'",
        "implementation_version < '3.5'",
        "platform_release >= '5.4'",
    ],
)
def test_markers_that_say_what_they_look(marker):
    assert told(marker) == ""


def test_a_marker_with_many_names_takes_no_time():
    names = " or ".join(
        f"(platform_machine == 'm{n}' and platform_version == 'v{n}' and sys_platform == 's{n}')" for n in range(60)
    )
    assert told(names) == ""


def test_each_marker_is_told_once():
    markers = TargetMarkers({"python_version": "3.11"})
    assert len(markers.cautions("python_version in '3.11'")) == 1
    assert markers.cautions("python_version in '3.11'") == ()
