"""Every command in README and docs/: read by peep's own parser, and played where the page says with what.

`PEEP_WRITE_DOCUMENTS=1` writes into the pages what the commands of their sessions print.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.documents import (
    PAGES,
    ROOT,
    WITHOUT_COMMANDS,
    commands,
    inline_commands,
    mentions,
    read_page,
    steps,
)
from support.parse_commands import complaints_about
from support.play_document import play, written

WRITES = bool(os.environ.get("PEEP_WRITE_DOCUMENTS"))
NAMES = {str(path.relative_to(ROOT)): path for path in PAGES}
MUST_BE_PLAYED = [name for name in NAMES if name.startswith(("README", "docs/from/", "docs/jobs/"))]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_one_that_peep_has(name: str):
    complaints: list[str] = []
    page = read_page(NAMES[name])
    for block in page.blocks:
        if block.language in WITHOUT_COMMANDS:
            complaints += [f"line {block.number}: a command in a block of {block.language}" for _ in mentions(block)]
            continue
        complaints += [
            f"line {command.number}: {one}" for command in commands(block) for one in complaints_about(command.words)
        ]
    for words in inline_commands(page.text):
        complaints += [f"`peep {' '.join(words)}`: {one}" for one in complaints_about(words, is_whole=False)]

    assert complaints == []


@pytest.mark.parametrize("name", [name for name, path in NAMES.items() if read_page(path).stage])
@pytest.mark.skipif(os.name == "nt", reason="pages show POSIX paths and links")
def test_a_session_prints_what_the_page_shows(name: str, tmp_path: Path):
    page = read_page(NAMES[name])
    if WRITES:
        page.path.write_bytes(written(page, tmp_path).encode())
        return
    complaints = play(page, tmp_path)

    assert not complaints, "\n".join(complaints)


def test_pages_for_newcomers_are_played():
    assert [name for name in MUST_BE_PLAYED if not read_page(NAMES[name]).stage] == []
