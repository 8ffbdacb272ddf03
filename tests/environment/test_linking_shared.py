"""Many files are linked by several processes: they leave what threads leave, and tell what threads tell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.transaction.linking import _WORTH_PROCESSES
from support.memory_wheel import MemoryWheel
from support.stored import stored_path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other system is forked on")

DRIVER = """
import os, resource, signal, sys, threading, time
from peep.transaction.linking import WheelFiles, link_wheels
from peep.errors import EnvironmentChangeError
from peep.reporting import SilentReporter
from peep.store.wheels import Store

how, root, site, *digests = sys.argv[1:]
os.cpu_count = lambda: 3
if how == "killed":
    own, link = os.getpid(), os.link
    os.link = lambda *args, **options: link(*args, **options) if os.getpid() == own else time.sleep(600)
if how == "threads":
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def computed(process):
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()[11:13]

def meanwhile():
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        helpers = [int(word) for word in file.read().split()]
    assert bool(helpers) == (how != "threads")
    if how == "killed":
        for helper in helpers:
            os.kill(helper, signal.SIGKILL)
    if how == "left to helpers":
        before = None
        while (now := computed(helpers[0])) != before:  # until it finds nothing more to do
            before = now
            time.sleep(0.5)
    if how == "failing":
        raise OSError(28, "No space left on device", "RECORD")

store = Store(root, SilentReporter())
wheels = [store.get(digest) for digest in digests]
parts = [WheelFiles(wheel, site, wheel.files) for wheel in wheels]
try:
    linked = link_wheels(parts, meanwhile=meanwhile)
except (EnvironmentChangeError, OSError) as error:
    print(type(error).__name__, str(error).replace(site, "SITE"), getattr(error, "hint", ""))
else:
    print(linked.mode, linked.faults)
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("no process is left")
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(str(tmp_path_factory.mktemp("shared") / "store"), SilentReporter())


@pytest.fixture(scope="module")
def digests(store: Store) -> list[str]:
    large = {f"space/part{number % 7}/m{number}.py": str(number) for number in range(_WORTH_PROCESSES)}
    wheels = [store.add(MemoryWheel("large", files=large))]
    wheels += [store.add(MemoryWheel(f"small{i}", files={f"space/small{i}.py": str(i)})) for i in range(20)]
    return [wheel.sha256 for wheel in wheels]


def linked(how: str, store: Store, site: Path, digests: list[str]) -> tuple[str, set[str]]:
    """What was told, and which files are there."""
    command = [sys.executable, "-W", "error", "-c", DRIVER, how, store.layout.root, str(site), *digests]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout, {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}


def test_processes_link_what_threads_link(store: Store, digests: list[str], tmp_path: Path):
    told, files = linked("threads", store, tmp_path / "threads", digests)

    assert len(files) > _WORTH_PROCESSES
    assert "no process is left" in told
    assert linked("processes", store, tmp_path / "processes", digests) == (told, files)
    assert linked("left to helpers", store, tmp_path / "helpers", digests) == (told, files)


def test_an_edited_file_is_told_of_by_whoever_finds_it(store: Store, digests: list[str], tmp_path: Path):
    edited = store.add(MemoryWheel("edited", files={f"space/edited{i}.py": "x" for i in range(300)}))
    for number in (0, 299):
        path = stored_path(edited, f"space/edited{number}.py")
        os.chmod(path, 0o644)
        os.truncate(path, 0)
    told, files = linked("threads", store, tmp_path / "threads", [*digests, edited.sha256])

    assert told.count("0 bytes instead of 1") == 2
    assert "space/edited0.py" not in files
    assert linked("left to helpers", store, tmp_path / "helpers", [*digests, edited.sha256]) == (told, files)


@pytest.mark.parametrize("how", ["threads", "processes", "left to helpers"])
def test_a_file_in_the_way_is_an_error_that_names_it(store: Store, digests: list[str], tmp_path: Path, how: str):
    (tmp_path / "space").mkdir()
    (tmp_path / "space/small3.py").write_text("mine")

    told, files = linked(how, store, tmp_path, digests)

    assert told == (
        "EnvironmentChangeError SITE/space/small3.py can't be written: File exists no project owns it; move it away\n"
        "no process is left\n"
    )
    assert (tmp_path / "space/small3.py").read_text() == "mine"
    assert "space/part0/m0.py" in files


def test_a_killed_process_is_an_error_and_not_a_gap(store: Store, digests: list[str], tmp_path: Path):
    told, _ = linked("killed", store, tmp_path, digests)

    assert told == (
        "EnvironmentChangeError a process that was linking files was killed run the same command again\n"
        "no process is left\n"
    )


def test_what_fails_meanwhile_comes_through_when_nobody_links_any_more(
    store: Store, digests: list[str], tmp_path: Path
):
    told, _ = linked("failing", store, tmp_path, digests)

    assert told == "OSError [Errno 28] No space left on device: 'RECORD' \nno process is left\n"
