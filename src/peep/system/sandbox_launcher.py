"""Sandbox launcher: the small process between peep and a sandboxed program; Linux only.

Started as a fresh interpreter that runs `main`, because namespaces can only be entered by a process without threads.
It reads what to do from standard input (`build.sandbox` writes it), makes the sandbox around itself, and gives up every
privilege before the program starts. Whatever the program leaves behind ends with it.

Two of these run for each build, and most of their time is importing: hence `marshal`, and no `typing` when it runs.

Exit status: the program's own, 128 + the signal that ended it, TIMED_OUT or NOT_STARTED.
"""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import os
import resource
import signal
import socket
import struct
import sys
import time

from peep.system import linux_calls as linux
from peep.system.sandbox_status import NOT_STARTED, TIMED_OUT

TYPE_CHECKING = False  # what `typing` calls so, without importing it
if TYPE_CHECKING:
    from typing import Any, NoReturn

assert sys.platform == "linux"  # noqa: S101 -- type checkers for other systems read no further

_INSIDE_USER = 1000
"""The user and group number that the build sees, the same on every machine."""
_SWEEP_SECONDS = 5.0
_HARMLESS_PROC = ("/proc/self", "/proc/cpuinfo", "/proc/filesystems", "/proc/meminfo", "/proc/stat", "/proc/version")
"""What is read of /proc under Landlock: not /proc/N/environ of the user's other processes, where credentials stand."""


