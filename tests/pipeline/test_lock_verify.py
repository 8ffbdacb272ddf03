"""`peep lock --verify`: bytes and METADATA of every usable file, against what the index states."""

from __future__ import annotations

import pytest

from peep.dataclass import replace
from peep.errors import TransportError
from peep.locking.candidates import CandidatePolicy
from peep.locking.lock_plan import HashPolicy, planned_pins
from peep.locking.lock_run import LockInputs, solve_all
from peep.locking.merging import merge
from peep.model import Digest
from peep.pipeline.locking.verify_files import FilesDiffer, verify_files
from support.lock_world import LINUX, LockWorld, Made, ids, roots, sha256_of


class Files:
    """Stands for `IndexMetadata`: files as a server gives them, in the words of a made-up index."""

    def __init__(self, world: LockWorld) -> None:
        self._world = world
        self.wrong_bytes: set[str] = set()
        self.lying: set[str] = set()
        self.gone: set[str] = set()
        self.asked: list[str] = []

    def stated_metadata(self, release, file):
        return self._world.metadata(release, file)

    def downloaded(self, release, file, algorithm):
        name = file.file.filename
        self.asked.append(name)
        if name in self.gone:
            raise TransportError(file.file.url, "404 Not Found")
        digest = Digest(algorithm, "0" * 64 if name in self.wrong_bytes else sha256_of(name))
        said = self._world.metadata(release, file)
        return digest, replace(said, requires_dist=("evil",)) if name in self.lying else said


@pytest.fixture
def made():
    projects = {
        "a": {"1.0": Made(["b"], tags=["py3-none-any", "cp311-cp311-win_amd64"])},
        "b": {"2.0": []},
        "c": {"1.0": []},
    }
    world = LockWorld(projects)
    inputs = LockInputs(tuple(ids(LINUX)), tuple(roots("a", "c")))
    pins = planned_pins(merge(solve_all(inputs, world, world).solutions), {}, HashPolicy(CandidatePolicy()), None)
    return pins, Files(world)


def test_every_file_that_a_target_can_use_is_looked_at(made):
    pins, files = made
    assert verify_files(pins, CandidatePolicy(), files) == 3
    assert sorted(files.asked) == ["a-1.0-py3-none-any.whl", "b-2.0-py3-none-any.whl", "c-1.0-py3-none-any.whl"]


def test_all_differences_are_told_at_once(made):
    pins, files = made
    files.wrong_bytes.add("a-1.0-py3-none-any.whl")
    files.lying.add("b-2.0-py3-none-any.whl")
    files.gone.add("c-1.0-py3-none-any.whl")
    with pytest.raises(FilesDiffer) as raised:
        verify_files(pins, CandidatePolicy(), files)
    stated = f"sha256:{sha256_of('a-1.0-py3-none-any.whl')}"
    assert raised.value.differences[:2] == (
        f"a-1.0-py3-none-any.whl: {stated} is stated, and what came is sha256:{'0' * 64}",
        "b-2.0-py3-none-any.whl: its own METADATA says another Requires-Dist than what versions were chosen by",
    )
    assert "404 Not Found" in raised.value.differences[2]
