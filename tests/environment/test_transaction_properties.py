"""For any files of any projects: an upgrade ends where a fresh install does, or changes nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peep.environment.installed import installed_projects
from peep.errors import EnvironmentChangeError
from peep.model import InstallPlan
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.target.discovery import TargetRequest, discover_target
from peep.transaction.apply import apply_plan
from support.environment_tree import plan_for, tree_of
from support.examples import examples
from support.memory_wheel import MemoryWheel

PROJECTS = ("alpha", "beta", "gamma")
names = st.sampled_from(["a", "b", "ns", "m.py", "n.py", "__init__.py"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
contents = st.sampled_from(["", "x = 1\n", "x = 2\n"])
trees = st.dictionaries(paths, contents, max_size=6)
releases = st.fixed_dictionaries(dict.fromkeys(PROJECTS, trees))


def is_a_tree(files) -> bool:
    """No path is both a file and a folder."""
    return not any(other.startswith(path + "/") for path in files for other in files)


class World:
    """A store and empty targets, on the fastest disk there is."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.store = Store(os.path.join(folder, "store"), SilentReporter())
        self.count = 0

    def target(self):
        self.count += 1
        return discover_target(TargetRequest(target=os.path.join(self.folder, f"target-{self.count}")))

    def wheels(self, release, version):
        return [
            self.store.add(MemoryWheel(name, version, files=files))
            for name, files in release.items()
            if is_a_tree(files)
        ]


@pytest.fixture
def world():
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    yield World(folder)
    shutil.rmtree(folder)


def contents_of(target):
    return tree_of(target.paths["purelib"])


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=releases, new=releases, mine=paths)
def test_upgrades_end_where_fresh_installs_do(world, old, new, mine):
    fresh, upgraded = world.target(), world.target()
    before_wheels, after_wheels = world.wheels(old, "1.0"), world.wheels(new, "2.0")
    try:
        apply_plan(plan_for(after_wheels, fresh), fresh)
        apply_plan(plan_for(before_wheels, upgraded), upgraded)
    except EnvironmentChangeError:
        return  # two projects want one path
    leftover = Path(upgraded.paths["purelib"], mine)
    if not os.path.lexists(leftover) and not any(os.path.isfile(parent) for parent in leftover.parents):
        leftover.parent.mkdir(parents=True, exist_ok=True)
        leftover.write_text("mine")
    before = contents_of(upgraded)
    gone = {name for name in PROJECTS if name not in {wheel.identity.name for wheel in after_wheels}}
    plan = plan_for(after_wheels, upgraded)
    remove = tuple(project for name, project in installed_projects(upgraded).items() if name in gone)
    plan = InstallPlan(plan.keep, plan.link, plan.missing, plan.replace, remove)
    try:
        apply_plan(plan, upgraded)
    except EnvironmentChangeError:
        assert contents_of(upgraded) == before
        return
    after, expected = contents_of(upgraded), contents_of(fresh)

    assert {path: after[path] for path in expected} == expected
    extra = set(after) - set(expected)
    assert all(mine == path or mine.startswith(path + "/") for path in extra)
    assert not leftover.is_file() or mine in expected or leftover.read_text() == "mine"
