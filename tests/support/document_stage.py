"""Stage of a page: what its commands are played with, and which of them are not played, with the reason.

In the words of `support/scenario.py`, and

    day 2027-01-31 +66             a date in the text, and how many days after today it stands for
    kept FOLDER FILENAME           an archive of the stage's index that lies in a folder, and not on the index
    given WORD TEXT                what a word of the page stands for
    served URL FILE                a file of the stage that a server has; `served URL/ FOLDER`: OSV's bucket, of records
    libraries                      the wheels that `peep embed` takes: the page needs the index of this machine
    ends STATUS COMMAND            how a command to copy ends that begins so; sessions show it by `echo $?`
    apart COMMAND -- REASON        a command that begins so is not played; the reason names the test that does more
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from support.scenario import Scenario, parse_scenarios

_STAGE = re.compile(r"^<!-- stage\n(.*?)^-->$", re.MULTILINE | re.DOTALL)
_OWN = re.compile(r"^(day|kept|given|served|libraries|ends|apart)(?: (.*))?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Apart:
    """Commands that are not played: how they begin, and why."""

    beginning: str
    reason: str


@dataclass(frozen=True, slots=True)
class PageStage:
    scenario: Scenario
    days: dict[str, int]
    kept_in: dict[str, str]
    given: dict[str, str]
    served: dict[str, str]
    needs_libraries: bool
    ends: dict[str, int]
    apart: tuple[Apart, ...]

    def why_apart(self, command: str) -> Apart | None:
        return next((one for one in self.apart if command.startswith(one.beginning)), None)

    def status(self, command: str) -> int:
        """How a command to copy has to end."""
        return next((status for beginning, status in self.ends.items() if command.startswith(beginning)), 0)


def read_stage(text: str, name: str) -> PageStage | None:
    """The stage that stands in the text of a page; None where there is none. Raises `ValueError`, `ScenarioError`."""
    found = _STAGE.search(text)
    if found is None:
        return None
    own = [(word, rest) for word, rest in _OWN.findall(found[1])]

    def pairs(word: str, separator: str = " ") -> list[tuple[str, str]]:
        split = [rest.partition(separator) for kind, rest in own if kind == word]
        if not all(second for _, _, second in split):
            raise ValueError(f"{name}: {word}: something is missing")
        return [(first, second) for first, _, second in split]

    return PageStage(
        parse_scenarios(f"=== {name}\n{_OWN.sub('', found[1])}")[0],
        {day: int(after) for day, after in pairs("day")},
        dict(pairs("kept")),
        dict(pairs("given")),
        dict(pairs("served")),
        any(word == "libraries" for word, _ in own),
        {command: int(status) for status, command in pairs("ends")},
        tuple(Apart(*pair) for pair in pairs("apart", " -- ")),
    )
