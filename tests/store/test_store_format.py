"""docs/store-format.md against a store that was used in every way."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

from peep.errors import UsageError
from peep.pip.options_cache import PipMemory
from peep.reporting import SilentReporter
from peep.store.layout import store_root
from peep.store.location import known_store_root, risk
from peep.store.manifest import parsed, rendered
from peep.store.unpacking import mtime_of
from peep.store.wheels import Store
from support.listener import Listener
from support.memory_wheel import MemoryWheel

HOMELESS = RuntimeError("could not determine the home directory")
PAGE = Path(__file__).parents[2] / "docs/store-format.md"


def documented_paths() -> dict[str, re.Pattern[str]]:
    tree = PAGE.read_text(encoding="utf-8").split("## What")[1].split("```")[1]
    documented = [line.split()[0] for line in tree.strip().splitlines()]
    return {path: as_pattern(path) for path in documented}


def as_pattern(path: str) -> re.Pattern[str]:
    text = re.escape(path)
    for word, pattern in {
        "AA": "[0-9a-f]{2}",
        "SHA256": "[0-9a-f]{64}",
        "KEY": "[0-9a-f]{64}",
        "KIND": "[a-z-]+",
        "NUMBER": "[0-9]+",
        "DIGITS": "[0-9a-f]{24}",
    }.items():
        text = re.sub(rf"\b{word}\b", pattern, text)
    return re.compile(text.replace("RANDOM/", "[0-9a-f]{16}/.*").replace(r"\.\.\.", ".+"))


def documented_keys() -> list[str]:
    manifest = PAGE.read_text(encoding="utf-8").split("### The manifest")[1].split("```")[1].strip()
    head = manifest.split("\n\n")[0]
    return [line.split()[0] for line in head.splitlines()]


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"), SilentReporter())


@pytest.fixture
def wheel(store):
    contents = MemoryWheel(
        "flask",
        requires=["click"],
        entry_points={"console_scripts": {"flask": "flask:main"}},
        metadata=["Provides-Extra: async", "Requires-Python: >=3.8"],
    )
    return store.add(contents, ("flask/__init__.py: is not listed in RECORD",))


def files_below(root: str) -> list[str]:
    found = [os.path.join(place, name) for place, _, names in os.walk(root) for name in names]
    return sorted(os.path.relpath(path, root).replace(os.sep, "/") for path in found)


def test_a_real_store_holds_what_the_page_lists_and_nothing_else(store, wheel):
    manifest = Path(wheel.root, "manifest")
    earlier = replace(parsed(manifest.read_bytes(), wheel.sha256, wheel.root), boot="an-earlier-one")
    manifest.chmod(0o644)
    manifest.write_bytes(rendered(earlier))
    assert store.get(wheel.sha256) == wheel
    store.put_value("plan", "key", b"value")
    store.note_built("key", wheel.sha256, b"")
    PipMemory(os.path.join(store.layout.remembered, "pip")).keep(sys.executable, {}, {"pip": "", "files": []})
    os.mkdir(os.path.join(store.layout.temporary, "drop-" + "0" * 16))
    Path(store.layout.temporary, "drop-" + "0" * 16, "file").write_text("x")
    documented = documented_paths()
    with store.workshop() as folder:
        Path(folder, "file").write_text("x")
        found = files_below(store.layout.root)

    assert [path for path in found if not any(p.fullmatch(path) for p in documented.values())] == []
    assert [name for name, p in documented.items() if not any(p.fullmatch(path) for path in found)] == []
    assert Path(store.layout.format_file).read_text() == re.search(r'"(peep store \d+)"', PAGE.read_text())[1] + "\n"


def test_a_real_manifest_has_the_lines_that_the_page_lists(wheel):
    head = Path(wheel.root, "manifest").read_text(encoding="utf-8").split("\n\n")[0]
    keys = list(dict.fromkeys(line.split()[0] for line in head.splitlines()))

    assert keys == documented_keys()


def test_the_time_of_the_files_is_the_documented_one():
    assert "`1,000,000,000 + 2 * (first 7 hex digits)`" in PAGE.read_text(encoding="utf-8")
    assert mtime_of("0" * 64) == 1_000_000_000 * 10**9
    assert mtime_of("000000f" + "f" * 57) == (1_000_000_000 + 2 * 15) * 10**9


class TestWhere:
    def test_the_option_comes_before_the_variable_and_that_before_the_platform(self, tmp_path):
        chosen = {"PEEP_STORE": str(tmp_path / "variable")}

        assert store_root(chosen, str(tmp_path / "option")) == str(tmp_path / "option")
        assert store_root(chosen) == str(tmp_path / "variable")
        assert os.path.basename(store_root({})) == "peep"
        assert os.path.isabs(store_root({}))

    def test_a_relative_variable_is_refused(self):
        with pytest.raises(UsageError, match="not an absolute path"):
            store_root({"PEEP_STORE": "here"})

    @pytest.mark.parametrize("answer", [HOMELESS, "~/.cache/peep"], ids=["newer", "older"])
    def test_without_a_home_folder_only_a_named_store_will_do(self, monkeypatch, tmp_path, answer):
        """As platformdirs answers a user number that has no account, which nobody can take on in a test."""

        def user_cache_dir(_name, **_):
            if answer is HOMELESS:
                raise HOMELESS
            return answer

        monkeypatch.setattr(platformdirs, "user_cache_dir", user_cache_dir)
        homeless = {"HOME": "relative"}

        with pytest.raises(UsageError, match="no home folder"):
            store_root(homeless)
        assert store_root(homeless, str(tmp_path)) == str(tmp_path)

    @pytest.mark.skipif(sys.platform != "linux", reason="the XDG rule")
    @pytest.mark.parametrize("caches", [None, "", "  ", "relative/caches", "/absolute/caches", "/trailing/slash/"])
    def test_the_short_way_is_that_of_platformdirs(self, monkeypatch, tmp_path, caches):
        monkeypatch.setenv("HOME", str(tmp_path))
        if caches is None:
            monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        else:
            monkeypatch.setenv("XDG_CACHE_HOME", caches)
        monkeypatch.delenv("PEEP_STORE", raising=False)

        assert known_store_root(os.environ) == platformdirs.user_cache_dir("peep", appauthor=False)
        assert store_root(os.environ) == known_store_root(os.environ)


class TestWhoMayChangeIt:
    """N16: whoever may write to a store decides what is installed from it."""

    @pytest.mark.parametrize(
        ("mode", "owner", "user", "told"),
        [
            (0o700, 1000, 1000, ""),
            (0o770, 1000, 1000, ""),  # shared with a group, on purpose: the store was made 0700
            (0o755, 0, 1000, ""),  # kept by the administrator for all
            (0o777, 1000, 1000, "any user"),
            (0o1777, 0, 0, "any user"),
            (0o700, 1000, 0, "another user (number 1000)"),  # the administrator with a user's HOME
            (0o755, 1000, 1001, "another user (number 1000)"),
        ],
    )
    def test_by_mode_and_owner(self, mode, owner, user, told):
        found = risk(mode, owner, user)

        assert told in found
        assert bool(told) == bool(found)

    @pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
    def test_a_store_that_anybody_may_change_is_told(self, tmp_path):
        reporter = Listener()
        store = tmp_path / "store"

        Store(str(store), reporter)
        store.mkdir()
        Store(str(store), reporter)
        assert reporter.warnings == []
        store.chmod(0o777)
        Store(str(store), reporter)
        assert len(reporter.warnings) == 1
        assert "any user may change it" in reporter.warnings[0]
        assert "chmod o-w" in reporter.warnings[0]
