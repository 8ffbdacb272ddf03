"""File names beyond ASCII where names of files are in another encoding than UTF-8, and names that are in none."""

from __future__ import annotations

import hashlib
import os
import sys
import venv
from pathlib import Path

import pytest

from support.command import peep
from support.wheels import sdist_bytes, wheel_bytes, wheel_filename

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of files are in UTF-8 there")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def listed(folder: Path, filename: str, content: bytes) -> str:
    (folder / filename).write_bytes(content)
    name = filename.partition("-")[0]
    (folder / f"{name}.txt").write_text(f"{name}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n")
    return f"{name}.txt"


def install(place: Path, requirements: str, environ: dict[str, str]):
    arguments = ("install", "--no-index", "-f", ".", "-r", requirements, "--python", "env")
    ended = peep(*arguments, cwd=place, environ=environ)
    assert "bug in peep" not in ended.stderr
    return ended


@pytest.fixture(params=["plain", "\xf6dd"])
def place(request, tmp_path: Path) -> Path:
    folder = tmp_path / request.param
    folder.mkdir()
    venv.create(folder / "env", with_pip=False)
    return folder


def test_a_wheel_with_such_names_is_refused_with_what_to_set(place: Path):
    file = listed(place, wheel_filename("demo", "1.0"), wheel_bytes("demo", "1.0", files={"demo/\xe9.py": ""}))
    ended = install(place, file, ASCII)
    assert ended.returncode == 1
    assert "brings 'demo/\\xe9.py'" in ended.stderr
    assert "set PYTHONUTF8=1" in ended.stderr
    assert not list((place / "env").rglob("demo*"))
    assert install(place, file, {**ASCII, "PYTHONUTF8": "1"}).returncode == 0


def test_an_sdist_with_such_names_is_refused_with_what_to_set(place: Path):
    file = listed(place, "source-1.0.tar.gz", sdist_bytes("source", "1.0", files={"\xfc.txt": "x"}))
    ended = install(place, file, ASCII)
    assert ended.returncode == 1
    assert "names of files are written in ascii here" in ended.stderr
    assert "set PYTHONUTF8=1" in ended.stderr


def test_a_folder_of_such_a_name_is_no_hindrance(place: Path):
    scripts = {"console_scripts": {"demo": "demo:main"}}
    content = wheel_bytes("demo", "1.0", files={"demo.py": "def main():\n    print('runs')\n"}, entry_points=scripts)
    file = listed(place, wheel_filename("demo", "1.0"), content)
    assert install(place, file, ASCII).returncode == 0
    assert os.fsencode(place / "env") in (place / "env/bin/demo").read_bytes()
    digests = set()
    for environ in (ASCII, {}):
        ended = peep("verify", "--python", "env", cwd=place, environ=environ)
        assert (ended.returncode, ended.stderr) == (0, ""), ended
        digests.add(peep("digest", "--python", "env", cwd=place, environ=environ).stdout)
    assert len(digests) == 1


def test_a_name_that_is_no_text_in_a_folder_of_archives_is_no_hindrance(place: Path):
    file = listed(place, wheel_filename("demo", "1.0"), wheel_bytes("demo", "1.0"))
    Path(os.fsdecode(os.fsencode(place) + b"/\xff\xfe-1.0.zip")).write_bytes(b"x")
    for environ in ({}, ASCII):
        assert install(place, file, environ).returncode == 0
