"""Declared targets: the grammar of INTERPRETER-PLATFORM, such as `cp312-manylinux_2_28_x86_64`.

INTERPRETER is `cp312` (any micro version), `cp313t` (free-threaded), `pp310` (PyPy), or one exact version, `cp3.11.4`.
PLATFORM is a wheel platform tag (PEP 425, 600, 656); it stands for itself and for older ones of its kind.
"""

from __future__ import annotations

import re

from peep.dataclass import dataclass
from peep.errors import UsageError

_INTERPRETER = re.compile(
    r"(?P<implementation>cp|pp)(?:(?P<major>3)(?P<minor>\d{1,2})|(?P<exact>3\.\d{1,2}\.\d{1,3}))(?P<threading>t?)"
)
_PLATFORM = re.compile(
    r"(?P<linux>manylinux_2_\d{1,3}|manylinux(?:1|2010|2014)|musllinux_1_\d{1,3}|linux)_(?P<linux_machine>[a-z0-9_]+)"
    r"|macosx_(?P<macos>\d{1,3}_\d{1,3})_(?P<mac_machine>[a-z0-9_]+)"
    r"|(?P<windows>win32|win_amd64|win_arm64)"
)
LINUX_MACHINES = ("aarch64", "armv7l", "i686", "loongarch64", "ppc64le", "riscv64", "s390x", "x86_64")
"""Architectures that wheels for Linux exist for (PEP 600 names none; these are those that tools build for)."""
MAC_MACHINES = ("arm64", "x86_64")
_OLDEST_MINOR = 8
_FIRST_FREE_THREADED = 13
_EXAMPLE = "write INTERPRETER-PLATFORM, such as cp312-manylinux_2_28_x86_64, cp313t-win_amd64 or here"


@dataclass(frozen=True, slots=True, order=True)
class TargetId:
    """One declared target; its text (`str`) is what was written, in lower case."""

    text: str
    implementation: str
    """`cp` or `pp`."""
    minor: tuple[int, int]
    """Major and minor version of Python."""
    micro: int | None
    """None: all versions of that minor."""
    is_free_threaded: bool
    platform: str
    """Wheel platform tag."""

    def __str__(self) -> str:
        return self.text

    @property
    def abi(self) -> str:
        """The ABI tag: `cp313t`, or PyPy's `pypy310_pp73`."""
        digits = "".join(map(str, self.minor))
        if self.implementation == "pp":
            return f"pypy{digits}_pp73"
        return f"cp{digits}{'t' if self.is_free_threaded else ''}"


def parse_target_id(text: str) -> TargetId:
    """Read one ID. Raises `UsageError` for text that means no interpreter or no platform."""
    interpreter, dash, platform = text.strip().lower().partition("-")
    if not dash:
        raise UsageError(f"{text!r} is no target: it has no platform", _EXAMPLE)
    found = _INTERPRETER.fullmatch(interpreter)
    if found is None:
        raise UsageError(f"{text!r} is no target: {interpreter!r} names no interpreter", _EXAMPLE)
    if found["exact"]:
        major, minor, micro = map(int, found["exact"].split("."))
        version, exact = (major, minor), micro
    else:
        version, exact = (int(found["major"]), int(found["minor"])), None
    is_free_threaded = bool(found["threading"])
    if reason := _interpreter_objection(found["implementation"], version[1], is_free_threaded=is_free_threaded):
        raise UsageError(f"{text!r} is no target: {reason}", _EXAMPLE)
    if reason := _platform_objection(platform):
        raise UsageError(f"{text!r} is no target: {reason}", _EXAMPLE)
    return TargetId(f"{interpreter}-{platform}", found["implementation"], version, exact, is_free_threaded, platform)


def _interpreter_objection(implementation: str, minor: int, *, is_free_threaded: bool) -> str:
    if minor < _OLDEST_MINOR:
        return f"peep installs into Python 3.{_OLDEST_MINOR} and newer"
    if is_free_threaded and (implementation != "cp" or minor < _FIRST_FREE_THREADED):
        return f"free-threaded builds (t) begin with CPython 3.{_FIRST_FREE_THREADED}"
    return ""


def _platform_objection(platform: str) -> str:
    found = _PLATFORM.fullmatch(platform)
    if found is None:
        return f"{platform!r} is no wheel platform tag of Linux, macOS or Windows"
    known: tuple[str, ...] = MAC_MACHINES if found["macos"] else LINUX_MACHINES
    machine = found["mac_machine"] or found["linux_machine"]
    if machine is not None and machine not in known:
        return f"{machine!r} is no machine; one of {', '.join(known)} is"
    return ""
