"""The sandboxed child in which archives that nobody vouched for are opened, and nothing else is.

The parent hashes the bytes and hands them over read-only; the child has no network, no environment, no files of its own
but what it was given, and limits on memory, processor time and output. Its answer is data that is checked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec

from peep.dataclass import dataclass
from peep.errors import ArchiveError, PeepError
from peep.examine.answer import ANSWER, BadAnswer, decoded_answer, decoded_comparison, decoded_refusal
from peep.examine.types import Comparison, UnvouchedArchive
from peep.formats.url_secrets import redacted_start
from peep.system.processes import LoggedRun, run
from peep.system.sandbox import BuildArea, FoundIsolation, Isolation, Sandbox, SandboxLimits, interpreter_folders

_GIGABYTE = 1 << 30
_MOST_OUTPUT = 128 << 20
_LONGEST_RUN = 300.0
"""Seconds of waiting; processor time is bounded by `_PROCESSOR_SECONDS`."""
_PROCESSOR_SECONDS = 120
_RUN_CHILD = """\
import os, sys
sys.path[:0] = sys.argv[1].split(chr(10))
from peep.examine.analysis import main
main()
os._exit(0)
"""
"""The answer is written: to clear away what was in memory would be work for nothing."""
_LIBRARIES = ("packaging", "tomli", "isal", "elftools", "pefile", "macholib", "altgraph", "ordlookup")
"""What the child may import: packaging always, tomli before Python 3.11, isal with the extra `fast`, the others with
`binaries`.
"""
_NEWEST_NAMES = tuple(f"python3.{minor}" for minor in range(19, 10, -1))
_PROBE = "import sys; print(sys.implementation.name, *sys.version_info[:2]); print(sys.base_prefix)"


@dataclass(frozen=True, slots=True)
class ReleaseArchives:
    """The archives of one release. `wheel`: the one that is compared; others are only looked at beside it."""

    wheel: UnvouchedArchive | None
    other_wheels: tuple[UnvouchedArchive, ...]
    sdist: UnvouchedArchive | None

    @property
    def all(self) -> tuple[UnvouchedArchive, ...]:
        return tuple(one for one in (self.wheel, *self.other_wheels, self.sdist) if one is not None)


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Bounds of one analysis: bytes, seconds."""

    memory: int = _GIGABYTE
    processor_seconds: int = _PROCESSOR_SECONDS
    output: int = _MOST_OUTPUT
    seconds: float = _LONGEST_RUN


class NotAnalysable(PeepError):
    """The child died, ran out of something, or did not answer as it should: nothing is known of the release."""


def isolation_for(found: FoundIsolation, *, wanted: bool) -> Isolation:
    """The sandbox for analyses. Raises `PeepError` where there is none and the user did not give it up."""
    if not wanted:
        return Isolation.NONE
    if found.isolation is Isolation.NONE:
        raise PeepError(
            f"there is no sandbox here to open archives in that nobody vouched for: {found.reason}",
            "--no-sandbox opens them without one, in a process with limits",
        )
    return found.isolation


def analyse(
    old: ReleaseArchives | None,
    new: ReleaseArchives,
    isolation: Isolation,
    limits: ChildLimits | None = None,
    *,
    object_format: str = "",
    with_inventory: bool = False,
) -> Comparison:
    """Compare two releases (or look at one alone) in a child. `object_format`: git's, where a commit is compared.

    Raises `ArchiveError` for archives that the strict readers refuse, `NotAnalysable` where the child fails.
    """
    limits = limits or ChildLimits()
    with _area(isolation) as area:
        order = {
            "old": _handed_over(old, area, "old") if old is not None else None,
            "new": _handed_over(new, area, "new"),
            "object_format": object_format,
            "inventory": with_inventory,
            "limits": {
                "RLIMIT_CPU": limits.processor_seconds,
                "RLIMIT_DATA": limits.memory,
                "RLIMIT_FSIZE": 0,
                "RLIMIT_NPROC": 0,
            },
        }
        done, output = _run(area, isolation, json.dumps(order), limits)
    return _understood(done, output, limits)


@contextmanager
def _area(isolation: Isolation) -> Iterator[BuildArea]:
    with tempfile.TemporaryDirectory(prefix="peep-examine-", ignore_cleanup_errors=True) as folder:
        area = BuildArea(os.path.realpath(folder), isolation)
        area.make_folders()
        yield area


def _handed_over(archives: ReleaseArchives, area: BuildArea, side: str) -> list[tuple[str, str, str]]:
    """Put the archives where the child sees them, read-only: as links where that is possible, else as copies."""
    listed = [(archives.wheel, "wheel"), *((one, "other-wheel") for one in archives.other_wheels)]
    order = []
    for number, (archive, role) in enumerate([*listed, (archives.sdist, "sdist")]):
        if archive is None:
            continue
        name = f"{side}-{number}"
        target = area.outside("environment", name)
        try:
            os.link(archive.path, target)
        except OSError:
            shutil.copyfile(archive.path, target)
        order.append((archive.filename, area.inside("environment", name), role))
    return order


