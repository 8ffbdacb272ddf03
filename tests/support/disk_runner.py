"""Run inside a mount namespace of its own by `tests/environment/test_disks.py`: transactions on disks that misbehave.

`python -m support.disk_runner full|readonly|overlay|devices FOLDER` prints what happened as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from peep.environment.installed import installed_projects
from peep.errors import EnvironmentChangeError
from peep.model import InstallPlan, StoredWheel, TargetEnvironment
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.transaction.apply import apply_plan, recover
from support.environment_tree import make_environment, plan_for, tree_digest
from support.memory_wheel import MemoryWheel
from support.mounts import fill

assert sys.platform == "linux"  # type checkers for other systems read no further

_OLD = {"pkg/__init__.py": "V = 1\n", "pkg/deep/er/a.py": "x" * 3000, "pkg_top.py": "", "ns/a.py": ""}
_NEW = {"pkg/__init__.py": "V = 2\n", "pkg/deep/er/b.py": "y" * 9000, "pkg_new/__init__.py": "z" * 30000, "ns/b.py": ""}


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _wheels(folder: Path) -> tuple[StoredWheel, StoredWheel]:
    store = Store(str(folder / "store"), SilentReporter())
    old = store.add(MemoryWheel("pkg", "1.0", files=_OLD))
    return old, store.add(MemoryWheel("pkg", "2.0", files=_NEW, entry_points={"console_scripts": {"pkg": "pkg:x"}}))


def _installed(wheel: StoredWheel, target: TargetEnvironment) -> str:
    """'' when it worked, the error otherwise."""
    try:
        apply_plan(plan_for([wheel], target), target)
    except EnvironmentChangeError as error:
        return str(error)
    return ""


def full(folder: Path) -> dict[str, object]:
    """Upgrade on a small disk with ever less space; each failure must leave the old environment."""
    disk = folder / "disk"
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", "size=640k", "tmpfs", str(disk))
    old, new = _wheels(folder)
    target = make_environment(disk / "env")
    _installed(old, target)
    before = tree_digest(target.prefix)
    errors, broken, successes = [], 0, 0
    for free in range(0, 200_000, 4096):
        filler = fill(disk, free)
        error = _installed(new, target)
        filler.unlink()
        if error:
            errors.append(error)
            broken += recover(target) is not None or tree_digest(target.prefix) != before
        else:
            successes += 1
            _installed(old, target)
            broken += tree_digest(target.prefix) != before
    return {"errors": sorted(set(errors)), "failures": len(errors), "successes": successes, "broken": broken}


def readonly(folder: Path) -> dict[str, object]:
    """Upgrade on a disk that turned read-only."""
    disk = folder / "disk"
    disk.mkdir()
    _mount("-t", "tmpfs", "tmpfs", str(disk))
    old, new = _wheels(folder)
    target = make_environment(disk / "env")
    _installed(old, target)
    before = tree_digest(target.prefix)
    _mount("-o", "remount,ro", str(disk))
    return {"errors": [_installed(new, target)], "broken": tree_digest(target.prefix) != before}


def overlay(folder: Path) -> dict[str, object]:
    """Upgrade what lies in the lower layer of an overlay, as in a container image, and go back."""
    disk = folder / "disk"
    disk.mkdir()
    _mount("-t", "tmpfs", "tmpfs", str(disk))
    for name in ("lower", "upper", "work", "merged"):
        (disk / name).mkdir()
    old, new = _wheels(folder)
    place = folder / "place"
    place.mkdir()
    _mount("--bind", str(disk / "lower"), str(place))
    target = make_environment(place / "env")
    _installed(old, target)
    before = tree_digest(target.prefix)
    options = f"lowerdir={disk / 'lower'},upperdir={disk / 'upper'},workdir={disk / 'work'}"
    _mount("-t", "overlay", "overlay", "-o", options, str(place))
    errors = [_installed(new, target)]
    changed = tree_digest(target.prefix)
    errors.append(_installed(old, target))
    return {"errors": errors, "broken": changed == before or tree_digest(target.prefix) != before}


def devices(folder: Path) -> dict[str, object]:
    """An environment whose scripts lie on another file system than its modules: up, back and away again."""
    disk = folder / "disk"
    disk.mkdir()
    _mount("-t", "tmpfs", "tmpfs", str(disk))
    old, new = _wheels(folder)
    target = make_environment(folder / "env")
    target = replace(target, paths={**target.paths, "scripts": str(disk / "deep" / "bin")})
    empty = tree_digest(folder / "env"), tree_digest(disk)
    errors = [_installed(new, target)]
    program = (disk / "deep" / "bin" / "pkg").exists()
    errors.append(_installed(old, target))
    apply_plan(InstallPlan(remove=tuple(installed_projects(target).values())), target)
    left = [path.name for path in disk.rglob("*") if path.is_file()]
    return {"errors": errors, "program": program, "left": left, "same": tree_digest(folder / "env") == empty[0]}


if __name__ == "__main__":
    chosen = {"full": full, "readonly": readonly, "overlay": overlay, "devices": devices}[sys.argv[1]]
    sys.stdout.write(json.dumps(chosen(Path(sys.argv[2]))))
