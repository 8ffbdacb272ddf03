"""Cross targets: tags and markers for an interpreter or platform that is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from peep.errors import UsageError
from peep.target.tags import TagOverrides, compatible_tags

__all__ = ["compatible_tags", "markers_for", "padded", "tag_overrides"]

_IMPLEMENTATIONS = {"cp": ("cpython", "CPython"), "pp": ("pypy", "PyPy")}
_SYSTEMS = (
    (r"(?:manylinux|musllinux|linux)\w*?_(?P<machine>x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)", "linux"),
    (r"macosx_\d+_\d+_(?P<machine>\w+)", "darwin"),
    (r"win(?:_(?P<machine>\w+)|32)", "win32"),
)
_SYSTEM_MARKERS = {
    "linux": {"os_name": "posix", "platform_system": "Linux"},
    "darwin": {"os_name": "posix", "platform_system": "Darwin"},
    "win32": {"os_name": "nt", "platform_system": "Windows"},
}
_WINDOWS_MACHINES = {"amd64": "AMD64", "arm64": "ARM64", "": "x86"}


def tag_overrides(
    platforms: tuple[str, ...], abis: tuple[str, ...], implementation: str | None, python_version: str | None
) -> TagOverrides:
    """Read the options as given; raises `UsageError` for a version that is none."""
    return TagOverrides(platforms, abis, implementation or "", python_numbers(python_version or ""))


def python_numbers(text: str) -> tuple[int, ...]:
    """`3`, `311`, `3.11` or `3.11.4` as numbers, as pip reads `--python-version`; raises `UsageError`."""
    if not text:
        return ()
    parts = text.split(".")
    if len(parts) == 1 and len(text) > 1:
        parts = [text[0], text[1:]]
    if len(parts) > 3 or not all(re.fullmatch("[0-9]+", part) for part in parts):  # noqa: PLR2004 -- X.Y.Z
        raise UsageError(f"--python-version {text}: expected a version such as 3.11, 311 or 3.11.4")
    return tuple(int(part) for part in parts)


def padded(version: tuple[int, ...]) -> tuple[int, int, int]:
    major, minor, micro = (*version, 0, 0)[:3]
    return major, minor, micro


def markers_for(markers: Mapping[str, str], overrides: TagOverrides) -> dict[str, str]:
    """The PEP 508 environment of the interpreter that the options describe.

    What no option speaks of stays as it is here. What one leaves open has no value: which 3.11 `3.11` is, which kernel
    runs on a platform.
    """
    changed = dict(markers)
    if overrides.python_version:
        full = ".".join(map(str, padded(overrides.python_version)))
        changed["python_version"] = full.rpartition(".")[0]
        for name in ("python_full_version", "implementation_version"):
            changed.pop(name, None)
        if len(overrides.python_version) > 2:  # noqa: PLR2004 -- X.Y.Z
            changed["python_full_version"] = full
            if overrides.implementation != "pp":  # which PyPy it is, no option tells
                changed["implementation_version"] = full
    if names := _IMPLEMENTATIONS.get(overrides.implementation):
        changed["implementation_name"], changed["platform_python_implementation"] = names
    if overrides.platforms:
        changed.update(_common_markers(overrides.platforms))
        for name in ("platform_release", "platform_version"):
            changed.pop(name, None)
    return changed


def _common_markers(platforms: Sequence[str]) -> dict[str, str]:
    """What all platforms agree on. Raises `UsageError` for two systems or machines: markers are judged for one."""
    common: dict[str, str] = {}
    for platform in platforms:
        for name, value in _platform_markers(platform).items():
            if common.setdefault(name, value) != value:
                raise UsageError(
                    f"--platform {platforms[0]} and --platform {platform} contradict each other: {name} is "
                    f"{common[name]!r} on the one and {value!r} on the other",
                    "several --platform are alternatives for one machine; name each machine with --target of its own",
                )
    return common


def _platform_markers(platform: str) -> dict[str, str]:
    for pattern, system in _SYSTEMS:
        if match := re.fullmatch(pattern, platform.replace("-", "_").replace(".", "_")):
            machine = match["machine"] or ""
            if system == "win32":
                machine = _WINDOWS_MACHINES.get(machine, machine)
            found = {"sys_platform": system, **_SYSTEM_MARKERS[system]}
            return {**found, "platform_machine": machine} if machine != "universal2" else found
    return {}
