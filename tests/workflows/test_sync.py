"""No more and no less than what the files list."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from peep.cli.verbs.sync import difference_lines
from peep.environment.installed import installed_projects
from peep.errors import EnvironmentChangeError, InstallRefused
from peep.pipeline.options import TargetOptions
from peep.pipeline.result import InstallResult
from peep.workflows.sync import difference, sync
from support.environment_tree import tree_of
from support.fake_index import FakeIndex
from support.proving_ground import Ground, pip, proving_ground, usual_projects
from support.wheels import wheel_bytes, wheel_filename


def projects() -> dict[str, dict[str, bytes]]:
    tools = {
        name: {wheel_filename(name, "1.0"): wheel_bytes(name, "1.0", requires=requires)}
        for name, requires in {"pip": [], "peep": ["helper>=1"], "helper": []}.items()
    }
    return {**usual_projects(), **tools}


@pytest.fixture
def ground(tmp_path: Path):
    with FakeIndex(projects()) as index:
        yield proving_ground(tmp_path, index, projects(), ["alpha", "beta"])


def names(ground: Ground) -> list[str]:
    return sorted(installed_projects(ground.target))


def synced(ground: Ground, *, include_all: bool = False, **changes: object) -> InstallResult:
    options = replace(ground.options(), **changes)  # type: ignore[arg-type]
    return sync(options, ground.context, include_all=include_all)


def test_it_installs_replaces_and_removes_in_one_step(ground: Ground):
    ground.pin("beta", "gamma")

    outcome = synced(ground)

    assert names(ground) == ["beta", "gamma"]
    assert [project.name for project in outcome.plan.remove] == ["alpha"]
    assert ground.kinds(with_files=True) == []
    assert not (ground.scripts / "alpha").exists()


def test_peep_pip_and_what_they_need_stay_unless_asked_for(ground: Ground):
    ground.pin("alpha", "beta", "pip", "peep", "helper")
    ground.install()
    ground.pin("beta")
    synced(ground)
    assert names(ground) == ["beta", "helper", "peep", "pip"]
    assert ground.kinds(with_files=True) == []

    synced(ground, include_all=True)
    assert names(ground) == ["beta"]


def test_what_pip_installed_goes_as_well(ground: Ground, tmp_path: Path):
    wheel = tmp_path / wheel_filename("gamma", "1.0")
    wheel.write_bytes(projects()["gamma"][wheel.name])
    pip(ground, "install", "--no-index", str(wheel))

    synced(ground)

    assert names(ground) == ["alpha", "beta"]
    assert ground.kinds(with_files=True) == []


def test_a_dry_run_outside_a_virtual_environment_is_refused_where_one_is_required(ground: Ground):
    """As pip does it: the answer would be about an environment that the user ruled out."""
    outside = TargetOptions(python=os.path.realpath(sys.executable), require_virtualenv=True)
    with pytest.raises(EnvironmentChangeError, match="no virtual environment"):
        synced(ground, dry_run=True, target=outside)
    assert synced(ground, dry_run=True, target=replace(ground.options().target, require_virtualenv=True)).plan.keep


def test_a_dry_run_changes_nothing(ground: Ground):
    before = tree_of(ground.target.prefix)
    ground.pin("gamma")

    outcome = synced(ground, dry_run=True)

    assert tree_of(ground.target.prefix) == before
    assert outcome.changes is None
    assert [one.wheel.identity.name for one in outcome.plan.link] == ["gamma"]
    assert [project.name for project in outcome.plan.remove] == ["alpha", "beta"]


def test_a_refused_run_removes_nothing(ground: Ground):
    ground.requirements.write_text(f"gamma==1.0 --hash=sha256:{'0' * 64}\n")
    before = tree_of(ground.target.prefix)

    with pytest.raises(InstallRefused):
        synced(ground)
    assert tree_of(ground.target.prefix) == before


def test_the_difference_is_told_without_network(ground: Ground):
    asked = len(ground.index.requests)
    same = difference(ground.options(), ground.context).plan
    ground.pin("beta", "gamma")
    other = difference(ground.options(), ground.context).plan

    assert same.is_empty
    assert [pin.name for pin in other.missing] == ["gamma"]
    assert [project.name for project in other.remove] == ["alpha"]
    assert [project.name for project in other.keep] == ["beta"]
    assert len(ground.index.requests) == asked


def test_the_difference_says_why_a_listed_version_is_not_what_is_listed(ground: Ground):
    (ground.site / "beta-1.0.dist-info" / "provenance_url.json").unlink()

    plan = difference(ground.options(), ground.context).plan

    assert difference_lines(plan) == [
        "beta 1.0 is replaced: nothing tells which archive it was installed from",
        "~ beta 1.0 -> 1.0",
        "1 to change; 1 project is as listed",
    ]


def test_unusable_lines_are_told_by_the_difference_too(ground: Ground):
    ground.requirements.write_text("alpha>=1\n")

    with pytest.raises(InstallRefused):
        difference(ground.options(), ground.context)


def test_a_second_run_has_nothing_to_do(ground: Ground):
    ground.pin("beta")
    synced(ground)
    asked = len(ground.index.requests)
    before = tree_of(ground.target.prefix)

    assert synced(ground).plan.is_empty
    assert tree_of(ground.target.prefix) == before
    assert len(ground.index.requests) == asked


def test_an_unlisted_project_without_record_ends_the_run_as_it_was(ground: Ground):
    legacy = ground.site / "old-1.0.egg-info"
    legacy.write_text("Metadata-Version: 1.0\nName: old\nVersion: 1.0\n")
    before = tree_of(ground.target.prefix)

    with pytest.raises(EnvironmentChangeError, match=r"old 1\.0 is a legacy install"):
        synced(ground)
    assert tree_of(ground.target.prefix) == before
    assert os.path.exists(legacy)
