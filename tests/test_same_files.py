"""The same hashed file, installed by peep, pip and uv from the same archives: the same files with the same bytes.

What may differ, and nothing else: INSTALLER, where a project came from (PEPs 610 and 710, and uv's note of its own),
the rows of these and of bytecode in RECORD, bytecode, and the text around what a launcher imports and calls. With
PEEP_BIG_TESTS=1 the two large workloads of the benchmarks are compared as well.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from peep.system.files import remove_tree
from support.neighbours import uv
from support.scenario_run import peep_command

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="launchers of Windows are programs, not text"),
]

CHECKOUT = Path(__file__).parents[1]
WEBAPP = CHECKOUT / "examples" / "webapp" / "requirements.txt"
BIG = [CHECKOUT / "benchmarks" / "workloads" / name for name in ("web.txt", "data.txt")]
ALL = [WEBAPP, *BIG] if os.environ.get("PEEP_BIG_TESTS") else [WEBAPP]
PERSONAL = frozenset({"INSTALLER", "direct_url.json", "provenance_url.json", "uv_cache.json", "RECORD"})
"""Files of a `.dist-info` that tell who installed it, and from where."""
FOUND = re.compile(
    r"^from (?P<module>\S+) import (?P<name>\S+)$.*?\bsys\.exit\((?P<call>[\w.]+)\(\)\)", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class NoopRecord:
    """An environment as an installer left it."""

    files: dict[str, tuple[str, bool]]
    """Path -> sha256 and whether it can be executed."""
    launchers: dict[str, tuple[str, ...]]
    """Path -> interpreter, module, imported name, called name."""
    records: dict[str, list[list[str]]]
    """Path of a RECORD -> its rows, sorted, without those that may differ."""


def run(*words: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    quiet = {**(env or os.environ), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_CONFIG": "1"}
    result = subprocess.run(words, capture_output=True, text=True, env=quiet, cwd=cwd, check=False)
    assert result.returncode == 0, f"{words}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module", params=ALL, ids=[path.stem if path != WEBAPP else "webapp" for path in ALL])
def job(request, tmp_path_factory) -> Iterator[Path]:
    """A folder with `requirements.txt`, the same with pip's hashes as `ported.txt`, and the archives in `archives`."""
    folder = tmp_path_factory.mktemp("job")
    shutil.copyfile(request.param, folder / "requirements.txt")
    (folder / "ported.txt").write_text(run(*peep_command(), "port", str(request.param)))
    yield folder
    shutil.rmtree(folder / "archives", ignore_errors=True)


@pytest.fixture
def archives(job: Path, machine_environment: dict[str, str]) -> Iterator[Path]:
    """Fetched once from the index that pip is configured with, by peep itself."""
    folder = job / "archives"
    if not folder.exists():
        command = [*peep_command(), "download", "-q", "-r", "requirements.txt", "-d", "archives"]
        result = subprocess.run(command, env=machine_environment, cwd=job, capture_output=True, text=True, check=False)
        if "could not be fetched" in result.stdout:
            pytest.skip(f"no index: {result.stdout}")
        assert result.returncode == 0, result.stdout + result.stderr
    yield folder
    remove_tree(machine_environment["PEEP_STORE"])


def commands(archives: Path, environment: Path, cache: Path) -> dict[str, list[str]]:
    python, job = str(environment / "bin" / "python"), archives.parent
    source = ["--no-index", "--find-links", str(archives)]
    original, ported = ["-r", str(job / "requirements.txt")], ["--no-deps", "-r", str(job / "ported.txt")]
    strict = ["--require-hashes", "--no-compile"]  # bytecode is not compared
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-cache-dir"]
    in_uv = [uv(), "pip", "install", "-q", "--python", python, "--cache-dir", str(cache / "uv")]
    return {
        "pip": [*pip, *strict, *source, *ported],
        "uv": [*in_uv, "--require-hashes", *source, *ported],
        "peep": [*peep_command(), "install", "-q", "--python", python, *source, *original],
    }


def fresh(environment: Path) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    venv.create(environment, with_pip=False, symlinks=True)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Path]:
    """The same place for all three, one after another, so that paths in files are equal; gone afterwards: it is big."""
    yield tmp_path / "environment"
    for folder in (tmp_path / "environment", tmp_path / "uv", os.environ["PEEP_STORE"]):
        remove_tree(str(folder))


