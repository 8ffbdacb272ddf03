"""What `peep verify` says of projects that were installed from a commit."""

from __future__ import annotations

import os
import shutil

import pytest

from peep.pipeline.context import RunContext
from peep.pipeline.options import BuildOptions, InstallOptions, SourceOptions, StoreOptions, TargetOptions
from peep.proof.findings import FindingKind
from peep.reporting import SilentReporter
from peep.workflows.verify import VerifyOptions, verify
from support.build_machine import BuildMachine, committed, project_folder
from support.fake_index import FakeIndex

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def machine(tmp_path):
    with FakeIndex({}) as index:
        machine = BuildMachine(tmp_path, index)
        folder = project_folder(tmp_path / "good.git")
        machine.lines.append(f"good @ git+{folder.as_uri()}@{committed(folder)}")
        machine.install()
        yield machine


def verified(machine, *, listed, store="store"):
    sources = SourceOptions((str(machine.folder / "requirements.txt"),) if listed else ())
    run = InstallOptions(
        sources=sources,
        target=TargetOptions(target=str(machine.folder / "target")),
        build=BuildOptions(use_sandbox=False),
        store=StoreOptions(folder=str(machine.folder / store)),
    )
    return verify(VerifyOptions(run), RunContext(dict(os.environ), SilentReporter()))


@pytest.mark.parametrize("listed", [False, True])
def test_it_is_compared_with_the_wheel_that_was_built_from_the_commit(machine, listed):
    shutil.rmtree(machine.folder / "good.git")
    assert verified(machine, listed=listed).findings == ()
    (machine.folder / "target" / "good" / "__init__.py").write_text("evil = 1\n")
    assert [one.kind for one in verified(machine, listed=listed).findings] == [FindingKind.CHANGED]


def test_it_is_built_again_where_the_store_has_it_not_and_a_file_lists_it(machine):
    assert verified(machine, listed=True, store="other").findings == ()
    (found,) = verified(machine, listed=False, store="third").findings
    assert found.kind is FindingKind.UNAVAILABLE


def test_another_commit_than_the_listed_one_is_told(machine):
    machine.lines[0] = machine.lines[0][:-40] + "1" * 40
    (machine.folder / "requirements.txt").write_text(machine.lines[0])
    assert [one.kind for one in verified(machine, listed=True).findings] == [FindingKind.UNLISTED]
