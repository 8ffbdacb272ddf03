"""What runs cost, counted and not timed: modules imported, requests, system calls per file. Speed follows."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from support.fake_index import FakeIndex
from support.wheels import wheel_bytes, wheel_filename

FOLDERS = 4
FILES = {"small": 20, "large": 180}
ARCHIVES = {
    name: wheel_bytes(name, "1.0", files={f"{name}/{n % FOLDERS}/{n}.py": f"{n}\n" for n in range(count)})
    for name, count in FILES.items()
}
NEWER = wheel_bytes("small", "2.0", files={"small/new.py": "new\n"})
"""What the project `small` is upgraded to."""
LISTED = Path(__file__).with_name("modules_of_runs.txt")

COUNTING = """
import json, sys
modules = set(sys.modules)
events = {}
def hook(name, _):
    events[name] = events.get(name, 0) + 1
sys.addaudithook(hook)
sys.argv[0] = "peep"
from peep.cli.main import main
status = main()
loaded = sorted(set(sys.modules) - modules)
print(json.dumps([status, loaded, events]))
"""

pytestmark = pytest.mark.skipif(
    platform.python_implementation() != "CPython" or os.name != "posix", reason="counted on CPython, on POSIX"
)


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    served = {name: {wheel_filename(name, "1.0"): ARCHIVES[name]} for name in ARCHIVES}
    served["small"][wheel_filename("small", "2.0")] = NEWER
    with FakeIndex(served) as running:
        yield running


class Run:
    """One run of `peep install -q -r NAME.txt` into the environment `env`, and what it took."""

    def __init__(self, folder: Path, index: FakeIndex, name: str, newer: bytes = b"") -> None:
        requirements = folder / f"{name}.txt"
        version, archive = ("2.0", newer) if newer else ("1.0", ARCHIVES[name])
        requirements.write_text(f"{name}=={version} --hash=sha256:{sha256(archive).hexdigest()}\n")
        asked = len(index.requests)
        words = ["install", "-q", "--python", str(folder / "env"), "-i", index.simple_url, "-r", str(requirements)]
        command = [sys.executable, "-c", COUNTING, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        self.status, loaded, self.events = json.loads(done.stdout.splitlines()[-1])
        self.modules = set(loaded)
        self.requests = len(index.requests) - asked

    @property
    def own_modules(self) -> set[str]:
        return {name for name in self.modules if name.split(".")[0] == "peep"}


def new_environment(folder: Path) -> None:
    shutil.rmtree(folder / "env", ignore_errors=True)
    venv.create(folder / "env", with_pip=False, symlinks=True)


@pytest.fixture
def warm(tmp_path: Path, index: FakeIndex) -> dict[str, Run]:
    """Each wheel installed into a new environment by a command that was given before."""
    found = {}
    for name in FILES:
        for _ in range(2):
            new_environment(tmp_path)
            found[name] = Run(tmp_path, index, name)
    return found


def test_a_run_with_nothing_to_do_imports_next_to_nothing(tmp_path: Path, index: FakeIndex) -> None:
    new_environment(tmp_path)
    assert Run(tmp_path, index, "small").status == 0

    settled = Run(tmp_path, index, "small")

    assert settled.status == 0
    assert settled.own_modules == {
        "peep", "peep.cli", "peep.cli.main", "peep.store", "peep.store.key_value_cache", "peep.store.location",
        "peep.shortcuts", "peep.shortcuts.fingerprint", "peep.shortcuts.noop",
        "peep.system", "peep.system.file_signature",
    }  # fmt: skip
    assert settled.modules - settled.own_modules <= {"_blake2", "gc"}
    assert settled.requests == 0
    assert settled.events.keys().isdisjoint({"os.link", "os.mkdir", "subprocess.Popen", "socket.connect"})


def test_a_warm_run_asks_nobody_and_starts_nothing(warm: dict[str, Run]) -> None:
    for run in warm.values():
        assert run.status == 0
        assert run.requests == 0
        assert run.events.keys().isdisjoint({"subprocess.Popen", "os.posix_spawn", "socket.connect"})


def test_a_warm_run_leaves_heavy_modules_alone(warm: dict[str, Run]) -> None:
    heavy = {
        "argparse", "dataclasses", "email", "http.client", "inspect", "installer", "optparse", "packaging",
        "glob", "importlib.util", "pathlib", "platformdirs", "rich", "shutil", "ssl", "subprocess", "tempfile",
        "urllib.request", "urllib3", "zipfile", "peep.archives", "peep.build", "peep.index", "peep.requirements",
    }  # fmt: skip

    assert warm["large"].modules & heavy == set()


def listed_modules() -> dict[str, set[str]]:
    """The modules of peep that each kind of run imports, by its heading in `modules_of_runs.txt`."""
    blocks = [block.split("\n") for block in LISTED.read_text("utf-8").strip().split("\n\n")]
    return {heading.strip("[]"): set(names) for heading, *names in blocks}


def test_a_warm_run_imports_these_modules_and_no_others(warm: dict[str, Run]) -> None:
    """One more costs every such run a millisecond: what most runs don't need is imported where it is needed."""
    assert warm["large"].own_modules == listed_modules()["warm"]
    assert {name.partition(".")[0] for name in warm["large"].modules} <= {"peep", *sys.stdlib_module_names}


