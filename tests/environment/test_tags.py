"""Tags of interpreters that are not at hand, from the facts that they would tell."""

from __future__ import annotations

import pytest

from peep.target.tags import TagOverrides, compatible_tags


def facts(platform, *, libc="", macos="", machine="x86_64", version=(3, 12, 1), **abi):
    stated = {
        "name": "cpython",
        "extension_suffix": ".cpython-312-x86_64-linux-gnu.so",
        "version_digits": "".join(map(str, version[:2])),
        "is_debug": False,
        "is_free_threaded": False,
        "is_32_bit": False,
        "platform": platform,
    }
    return {
        "abi": {**stated, **abi},
        "version": list(version),
        "libc": libc,
        "macos": macos,
        "markers": {"platform_machine": machine},
    }


@pytest.mark.parametrize(
    ("told", "best", "also", "never"),
    [
        (facts("linux-x86_64", libc="glibc 2.36"), "cp312-cp312-linux_x86_64",
         ["cp312-cp312-manylinux_2_36_x86_64", "cp312-abi3-manylinux1_x86_64", "py3-none-any"], "musllinux"),
        (facts("linux-x86_64", libc="musl 1.2"), "cp312-cp312-linux_x86_64",
         ["cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-musllinux_1_0_x86_64"], "manylinux"),
        (facts("linux-aarch64", libc="glibc 2.28"), "cp312-cp312-linux_aarch64",
         ["cp312-cp312-manylinux2014_aarch64"], "manylinux_2_16"),
        (facts("linux-x86_64", libc="glibc 2.28", is_32_bit=True), "cp312-cp312-linux_i686",
         ["cp312-cp312-manylinux2010_i686"], "x86_64"),
        (facts("linux-aarch64", libc="glibc 2.28", is_32_bit=True), "cp312-cp312-linux_armv8l",
         ["cp312-cp312-linux_armv7l", "cp312-cp312-manylinux_2_17_armv7l"], "aarch64"),
        (facts("win-amd64"), "cp312-cp312-win_amd64", ["py3-none-win_amd64"], "linux"),
        (facts("macosx-11.0-arm64", macos="14.5", machine="arm64"), "cp312-cp312-macosx_14_0_arm64",
         ["cp312-cp312-macosx_11_0_universal2"], "x86_64"),
        (facts("macosx-10.9-x86_64", macos="10.16", machine="x86_64"), "cp312-cp312-macosx_11_0_x86_64",
         ["cp312-cp312-macosx_10_9_x86_64"], "arm64"),
        (facts("linux-x86_64", libc="glibc 2.36", version=(3, 13, 0), is_free_threaded=True),
         "cp313-cp313t-linux_x86_64", ["py313-none-any"], "abi3-"),
        (facts("linux-x86_64", libc="glibc 2.36", is_debug=True), "cp312-cp312d-linux_x86_64",
         ["cp312-cp312-linux_x86_64"], "musl"),
        (facts("linux-x86_64", libc="glibc 2.36", version=(3, 10, 14), name="pypy",
               extension_suffix=".pypy310-pp73-x86_64-linux-gnu.so"),
         "pp310-pypy310_pp73-linux_x86_64", ["pp3-none-any", "py3-none-any"], "cp3"),
        (facts("linux-x86_64", libc="glibc 2.36", version=(3, 11, 7), name="graalpy",
               extension_suffix=".graalpy-241-native-x86_64-linux.so"),
         "graalpy311-graalpy_241_native-linux_x86_64", ["py3-none-any"], "cp3"),
        (facts("freebsd-14.1-release-amd64"), "cp312-cp312-freebsd_14_1_release_amd64", ["py3-none-any"], "linux"),
        (facts("linux-x86_64", libc="something else"), "cp312-cp312-linux_x86_64", ["py3-none-any"], "manylinux"),
    ],
)  # fmt: skip
def test_tags_from_facts(told, best, also, never):
    found = compatible_tags(told)

    assert found[0] == best
    assert set(also) <= set(found)
    assert not [tag for tag in found if never in tag]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("overrides", "best", "never"),
    [
        (TagOverrides(platforms=("manylinux_2_28_x86_64",)), "cp312-cp312-manylinux_2_28_x86_64", "2_29"),
        (TagOverrides(platforms=("musllinux_1_2_x86_64",)), "cp312-cp312-musllinux_1_2_x86_64", "manylinux"),
        (TagOverrides(platforms=("macosx_11_0_universal2",)), "cp312-cp312-macosx_11_0_universal2", "arm64"),
        (TagOverrides(platforms=("any",), implementation="py"), "py312-none-any", "cp"),
        (TagOverrides(abis=("abi3",)), "cp312-abi3-linux_x86_64", "cp312-cp312"),
        (TagOverrides(python_version=(3,)), "cp3-none-linux_x86_64", "py312"),
        (TagOverrides(implementation="pp", python_version=(3, 10)), "pp310-none-linux_x86_64", "cp3"),
    ],
)
def test_tags_from_options(overrides, best, never):
    found = compatible_tags(facts("linux-x86_64", libc="glibc 2.36"), overrides)

    assert found[0] == best
    assert not [tag for tag in found if never in tag]
