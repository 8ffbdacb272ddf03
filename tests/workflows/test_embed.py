"""`peep embed` on the real libraries: needs an index that has them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from support.scenario import parse_scenarios
from support.scenario_run import run_scenario

pytestmark = [pytest.mark.network]
PAGE = Path(__file__).parents[2] / "docs" / "embedding.md"
SCENARIOS = Path(__file__).parents[1] / "scenarios"
CLOCK_TICK = 0.01
"""Seconds: what the times of children are counted in."""
START_LIMIT = 15
"""Times the processor time of a Python that does nothing: under 0.25 s where that takes 16 ms; it takes 5 to 9."""


def embedded(folder: Path, environ: dict[str, str], command: list[str], umask: int = 0o022) -> bytes:
    folder.mkdir()
    out = folder / "out.pyz"
    subprocess.run([*command, "embed", "-q", "-o", str(out)], env=environ, cwd=folder, check=True, umask=umask)
    return out.read_bytes()


def other_pythons() -> list[str]:
    """Interpreters that this machine has beside the running one."""
    found = []
    for minor in range(10, 16):
        name = f"python3.{minor}"
        result = subprocess.run([name, "-c", "pass"], capture_output=True, check=False) if shutil.which(name) else None
        if result is not None and result.returncode == 0 and minor != sys.version_info.minor:
            found.append(name)
    return found


@pytest.fixture
def edition(tmp_path: Path, machine_environment: dict[str, str]) -> Path:
    embedded(tmp_path / "first", machine_environment, [sys.executable, "-m", "peep"])
    return tmp_path / "first" / "out.pyz"


def test_the_same_bytes_in_any_folder_umask_time_zone_and_python(
    edition: Path, tmp_path: Path, machine_environment: dict[str, str]
):
    elsewhere = {**machine_environment, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    again = embedded(tmp_path / "second", elsewhere, [sys.executable, "-m", "peep"], umask=0o077)
    assert again == edition.read_bytes()
    for number, python in enumerate(other_pythons()):
        by_itself = embedded(tmp_path / f"by-{number}", elsewhere, [python, str(edition)])
        assert by_itself == edition.read_bytes(), python


def test_it_checks_what_was_committed(edition: Path, machine_environment: dict[str, str]):
    command = [sys.executable, "-m", "peep", "embed", "--check", str(edition)]
    assert subprocess.run(command, env=machine_environment, check=False).returncode == 0
    edition.write_bytes(edition.read_bytes() + b"x")
    assert subprocess.run(command, env=machine_environment, check=False).returncode == 1


def test_the_page_tells_its_size(edition: Path):
    """docs/embedding.md: the file, what a repository keeps of it, and its three parts, in megabytes."""
    content = edition.read_bytes()
    with zipfile.ZipFile(edition) as members:
        sizes = {one.filename: one.file_size for one in members.infolist()}
    own = sum(size for name, size in sizes.items() if name.startswith("peep/"))
    launchers = sum(size for name, size in sizes.items() if name.endswith(".exe"))
    real = [len(content), len(zlib.compress(content)), own, launchers, sum(sizes.values()) - own - launchers]
    line = next(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("The file has "))
    told = [float(number) for number in re.findall(r"([\d.]+) MB", line)]

    assert len(told) == len(real)
    assert [pair for pair in zip(told, real, strict=True) if abs(pair[0] - pair[1] / 1e6) > 0.15] == []


@pytest.mark.skipif(os.name == "nt", reason="processor time of children is told on POSIX only")
@pytest.mark.parametrize("words", [["--version"], ["help"], ["hash", __file__], ["audit", "--help"]])
def test_it_starts_quickly(edition: Path, words: list[str], machine_environment: dict[str, str]):
    """Processor time against that of a bare interpreter, in turn: no claim about this machine. The best of three."""
    idle = min(seconds([sys.executable, "-I", "-c", ""], machine_environment) for _ in range(3))
    best = min(seconds([sys.executable, "-I", str(edition), *words], machine_environment) for _ in range(3))
    assert best < START_LIMIT * max(idle, CLOCK_TICK)


def seconds(command: list[str], environ: dict[str, str]) -> float:
    before = os.times()
    subprocess.run(command, env=environ, capture_output=True, check=False)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@pytest.mark.slow
def test_every_scenario_plays_the_same(
    edition: Path, machine_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The scenarios of `tests/scenarios`, with the one file in place of the installed peep."""
    del machine_environment  # only the making of the file needs the machine's index
    monkeypatch.setenv("PEEP_COMMAND", shlex.join([sys.executable, str(edition)]))
    paths = sorted(SCENARIOS.glob("*.txt"))
    if "PEEP_BIG_TESTS" not in os.environ:  # all of them take over five minutes, since bytecode is made anew each time
        paths = [path for path in paths if path.name in {"verify.txt", "hash.txt", "port.txt"}]
    scenarios = [one for path in paths for one in parse_scenarios(path.read_text("utf-8"))]
    complaints = []
    for number, scenario in enumerate(scenarios):
        folder = tmp_path / f"scenario-{number}"
        folder.mkdir()
        monkeypatch.setenv("PEEP_STORE", str(tmp_path / f"store-{number}"))
        complaints += [f"{scenario.title}: {complaint}" for complaint in run_scenario(scenario, folder)]
    assert scenarios
    assert not complaints, "\n".join(complaints)
