"""Killed at any step, an environment is the old one or the new one after the next run has looked at it (promise 5)."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from peep.environment.installed import installed_projects
from peep.errors import EnvironmentChangeError
from peep.model import InstallPlan
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.transaction.apply import ApplyOptions, apply_plan, recover
from support.environment_tree import make_environment, plan_for, tree_digest
from support.forks import forked, status_of
from support.memory_wheel import MemoryWheel

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills a forked copy of itself")


class Dies:
    """Ends the process at the step with this number, as `kill -9` does."""

    def __init__(self, number: int) -> None:
        self.left = number

    def reached(self, step: str) -> None:
        del step
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


class Fails(Dies):
    """Raises at the step with this number, once."""

    def reached(self, step: str) -> None:
        self.left -= 1
        if self.left == -1:
            raise OSError(28, "No space left on device", step)


class Listens:
    def __init__(self) -> None:
        self.crash_points: list[str] = []

    def reached(self, step: str) -> None:
        self.crash_points.append(step)


def in_a_process_that_dies(action: Callable[[], object]) -> bool:
    """Run `action` in a copy of this process; whether it was killed rather than done."""
    status = status_of(forked(action))
    assert status in {0, -signal.SIGKILL}
    return status != 0


OLD = {
    "same": {"same/__init__.py": "", "same/sub/a.py": "a = 1\n"},
    "grown": {"grown/__init__.py": "V = 1\n", "grown/old/x.py": "", "grown_top.py": "", "ns/grown/a.py": ""},
    "shared": {"ns/shared/__init__.py": "", "shared.py": "", "shared-1.0.data/data/share/shared/a": "1"},
    "gone": {"gone/__init__.py": "", "ns/gone.py": "", "gone-1.0.data/scripts/gone": "#!python\n"},
}
NEW = {
    "grown": {"grown/__init__.py": "V = 2\n", "grown/new/y.py": "", "ns/grown/b.py": "", "ns/grown/a.py": "# 2\n"},
    "shared": {"ns/shared/__init__.py": "# 2\n", "shared.py": "# 2\n", "shared-2.0.data/data/share/shared/b": "2"},
    "fresh": {"fresh/__init__.py": "", "ns/fresh.py": "", "fresh.libs/lib.so": "so"},
}


class Scene:
    """An environment with old projects, a plan for new ones, and the digests of both."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(str(folder / "store"), SilentReporter())
        self.target = make_environment(folder / "env")
        self.backup = folder / "backup"
        old = [self._wheel(name, "1.0", files) for name, files in OLD.items()]
        apply_plan(plan_for(old, self.target), self.target)
        site = Path(self.target.paths["purelib"])
        (site / "ns" / "mine.txt").write_text("a file of nobody")
        (site / "grown" / "old" / "mine.txt").write_text("a file of nobody")
        (site / "same" / "__pycache__").mkdir()
        (site / "grown" / "__pycache__").mkdir()
        (site / "grown" / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"bytecode")
        shutil.copytree(self.target.prefix, self.backup, symlinks=True)
        self.before = tree_digest(self.target.prefix)
        new = [self._wheel(name, "2.0" if name in OLD else "1.0", files) for name, files in NEW.items()]
        plan = plan_for([*new, old[0]], self.target)
        self.plan: InstallPlan = replace(plan, remove=(installed_projects(self.target)["gone"],))
        listening = Listens()
        apply_plan(self.plan, self.target, crash_points=listening)
        self.crash_points = listening.crash_points
        self.after = tree_digest(self.target.prefix)
        self.restore()

    def _wheel(self, name, version, files):
        entry_points = {"console_scripts": {f"{name}-tool": f"{name}:main"}}
        return self.store.add(MemoryWheel(name, version, files=files, entry_points=entry_points))

    def restore(self) -> None:
        if self.digest() == self.before:
            return  # thousands of freshly removed folders would make every later test slower on ext4
        shutil.rmtree(self.target.prefix)
        shutil.copytree(self.backup, self.target.prefix, symlinks=True)

    def digest(self) -> str:
        return tree_digest(self.target.prefix)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    found = Scene(tmp_path_factory.mktemp("crash"))
    assert found.before != found.after
    assert len(found.crash_points) > 30
    return found


