"""Every case of tests/archives/cases: what is found in it is what it says, problem by problem."""

from __future__ import annotations

import io
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from peep.archives.sdist import SdistContents, open_sdist
from peep.archives.wheel import OpenWheel, PlainWheel, open_wheel
from peep.errors import ArchiveError
from support.archive_cases import ArchiveCase, read_cases
from support.plain_sdist import PlainSdist

CASES = tuple(read_cases(Path(__file__).parent / "cases"))


def opened(case: ArchiveCase) -> AbstractContextManager[OpenWheel | SdistContents]:
    file = io.BytesIO(case.archive())
    if case.is_wheel:
        return nullcontext(open_wheel(PlainWheel(case.filename, file)))
    return open_sdist(PlainSdist(case.filename, file), name="demo", version="1.0", from_index=case.base == "index")


def read_everything(contents: OpenWheel | SdistContents) -> None:
    if isinstance(contents, OpenWheel):
        problems = contents.content_problems()
        if problems:
            raise ArchiveError("content", problems)
    else:
        for entry in contents.entries:
            deque(contents.chunks(entry), maxlen=0)


@pytest.mark.parametrize("case", CASES, ids=[f"{','.join(case.rows)}: {case.name}" for case in CASES])
def test_case(case: ArchiveCase) -> None:
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: list[tuple[str, str]] = []
    try:
        with opened(case) as contents:
            read_everything(contents)
            warnings = contents.warnings
            facts = [(expression, str(eval(expression, {"contents": contents}))) for expression, _ in case.facts]
    except ArchiveError as error:
        problems = error.problems

    assert_each_holds(problems, case.expected)
    assert_each_holds(warnings, case.warnings)
    assert case.facts == facts


def assert_each_holds(found: tuple[str, ...], expected: list[str]) -> None:
    assert len(expected) == len(found), found
    assert all(text in finding for text, finding in zip(expected, found, strict=True)), found


def test_names_of_cases_are_unique() -> None:
    names = [case.name for case in CASES]

    assert len(names) == len(set(names))


ELSEWHERE = {
    "W11": "files of other projects: environment",
    "W14": "shebangs: environment",
    "W16": "modules that the installer imports: environment",
    "W19": "replacing an installer: environment",
    "W20": "what is already installed: environment",
    "T13": "hash before build: workflows and build",
    "T16": "subdirectories in URLs: requirements and build",
}
"""Rows of the threat list's sections 1 to 3 that no archive alone can show."""

LAST_ROWS = {"Z": 21, "W": 21, "T": 19}


def test_every_row_that_an_archive_can_show_has_a_case() -> None:
    rows = {f"{section}{number}" for section, last in LAST_ROWS.items() for number in range(1, last + 1)}

    assert rows - ELSEWHERE.keys() == {row for case in CASES for row in case.rows}


def test_most_cases_are_refused_and_the_others_look_inside() -> None:
    accepted = [case for case in CASES if not case.expected]

    assert all(case.facts or case.warnings for case in accepted)
    assert len(accepted) < len(CASES) / 4
