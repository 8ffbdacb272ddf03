"""Scenarios of the command line as text: files, an index, commands, and what they must print and leave behind.

The format, line by line:

    === TITLE                      a scenario begins
    # ...                          a remark
    file PATH                      a file before the commands; its content is the indented block below
    index                          a fake index; block lines are `NAME VERSION [KEY=VALUE...]`
    environment                    an empty virtual environment, {env}
    variable NAME=VALUE            for all commands
    misbehave FILENAME HOW ...     the index spoils that file, or the page of a project (page:NAME): `truncate BYTES
                                   [TIMES]`, `stall BYTES [TIMES]`, `reset [TIMES]`, `fail [STATUS [TIMES]]`, `length
                                   [TEXT]`, `change`, `swap` (while it is sent), `endless`, `portal`, `project NAME`,
                                   `redirect URL`
    $ COMMAND [< FILE]             run it; the block is standard output, lines with `! ` standard error
    exit N                         its exit status, 0 unless said
    leaves PATH                    a file that it makes or changes in the working folder; block: its content
    removes PATH                   a file that it removes
    requests N                     how many requests the index has seen during it

In expected texts `...` alone on a line stands for any lines, `[..]` for any text within one, and {index}, {env},
{here}, {python}, {peep}, {url:FILENAME}, {sha256:FILENAME}, {sha512:FILENAME}, {comment:FILENAME} for what they name.
Nothing else may be left behind: no file in the working folder, in the temporary folder or in that of the store, and no
change in {env} by a failing run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

INDENT = "    "


@dataclass(slots=True)
class Step:
    """One command with what is expected of it."""

    command: str
    line: int
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    status: int = 0
    leaves: dict[str, list[str]] = field(default_factory=dict)
    removes: list[str] = field(default_factory=list)
    requests: int | None = None


@dataclass(slots=True)
class Scenario:
    title: str
    line: int
    files: dict[str, str] = field(default_factory=dict)
    index: list[str] = field(default_factory=list)
    has_index: bool = False
    has_environment: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    misbehaviours: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


class ScenarioError(Exception):
    """A scenario that is written wrongly."""


def parse_scenarios(text: str) -> list[Scenario]:
    """Read the scenarios of a file; raises `ScenarioError`."""
    scenarios: list[Scenario] = []
    for number, head, block in _items(text.splitlines()):
        if head.startswith("=== "):
            scenarios.append(Scenario(head[4:], number))
            continue
        if not scenarios:
            raise ScenarioError(f"line {number}: no scenario has begun")
        try:
            _add(scenarios[-1], number, head, block)
        except (ValueError, IndexError) as error:
            raise ScenarioError(f"line {number}: {head!r}: {error}") from error
    return scenarios


def _items(lines: Sequence[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield each unindented line with its number and the block below it."""
    position = 0
    while position < len(lines):
        head, number = lines[position], position + 1
        position += 1
        if not head.strip() or head.startswith("#"):
            continue
        block: list[str] = []
        while position < len(lines) and (lines[position].startswith(INDENT) or not lines[position].strip()):
            block.append(lines[position][len(INDENT) :])
            position += 1
        while block and not block[-1].strip():
            block.pop()
        yield number, head, block


def _add(scenario: Scenario, number: int, head: str, block: list[str]) -> None:
    word, _, rest = head.partition(" ")
    if word == "$":
        stderr = [line.removeprefix("! ").removeprefix("!") for line in block if line.startswith("!")]
        scenario.steps.append(Step(rest, number, [line for line in block if not line.startswith("!")], stderr))
    elif word in {"exit", "leaves", "removes", "requests"}:
        _expect(scenario.steps[-1], word, rest, block)
    elif word == "file":
        scenario.files[rest] = "".join(f"{line}\n" for line in block)
    elif word == "index":
        scenario.has_index, scenario.index = True, block
    elif word == "environment":
        scenario.has_environment = True
    elif word == "variable":
        name, _, value = rest.partition("=")
        scenario.variables[name] = value
    elif word == "misbehave":
        scenario.misbehaviours.append(rest)
    else:
        raise ValueError("no such word")


def _expect(step: Step, word: str, rest: str, block: list[str]) -> None:
    if word == "exit":
        step.status = int(rest)
    elif word == "leaves":
        step.leaves[rest] = block
    elif word == "removes":
        step.removes.append(rest)
    else:
        step.requests = int(rest)


def matches(expected: Sequence[str], text: str) -> bool:
    """Whether `text` is what the lines say; `...` and `[..]` as in the format."""
    pattern = "".join(
        r"(?:[^\n]*\n)*?"
        if line.strip() == "..."
        else ".*".join(re.escape(piece) for piece in line.split("[..]")) + r"\n"
        for line in expected
    )
    ended = text.rstrip("\n")
    return re.fullmatch(pattern, f"{ended}\n" if ended else "") is not None
