"""Help as people see it: it fits a terminal, and the overview loads no verb."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from peep.cli.verb_places import PLACES, SHARED_VERBS, SUMMARIES, VERBS
from peep.cli.verb_table import peeps_verbs
from peep.cli.verbs.help import Help

WIDTH = 80
WORKING = tuple(f"peep.{part}." for part in ("workflows", "transaction", "archives", "index", "locking", "vetting"))


def overview(capsys: pytest.CaptureFixture[str]) -> str:
    class Words:
        words: tuple[str, ...] = ()

    assert Help(lambda _verb: None).run(Words()) == 0  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_no_line_of_any_help_is_wider_than_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    texts = {verb.name: verb.help() for verb in peeps_verbs()} | {"": overview(capsys)}
    wide = [(name, line) for name, text in texts.items() for line in text.splitlines() if len(line) > WIDTH]

    assert wide == []


def test_help_has_every_option_that_is_taken_and_every_one_that_is_refused() -> None:
    """Other names of one option stand beside it, but those of pip's that are its old ones."""
    lacking = [
        (verb.name, option.names)
        for verb in peeps_verbs()
        for option in verb.options
        if not any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", verb.help()) for name in option.names)
    ]

    assert lacking == []


def test_the_overview_names_every_verb_at_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    told = overview(capsys)

    assert {verb.name for verb in peeps_verbs()} == set(SUMMARIES) == {*VERBS, *SHARED_VERBS}
    assert [one for one in SUMMARIES.items() if f"  {one[0]} " not in told or one[1] not in told] == []
    assert [title for title, _ in PLACES if f"{title}:" not in told] == []


def test_the_overview_loads_no_verb() -> None:
    """The one file compiles whatever it loads: with all verbs' modules this took three times as long."""
    loaded = loaded_by("help")

    assert [name for name in loaded if name.startswith("peep.cli.verbs.")] == ["peep.cli.verbs.help"]


def test_what_describes_all_verbs_loads_nothing_that_they_do() -> None:
    """Shells run `peep completion` whenever one starts."""
    loaded = loaded_by("completion", "--bash")

    assert len([name for name in loaded if name.startswith("peep.cli.verbs.")]) > len(VERBS)
    assert [name for name in loaded if name.startswith(WORKING)] == []


def loaded_by(*words: str) -> list[str]:
    """The modules that a run has loaded when it ends."""
    counting = "import sys; from peep.cli.main import main; main(); print(*sys.modules)"
    asked = [sys.executable, "-c", counting, *words]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
