from __future__ import annotations

import pytest
from packaging.markers import Marker

from peep.formats.target_ids import parse_target_id
from peep.target.declared import declared_target, id_of_environment


def tags_of(text: str) -> tuple[str, ...]:
    return declared_target(parse_target_id(text)).environment.tags


@pytest.mark.parametrize(
    ("target", "first", "accepted", "refused"),
    [
        (
            "cp312-manylinux_2_28_x86_64",
            "cp312-cp312-manylinux_2_28_x86_64",
            ["cp312-cp312-manylinux2014_x86_64", "cp38-abi3-manylinux1_x86_64", "py3-none-any"],
            [
                "cp312-cp312-manylinux_2_34_x86_64",
                "cp312-cp312-musllinux_1_2_x86_64",
                "cp313-cp313-manylinux_2_28_x86_64",
            ],
        ),
        (
            "cp313t-win_amd64",
            "cp313-cp313t-win_amd64",
            ["py3-none-any", "py3-none-win_amd64"],
            ["cp313-cp313-win_amd64", "cp313-abi3-win_amd64"],
        ),
        (
            "pp310-manylinux_2_17_x86_64",
            "pp310-pypy310_pp73-manylinux_2_17_x86_64",
            ["pp3-none-any", "py3-none-any", "pp310-pypy310_pp73-manylinux_2_5_x86_64"],
            ["cp310-cp310-manylinux_2_17_x86_64", "cp310-abi3-manylinux_2_17_x86_64"],
        ),
        (
            "cp311-macosx_13_0_arm64",
            "cp311-cp311-macosx_13_0_arm64",
            ["cp311-cp311-macosx_11_0_arm64", "cp311-cp311-macosx_12_0_universal2"],
            ["cp311-cp311-macosx_14_0_arm64", "cp311-cp311-macosx_10_9_x86_64"],
        ),
        (
            "cp311-musllinux_1_2_x86_64",
            "cp311-cp311-musllinux_1_2_x86_64",
            ["cp311-cp311-musllinux_1_1_x86_64"],
            ["cp311-cp311-manylinux_2_17_x86_64"],
        ),
    ],
)
def test_tags_stand_best_first_and_hold_older_platforms(target, first, accepted, refused):
    tags = tags_of(target)
    assert tags[0] == first
    assert set(accepted) <= set(tags)
    assert not set(refused) & set(tags)


@pytest.mark.parametrize(
    ("target", "marker", "truth"),
    [
        ("cp312-win_amd64", "os_name == 'nt' and sys_platform == 'win32' and platform_machine == 'AMD64'", True),
        ("cp312-manylinux_2_28_aarch64", "platform_machine == 'aarch64' and platform_system == 'Linux'", True),
        ("cp312-manylinux2014_x86_64", "platform_machine == 'x86_64'", True),
        ("cp312-musllinux_1_2_x86_64", "platform_machine == 'x86_64' and sys_platform == 'linux'", True),
        ("cp312-macosx_14_0_arm64", "platform_machine == 'arm64' and sys_platform == 'darwin'", True),
        ("pp310-manylinux_2_17_x86_64", "platform_python_implementation == 'PyPy'", True),
        ("cp3.11.4-win32", "python_full_version >= '3.11.4' and implementation_version < '3.11.5'", True),
        ("cp311-win32", "python_full_version >= '3.11.4'", False),
    ],
)
def test_markers_are_those_of_the_target(target, marker, truth):
    environment = declared_target(parse_target_id(target)).environment
    assert Marker(marker).evaluate({"extra": "", **environment.markers}) is truth


def test_what_an_id_cannot_say_is_open():
    assert declared_target(parse_target_id("cp312-win_amd64")).open_names == {"platform_release", "platform_version"}
    assert "implementation_version" in declared_target(parse_target_id("pp310-win_amd64")).open_names


def test_a_micro_version_counts_only_where_the_id_leaves_it_open():
    assert declared_target(parse_target_id("cp311-win_amd64"), 5).environment.version == (3, 11, 5)
    assert declared_target(parse_target_id("cp3.11.4-win_amd64"), 5).environment.version == (3, 11, 4)


@pytest.mark.parametrize("text", ["cp312-manylinux_2_28_x86_64", "cp313t-win_amd64", "pp310-macosx_14_0_arm64"])
def test_an_environment_tells_its_id(text):
    environment = declared_target(parse_target_id(text)).environment
    assert id_of_environment(environment.version, environment.tags, environment.markers) == text


def test_an_unknown_implementation_has_no_id():
    environment = declared_target(parse_target_id("cp312-win_amd64")).environment
    assert id_of_environment((3, 12), environment.tags, {"implementation_name": "graalpy"}) == ""
