"""500 random changes of an environment, each found; and nothing found when each was undone."""

from __future__ import annotations

import os
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from peep.errors import PeepError
from support.fake_index import FakeIndex
from support.proving_ground import Ground, proving_ground, run_python, usual_projects
from support.random_changes import Changes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    with FakeIndex(usual_projects()) as index:
        ground = proving_ground(tmp_path, index, usual_projects(), ["alpha", "beta"])
        run_python(ground, "-c", "import alpha, beta")
        assert ground.kinds(with_files=True, bytecode=True) == []
        yield ground


@pytest.mark.parametrize(
    ("seed", "count"),
    [(1, 60), pytest.param(2, 500, marks=pytest.mark.slow), pytest.param(3, 500, marks=pytest.mark.slow)],
)
def test_every_random_change_is_found(ground: Ground, seed: int, count: int):
    missed = []
    seen: Counter[str] = Counter()
    for change in islice(Changes(Path(ground.target.prefix), seed), count):
        try:
            kinds = ground.kinds(bytecode=change.is_bytecode)
        except PeepError as error:
            kinds = [type(error).__name__]  # the interpreter does not start any more
        finally:
            change.undo()
        seen.update(kinds)
        if not kinds:
            missed.append(change.what)

    assert missed == []
    assert ground.kinds(with_files=True, bytecode=True) == []
    assert {"added", "added-elsewhere", "added-folder", "changed", "missing", "mode"} <= set(seen)
