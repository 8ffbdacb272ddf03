"""`dev.py example` and `dev.py embed`, as a newcomer runs them in a clone: set-up, and the circle on real input."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.network, pytest.mark.slow]
WALK = (
    "lock", "vetting excuse", "diff", "certify", "examine", "install", "verify", "digest", "advisories fetch", "audit",
    "bundle create", "install", "digest",
)  # fmt: skip


def dev(words: list[str], folder: Path, environ: dict[str, str]) -> str:
    """What `dev.py` prints; it has to end with 0."""
    asked = [sys.executable, str(ROOT / "dev.py"), *words]
    once = {**environ, "PIP_RETRIES": "0"}  # advisories of today may not be had
    ended = subprocess.run(asked, cwd=folder, env=once, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_example_walks_the_whole_circle(tmp_path: Path, machine_environment: dict[str, str]):
    told = dev(["example"], tmp_path, machine_environment)
    steps = [step for step in re.findall(r"^\$ peep (.*)$", told, re.MULTILINE) if " before.txt" not in step]
    digests = re.findall(r"^[0-9a-f]{64}$", told, re.MULTILINE)

    assert [named for named, step in zip(WALK, steps, strict=True) if not step.startswith(named)] == []
    assert len(digests) == 2
    assert len(set(digests)) == 1  # from the index, and from the bundle
    assert told.splitlines()[-2:][0].startswith("# The application answers")
    assert told.endswith("every byte of what serves this page is listed by its sha256\n")


def test_embed_makes_the_one_file_where_it_is_called(tmp_path: Path, machine_environment: dict[str, str]):
    printed = dev(["embed"], tmp_path, machine_environment)
    (tmp_path / "tools").mkdir()
    again = dev(["embed", "tools/peep.pyz"], tmp_path, machine_environment)
    runs = [sys.executable, "-I", "tools/peep.pyz", "--version"]

    assert printed == again
    assert (tmp_path / "peep.pyz").read_bytes() == (tmp_path / "tools" / "peep.pyz").read_bytes()
    assert subprocess.run(runs, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.startswith("peep ")
