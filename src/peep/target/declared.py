"""Declared targets as environments: wheel tags best first, marker values, markers that stay open.

Sources: PEP 425, 600, 656 (tags); PEP 508 (marker values); the values are those that CPython and PyPy report there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from peep.dataclass import dataclass
from peep.formats.target_ids import TargetId
from peep.model import TargetEnvironment
from peep.target.tags import TagOverrides, compatible_tags

OPEN_NAMES = frozenset({"platform_release", "platform_version"})
"""Marker names that no ID can answer: the kernel's release, and what it says of itself."""
_PYPY_OPEN_NAMES = OPEN_NAMES | {"implementation_version"}
"""Which PyPy runs a version of Python isn't said by it."""
_WINDOWS_MACHINES = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}


@dataclass(frozen=True, slots=True)
class DeclaredTarget:
    """A target ID at one micro version of its Python."""

    id: TargetId
    environment: TargetEnvironment
    """Version, tags and markers; nothing of it lies on a disk."""
    open_names: frozenset[str]
    """Marker names without a value."""

    @property
    def python_full_version(self) -> str:
        return self.environment.markers["python_full_version"]


def declared_target(target_id: TargetId, micro: int = 0) -> DeclaredTarget:
    """Make the environment of an ID; `micro` counts where the ID leaves it open."""
    chosen = micro if target_id.micro is None else target_id.micro
    environment = TargetEnvironment(
        python="",
        version=(*target_id.minor, chosen),
        implementation="pypy" if target_id.implementation == "pp" else "cpython",
        prefix="",
        base_prefix="",
        paths={},
        tags=declared_tags(target_id),
        markers=declared_markers(target_id, chosen),
    )
    names = _PYPY_OPEN_NAMES if target_id.implementation == "pp" else OPEN_NAMES
    return DeclaredTarget(target_id, environment, names)


def declared_tags(target_id: TargetId) -> tuple[str, ...]:
    """All wheel tags that the target accepts, best first."""
    overrides = TagOverrides((target_id.platform,), (target_id.abi,), target_id.implementation, target_id.minor)
    return compatible_tags({"abi": {"name": target_id.implementation, "version_digits": ""}}, overrides)


def declared_markers(target_id: TargetId, micro: int) -> dict[str, str]:
    """PEP 508 environment of the target, without the open names and without `extra`."""
    short = "{}.{}".format(*target_id.minor)
    full = f"{short}.{micro}"
    is_pypy = target_id.implementation == "pp"
    markers = {
        **_platform_markers(target_id.platform),
        "implementation_name": "pypy" if is_pypy else "cpython",
        "platform_python_implementation": "PyPy" if is_pypy else "CPython",
        "python_full_version": full,
        "python_version": short,
    }
    return markers if is_pypy else {**markers, "implementation_version": full}


def _platform_markers(platform: str) -> dict[str, str]:
    if platform in _WINDOWS_MACHINES:
        names, machine = ("nt", "win32", "Windows"), _WINDOWS_MACHINES[platform]
    elif platform.startswith("macosx_"):
        names, machine = ("posix", "darwin", "Darwin"), platform.split("_", 3)[3]
    else:
        names, machine = ("posix", "linux", "Linux"), re.sub(r"^(?:many|musl)?linux(?:\d+|_\d+_\d+)?_", "", platform)
    os_name, sys_platform, system = names
    return {"os_name": os_name, "sys_platform": sys_platform, "platform_system": system, "platform_machine": machine}


def id_of_environment(version: Sequence[int], tags: Sequence[str], markers: Mapping[str, str]) -> str:
    """The ID of a real interpreter (`here`): its minor version and the newest platform tag of its kind.

    '' where no ID says what it is: another implementation than CPython and PyPy, another platform.
    """
    implementation = {"cpython": "cp", "pypy": "pp"}.get(markers.get("implementation_name", ""))
    platform = next((tag.rpartition("-")[2] for tag in tags if _is_declarable(tag.rpartition("-")[2])), "")
    if implementation is None or not platform:
        return ""
    threading = "t" if any(tag.split("-")[1].endswith("t") for tag in tags[:1]) else ""
    return f"{implementation}{version[0]}{version[1]}{threading}-{platform}"


def _is_declarable(platform: str) -> bool:
    return platform.startswith(("manylinux_", "musllinux_", "macosx_")) or platform in _WINDOWS_MACHINES
