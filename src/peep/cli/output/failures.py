"""Error messages and exit statuses of failures: expected errors, interruptions, bugs in peep."""

from __future__ import annotations

import codecs
import errno
import importlib.metadata
import json
import os
import platform
import sys
import traceback
from collections.abc import Sequence

from peep import __version__
from peep.cli.output.text import escape_controls, fold_width, redact_text, silence, wrap
from peep.cli.signals import Terminated
from peep.errors import (
    HOW_TO_GET_UTF8,
    InstallRefused,
    PeepError,
    RecordsErrors,
    RequirementsErrors,
    SeveralErrors,
    UsageError,
)

BUG = 3
INTERRUPTED = 130
TERMINATED = 143
BROKEN_PIPE = 141
"""128 and the signal's number, as a shell would report it."""

_FAULTS_OF_THE_MACHINE = frozenset(
    {
        errno.EACCES,
        errno.EAGAIN,  # no further process may be started
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EMFILE,
        errno.ENAMETOOLONG,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EPERM,
        errno.EROFS,
        errno.ESTALE,
    }
)
_LONGEST_NAME = 200
_LONGEST_LINE = 20_000
"""Letters: no line that is meant to be pasted is longer."""
_KEPT = 500
_NO_MORE_THREADS = "can't start new thread"
"""What Python says, as a plain RuntimeError, where the system's or the user's limit of processes is reached."""


def explained(error: BaseException, words: Sequence[str]) -> int:
    """Print what `error` means to a user and give back the exit status. `words` are the command line's."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, BrokenPipeError):
        silence(sys.stdout)
        return BROKEN_PIPE
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, Terminated):
        return TERMINATED
    fault = expected(error)
    if fault is None:
        _print(bug_report(error, words))
        return BUG
    print_error(fault)
    if fault is error and "--debug" in words:
        _print(redact_text("".join(traceback.format_exception(error))))
    return fault.exit_status


def expected(error: BaseException) -> PeepError | None:
    """The error in peep's own words; None for a bug."""
    if isinstance(error, PeepError):
        return error
    return _fault_of_a_name(error) if isinstance(error, UnicodeEncodeError) else _fault_of_the_machine(error)


def failure_document(error: BaseException) -> str | None:
    """What `--format json` prints of a run that `error` ends (docs/json-output.md, "a failed run").

    None where standard output stays empty: for a command line that cannot be, a bug, and what cannot be printed.
    """
    fault = None if isinstance(error, OSError) and _came_from_printing(error) else expected(error)
    if fault is None or isinstance(fault, UsageError):
        return None
    from peep.cli.output.problem_json import problems_as_json, problems_of  # noqa: PLC0415 - for failures only

    return json.dumps(problems_as_json(problems_of(fault)), indent=2)


def _fault_of_the_machine(error: BaseException) -> PeepError | None:
    """What is wrong with the machine that peep runs on; None when something else is."""
    reason = _what_the_machine_lacks(error)
    return PeepError(redact_text(reason)) if reason else None


def _what_the_machine_lacks(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, RuntimeError) and str(error) == _NO_MORE_THREADS:
        return "no further thread may be started: the limit of processes is reached (ulimit -u)"
    if not isinstance(error, OSError):
        return ""
    if _came_from_printing(error):
        silence(sys.stdout)
        return f"standard output: {error.strerror or error}"
    if error.errno == errno.ENOENT and _is_nowhere():
        return "the working folder is no longer there: change to one that is"
    if error.errno not in _FAULTS_OF_THE_MACHINE:
        return ""
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def _fault_of_a_name(error: UnicodeEncodeError) -> PeepError | None:
    """A name that the encoding of file names cannot say, or bytes that are no text; None when it is about another."""
    name = redact_text(ascii(error.object))
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    encoding = codecs.lookup(error.encoding).name
    if encoding != "utf-8" and encoding == codecs.lookup(sys.getfilesystemencoding()).name:
        return PeepError(
            f"{shown}: names of files are written in {encoding} here, which has no such letters", HOW_TO_GET_UTF8
        )
    if encoding == "utf-8" and any("\udc80" <= letter <= "\udcff" for letter in error.object[error.start : error.end]):
        hint = "rename it" if sys.getfilesystemencoding().lower() == "utf-8" else HOW_TO_GET_UTF8
        return PeepError(f"{shown}: the name is not in the encoding of file names, {sys.getfilesystemencoding()}", hint)
    return None


def _is_nowhere() -> bool:
    """Whether the folder that peep was started in was deleted, as deployments do that replace it."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def error_text(error: PeepError, width: int | None) -> str:
    """Render an error that carries its own words: `error:` lines, then a `hint:`; `width` as `text.wrap` has it."""
    if isinstance(error, InstallRefused):
        from peep.cli.output.reports import report_text  # noqa: PLC0415 - 2 ms, for refusals only

        return report_text(error.problems, width, "Nothing was changed.")  # verbs that install tell it themselves
    parts = _parts(error)
    lines = []
    for part in parts:
        first, *others = _shown(part.message)
        lines += [wrap(f"error: {first}", width), *others]
        if part.hint:
            lines.append(wrap("hint: " + "\n".join(_shown(part.hint)), width))
    return "\n".join(lines)


def _shown(text: str) -> list[str]:
    """Lines of an error as they may be shown; secrets are hidden before anything is wrapped or cut."""
    return [_cut(line) for line in redact_text(escape_controls(text)).split("\n")]


def _cut(line: str) -> str:
    """A line that quotes megabytes of somebody's input, cut; secrets are out of it already."""
    return line if len(line) <= _LONGEST_LINE else f"{line[:_KEPT]} … ({len(line) - _KEPT} more letters)"


def _parts(error: PeepError) -> Sequence[PeepError]:
    """An error that holds others, as these."""
    if isinstance(error, RequirementsErrors):
        return (*error.errors, *error.also)
    if isinstance(error, SeveralErrors):
        return error.errors
    if isinstance(error, RecordsErrors):
        return [PeepError(str(problem)) for problem in error.problems]
    return (error,)


def bug_report(error: BaseException, words: Sequence[str]) -> str:
    """Everything that somebody needs who is to mend this; without credentials."""
    text = f"""\
This is a bug in peep, not in what you gave it. Please report it with this text:

peep:         {__version__}
Python:       {platform.python_implementation()} {platform.python_version()}, {sys.executable}
pip:          {_pip_version()}
platform:     {platform.platform()}
command line: {" ".join(["peep", *words])}

{"".join(traceback.format_exception(error)).rstrip()}"""
    return escape_controls(redact_text(text))


def _pip_version() -> str:
    try:
        return importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        return "none"


def print_error(error: PeepError) -> None:
    """Print an error in words, on standard error."""
    _print(error_text(error, fold_width(sys.stderr)))


def _print(text: str) -> None:
    try:
        print(text.encode("utf-8", "backslashreplace").decode(), file=sys.stderr, flush=True)
    except OSError:
        silence(sys.stderr)


def _came_from_printing(error: OSError) -> bool:
    """Whether it was raised in a module of `cli`: what these write themselves is standard output."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals["__name__"].startswith("peep.cli.")
