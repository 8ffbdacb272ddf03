"""Without a home folder, or with a store that cannot be written to, an install works all the same."""

from __future__ import annotations

import hashlib
import os
import sys
import venv
from pathlib import Path

import pytest

from peep.reporting import SilentReporter
from peep.store.location import can_be_written
from peep.store.wheels import Store
from support.command import peep
from support.memory_wheel import MemoryWheel
from support.wheels import wheel_bytes, wheel_filename

WHEEL = wheel_bytes("demo", "1.0")
KEPT_FOR_THIS_RUN = "what this run fetches is kept for this run alone"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / wheel_filename("demo", "1.0")).write_bytes(WHEEL)
    (tmp_path / "r.txt").write_text(f"demo==1.0 --hash=sha256:{hashlib.sha256(WHEEL).hexdigest()}\n")
    venv.create(tmp_path / "env", with_pip=False, symlinks=os.name != "nt")
    (tmp_path / "temporary").mkdir()
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="the default place of caches is another")
@pytest.mark.parametrize(
    "variables",
    [{"HOME": "/dev/null"}, {"HOME": "/proc/sys"}, {"HOME": "here"}, {"HOME": "/", "XDG_CACHE_HOME": "/proc/sys/x"}],
)
def test_a_home_that_is_none_costs_a_warning(place: Path, variables: dict[str, str]):
    environ = {**variables, "PEEP_STORE": "", "TMPDIR": str(place / "temporary")}
    arguments = ("install", "--no-index", "-f", ".", "-r", "r.txt", "--python", "env")
    ended = peep(*arguments, cwd=place, environ=environ)
    assert ended.returncode == 0, ended
    assert ended.stderr.count("warning: ") == 1
    assert KEPT_FOR_THIS_RUN in ended.stderr
    again = peep(*arguments, cwd=place, environ=environ)
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "nothing to do: 1 project is as listed")
    assert list((place / "temporary").iterdir()) == []


def test_a_store_that_was_named_must_be_possible(place: Path):
    ended = peep(
        *("install", "--no-index", "-f", ".", "-r", "r.txt", "--python", "env"),
        cwd=place,
        environ={"PEEP_STORE": os.path.join(os.devnull, "store")},
    )
    assert ended.returncode == 1
    assert "can't be used" in ended.stderr


def test_what_can_be_written(tmp_path: Path):
    assert can_be_written(str(tmp_path / "a" / "b"))
    (tmp_path / "file").touch()
    assert not can_be_written(str(tmp_path / "file"))
    assert not can_be_written(str(tmp_path / "file" / "below"))


class TestLowerStore:
    def stores(self, tmp_path: Path) -> tuple[Store, Store, MemoryWheel]:
        lower = Store(str(tmp_path / "lower"), SilentReporter())
        wheel = MemoryWheel("demo")
        lower.add(wheel)
        lower.put_value("kind", "key", b"value")
        return Store(str(tmp_path / "upper"), SilentReporter(), lower), lower, wheel

    def test_serves_with_what_it_holds(self, tmp_path: Path):
        upper, lower, wheel = self.stores(tmp_path)
        assert upper.get(wheel.sha256) == lower.get(wheel.sha256)
        assert upper.add(wheel).root.startswith(str(tmp_path / "lower"))
        assert upper.get_value("kind", "key") == b"value"
        upper.put_value("kind", "key", b"other")
        assert (upper.get_value("kind", "key"), lower.get_value("kind", "key")) == (b"other", b"value")

    def test_is_never_changed(self, tmp_path: Path):
        upper, lower, wheel = self.stores(tmp_path)
        upper.drop(wheel.sha256)
        assert upper.get(wheel.sha256) is None
        assert lower.get(wheel.sha256) is not None
        assert upper.add(wheel).root.startswith(str(tmp_path / "upper"))