def test_killed_at_every_step(scene):
    outcomes = []
    for number in range(len(scene.crash_points)):
        scene.restore()
        assert in_a_process_that_dies(lambda: apply_plan(scene.plan, scene.target, crash_points=Dies(number)))  # noqa: B023
        said = recover(scene.target)
        outcomes.append({scene.before: "old", scene.after: "new"}.get(scene.digest(), "half"))
        assert said is not None, scene.crash_points[number]
        assert recover(scene.target) is None

    assert "half" not in outcomes, [
        step for step, was in zip(scene.crash_points, outcomes, strict=True) if was == "half"
    ]
    turn = outcomes.index("new")
    assert set(outcomes[:turn]) == {"old"}
    assert set(outcomes[turn:]) == {"new"}
    assert scene.crash_points[turn] == "committed"


def test_killed_again_while_repairing(scene):
    for number in (
        3,
        scene.crash_points.index("move 0") + 9,
        scene.crash_points.index("commit"),
        len(scene.crash_points) - 2,
    ):
        repair_steps = 0
        while True:
            scene.restore()
            assert in_a_process_that_dies(lambda: apply_plan(scene.plan, scene.target, crash_points=Dies(number)))  # noqa: B023
            died = in_a_process_that_dies(lambda: recover(scene.target, crash_points=Dies(repair_steps)))  # noqa: B023
            recover(scene.target)
            assert scene.digest() in {scene.before, scene.after}
            if not died:
                break
            repair_steps += 1
        assert repair_steps > 0


def test_the_next_run_repairs_and_then_does_its_work(scene):
    for number in range(0, len(scene.crash_points), 7):
        scene.restore()
        assert in_a_process_that_dies(lambda: apply_plan(scene.plan, scene.target, crash_points=Dies(number)))  # noqa: B023
        apply_plan(scene.plan, scene.target)

        assert scene.digest() == scene.after


def test_an_error_at_any_step_before_the_commit_undoes_everything(scene):
    for number, step in enumerate(scene.crash_points):
        if step == "committed":
            break
        scene.restore()
        with pytest.raises(EnvironmentChangeError, match=r"No space left on device; it is as it was"):
            apply_plan(scene.plan, scene.target, ApplyOptions(), crash_points=Fails(number))
        assert scene.digest() == scene.before, step
        assert recover(scene.target) is None


def test_an_error_while_tidying_up_leaves_the_new_environment_and_the_rest_to_the_next_run(scene):
    tidying = scene.crash_points.index("committed") + 1
    assert tidying < len(scene.crash_points)
    for number in range(tidying, len(scene.crash_points)):
        scene.restore()
        apply_plan(scene.plan, scene.target, ApplyOptions(), crash_points=Fails(number))
        recover(scene.target)
        assert scene.digest() == scene.after


def test_a_target_folder_that_a_killed_run_made_is_gone_again(scene, tmp_path):
    folder = tmp_path / "made" / "here"
    paths = {**dict.fromkeys(("purelib", "platlib", "data"), str(folder)), "scripts": str(folder / "bin")}
    target = replace(scene.target, paths={**paths, "headers": str(folder / "include")})
    plan = replace(scene.plan, keep=(), remove=(), replace=())
    for number in (0, 5):
        assert in_a_process_that_dies(lambda: apply_plan(plan, target, crash_points=Dies(number)))  # noqa: B023
        assert folder.exists()
        recover(target)
        assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["journal", "undone", "committed"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"format": 1}',
        "[" * 100_000,
        '{"format": 99, "moves": [], "works": ["."], "emptied": [], "made": []}',
        '{"format": 1, "moves": [["o/0", "../../../../../../victim"]], "works": ["."], "emptied": [], "made": []}',
        '{"format": 1, "moves": [["../a", "../b"]], "works": ["."], "emptied": [], "made": []}',
        '{"format": 1, "moves": [], "works": ["../grown"], "emptied": [], "made": []}',
        '{"format": 1, "moves": [], "works": ["."], "emptied": ["/tmp"], "made": []}',
        '{"format": 1, "moves": [], "works": ["."], "emptied": [], "made": ["../grown"]}',
        '{"format": 1, "moves": [["a"]], "works": ["."], "emptied": [], "made": []}',
    ],
)
def test_a_planted_journal_is_not_obeyed(scene, text, name):
    scene.restore()
    work = Path(scene.target.paths["purelib"], ".peep")
    work.mkdir()
    (work / name).write_text(text)
    before = scene.digest()
    with pytest.raises(EnvironmentChangeError, match=name):
        recover(scene.target)

    assert scene.digest() == before
