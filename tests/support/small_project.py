"""A project as users have one: a source, its lock, records and a one file; and the index that has its archives."""

from __future__ import annotations

import os
import shlex
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from peep.cli.main import run
from support.fake_index import FakeIndex
from support.wheels import wheel_bytes, wheel_filename

ONE_FILE = "import sys\n\nfrom peep.cli.main import main\n\nif __name__ == '__main__':\n    sys.exit(main())\n"
"""In place of `peep embed`, whose libraries come from an index: a script runs whatever its name ends in."""


def index() -> FakeIndex:
    """An index with `alpha`, which needs `beta`."""
    alpha = wheel_bytes("alpha", "1.0", requires=["beta"], files={"alpha/__init__.py": "print('alpha is here')\n"})
    return FakeIndex(
        {
            "alpha": {wheel_filename("alpha", "1.0"): alpha},
            "beta": {wheel_filename("beta", "2.0"): wheel_bytes("beta", "2.0")},
        }
    )


def project(folder: Path, running: FakeIndex) -> Path:
    """Make it in `folder`, which has to be the working folder: locked for this interpreter, all of it excused."""
    (folder / "requirements.in").write_text("alpha\n")
    place = ["-i", running.simple_url]
    assert run(["lock", "-q", "--target", "here", *place]) == 0
    until = f"{datetime.now(timezone.utc) + timedelta(days=30):%Y-%m-%d}"
    why = ["--until", until, "--why", "in use", "--by", "Somebody"]
    assert run(["vetting", "excuse", "-q", "-r", "requirements.txt", *why]) == 0
    (folder / "tools").mkdir()
    (folder / "tools" / "peep.pyz").write_text(ONE_FILE)
    (folder / "app.py").write_text("import alpha\n")
    return folder


def programs(folder: Path) -> dict[str, str]:
    """Environment variables whose PATH has a `python`, a `python3` and a `peep` that are the ones under test."""
    folder.mkdir()
    for name, words in {"python": [], "python3": [], "peep": ["-m", "peep"]}.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *words])} "$@"\n')
        script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
