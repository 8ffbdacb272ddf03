"""Locks of real stacks, from the index that pip is configured with, judged by pip, uv and packaging."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from peep.formats.documents import parse_toml
from support.command import peep
from support.neighbours import uv

pytestmark = [pytest.mark.network, pytest.mark.process, pytest.mark.slow]
STACKS = {
    "web": ("django>=5", "djangorestframework", "celery[redis]", "gunicorn", "psycopg[binary]", "uvicorn[standard]"),
    "data": ("jupyterlab", "pandas", "matplotlib", "scikit-learn"),
}
ELSEWHERE = {"cp312-macosx_14_0_arm64": "aarch64-apple-darwin", "cp313-win_amd64": "x86_64-pc-windows-msvc"}
HERE = f"cp3{sys.version_info.minor}-manylinux_2_28_x86_64"


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", params=sorted(STACKS))
def folder(request, tmp_path_factory) -> Path:
    """A stack, locked for three unlike targets, as a requirements file and as a lock file."""
    place = tmp_path_factory.mktemp(request.param)
    (place / "requirements.in").write_text("\n".join(STACKS[request.param]) + "\n")
    targets = [word for name in (HERE, *ELSEWHERE) for word in ("--target", name)]
    for output in ("requirements.txt", "pylock.toml"):
        done = peep("lock", *targets, "--store", place / "store", "requirements.in", "-o", output, cwd=place)
        assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.mark.skipif(sys.platform != "linux", reason="locked for Linux, and for machines that are not here")
def test_pip_takes_it_with_its_hashes(folder):
    options = ("--dry-run", "--ignore-installed", "--require-hashes", "--only-binary", ":all:")
    run(sys.executable, "-m", "pip", "install", *options, "-r", "requirements.txt", cwd=folder)


def test_uv_finds_the_same_versions_for_each_target(folder):
    text = (folder / "requirements.txt").read_text()
    listed = {line.split()[0].partition("[")[0].partition("==")[0] for line in text.splitlines() if "==" in line[:60]}
    for target, platform in ELSEWHERE.items():
        where = ("--python-version", f"3.{target[3:5]}", "--python-platform", platform)
        words = ("--no-config", "pip", "compile", "-q", "--no-header", "--no-annotate", "requirements.in")
        found = run(uv(), *words, "-c", "requirements.txt", *where, cwd=folder)
        for line in found.split():
            assert line in text or line.partition("==")[0].partition("[")[0] in listed, line
        names = {line.partition("==")[0].partition("[")[0] for line in found.split()}
        assert names <= listed


def test_the_lock_file_is_valid_and_says_the_same(folder):
    document = Pylock.from_dict(parse_toml((folder / "pylock.toml").read_text()))
    text = (folder / "requirements.txt").read_text()
    for package in document.packages:
        assert f"{package.name}==" in text or f"{package.name}[" in text
        assert all(wheel.hashes["sha256"] in text for wheel in package.wheels or ())


def test_again_changes_nothing_and_nothing_is_missing(folder):
    for output in ("requirements.txt", "pylock.toml"):
        done = peep("lock", "--check", "--store", folder / "store", "requirements.in", "-o", output, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        done = peep("check", "--store", folder / "store", "-r", output, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
