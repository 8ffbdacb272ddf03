"""Environments that may be moved (`uv venv --relocatable`): their programs find the interpreter beside themselves."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from support.command import peep
from support.neighbours import uv
from support.wheels import wheel_bytes, wheel_filename

pytestmark = pytest.mark.skipif(os.name == "nt", reason="programs are executables there")


def install(folder: Path, *more: str) -> None:
    scripts = {"console_scripts": {"demo": "demo:main"}}
    files = {
        "demo.py": "import sys\n\ndef main():\n    print('demo', sys.prefix)\n",
        "demo-1.0.data/scripts/tool": "#!python\nimport sys\nprint('tool', sys.prefix)\n",
    }
    content = wheel_bytes("demo", "1.0", files=files, entry_points=scripts)
    (folder / wheel_filename("demo", "1.0")).write_bytes(content)
    (folder / "r.txt").write_text(f"demo==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n")
    ended = peep("install", "--no-index", "-f", ".", "-r", "r.txt", "--python", "env", *more, cwd=folder)
    assert ended.returncode == 0, ended


def says_where_it_is(place: Path) -> bool:
    said = [subprocess.check_output([place / "bin" / name], text=True).strip() for name in ("demo", "tool")]
    return said == [f"demo {place}", f"tool {place}"]


@pytest.mark.parametrize("maker", ["uv", "venv"])
def test_it_runs_and_is_proven_wherever_it_goes(tmp_path: Path, maker: str):
    place = tmp_path / "env"
    if maker == "uv":
        subprocess.run([uv(), "venv", "-q", "--relocatable", "-p", sys.executable, place], check=True)
    else:
        venv.create(place, with_pip=False, symlinks=True)
        for script in place.glob("bin/[aA]ctivate*"):
            script.unlink()
        settings = (place / "pyvenv.cfg").read_text()
        (place / "pyvenv.cfg").write_text(f"{settings}relocatable = true\n")
    install(tmp_path)
    digest = peep("digest", "--python", "env", cwd=tmp_path).stdout
    for name in ("demo", "tool"):
        assert str(tmp_path).encode() not in (place / "bin" / name).read_bytes()
    (tmp_path / "else where").mkdir()
    moved = place.rename(tmp_path / "else where" / "moved")
    (tmp_path / "link").symlink_to(moved / "bin" / "demo")
    assert says_where_it_is(moved)
    assert subprocess.check_output([tmp_path / "link"], text=True).split()[0] == "demo"
    if maker == "uv":  # the others write where they were into pyvenv.cfg, and peep looks at that as well
        ended = peep("verify", "--python", moved, cwd=tmp_path)
        assert (ended.returncode, ended.stdout.partition(":")[0]) == (0, "proven"), ended
    assert peep("digest", "--python", moved, cwd=tmp_path).stdout == digest


def test_a_program_with_the_path_is_the_same_program(tmp_path: Path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    install(tmp_path)
    digest = peep("digest", "--python", "env", cwd=tmp_path).stdout
    with (tmp_path / "env" / "pyvenv.cfg").open("a") as settings:
        settings.write("relocatable = true\n")
    assert peep("verify", "--python", "env", cwd=tmp_path).stdout.startswith("proven")
    install(tmp_path, "--force-reinstall")
    assert b"realpath" in (tmp_path / "env/bin/demo").read_bytes()
    assert peep("verify", "--python", "env", cwd=tmp_path).stdout.startswith("proven")
    assert peep("digest", "--python", "env", cwd=tmp_path).stdout == digest


def test_another_program_beside_it_is_not_its_interpreter(tmp_path: Path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    with (tmp_path / "env" / "pyvenv.cfg").open("a") as settings:
        settings.write("relocatable = true\n")
    install(tmp_path)
    program = tmp_path / "env/bin/demo"
    program.write_bytes(program.read_bytes().replace(b"'python'", b"'tool'"))
    assert "altered-launcher" in peep("verify", "--python", "env", cwd=tmp_path).stdout


def test_another_place_than_the_environment_gets_the_path(tmp_path: Path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    with (tmp_path / "env" / "pyvenv.cfg").open("a") as settings:
        settings.write("relocatable = true\n")
    install(tmp_path, "--prefix", str(tmp_path / "prefix"))
    assert (tmp_path / "prefix/bin/demo").read_text().startswith(f"#!{tmp_path}/env/bin/python\n")