def test_an_upgrade_imports_these_modules_and_no_others(tmp_path: Path, index: FakeIndex) -> None:
    """As above; with another wheel than the store has, so that the network is used."""
    new_environment(tmp_path)
    assert Run(tmp_path, index, "small").status == 0

    run = Run(tmp_path, index, "small", newer=NEWER)

    assert run.status == 0
    assert run.requests == 2
    assert run.own_modules == listed_modules()["upgrade"]


def test_a_run_that_fetches_leaves_alone_what_it_does_not_use(tmp_path: Path, index: FakeIndex) -> None:
    """The longest way, of a run without builds, lock files and refusals."""
    unused = {
        "argparse", "installer", "platformdirs", "pyproject_hooks", "rich", "tomllib",
        "urllib.request", "packaging.pylock", "peep.proof", "peep.build.builder", "peep.cli.output.problem_json",
        "peep.cli.output.reports", "peep.requirements.pylock_reader", "peep.pipeline.builds",
    }  # fmt: skip
    new_environment(tmp_path)

    run = Run(tmp_path, index, "small")

    assert run.status == 0
    assert run.requests == 2
    assert run.modules & unused == set()


def test_a_file_more_costs_one_link_and_nothing_else(warm: dict[str, Run]) -> None:
    """System calls that Python reports; `stat`, which it does not, is counted by the next test."""
    more = FILES["large"] - FILES["small"]
    small, large = warm["small"].events, warm["large"].events
    extra = {name: large.get(name, 0) - small.get(name, 0) for name in {*small, *large}}

    assert extra.pop("os.link") == more
    assert {name: count for name, count in extra.items() if name.startswith(("os.", "open")) and abs(count) > 5} == {}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_file_more_costs_two_system_calls(tmp_path: Path, index: FakeIndex, warm: dict[str, Run]) -> None:
    assert warm
    counts = {}
    for name in FILES:
        new_environment(tmp_path)
        words = ["install", "-q", "--python", str(tmp_path / "env"), "-i", index.simple_url]
        log = tmp_path / "calls"
        command = ["strace", "-f", "-qq", "-e", "trace=%file", "-o", str(log), sys.executable, "-m", "peep", *words]
        for _ in range(2):  # other words than before: the first one makes a recording
            new_environment(tmp_path)
            done = subprocess.run([*command, "-r", str(tmp_path / f"{name}.txt")], check=False, capture_output=True)
            if done.returncode:
                pytest.skip("strace may not look at processes here")
        counts[name] = len(log.read_text().splitlines())

    assert (counts["large"] - counts["small"]) / (FILES["large"] - FILES["small"]) < 2.2
