"""Whatever file a run is given to parse, it ends, in little memory, and says which one is too long (THREATS R17)."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from support.scenario_run import peep_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory, /dev/zero")
PIN = f"demo==1.0 --hash=sha256:{'0' * 64}\n"
LOCK = 'lock-version = "1.0"\ncreated-by = "hand"\n'
TOO_LONG = "it is longer than the 16 MiB that are read"


def peep(here: Path, *words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    """Run peep with no more than 1.5 GB of addresses, for no more than a minute."""
    limited = ["/bin/sh", "-c", 'ulimit -v 1500000; exec "$@"', "sh", *peep_command(), *words]
    environ = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    return subprocess.run(limited, cwd=here, env=environ, capture_output=True, timeout=60, check=False, **more)


def complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    assert done.returncode in {1, 2}, done.stderr.decode()[-2000:]
    assert b"Traceback" not in done.stderr
    return (done.stderr + done.stdout).decode()


@pytest.mark.parametrize(
    "words",
    [
        ["install", "-r", "/dev/zero"],
        ["install", "-r", "zero.txt"],
        ["install", "-r", "includes.txt"],
        ["install", "-r", "pins.txt", "-c", "/dev/zero"],
        ["install", "-r", "pins.txt", "--build-constraint", "/dev/zero"],
        ["install", "-r", "pylock.zero.toml"],
        ["download", "-r", "/dev/zero"],
        ["wheel", "-r", "/dev/zero"],
        ["sync", "-r", "/dev/zero"],
        ["verify", "-r", "/dev/zero"],
        ["port", "/dev/zero"],
    ],
    ids=" ".join,
)
def test_a_device_without_end(tmp_path: Path, words: list[str]):
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    (tmp_path / "pylock.zero.toml").symlink_to("/dev/zero")
    (tmp_path / "includes.txt").write_text(f"{PIN}-r /dev/zero\n")
    (tmp_path / "pins.txt").write_text(PIN)
    told = complaint(peep(tmp_path, *words))
    if "--build-constraint" not in words:  # which only a build reads
        assert TOO_LONG in told


@pytest.mark.parametrize(
    "words", [["install", "-r", "-"], ["port", "-"], ["install", "-r", "/dev/stdin"]], ids=" ".join
)
def test_a_pipe_without_end(tmp_path: Path, words: list[str]):
    with subprocess.Popen(["yes", "# yes"], stdout=subprocess.PIPE) as endless:
        told = complaint(peep(tmp_path, *words, stdin=endless.stdout))
        endless.kill()
    assert TOO_LONG in told


def test_a_lock_file_with_a_key_of_very_many_segments(tmp_path: Path):
    (tmp_path / "pylock.toml").write_text(LOCK + ".".join(["a"] * 50_000) + " = 1\n")
    told = complaint(peep(tmp_path, "install", "-r", "pylock.toml"))
    assert told == "error: pylock.toml:3: a key has more than 32 segments\n"


def test_a_lock_file_that_is_nested_deeply(tmp_path: Path):
    (tmp_path / "pylock.toml").write_text(LOCK + "a = " + "[" * 100_000 + "\n")
    told = complaint(peep(tmp_path, "install", "-r", "pylock.toml"))
    assert told == "error: pylock.toml:1: it is nested more than 100 deep\n"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("dotted", "its pyproject.toml cannot be read: a key has more than 32 segments (at line 1, column 1)"),
        ("deep", "its pyproject.toml cannot be read: it is nested more than 100 deep"),
        ("zero", "pyproject.toml cannot be read: Too many levels of symbolic links"),
        ("pipe", "pyproject.toml is no regular file"),
    ],
)
def test_the_pyproject_of_a_local_tree(tmp_path: Path, kind: str, reason: str):
    tree = tmp_path / "tree"
    tree.mkdir()
    place = tree / "pyproject.toml"
    if kind == "zero":
        place.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.write_text(".".join(["a"] * 50_000) + " = 1\n" if kind == "dotted" else "a = " + "[" * 50_000)
    told = complaint(peep(tmp_path, "install", "--target", "out", "--trust-local", ".", "./tree"))
    assert "its files do not state its name" in told  # which they might, if they could be read
    told = complaint(peep(tmp_path, "install", "--target", "out", "--trust-local", ".", "./tree#egg=demo"))
    assert reason in told


@pytest.mark.parametrize("content", ["zero", "pipe", "deep"])
def test_files_of_an_environment(tmp_path: Path, content: str):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    for number, name in enumerate(["RECORD", "METADATA", "direct_url.json", "provenance_url.json", "INSTALLER"]):
        folder = site / f"demo{number}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: demo{number}\nVersion: 1.0\n\n")
        (folder / name).unlink(missing_ok=True)
        if content == "zero":
            (folder / name).symlink_to("/dev/zero")
        elif content == "pipe":
            os.mkfifo(folder / name)
        else:
            (folder / name).write_text('{"url": ' + "[" * 100_000)
    (tmp_path / "pins.txt").write_text(PIN)
    python = ["--python", str(tmp_path / "env" / "bin" / "python")]
    statuses = {"verify": 1, "freeze --hashes": 1, "digest": 0, "install -r pins.txt": 1, "sync -r pins.txt": 1}
    for words, status in statuses.items():
        done = peep(tmp_path, *words.split(), *python)
        assert (words, done.returncode) == (words, status), done.stderr.decode()[-2000:]
        assert b"Traceback" not in done.stderr


def test_a_pyvenv_cfg_without_end(tmp_path: Path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    place = tmp_path / "env" / "pyvenv.cfg"
    place.write_text(place.read_text() + "# long\n" * 1_000_000)
    done = peep(tmp_path, "verify", "--python", str(tmp_path / "env" / "bin" / "python"))
    assert done.returncode in {0, 1}
    assert b"Traceback" not in done.stderr


def test_remembered_facts_without_end(tmp_path: Path):
    store = Path(os.environ["PEEP_STORE"])
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = str(tmp_path / "env" / "bin" / "python")
    assert peep(tmp_path, "freeze", "--hashes", "--python", python).returncode == 0
    facts = [path for path in store.rglob("*") if path.is_file() and "remembered" in str(path)]
    assert facts
    for path in facts:
        path.unlink()
        path.symlink_to("/dev/zero")
    done = peep(tmp_path, "freeze", "--hashes", "--python", python)
    assert (done.returncode, done.stderr) == (0, b"")
