"""Many processes on one environment and one store: each change is whole, and they come one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from peep.environment.installed import installed_projects
from peep.errors import EnvironmentChangedMeanwhile
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.transaction.apply import apply_plan
from peep.transaction.lock import environment_lock
from support.environment_tree import make_environment, plan_for, tree_digest
from support.forks import forked, status_of
from support.listener import Listener
from support.memory_wheel import MemoryWheel

pytestmark = pytest.mark.skipif(os.name != "posix", reason="forks")

RUNS = 8
CHANGES = 6


def wheels_of(store, version):
    return [
        store.add(MemoryWheel(name, version, files={f"{name}/__init__.py": version, f"ns/{name}.py": version}))
        for name in ("alpha", "beta", "gamma")
    ]


def change(target, store_root, number) -> None:
    """Install one set of versions and the other in turn."""
    for turn in range(CHANGES):
        wheels = wheels_of(Store(store_root, SilentReporter()), f"{(number + turn) % 2 + 1}.0")
        while not applied(wheels, target):
            pass


def applied(wheels, target) -> bool:
    try:
        apply_plan(plan_for(wheels, target), target)
    except EnvironmentChangedMeanwhile:
        return False
    return True


def test_runs_with_different_wishes_never_mix(tmp_path):
    target = make_environment(tmp_path / "env")
    store_root = str(tmp_path / "store")
    expected = set()
    for version in ("1.0", "2.0"):
        apply_plan(plan_for(wheels_of(Store(store_root, SilentReporter()), version), target), target)
        expected.add(tree_digest(target.prefix))

    children = [forked(lambda: change(target, store_root, number)) for number in range(RUNS)]  # noqa: B023 -- at once
    statuses = [status_of(child) for child in children]

    assert statuses == [0] * RUNS
    assert tree_digest(target.prefix) in expected
    assert len({project.version for project in installed_projects(target).values()}) == 1


def test_the_second_run_waits_and_says_for_whom(tmp_path):
    site = tmp_path / "site"
    (site / ".peep").mkdir(parents=True)
    (site / ".peep" / "holder").write_text("process 4711\x1b")
    code = f"""
import time
from peep.transaction.lock import environment_lock
from peep.reporting import SilentReporter
with environment_lock({str(site)!r}, SilentReporter()):
    open({str(tmp_path / "held")!r}, "w").close()
    time.sleep(1)
"""
    with subprocess.Popen([sys.executable, "-c", code]) as other:
        while not (tmp_path / "held").exists():
            time.sleep(0.01)
        listener = Listener()
        with environment_lock(str(site), listener):
            assert other.wait(5) == 0
    assert listener.notes == [f"waiting for another peep (process 4711) that is changing {site}"]


def test_a_kept_project_that_vanished_makes_the_plan_worthless(tmp_path):
    target = make_environment(tmp_path / "env")
    store = Store(str(tmp_path / "store"), SilentReporter())
    old, new = wheels_of(store, "1.0"), wheels_of(store, "2.0")
    apply_plan(plan_for(old[:1], target), target)
    plan = plan_for(old, target)
    apply_plan(plan_for(new[:1], target), target)
    before = tree_digest(target.prefix)
    with pytest.raises(EnvironmentChangedMeanwhile, match=r"alpha 1\.0"):
        apply_plan(plan, target)

    assert tree_digest(target.prefix) == before
