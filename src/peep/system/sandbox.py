"""Sandbox of build backends: what they see, what they may write, how long they may take.

Three strengths, best first: *namespaces* (a root folder of its own, no network, its own processes), *Landlock* (the
machine's paths, reading limited to what a build needs, no sockets) and *none* (a scrubbed environment and a bounded
time, nothing more). What was found is said by `describe`, so that nobody takes the last for the first.
"""

from __future__ import annotations

import functools
import marshal
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from enum import Enum

from peep.dataclass import dataclass, field
from peep.errors import BuildError
from peep.system.processes import LoggedRun, printable_lines, run, run_logged
from peep.system.sandbox_status import NOT_STARTED, TIMED_OUT

_HAS_LAUNCHER = sys.platform == "linux"
_LAUNCH = "import sys; sys.path.insert(0, sys.argv[1]); from peep.system.sandbox_launcher import main; main()"
_MARGIN = 15.0
"""Seconds beyond the sandbox's own time limit after which it is killed from outside."""

_SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/debian_version",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld-musl-x86_64.path",
    "/etc/ld-musl-aarch64.path",
    "/etc/lsb-release",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/protocols",
    "/etc/redhat-release",
    "/etc/services",
)
"""All that is seen of /etc: no passwords, no certificates' keys, no configuration of services."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_MADE_FILES = {
    "/etc/passwd": "build:x:1000:1000:build:/build/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "/etc/group": "build:x:1000:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost build\n::1 localhost build\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_MADE_LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}
_PREFIX_PARTS = ("bin", "lib", "lib64", "include", "share", "libexec")
_GIGABYTE = 1024**3


class Isolation(Enum):
    """How strictly a build is kept apart; the value enters the key of what was built."""

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Bounds of one hook call. Bytes and seconds; memory is per process."""

    seconds: float = 3600.0
    memory: int = 16 * _GIGABYTE
    file_size: int = 4 * _GIGABYTE
    processes: int = 4096
    output: int = 64 * 1024 * 1024
    shared_memory: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BuildArea:
    """The folders of one build, as peep sees them (`outside`) and as the backend does (`inside`).

    With namespaces the backend sees the same paths on every machine, which keeps paths out of what it makes.
    """

    root: str
    """Absolute path of a private folder that exists."""
    isolation: Isolation

    def outside(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    def inside(self, first: str, *parts: str) -> str:
        """`first` is `build` (writable) or `environment` (read-only)."""
        base = f"/{_INSIDE_NAMES[first]}" if self.isolation is Isolation.NAMESPACES else self.outside(first)
        return os.path.join(base, *parts)

    def make_folders(self) -> None:
        for name in ("source", "tmp", "home"):
            os.makedirs(self.outside("build", name), mode=0o755, exist_ok=True)
        for name in ("environment", "root"):
            os.makedirs(self.outside(name), mode=0o755, exist_ok=True)


_INSIDE_NAMES = {"build": "build", "environment": "build-environment"}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Runs programs of a build. `readable`: further absolute paths that a build may read, such as the interpreter's."""

    isolation: Isolation
    readable: tuple[str, ...] = ()
    limits: SandboxLimits = field(default_factory=SandboxLimits)
    writable: tuple[str, ...] = ()
    """Absolute paths that a build may write to besides its area: the source tree of an editable install."""

    def run(
        self, area: BuildArea, arguments: Sequence[str], *, env: Mapping[str, str], cwd: str, log_path: str
    ) -> LoggedRun:
        """Run a program to its end; all it started is ended when this returns.

        `arguments`, `env` and `cwd` hold inside paths. Output is appended to `log_path`. Raises `BuildError` when the
        sandbox could not be made.
        """
        if not _HAS_LAUNCHER:
            limits = self.limits
            return run_logged(
                arguments, env=env, cwd=cwd, log_path=log_path, timeout=limits.seconds, output_limit=limits.output
            )
        order = launch_order(self, area, arguments, env, cwd)
        done = run_logged(
            launcher_command(),
            env={"LC_ALL": "C.UTF-8"},
            log_path=log_path,
            timeout=self.limits.seconds + _MARGIN,
            output_limit=self.limits.output,
            input_bytes=marshal.dumps(order),
        )
        if done.status == NOT_STARTED and done.last_lines and done.last_lines[-1].startswith("peep: "):
            raise BuildError(done.last_lines[-1].removeprefix("peep: "), "the log is " + log_path)
        timed_out = done.timed_out or done.status == TIMED_OUT
        return LoggedRun(done.status, done.last_lines, done.log_path, done.seconds, timed_out)


def launcher_command() -> list[str]:
    """How to start `build.launcher` in a fresh interpreter, from a folder or from a zip archive of peep."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [sys.executable, "-I", "-S", "-B", "-c", _LAUNCH, package]


def launch_order(
    sandbox: Sandbox, area: BuildArea, arguments: Sequence[str], env: Mapping[str, str], cwd: str
) -> dict[str, object]:
    """What `build.launcher` is told: nothing that `marshal` would not take."""
    limits = sandbox.limits
    return {
        "mode": sandbox.isolation.value,
        "arguments": list(arguments),
        "environment": dict(env),
        "cwd": cwd,
        "root": area.outside("root"),
        "binds": _binds(sandbox, area),
        "files": dict(_MADE_FILES),
        "symlinks": {**_MADE_LINKS, **_system_links()},
        "scratch": {"/dev/shm": limits.shared_memory},  # noqa: S108 - the sandbox's own
        "seconds": limits.seconds,
        "limits": {
            "RLIMIT_CORE": 0,
            "RLIMIT_DATA": limits.memory,
            "RLIMIT_FSIZE": limits.file_size,
            "RLIMIT_NPROC": limits.processes,
        },
    }


def _binds(sandbox: Sandbox, area: BuildArea) -> list[tuple[str, str, bool]]:
    """(path outside, path inside, writable) of everything that a build sees; parents before children."""
    seen = [path for path in (*_SYSTEM_FOLDERS, *_SYSTEM_FILES) if os.path.exists(path) and not os.path.islink(path)]
    covered = tuple(path + "/" for path in seen)
    extra = {path for path in sandbox.readable if os.path.exists(path) and not (path + "/").startswith(covered)}
    reading = [(os.path.realpath(path) if path.startswith("/etc/") else path, path) for path in [*seen, *sorted(extra)]]
    # First, for an interpreter may live below the machine's /tmp. Under Landlock, temporary files go where TMPDIR says.
    own_tmp = [(area.outside("build", "tmp"), "/tmp", True)]  # noqa: S108 - the sandbox's own
    return [
        *(own_tmp if sandbox.isolation is Isolation.NAMESPACES else []),
        *((outside, inside, False) for outside, inside in reading),
        *((device, device, False) for device in _DEVICES),
        (area.outside("environment"), area.inside("environment"), False),
        (area.outside("build"), area.inside("build"), True),
        *((path, path, True) for path in sandbox.writable),
    ]


def _system_links() -> dict[str, str]:
    """`/bin -> usr/bin` and the like, made again as they are."""
    return {path: os.readlink(path) for path in (*_SYSTEM_FOLDERS, *_SYSTEM_FILES) if os.path.islink(path)}


def interpreter_folders(python: str, base_prefix: str, home: str) -> tuple[str, ...]:
    """What must be readable for an interpreter to run: its installation, without a home folder that lies within."""
    folders = {base_prefix, os.path.realpath(base_prefix), os.path.dirname(os.path.dirname(os.path.realpath(python)))}
    result: set[str] = set()
    for folder in folders - {"/", ""}:
        if (home + "/").startswith(folder.rstrip("/") + "/"):
            result.update(os.path.join(folder, part) for part in _PREFIX_PARTS)
        else:
            result.add(folder)
    return tuple(sorted(result))


@dataclass(frozen=True, slots=True)
class FoundIsolation:
    """The strongest isolation that works here, and why no stronger one does ('' for namespaces)."""

    isolation: Isolation
    reason: str = ""

    def describe(self) -> str:
        """One line for the user; '' when builds are fully kept apart."""
        if self.isolation is Isolation.NAMESPACES:
            return ""
        if self.isolation is Isolation.LANDLOCK:
            return f"builds run under Landlock without namespaces ({self.reason})"
        return f"builds run without a sandbox ({self.reason})"


if sys.platform == "linux":
    from peep.system import linux_calls as linux

    @functools.cache
    def find_isolation() -> FoundIsolation:
        """Try, once per process, what the system allows."""
        reason = _probe(Isolation.NAMESPACES)
        if not reason:
            return FoundIsolation(Isolation.NAMESPACES)
        if linux.landlock_version() == 0:
            return FoundIsolation(Isolation.NONE, f"{reason}, and the kernel has no Landlock")
        if not linux.can_filter_sockets():
            return FoundIsolation(Isolation.NONE, f"{reason}, and sockets cannot be filtered here")
        if landlock_reason := _probe(Isolation.LANDLOCK):
            return FoundIsolation(Isolation.NONE, f"{reason}, {landlock_reason}")
        return FoundIsolation(Isolation.LANDLOCK, reason)

else:

    def find_isolation() -> FoundIsolation:
        """None: what other systems have is not used."""
        return FoundIsolation(Isolation.NONE, f"there is none for {sys.platform}")


def _probe(isolation: Isolation) -> str:
    """Run `/bin/true`'s equivalent in such a sandbox; '' when it works, otherwise what failed."""
    with tempfile.TemporaryDirectory(prefix="peep-probe-") as root:
        area = BuildArea(os.path.realpath(root), isolation)
        area.make_folders()
        folders = interpreter_folders(sys.executable, sys.base_prefix, os.path.expanduser("~"))
        sandbox = Sandbox(isolation, folders)
        python = os.path.realpath(sys.executable)
        order = launch_order(sandbox, area, [python, "-I", "-S", "-c", ""], {}, area.inside("build"))
        order["seconds"] = 20.0
        command = launcher_command()
        done = run(command, env={"LC_ALL": "C.UTF-8"}, timeout=30.0, input_bytes=marshal.dumps(order))
    lines = printable_lines(done.errors)
    return "" if done.status == 0 else (lines[-1].removeprefix("peep: ") if lines else f"status {done.status}")


def choose_isolation(found: FoundIsolation, *, wanted: bool, required: bool) -> Isolation:
    """Apply `--no-sandbox` (`wanted` false) and `--require-sandbox`; Landlock counts as a sandbox.

    Raises `BuildError` when one is required and none can be had.
    """
    if not wanted:
        return Isolation.NONE
    if required and found.isolation is Isolation.NONE:
        raise BuildError(f"--require-sandbox: {found.reason}", "without that option the build would run unprotected")
    return found.isolation