def _run(area: BuildArea, isolation: Isolation, order: str, limits: ChildLimits) -> tuple[LoggedRun, bytes]:
    python, base_prefix = _interpreter(os.environ.get("PATH"))
    places = _module_places()
    sandbox = Sandbox(
        isolation,
        (*interpreter_folders(python, base_prefix, os.path.expanduser("~")), *places),
        SandboxLimits(
            seconds=limits.seconds, memory=limits.memory, file_size=limits.output, processes=64, output=limits.output
        ),
    )
    arguments = [python, "-I", "-S", "-B", "-X", "utf8", "-c", _RUN_CHILD, "\n".join(places), order]
    log_path = area.outside("answer")
    done = sandbox.run(area, arguments, env=_environment(), cwd=area.inside("environment"), log_path=log_path)
    with open(log_path, "rb") as file:
        return done, file.read(limits.output + 1)


def _environment() -> dict[str, str]:
    """Nothing, but for what Windows needs to start a program at all."""
    root = os.environ.get("SYSTEMROOT")
    return {"SYSTEMROOT": root} if root and sys.platform == "win32" else {}


def _module_places() -> tuple[str, ...]:
    """Where the child finds peep and what it needs: folders, or the archive that peep runs from."""
    found = []
    for name in ("peep", *_LIBRARIES):
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            file = os.path.abspath(spec.origin)
            package = os.path.dirname(file) if spec.submodule_search_locations is not None else file
            found.append(os.path.dirname(package))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8)
def _interpreter(search_path: str | None) -> tuple[str, str]:
    """The newest CPython on a `PATH`, which parses the newest grammar: its path and its installation's folder."""
    for name in _NEWEST_NAMES:
        if name == f"python3.{sys.version_info[1]}":
            break
        path = shutil.which(name, path=search_path)
        probed = _probed(os.path.realpath(path)) if path else None
        if probed:
            return probed
    return os.path.realpath(sys.executable), sys.base_prefix


def _probed(path: str) -> tuple[str, str] | None:
    try:
        done = run([path, "-I", "-S", "-B", "-c", _PROBE], env=_environment(), timeout=20.0)
    except OSError:
        return None
    lines = done.output.decode("utf-8", "replace").splitlines()
    if done.status or len(lines) != 2 or not re.fullmatch(r"cpython 3 \d+", lines[0]):  # noqa: PLR2004 - as printed
        return None
    return path, lines[1]


# -- the answer --------------------------------------------------------------------------------------


def _understood(done: LoggedRun, output: bytes, limits: ChildLimits) -> Comparison:
    _, separator, text = output.rpartition(ANSWER.encode("ascii"))
    if done.timed_out or not separator or done.status != 0 or len(output) > limits.output:
        raise NotAnalysable(f"the release could not be analysed: {_cause(done, output, limits)}", _HINT)
    try:
        answer = decoded_answer(text)
        read: Mapping[str, Callable[[], Comparison]] = {
            "comparison": lambda: decoded_comparison(answer["comparison"]),
            "refused": lambda: _refused(answer["refused"]),
            "failed": lambda: _out_of_memory(limits),
        }
        kind = next(iter(answer))
        return read[kind]() if kind in read else _nonsense()
    except BadAnswer as error:
        raise NotAnalysable(f"the release could not be analysed: the answer makes no sense: {error}", _HINT) from None


_HINT = "its archives are made in a way that stops being looked at: do not install them before somebody read them"


def _nonsense() -> Comparison:
    raise BadAnswer("it is of no known kind")


def _refused(value: object) -> Comparison:
    filename, problems = decoded_refusal(value)
    raise ArchiveError(filename, problems)


def _out_of_memory(limits: ChildLimits) -> Comparison:
    text = f"it takes more than {limits.memory >> 20} MB of memory"
    raise NotAnalysable(f"the release could not be analysed: {text}", _HINT)


def _cause(done: LoggedRun, output: bytes, limits: ChildLimits) -> str:
    if done.timed_out:
        return f"it takes more than {limits.seconds:.0f} seconds"
    if len(output) >= limits.output:
        return f"what changed comes to more than {limits.output >> 20} MB of text"
    if done.status in (-24, 152, -9, 137):  # SIGXCPU, SIGKILL, as `subprocess` and as the launcher say it
        return f"it takes more than {limits.processor_seconds} seconds of processor time"
    if b"MemoryError" in output[-2000:]:
        return f"it takes more than {limits.memory >> 20} MB of memory"
    last: Sequence[str] = done.last_lines[-1:]
    return "the process ended with status " + str(done.status) + (f": {redacted_start(last[0], 300)}" if last else "")
