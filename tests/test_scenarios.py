"""The command line as its users meet it: every scenario of `tests/scenarios`, in a process of its own.

`PEEP_COMMAND` names another command to test, such as `python peep.pyz`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scenario import Scenario, matches, parse_scenarios
from support.scenario_run import run_scenario

FOLDER = Path(__file__).parent / "scenarios"


def all_scenarios() -> list:
    return [
        pytest.param(scenario, id=f"{path.stem}:{scenario.title}")
        for path in sorted(FOLDER.glob("*.txt"))
        for scenario in parse_scenarios(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize("scenario", all_scenarios())
def test_scenario(scenario: Scenario, tmp_path: Path):
    complaints = run_scenario(scenario, tmp_path)
    assert not complaints, "\n".join(complaints)


def test_the_runner_notices_what_is_otherwise(tmp_path: Path):
    """A runner that is always content would make every scenario worthless."""
    text = """
=== wrong in every way
file a.txt
    x
$ python -c "import sys, pathlib; print('a'); print('b', file=sys.stderr); pathlib.Path('c').touch(); sys.exit(1)"
    z
leaves missing.txt
removes a.txt
"""
    [scenario] = parse_scenarios(text)
    complaints = "\n".join(run_scenario(scenario, tmp_path))
    for expected in (
        "exit status 1, not 0",
        "standard output is:\na\n",
        "standard error is:\nb\n",
        "left behind or changed: c",
        "neither made nor changed: missing.txt",
        "not removed: a.txt",
    ):
        assert expected in complaints


@pytest.mark.parametrize(
    ("expected", "text", "does_match"),
    [
        (["a", "...", "z"], "a\nb\nc\nz\n", True),
        (["a", "...", "z"], "a\nz\n", True),
        (["a", "..."], "a\n", True),
        (["a"], "a\nb\n", False),
        (["size [..] bytes"], "size 12 bytes", True),
        (["[..]"], "a\nb", False),
        ([], "", True),
        ([], "a", False),
        (["a.c"], "abc", False),
    ],
)
def test_wildcards(expected: list[str], text: str, does_match: bool):
    assert matches(expected, text) is does_match
