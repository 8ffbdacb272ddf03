"""Help as people see it: it fits a terminal, and the overview loads no verb."""

from __future__ import annotations

import subprocess
import sys

import pytest

from peep.cli.verb_places import PLACES, SHARED_VERBS, SUMMARIES, VERBS
from peep.cli.verb_table import peeps_verbs
from peep.cli.verbs.help import Help

WIDTH = 80


def overview(capsys: pytest.CaptureFixture[str]) -> str:
    class Words:
        words: tuple[str, ...] = ()

    assert Help(lambda _verb: None).run(Words()) == 0  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_no_line_of_any_help_is_wider_than_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    texts = {verb.name: verb.help() for verb in peeps_verbs()} | {"": overview(capsys)}
    wide = [(name, line) for name, text in texts.items() for line in text.splitlines() if len(line) > WIDTH]

    assert wide == []


def test_the_overview_names_every_verb_at_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    told = overview(capsys)

    assert {verb.name for verb in peeps_verbs()} == set(SUMMARIES) == {*VERBS, *SHARED_VERBS}
    assert [one for one in SUMMARIES.items() if f"  {one[0]} " not in told or one[1] not in told] == []
    assert [title for title, _ in PLACES if f"{title}:" not in told] == []


def test_the_overview_loads_no_verb() -> None:
    """The one file compiles whatever it loads: with all verbs' modules this took three times as long."""
    counting = "import sys; from peep.cli.main import main; main(); print(*sys.modules)"
    asked = [sys.executable, "-c", counting, "help"]
    loaded = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()

    assert [name for name in loaded if name.startswith("peep.cli.verbs.")] == ["peep.cli.verbs.help"]
