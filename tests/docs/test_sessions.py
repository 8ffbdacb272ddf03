"""Sessions in README and docs/, played whole: each command prints what the page shows.

`PEEP_WRITE_DOCUMENTS=1` writes into the pages what their commands print now.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.documents import PAGES, ROOT, read_page
from support.play_document import play, written

WRITES = bool(os.environ.get("PEEP_WRITE_DOCUMENTS"))
NAMES = {path.relative_to(ROOT).as_posix(): path for path in PAGES}
MUST_BE_PLAYED = [name for name in NAMES if name == "README.md" or name.startswith(("docs/from/", "docs/jobs/"))]


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
