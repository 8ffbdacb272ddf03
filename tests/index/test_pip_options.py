"""Asks the real pip of the interpreter that runs the tests, with a configuration of the test's own."""

import os
import sys

import pytest

from peep.errors import PeepError, UsageError
from peep.pip.options import NO_PIP, pip_defaults
from peep.pip.options_cache import PipMemory
from peep.system.processes import CompletedRun, run

pytest.importorskip("pip")


@pytest.fixture
def environ(tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://index.example/simple\nextra-index-url =\n    https://a.example/simple\n"
        f"    {(tmp_path / 'tree').as_uri()}\ncert = /certs/all.pem\ntimeout = 7\n"
        "[install]\nno-binary = demo\nfind-links = /wheels /more\n"
    )
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "PIP_CONFIG_FILE": str(config)}


class Counting:
    def __init__(self):
        self.runs = 0

    def __call__(self, arguments, *, env, cwd=None, timeout=60.0):
        self.runs += 1
        return run(arguments, env=env, cwd=cwd, timeout=timeout)


def test_pip_tells_what_its_configuration_says(environ, tmp_path):
    found = pip_defaults([sys.executable], environ, run)
    assert found.index_urls == (
        "https://index.example/simple",
        "https://a.example/simple",
        (tmp_path / "tree").as_uri(),
    )
    assert found.find_links == ("/wheels", "/more")
    assert (found.cert, found.timeout, found.retries, found.proxy) == ("/certs/all.pem", 7.0, 5, None)
    assert found.format_control.no_binary == {"demo"}
    assert found.values["require_hashes"] is False
    assert found.files


def test_variables_beat_files(environ):
    environ |= {"PIP_INDEX_URL": "https://b.example/simple", "PIP_NO_INDEX": "1", "PIP_TRUSTED_HOST": "x.example y"}
    found = pip_defaults([sys.executable], environ, run)
    assert found.index_urls[0] == "https://b.example/simple"
    assert found.no_index
    assert found.trusted_hosts == ("x.example", "y")


def test_without_configuration_pip_still_names_an_index(environ):
    found = pip_defaults([sys.executable], {**environ, "PIP_CONFIG_FILE": os.devnull}, run)
    assert len(found.index_urls) == 1
    assert found.index_urls[0].startswith("https://")


def test_the_answer_is_remembered_until_something_changes(environ, tmp_path):
    memory, counting = PipMemory(str(tmp_path / "cache")), Counting()
    first = pip_defaults([sys.executable], environ, counting, memory)
    assert pip_defaults([sys.executable], environ, counting, memory) == first
    assert counting.runs == 1
    config = tmp_path / "pip.conf"
    config.write_text(config.read_text().replace("timeout = 7", "timeout = 70"))
    assert pip_defaults([sys.executable], environ, counting, memory).timeout == 70
    assert counting.runs == 2
    pip_defaults([sys.executable], {**environ, "PIP_RETRIES": "9"}, counting, memory)
    assert counting.runs == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_n16_what_is_remembered_makes_no_store_that_others_may_change(environ, tmp_path):
    """It is often the first thing that a store gets, and the store's own folder is nobody else's either."""
    before = os.umask(0)
    try:
        pip_defaults([sys.executable], environ, run, PipMemory(str(tmp_path / "store" / "remembered" / "pip")))
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "store", tmp_path / "store" / "remembered")} == {0o700}


def test_n18_answers_with_credentials_are_not_written_down(environ, tmp_path):
    environ["PIP_INDEX_URL"] = "https://user:secret@index.example/simple"
    cache = tmp_path / "cache"
    pip_defaults([sys.executable], environ, run, PipMemory(str(cache)))
    assert not cache.exists() or not list(cache.iterdir())


def test_a_broken_memory_is_no_memory(environ, tmp_path):
    cache, counting = tmp_path / "cache", Counting()
    pip_defaults([sys.executable], environ, counting, PipMemory(str(cache)))
    [kept] = cache.iterdir()
    for text in ("", "{}", "[]", '{"state": 1, "answer": 2}', "[" * 100_000):
        kept.write_text(text)
        assert pip_defaults([sys.executable], environ, counting, PipMemory(str(cache))).index_urls
    assert counting.runs == 6


def test_a_configuration_that_pip_cannot_read_is_an_error(environ, tmp_path):
    (tmp_path / "pip.conf").write_text("no section\n")
    with pytest.raises(PeepError, match=r"pip cannot tell its own options: .*pip\.conf"):
        pip_defaults([sys.executable], environ, run)


@pytest.mark.parametrize("status", [NO_PIP, 9009])
def test_the_next_interpreter_is_asked_when_one_has_no_pip(environ, status):
    """Status 9009 is that of a program on Windows which is called python and is none."""

    def without_pip(arguments, *, env, cwd=None, timeout=60.0):
        if arguments[0] == "none":
            return CompletedRun(status, b"", b"Python was not found")
        return run(arguments, env=env, cwd=cwd, timeout=timeout)

    assert pip_defaults(["none", "/no/such/python", sys.executable], environ, without_pip).files
    with pytest.raises(UsageError, match="no pip"):
        pip_defaults(["none", "/no/such/python"], environ, without_pip)


def test_a_pip_folder_in_the_current_folder_is_not_run(environ, tmp_path, monkeypatch):
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").write_text("raise SystemExit(5)\n")
    monkeypatch.chdir(tmp_path)
    assert pip_defaults([sys.executable], environ, run).files