def main() -> NoReturn:
    """Read the order from standard input and carry it out; never returns."""
    order = marshal.load(sys.stdin.buffer)  # noqa: S302 -- from the peep that started this
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.umask(0o022)
    try:
        linux.process_control(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        status = _in_namespaces(order) if order["mode"] == "namespaces" else _supervised(order)
    except OSError as error:
        _give_up(error)
    sys.exit(status)


def _give_up(error: Exception) -> NoReturn:
    os.write(2, f"\npeep: the sandbox could not be made: {error}\n".encode())
    os._exit(NOT_STARTED)


def _in_namespaces(order: dict[str, Any]) -> int:
    user, group = os.getuid(), os.getgid()
    linux.unshare(
        linux.CLONE_NEWUSER
        | linux.CLONE_NEWNS
        | linux.CLONE_NEWNET
        | linux.CLONE_NEWPID
        | linux.CLONE_NEWIPC
        | linux.CLONE_NEWUTS
    )
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{_INSIDE_USER} {user} 1")
    _write("/proc/self/gid_map", f"{_INSIDE_USER} {group} 1")
    # No namespaces within: they would open parts of the kernel that a build has no use for. Where /proc/sys is
    # read-only this stays undone; nothing else rests on it.
    with contextlib.suppress(OSError):
        _write("/proc/sys/user/max_user_namespaces", "0")
    first = os.fork()
    if first == 0:
        _be_first_process(order)
    # However this process ends, the first process of the PID namespace is killed then, and all others with it.
    # (Set again: entering a user namespace changes credentials, which clears the setting.)
    linux.process_control(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    return _wait_for(first, order["seconds"])


def _be_first_process(order: dict[str, Any]) -> NoReturn:
    """Process 1 of the new PID namespace: prepares everything, then only collects children until the program ends."""
    try:
        linux.process_control(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        socket.sethostname("build")
        _raise_loopback()
        _make_root(order)
        linux.drop_all_capabilities()
        linux.refuse_new_privileges()
        linux.process_control(linux.PR_SET_DUMPABLE, 0)
        if linux.can_filter_sockets():
            linux.allow_socket_families((socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK))
        program = os.fork()
        if program == 0:
            _become_program(order)
    except Exception as error:  # noqa: BLE001 - this process must not return into its parent's code
        _give_up(error)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == program:
            os._exit(_exit_status(status))


def _raise_loopback() -> None:
    """Bring up `lo`, which leads nowhere but back: many test suites and some build tools talk to themselves."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        up_and_running = 0x1 | 0x40
        request = struct.pack("16sh14x", b"lo", up_and_running)
        fcntl.ioctl(handle, 0x8914, request)  # SIOCSIFFLAGS


def _make_root(order: dict[str, Any]) -> None:
    """A root of its own that holds only what the order lists: what is not there can be neither read nor written."""
    root = order["root"]
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755,size=4m")
    for inside, text in order["files"].items():
        _write(_place(root, inside), text)
    for inside, target in order["symlinks"].items():
        os.symlink(target, _place(root, inside))
    for outside, inside, is_writable in order["binds"]:
        _bind(outside, _place(root, inside), is_writable=is_writable)
    for inside, size in order["scratch"].items():
        place = _place(root, inside)
        os.mkdir(place)
        linux.mount("tmpfs", place, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, f"mode=1777,size={size}")
    # All of /proc is read-only: as user 0 outside, a build could otherwise write the machine's settings in /proc/sys.
    proc = _place(root, "/proc")
    os.mkdir(proc)
    linux.mount("proc", proc, "proc", linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    linux.mount(
        "none", root, flags=linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV
    )
    linux.become_root_folder(root)


def _place(root: str, inside: str) -> str:
    place = root + inside
    os.makedirs(os.path.dirname(place), exist_ok=True)
    return place


def _bind(outside: str, place: str, *, is_writable: bool) -> None:
    if os.path.isdir(outside):
        os.makedirs(place, exist_ok=True)
    elif not os.path.lexists(place):
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o644))
    linux.mount(outside, place, flags=linux.MS_BIND | linux.MS_REC)
    attributes = linux.MOUNT_ATTR_NOSUID
    if not outside.startswith("/dev/"):
        attributes |= linux.MOUNT_ATTR_NODEV
    if not is_writable:
        attributes |= linux.MOUNT_ATTR_RDONLY
    linux.set_mount_attributes(place, attributes)


def _supervised(order: dict[str, Any]) -> int:
    """Run the program under Landlock and seccomp (`landlock`) or free (`none`); orphans come to this process."""
    linux.process_control(linux.PR_SET_CHILD_SUBREAPER, 1)
    program = os.fork()
    if program == 0:
        try:
            if order["mode"] == "landlock":
                _restrict(order)
        except Exception as error:  # noqa: BLE001 - this process must not return into its parent's code
            _give_up(error)
        _become_program(order)
    status = _wait_for(program, order["seconds"])
    _end_everything_left()
    return status


def _restrict(order: dict[str, Any]) -> None:
    reading = linux.LANDLOCK_EXECUTE | linux.LANDLOCK_READ_FILE | linux.LANDLOCK_READ_DIR
    everything = linux.landlock_all_rights()
    linux.refuse_new_privileges()
    linux.drop_all_capabilities()
    rules = [(outside, everything if is_writable else reading) for outside, _, is_writable in order["binds"]]
    devices = linux.LANDLOCK_READ_FILE | linux.LANDLOCK_WRITE_FILE
    rules += [(outside, devices) for outside, _, _ in order["binds"] if outside.startswith("/dev/")]
    rules += [(path, reading) for path in _HARMLESS_PROC]
    linux.landlock_restrict(rules)
    # No socket at all: Landlock knows TCP ports only, and sockets in the file system lead to other users' services.
    linux.allow_socket_families(())


def _end_everything_left() -> None:
    """Kill what the program left, however it detached itself, until no child remains."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    while time.monotonic() < deadline:
        for child in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.005)


def _children() -> list[int]:
    """Process numbers whose parent is this process, from /proc/N/stat (proc(5): the fourth field is the parent)."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                if int(file.read().rpartition(b")")[2].split()[1]) == os.getpid():
                    found.append(int(name))
    return found


def _become_program(order: dict[str, Any]) -> NoReturn:
    try:
        os.setsid()
        for name, limit in order["limits"].items():
            _limit(getattr(resource, name), limit)
        os.umask(0o022)
        os.chdir(order["cwd"])
        os.closerange(3, 256)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execve(order["arguments"][0], order["arguments"], order["environment"])  # noqa: S606 - no shell wanted
    except Exception as error:  # noqa: BLE001 - as above
        _give_up(error)


def _limit(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (value, value))


def _wait_for(child: int, seconds: float) -> int:
    """Exit status of the child, or TIMED_OUT after having killed it."""

    def stop(_number: int, _frame: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        _, status = os.waitpid(child, 0)
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return TIMED_OUT
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return _exit_status(status)


def _exit_status(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