def site(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


def snapshot(environment: Path) -> NoopRecord:
    programs = {str(environment / "bin" / name) for one in installed(environment) for name in scripts(one)}
    files, launchers, records = {}, {}, {}
    for folder, _, names in os.walk(environment):
        for name in names:
            path = Path(folder, name)
            key = path.relative_to(environment).as_posix()
            if path.is_symlink() or "__pycache__" in key or is_ours_to_ignore(path, environment):
                continue
            if str(path) in programs:
                launchers[key] = launcher(path)
            elif name == "RECORD" and path.parent.suffix == ".dist-info":
                records[key] = rows(path)
            elif name not in PERSONAL or path.parent.suffix != ".dist-info":
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                files[key] = (content, bool(path.stat().st_mode & 0o111))
    return NoopRecord(files, launchers, records)


def is_ours_to_ignore(path: Path, environment: Path) -> bool:
    """Locks that uv and peep leave, and what `venv` itself wrote."""
    return path.name == ".lock" or path.parent.name.startswith(".peep") or path == environment / "pyvenv.cfg"


def launcher(path: Path) -> tuple[str, ...]:
    assert os.access(path, os.X_OK)
    text = path.read_text("utf-8")
    found = FOUND.search(text)
    assert found, text
    return text.splitlines()[0], found["module"], found["name"], found["call"]


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        kept = [row for row in csv.reader(file) if Path(row[0]).name not in PERSONAL and not row[0].endswith(".pyc")]
    return sorted(row if "/bin/" not in row[0] else row[:1] for row in kept)


def installed(environment: Path) -> list[Distribution]:
    return list(distributions(path=[str(site(environment))]))


def scripts(project: Distribution) -> list[str]:
    groups = {"console_scripts", "gui_scripts"}
    return [point.name for point in project.entry_points if point.group in groups]


def test_files_bytes_launchers_and_records(archives, environment, tmp_path):
    seen = {}
    for program, command in commands(archives, environment, tmp_path).items():
        fresh(environment)
        run(*command)
        seen[program] = snapshot(environment)
    peeps = seen["peep"]
    assert len(peeps.files) > 100
    assert peeps.launchers
    for other in ("pip", "uv"):
        assert sorted(peeps.files.keys() ^ seen[other].files.keys()) == [], other
        assert [path for path, told in peeps.files.items() if seen[other].files[path] != told] == [], other
        assert peeps.launchers == seen[other].launchers, other
        assert peeps.records == seen[other].records, other


def test_others_accept_what_peep_installed(archives, environment, tmp_path):
    fresh(environment)
    before = {path for path in environment.rglob("*") if path.is_file()}
    run(*commands(archives, environment, tmp_path)["peep"])
    python = str(environment / "bin" / "python")
    listed = {one.name: one.version for one in installed(environment)}
    assert len(listed) == len(list(archives.iterdir()))

    pip = [sys.executable, "-m", "pip", "--python", python]
    of_pip = json.loads(run(*pip, "list", "--format", "json"))
    assert {one["name"]: one["version"] for one in of_pip} == listed
    assert "No broken requirements" in run(*pip, "check")
    of_uv = json.loads(run(uv(), "pip", "list", "--python", python, "--format", "json"))
    assert {normalised(one["name"]) for one in of_uv} == {normalised(name) for name in listed}
    run(uv(), "pip", "check", "--python", python)

    names = sorted(listed)
    run(*pip, "uninstall", "-q", "-y", *names[::2])
    run(uv(), "pip", "uninstall", "-q", "--python", python, *names[1::2])
    left = {path for path in environment.rglob("*") if path.is_file()} - before
    assert {path for path in left if not is_ours_to_ignore(path, environment)} == set()


def test_every_program_starts_as_it_does_where_pip_installed_it(archives, environment, tmp_path):
    if archives.parent.joinpath("requirements.txt").read_bytes() != WEBAPP.read_bytes():
        pytest.skip("some of the programs of the large workloads wait for input or for a display")
    statuses = {}
    given = commands(archives, environment, tmp_path)
    for program in ("pip", "peep"):
        fresh(environment)
        run(*given[program])
        names = [name for one in installed(environment) for name in scripts(one)]
        statuses[program] = {name: status_of(environment / "bin" / name) for name in names}
    assert statuses["peep"] == statuses["pip"]
    assert 0 in statuses["peep"].values()


def status_of(program: Path) -> int:
    return subprocess.run([program, "--help"], capture_output=True, timeout=60, check=False).returncode


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
