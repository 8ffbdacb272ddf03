"""Several runs at once on one environment: each reports what it did itself."""

from __future__ import annotations

import hashlib
import os
import re
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.command import peep
from support.wheels import wheel_bytes, wheel_filename

PROJECTS = ("alpha", "beta", "gamma")
RUNS = 3


def test_the_installed_projects_of_all_runs_add_up(tmp_path: Path):
    lines = []
    for name in PROJECTS:
        content = wheel_bytes(name, "1.0", files={f"{name}/{number}.py": "" for number in range(100)})
        (tmp_path / wheel_filename(name, "1.0")).write_bytes(content)
        lines.append(f"{name}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n")
    (tmp_path / "r.txt").write_text("".join(lines))
    venv.create(tmp_path / "env", with_pip=False, symlinks=os.name != "nt")
    arguments = ("install", "--no-index", "-f", ".", "-r", "r.txt", "--python", "env")
    with ThreadPoolExecutor(RUNS) as pool:
        ended = list(pool.map(lambda _: peep(*arguments, cwd=tmp_path), range(RUNS)))
    assert [one.returncode for one in ended] == [0] * RUNS, ended
    added = [line for one in ended for line in one.stdout.splitlines() if line.startswith("+ ")]
    assert sorted(added) == [f"+ {name} 1.0" for name in PROJECTS]
    counts = [re.search(r"installed (\d+)", one.stdout) for one in ended]
    assert sum(int(count[1]) for count in counts if count) == len(PROJECTS)
