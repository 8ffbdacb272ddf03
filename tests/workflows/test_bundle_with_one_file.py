"""The one file inside of a bundle, made from the real index: it installs from the bundle that carries it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.environment_tree import make_environment

pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.process]
PIN = "idna==3.10 --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n"
TARGETS = ("--target", "here", "--target", "cp313-win_amd64")


def run(folder: Path, command: list[str], environ: dict[str, str]) -> str:
    asked = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    return asked.stdout


def test_the_edition_inside_installs_from_its_bundle_where_no_network_is(tmp_path, machine_environment):
    (tmp_path / "r.txt").write_text(PIN)
    words = ["bundle", "create", "-r", "r.txt", *TARGETS, "made"]
    run(tmp_path, [sys.executable, "-m", "peep", *words], machine_environment)
    place = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "made", place / "vendor", copy_function=shutil.copyfile)
    shutil.copyfile(tmp_path / "r.txt", place / "r.txt")
    make_environment(place / "env")
    bare = {"PATH": os.environ["PATH"], "HOME": str(place), "PEEP_STORE": str(place / "store")}
    may_cut_off = shutil.which("unshare") and not subprocess.run(["unshare", "-rn", "true"], check=False).returncode
    edition = [*(["unshare", "-rn"] if may_cut_off else []), sys.executable, "-I", "vendor/peep.pyz"]
    digest = run(place, [*edition, "bundle", "check", "vendor"], bare).splitlines()[-1].rpartition(" ")[2]
    run(place, [*edition, "install", "--python", "env", "--bundle", "vendor", "-r", "r.txt"], bare)
    assert [path.name for path in place.glob("env/lib/python*/site-packages/idna*")] == ["idna", "idna-3.10.dist-info"]
    run(place, [*edition, "verify", "--python", "env", "--bundle", "vendor", "--bundle-digest", digest], bare)
    again = run(place, [*edition, "bundle", "unpack", "vendor", "copy"], bare)
    assert again.splitlines()[-1] == f"bundle {digest}"
    assert (place / "copy" / "peep.pyz").read_bytes() == (tmp_path / "made" / "peep.pyz").read_bytes()
