"""Pages of the documentation, played whole: sessions print what the page shows, other commands do their work.

`PEEP_WRITE_DOCUMENTS=1` writes into the pages what their commands print now.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.document_stage import PageStage
from support.documents import PAGES, ROOT, is_free_of_commands, read_page
from support.play_document import play, written

WRITES = bool(os.environ.get("PEEP_WRITE_DOCUMENTS"))
NAMES = {path.relative_to(ROOT).as_posix(): path for path in PAGES}
STAGES = {name: read_page(path).stage for name, path in NAMES.items()}
NEWCOMERS = [name for name in NAMES if name == "README.md" or name.startswith(("docs/from/", "docs/jobs/"))]


def marks(stage: PageStage) -> list[pytest.MarkDecorator]:
    return [pytest.mark.network] if stage.needs_libraries else []


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory, variables_of_the_machine: dict[str, str]) -> Path:
    """A store with the wheels that `peep embed` takes from the index of this machine."""
    folder = tmp_path_factory.mktemp("libraries")
    words = [
        sys.executable,
        "-m",
        "peep",
        "embed",
        "-q",
        "-o",
        str(folder / "peep.pyz"),
        "--store",
        str(folder / "store"),
    ]
    subprocess.run(words, env=variables_of_the_machine, stdout=subprocess.DEVNULL, check=True)
    return folder / "store"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=marks(stage)) for name, stage in STAGES.items() if stage is not None]
)
@pytest.mark.skipif(os.name == "nt", reason="pages show POSIX paths and links")
def test_a_page_does_what_it_shows(name: str, tmp_path: Path, request: pytest.FixtureRequest):
    page, stage = read_page(NAMES[name]), STAGES[name]
    store = request.getfixturevalue("libraries") if stage and stage.needs_libraries else None
    if WRITES:
        page.path.write_bytes(written(page, tmp_path, store).encode())
        return
    complaints, missing = play(page, tmp_path, store)

    assert not complaints, "\n".join(complaints)
    if missing:
        pytest.skip(f"not all of it: {', '.join(sorted(missing))} not installed")


def test_every_page_with_commands_is_played():
    with_commands = [
        name
        for name, path in NAMES.items()
        if any(not is_free_of_commands(block) for block in read_page(path).blocks) or name in NEWCOMERS
    ]

    assert len(with_commands) > len(NEWCOMERS)
    assert [name for name in with_commands if STAGES[name] is None] == []


def test_what_is_not_played_has_a_reason():
    """A sentence, or the test that plays more of it."""
    reasons = [(name, one.reason) for name, stage in STAGES.items() if stage for one in stage.apart]
    named = [(name, path) for name, reason in reasons for path in re.findall(r"tests/[\w/]+\.py", reason)]

    assert [one for one in reasons if len(one[1].split()) < 3] == []
    assert [one for one in named if not (ROOT / one[1]).is_file()] == []
