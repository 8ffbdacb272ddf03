"""Linux system calls: namespaces, mounts, capabilities, Landlock, seccomp.

Constants are those of the kernel's headers (linux/sched.h, mount.h, landlock.h, seccomp.h). Everything raises OSError
with the kernel's errno. Nothing here decides anything.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys

assert sys.platform == "linux"  # noqa: S101 -- type checkers for other systems read no further

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 0x01
MOUNT_ATTR_NOSUID = 0x02
MOUNT_ATTR_NODEV = 0x04
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

# These numbers are the same on every architecture (they were added after numbering was unified).
_SYS_MOUNT_SETATTR = 442
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1

LANDLOCK_EXECUTE = 1 << 0
LANDLOCK_WRITE_FILE = 1 << 1
LANDLOCK_READ_FILE = 1 << 2
LANDLOCK_READ_DIR = 1 << 3
LANDLOCK_TRUNCATE = 1 << 14
LANDLOCK_IOCTL_DEV = 1 << 15
_LANDLOCK_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many file system rights (bits from 0 up) each version of Landlock knows; later ones know as many as 5."""
_LANDLOCK_SCOPES = 0b11
"""Abstract unix sockets and signals (from version 6)."""

_X86_64, _AARCH64, _RISCV64 = 0xC000003E, 0xC00000B7, 0xC00000F3
_AUDIT_ARCHITECTURES = {
    "x86_64": (_X86_64, 41, (248, 249, 250)),
    "aarch64": (_AARCH64, 198, (217, 218, 219)),
    "riscv64": (_RISCV64, 198, (217, 218, 219)),
}
"""Machine -> (AUDIT_ARCH_*, number of `socket`, numbers of `add_key`, `request_key`, `keyctl`)."""
_SYS_IO_URING_SETUP = 425
_X32_BIT = 0x40000000


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    _check(_libc().unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    kind_bytes = kind.encode() if kind else None
    result = _libc().mount(
        os.fsencode(source), os.fsencode(target), kind_bytes, ctypes.c_ulong(flags), options.encode() or None
    )
    _check(result, f"mount {target}")


def set_mount_attributes(path: str, attributes: int) -> None:
    """Add attributes (`MOUNT_ATTR_*`) to a mount and all mounts below it: mount_setattr, from kernel 5.12."""
    request = struct.pack("=QQQQ", attributes, 0, 0, 0)
    result = _libc().syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(path)),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.c_char_p(request),
        ctypes.c_size_t(len(request)),
    )
    _check(result, f"mount_setattr {path}")


def become_root_folder(path: str) -> None:
    """Make the mount at `path` the root of this mount namespace and forget the old root (pivot_root(2), NOTES)."""
    os.chdir(path)
    _check(_libc().pivot_root(b".", b"."), "pivot_root")
    _check(_libc().umount2(b".", ctypes.c_int(MNT_DETACH)), "umount2")
    os.chdir("/")


def process_control(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    _check(_libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero), "prctl")


def drop_all_capabilities() -> None:
    """Give up every capability for good, across exec as user 0 too (capabilities(7), bounding set).

    A process that may not shrink its bounding set has nothing to lose there once `refuse_new_privileges` was called.
    """
    with contextlib.suppress(PermissionError):
        for capability in range(_last_capability() + 1):
            process_control(_PR_CAPBSET_DROP, capability)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    _check(_libc().capset(ctypes.c_char_p(header), ctypes.c_char_p(bytes(24))), "capset")


def _last_capability() -> int:
    # As bytes: decoding may import a codec, and the interpreter's files may be out of sight by now.
    with open("/proc/sys/kernel/cap_last_cap", "rb") as file:
        return int(file.read())


def refuse_new_privileges() -> None:
    process_control(_PR_SET_NO_NEW_PRIVS, 1)


def landlock_version() -> int:
    """The kernel's Landlock ABI, 0 when there is none."""
    result = _libc().syscall(
        ctypes.c_long(_SYS_LANDLOCK_CREATE_RULESET),
        None,
        ctypes.c_size_t(0),
        ctypes.c_uint(_LANDLOCK_CREATE_RULESET_VERSION),
    )
    return max(0, int(result))


