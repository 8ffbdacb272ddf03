"""Console reporter: results on standard output; warnings, details, progress on standard error."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TextIO, final

from peep.cli.output.progress import DelayedBar, LineProgress, NoProgress, Progress, RawProgress
from peep.cli.output.text import can_move_cursor, escape_controls, fold_width, redact_result, redact_text, silence, wrap
from peep.errors import PeepError, UsageError
from peep.pipeline.options import OutputOptions
from peep.reporting import Arrival
from peep.system.files import ToldAs

ERRORS_ONLY = 2
"""`-qq`: not even warnings."""


@final
class Console:
    """A `Reporter` that is safe to call from many threads; also prints the results of verbs.

    Use it as a context manager: what its progress display put on the screen is cleared at the end.
    """

    def __init__(
        self,
        options: OutputOptions,
        *,
        is_data: bool = False,
        output: TextIO | None = None,
        errors: TextIO | None = None,
    ) -> None:
        """`is_data`: standard output is for a program, whatever the format says (`--report -`)."""
        self._options = options
        self._output = _tolerant(output or sys.stdout)
        self._errors = _tolerant(errors or sys.stderr)
        self._is_data = is_data or options.format == "json"
        self._progress = progress_for(options, self._errors)
        self._lock = threading.RLock()
        self._log: TextIO | None = None
        self.width = fold_width(self._output)
        """Columns to fold reports at; None when standard output is no terminal."""

    def __enter__(self) -> Console:
        if self._options.log is not None:
            with ToldAs(UsageError, f"--log {self._options.log}"):
                self._log = open(self._options.log, "a", encoding="utf-8", errors="backslashreplace")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._display(self._progress.clear)
            if isinstance(error, PeepError):
                from peep.cli.output.failures import error_text  # noqa: PLC0415 - a run that goes well does not pay for it

                self._write_log(error_text(error, None))
            self._close_log()

    def warning(self, text: str) -> None:
        self._say(f"warning: {text}", self._errors, is_shown=self._options.quiet < ERRORS_ONLY)

    def note(self, text: str) -> None:
        """One line about what was done; not shown where standard output is data for a program."""
        self._say(text, self._output, is_shown=not self._options.quiet and not self._is_data)

    def row(self, text: str) -> None:
        """As `note`, of one of many alike: it stays one line, however wide."""
        shown = not self._options.quiet and not self._is_data
        self._say(text, self._output, is_shown=shown, is_folded=False)

    def detail(self, text: str) -> None:
        self._say(text, self._errors, is_shown=self._options.verbose > 0)

    def download_started(self, name: str, size: int | None) -> None:
        self._display(self._progress.started, escape_controls(name), size)

    def download_advanced(self, name: str, count: int) -> None:
        self._display(self._progress.advanced, escape_controls(name), count)

    def download_finished(self, name: str, arrival: Arrival = Arrival.FETCHED) -> None:
        self._display(self._progress.finished, escape_controls(name), arrival)

    def worked(self, what: str) -> None:
        self._display(self._progress.worked, what)

    def result(self, text: str) -> None:
        """Print what the verb was called for: always, unfolded, hostile characters made visible except tabs."""
        text = redact_result(text)
        with self._lock:
            self._display(self._progress.clear)
            print("\t".join(escape_controls(part) for part in text.split("\t")), file=self._output)
            self._write_log(text)

    def ask(self, question: str) -> str:
        """What a person at the terminal answers, without blanks around it; the cursor waits behind the question."""
        with self._lock:
            self._display(self._progress.clear)
            print(escape_controls(redact_text(question)), end=" ", file=self._output, flush=True)
            self._write_log(question)
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            print(file=self._output)  # the input ended: nobody pressed Enter
        return answer.strip()

    def error(self, text: str) -> None:
        """Print one fault of several that the verb goes on after."""
        self._say(f"error: {text}", self._errors, is_shown=True)

    def _say(self, text: str, stream: TextIO, *, is_shown: bool, is_folded: bool = True) -> None:
        text = redact_text(text)
        width = fold_width(stream) if is_folded else None
        lines = [wrap(line, width) for line in escape_controls(text).split("\n")]
        with self._lock:
            if is_shown:
                self._display(self._progress.clear)
                if stream is self._errors:
                    self._display(partial(print, file=stream, flush=True), "\n".join(lines))
                else:
                    print("\n".join(lines), file=stream)
            self._write_log(text)

    def _write_log(self, text: str) -> None:
        if self._log is None:
            return
        try:
            print(escape_controls(text), file=self._log, flush=True)
        except OSError as error:
            self._close_log()
            self.warning(f"--log {self._options.log}: {error.strerror}; nothing more is written there")

    def _close_log(self) -> None:
        if self._log is not None:
            log, self._log = self._log, None
            with contextlib.suppress(OSError):  # told when it was written to
                log.close()

    def _display(self, show: Callable[..., None], *facts: object) -> None:
        """Have something shown on standard error; nobody's listening there is no reason to stop."""
        with self._lock:
            try:
                show(*facts)
            except OSError:
                silence(self._errors)


def progress_for(options: OutputOptions, stream: TextIO) -> Progress:
    """Choose the display: none under `-q`, `off` or data formats; a bar on terminals; otherwise a line per file."""
    if options.quiet or options.progress_bar == "off" or options.format == "json":
        return NoProgress()
    if options.progress_bar == "raw":
        return RawProgress(stream)
    if can_move_cursor(stream):
        return DelayedBar(stream, color=options.color)
    return LineProgress(stream)


def _tolerant(stream: TextIO) -> TextIO:
    """Let a stream spell out what its encoding lacks, instead of failing over it."""
    if isinstance(stream, io.TextIOWrapper):
        with contextlib.suppress(OSError, ValueError):
            stream.reconfigure(errors="backslashreplace")
    return stream
