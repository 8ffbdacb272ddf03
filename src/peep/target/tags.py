"""Wheel tags of a target (PEP 425), from its interpreter or from `--platform` and its kin.

`packaging.tags` puts the tags in order; which platforms and ABIs go in is decided here, for `packaging` itself can
only look at the interpreter that it runs in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging import tags as packaging_tags

from peep.dataclass import dataclass

_LEGACY_MANYLINUX = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""glibc minor version -> the alias that PEP 600 gives it."""
_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}
_OLDEST_GLIBC_ELSEWHERE = 17


@dataclass(frozen=True, slots=True)
class TagOverrides:
    """`--platform`, `--abi`, `--implementation` and `--python-version`, as in pip; empty: as the facts say."""

    platforms: tuple[str, ...] = ()
    abis: tuple[str, ...] = ()
    implementation: str = ""
    """Two letters such as `cp`, `pp`, `py`."""
    python_version: tuple[int, ...] = ()


def compatible_tags(facts: Mapping[str, Any], overrides: TagOverrides | None = None) -> tuple[str, ...]:
    """All tags that the target accepts, best first, each once; `facts` are those of `probe.facts`."""
    chosen = overrides or TagOverrides()
    abi = facts["abi"]
    platforms = list(_wider_platforms(chosen.platforms) if chosen.platforms else platform_tags(facts))
    version = chosen.python_version or tuple(facts["version"][:2])
    short = chosen.implementation or packaging_tags.INTERPRETER_SHORT_NAMES.get(str(abi["name"]), str(abi["name"]))
    is_foreign = bool(chosen.python_version or chosen.implementation)
    abis = chosen.abis or _abis(abi, version, short, is_foreign=is_foreign)
    ordered = dict.fromkeys(str(tag) for tag in _ordered(short, version, abis, platforms, _digits(abi, is_foreign)))
    return tuple(ordered)


def _ordered(
    short: str, version: Sequence[int], abis: Sequence[str], platforms: Sequence[str], digits: str
) -> Iterator[packaging_tags.Tag]:
    interpreter = f"{short}{digits or ''.join(map(str, version[:2]))}"
    if short == "cp":
        yield from packaging_tags.cpython_tags(version, abis, platforms)
    elif short != "py":
        yield from packaging_tags.generic_tags(interpreter, abis, platforms)
    # Like `packaging.tags.sys_tags`: PyPy also takes `pp3-none-any`.
    generic = "pp3" if short == "pp" else interpreter
    yield from packaging_tags.compatible_tags(version, generic, platforms)


def _digits(abi: Mapping[str, Any], is_foreign: bool) -> str:
    return "" if is_foreign else str(abi["version_digits"])


def _abis(abi: Mapping[str, Any], version: Sequence[int], short: str, *, is_foreign: bool) -> tuple[str, ...]:
    if short != "cp":
        return () if is_foreign else _generic_abi(str(abi["extension_suffix"]))
    plain = "cp" + "".join(map(str, version[:2]))
    if is_foreign:
        return (plain,) if len(version) > 1 else ()
    threading = "t" if abi["is_free_threaded"] else ""
    if abi["is_debug"]:
        return (f"{plain}{threading}d", f"{plain}{threading}")
    return (f"{plain}{threading}",)


def _generic_abi(extension_suffix: str) -> tuple[str, ...]:
    """`.pypy310-pp73-x86_64-linux-gnu.so` -> `pypy310_pp73`; `.graalpy-38-native-…` -> `graalpy_38_native`."""
    parts = extension_suffix.split(".")
    if len(parts) < 3:  # noqa: PLR2004 -- '', the tag, the suffix
        return ()
    words = parts[1].split("-")
    count = {"pypy": 2, "graal": 3}.get(words[0].rstrip("0123456789")[:5], len(words))
    return ("_".join(words[:count]).replace(".", "_"),)


def platform_tags(facts: Mapping[str, Any]) -> Iterator[str]:
    """The platform part of the tags that the target accepts, best first."""
    abi = facts["abi"]
    platform = str(abi["platform"]).replace("-", "_").replace(".", "_").replace(" ", "_")
    if platform.startswith("macosx"):
        machine = str(facts["markers"]["platform_machine"])
        yield from _macos(str(facts["macos"]), machine)
    elif platform.startswith("linux_"):
        yield from _linux(platform, str(facts["libc"]), is_32_bit=bool(abi["is_32_bit"]))
    else:
        yield platform


def _macos(version: str, machine: str) -> Iterator[str]:
    numbers = [int(number) for number in version.split(".")[:2] if number.isdigit()]
    if numbers == [10, 16]:
        numbers = [11, 0]  # what an interpreter built against an old SDK is told instead of 11
    yield from packaging_tags.mac_platforms((numbers[0], numbers[1] if len(numbers) > 1 else 0), machine)


def _linux(platform: str, libc: str, *, is_32_bit: bool) -> Iterator[str]:
    if is_32_bit:
        platform = {"linux_x86_64": "linux_i686", "linux_aarch64": "linux_armv8l"}.get(platform, platform)
    machine = platform.partition("_")[2]
    machines = ["armv8l", "armv7l"] if machine == "armv8l" else [machine]
    yield from (f"linux_{one}" for one in machines)
    match = re.match(r"(glibc|musl) (\d+)\.(\d+)", libc)
    if match is None:
        return
    for one in machines:
        major, minor = int(match[2]), int(match[3])
        yield from _manylinux(one, minor) if match[1] == "glibc" else _musllinux(one, major, minor)


def _manylinux(machine: str, newest: int) -> Iterator[str]:
    """PEP 600: every glibc from the present one down, each followed by its older alias."""
    oldest = _OLDEST_GLIBC.get(machine, _OLDEST_GLIBC_ELSEWHERE)
    for minor in range(newest, oldest - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _LEGACY_MANYLINUX:
            yield f"{_LEGACY_MANYLINUX[minor]}_{machine}"


def _musllinux(machine: str, major: int, newest: int) -> Iterator[str]:
    """PEP 656."""
    yield from (f"musllinux_{major}_{minor}_{machine}" for minor in range(newest, -1, -1))


def _wider_platforms(platforms: Sequence[str]) -> Iterator[str]:
    """A platform named by the user stands for all older ones that it can run, too."""
    for platform in platforms:
        normal = platform.replace("-", "_").replace(".", "_")
        yield from _older(normal)


def _older(platform: str) -> Iterator[str]:
    legacy = {alias: minor for minor, alias in _LEGACY_MANYLINUX.items()}
    name, _, machine = platform.partition("_")
    if name in legacy:
        yield from _manylinux(machine, legacy[name])
    elif match := re.fullmatch(r"manylinux_2_(\d+)_(\w+)", platform):
        yield from _manylinux(match[2], int(match[1]))
    elif match := re.fullmatch(r"musllinux_(\d+)_(\d+)_(\w+)", platform):
        yield from _musllinux(match[3], int(match[1]), int(match[2]))
    elif match := re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", platform):
        yield from _older_macos((int(match[1]), int(match[2])), match[3])
    else:
        yield platform


def _older_macos(version: tuple[int, int], architecture: str) -> Iterator[str]:
    if architecture in {"arm64", "x86_64", "i386", "ppc", "ppc64"}:
        yield from packaging_tags.mac_platforms(version, architecture)
    else:  # `universal2` and its kin name several architectures: nothing but themselves can be promised
        yield f"macosx_{version[0]}_{version[1]}_{architecture}"
