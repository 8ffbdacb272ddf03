from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from peep.cli.options.install_options import output_options
from peep.cli.options.parser import parse
from peep.cli.options.tables import GENERAL
from peep.cli.output import progress
from peep.cli.output.console import Console, progress_for
from peep.cli.output.progress import DelayedBar, LineProgress, RawProgress, WorkLine
from peep.pipeline.options import OutputOptions
from peep.reporting import Arrival


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a kind that obeys escape sequences, wherever the tests run."""
    monkeypatch.setenv("TERM", "xterm")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(options: OutputOptions, errors: io.StringIO | None = None) -> tuple[str, str]:
    """What a console prints of one of everything."""
    output, errors = io.StringIO(), errors or io.StringIO()
    with Console(options, output=output, errors=errors) as console:
        console.warning("old\x1b option")
        console.note("installed flask")
        console.detail("because")
        console.download_started("flask.whl", 2048)
        console.download_advanced("flask.whl", 2000)
        console.download_advanced("flask.whl", 48)
        console.download_finished("flask.whl")
        console.result("result")
    return output.getvalue(), errors.getvalue()


def test_results_go_to_standard_output_and_the_rest_to_standard_error():
    assert told(OutputOptions()) == (
        "installed flask\nresult\n",
        "warning: old\\x1b option\nfetched flask.whl (2.0 kB)\n",
    )


@pytest.mark.parametrize(
    ("options", "output", "errors"),
    [
        (OutputOptions(quiet=1), "result\n", "warning: old\\x1b option\n"),
        (OutputOptions(quiet=2), "result\n", ""),
        (OutputOptions(format="json"), "result\n", "warning: old\\x1b option\n"),
        (OutputOptions(progress_bar="off"), "installed flask\nresult\n", "warning: old\\x1b option\n"),
    ],
)
def test_quiet_and_data(options: OutputOptions, output: str, errors: str):
    assert told(options) == (output, errors)


def test_verbose_tells_details():
    assert "because\n" in told(OutputOptions(verbose=1))[1]


def test_raw_progress_counts_all_files_together():
    stream = io.StringIO()
    raw = RawProgress(stream)
    raw.started("a", 10)
    raw.started("b", 20)
    raw.advanced("a", 10)
    raw.advanced("b", 20)
    assert stream.getvalue().splitlines()[-1] == "Progress 30 of 30"


def test_a_log_gets_everything(tmp_path: Path):
    log = tmp_path / "peep.log"
    log.write_text("before\n")
    told(OutputOptions(quiet=2, log=str(log)))
    assert log.read_text() == "before\nwarning: old\\x1b option\ninstalled flask\nbecause\nresult\n"


def test_a_short_run_on_a_terminal_shows_no_bar():
    terminal = Terminal()
    told(OutputOptions(), terminal)
    assert terminal.getvalue() == "warning: old\\x1b option\n"


def test_a_long_run_on_a_terminal_shows_a_bar_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "BAR_DELAY", -1.0)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    bar = DelayedBar(terminal, color=True)
    bar.started("a", 1000)
    bar.started("b", 1000)
    bar.advanced("a", 400)
    bar.advanced("a", 600)
    bar.finished("a")
    bar.finished("b")
    shown = terminal.getvalue()
    assert "fetching 1/2" in shown
    assert shown.endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("words", "variable", "is_coloured"), [([], "", True), ([], "1", False), (["--no-color"], "", False)]
)
def test_a_bar_has_no_colours_where_nobody_wants_any(
    words: list[str], variable: str, is_coloured: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "BAR_DELAY", -1.0)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", variable)
    terminal = Terminal()
    bar = DelayedBar(terminal, color=output_options(parse(words, GENERAL, verb="install", environ={})).color)
    bar.started("a", 1000)
    bar.advanced("a", 600)
    bar.finished("a")

    assert bool(re.search(r"\x1b\[[\d;]*3\d", terminal.getvalue())) is is_coloured


def test_without_rich_a_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    terminal = Terminal()
    bar = DelayedBar(terminal, color=True)
    bar.started("a", 3)
    bar.advanced("a", 3)
    bar.finished("a")
    assert terminal.getvalue() == "fetched a (3 bytes)\n"


def test_lines_for_logs():
    stream = io.StringIO()
    lines = LineProgress(stream)
    lines.advanced("a", 1)
    lines.finished("a")
    assert stream.getvalue() == "fetched a (1 byte)\n"


def test_what_did_not_come_is_not_called_fetched():
    stream = io.StringIO()
    lines = LineProgress(stream)
    lines.started("a", 2000)
    lines.finished("a")
    lines.started("b", None)
    lines.finished("b")
    assert stream.getvalue() == ""  # one line for each file that came; what did not is in the report
    lines.started("a", 2000)
    lines.advanced("a", 500)
    lines.finished("a", Arrival.FAILED)
    lines.started("b", None)
    lines.advanced("b", 500)
    lines.finished("b", Arrival.FAILED)
    lines.started("c", 500)
    lines.advanced("c", 500)
    lines.finished("c", Arrival.FOUND)
    assert stream.getvalue().splitlines() == [
        "a: 500 bytes of 2.0 kB came",
        "b: 500 bytes came, and not all of it",
        "found c (500 bytes)",
    ]


def test_streams_spell_out_what_their_encoding_lacks():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(OutputOptions(), output=stream, errors=io.StringIO())
    console.result("naïve …")
    stream.flush()
    assert raw.getvalue() == b"na\\xefve \\u2026\n"


def test_work_of_more_than_a_second_is_told_in_a_line_that_goes():
    times = iter([0.0, 0.5, 1.1, 1.2, 1.5])
    stream = io.StringIO()
    line = WorkLine(stream, lambda: next(times))
    for what in ("pages", "pages", "archives looked at", "pages"):
        line.worked(what)
    assert stream.getvalue() == "\r2 pages, 1 archives looked at\x1b[K"
    line.worked("pages")
    line.clear()
    line.clear()
    assert stream.getvalue().endswith("\r4 pages, 1 archives looked at\x1b[K\r\x1b[K")


@pytest.mark.parametrize(
    ("term", "display"), [("xterm", DelayedBar), ("dumb", LineProgress), ("unknown", LineProgress)]
)
def test_a_terminal_that_obeys_no_escape_sequence_gets_none(
    term: str, display: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert type(progress_for(OutputOptions(), Terminal())) is display
    errors = Terminal()
    _, printed = told(OutputOptions(progress_bar="on"), errors)
    assert term == "xterm" or "\x1b" not in printed


@pytest.mark.parametrize(("typed", "answer", "after"), [("y\n", "y", ""), ("  yes \n", "yes", ""), ("", "", "\n")])
def test_the_cursor_waits_behind_a_question(
    typed: str, answer: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

    with Console(OutputOptions(), output=output, errors=io.StringIO()) as console:
        assert console.ask("accept\x1b it? [y/N]") == answer

    assert output.getvalue() == f"accept\\x1b it? [y/N] {after}"