def landlock_all_rights() -> int:
    return int((1 << _LANDLOCK_RIGHTS_BY_ABI.get(min(landlock_version(), 5), 0)) - 1)


def landlock_restrict(allowed: list[tuple[str, int]]) -> None:
    """Forbid this process, for good, every file system right that `allowed` (path, rights) does not give back.

    Needs `refuse_new_privileges` before. Paths that do not exist are passed over; rights that make no sense for a file
    are left out for files.
    """
    rights = landlock_all_rights()
    scopes = _LANDLOCK_SCOPES if landlock_version() >= 6 else 0  # noqa: PLR2004 - the ABI that brought scopes
    attributes = struct.pack("=QQQ", rights, 0, scopes)[: 24 if scopes else 8]
    libc = _libc()
    ruleset = _check(
        libc.syscall(
            ctypes.c_long(_SYS_LANDLOCK_CREATE_RULESET),
            ctypes.c_char_p(attributes),
            ctypes.c_size_t(len(attributes)),
            ctypes.c_uint(0),
        ),
        "landlock_create_ruleset",
    )
    for path, wanted in allowed:
        _landlock_allow(libc, ruleset, path, wanted & rights)
    _check(
        libc.syscall(ctypes.c_long(_SYS_LANDLOCK_RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint(0)),
        "landlock_restrict_self",
    )
    os.close(ruleset)


def _landlock_allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    for_files = LANDLOCK_EXECUTE | LANDLOCK_WRITE_FILE | LANDLOCK_READ_FILE | LANDLOCK_TRUNCATE | LANDLOCK_IOCTL_DEV
    if not os.path.isdir(path):
        rights &= for_files
    rule = struct.pack("=Qi", rights, folder)
    result = libc.syscall(
        ctypes.c_long(_SYS_LANDLOCK_ADD_RULE),
        ctypes.c_int(ruleset),
        ctypes.c_int(_LANDLOCK_RULE_PATH_BENEATH),
        ctypes.c_char_p(rule),
        ctypes.c_uint(0),
    )
    os.close(folder)
    _check(result, f"landlock_add_rule {path}")


def can_filter_sockets() -> bool:
    return os.uname().machine in _AUDIT_ARCHITECTURES


def allow_socket_families(families: tuple[int, ...]) -> None:
    """Let `socket` succeed only for these address families from now on (seccomp(2)).

    io_uring, which opens sockets by itself, and the kernel's key rings, where credentials may lie, are refused
    altogether, and so are all calls of a foreign architecture (32-bit on 64). Needs `refuse_new_privileges` before.
    """
    architecture, socket_number, keys = _AUDIT_ARCHITECTURES[os.uname().machine]
    program = _call_filter(architecture, (_SYS_IO_URING_SETUP, *keys), socket_number, families)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    result = _libc().prctl(
        ctypes.c_int(_PR_SET_SECCOMP), ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.c_char_p(header), None, None
    )
    _check(result, "prctl seccomp")


def _call_filter(architecture: int, refused: tuple[int, ...], socket_number: int, families: tuple[int, ...]) -> bytes:
    """The classic BPF program. A step is (code, where to go on when true, when false, value); None: the next step.

    Loads are from `struct seccomp_data`: number at 0, architecture at 4, first argument at 16.
    """
    load, equal, bit_set, give_back = 0x20, 0x15, 0x45, 0x06
    errno_eperm, allowed = 0x00050000 | 1, 0x7FFF0000  # SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW
    steps: list[tuple[int, str | None, str | None, int]] = [
        (load, None, None, 4),
        (equal, None, "refuse", architecture),
        (load, None, None, 0),
        (bit_set, "refuse", None, _X32_BIT),
        *((equal, "refuse", None, number) for number in refused),
        (equal, None, "allow", socket_number),
        (load, None, None, 16),
        *((equal, "allow", None, family) for family in families),
        (give_back, None, None, errno_eperm),
        (give_back, None, None, allowed),
    ]
    places = {"refuse": len(steps) - 2, "allow": len(steps) - 1}
    return b"".join(
        struct.pack("=HBBI", code, *(places[to] - i - 1 if to else 0 for to in (true, false)), value)
        for i, (code, true, false, value) in enumerate(steps)
    )
