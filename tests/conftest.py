"""Every test runs as a user without a past: own home, own store, none of the machine's pip configuration."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
settings.register_profile("brief", settings.get_profile("patient"), max_examples=15)  # as dev.py runs the unit half
settings.load_profile("patient")

_AS_THE_MACHINE_IS = dict(os.environ)
_FORGOTTEN_PREFIXES = ("PIP_", "PEEP_", "UV_", "XDG_", "VIRTUAL_ENV")
_KEPT = frozenset({"PEEP_BIG_TESTS", "PEEP_COMMAND", "PEEP_CORPUS", "PEEP_REAL_WHEELS", "PEEP_TEST_DEVPI"})
_LONGEST_NAMED = 16
"""Bytes: as many of a parameter stand in the name of a test."""


def pytest_configure() -> None:
    """Hear Ctrl-C also where a shell started the tests in the background, and so had it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


_STARTING = re.compile(
    r"subprocess|sys\.executable|os\.fork|support\.(archive_witnesses|browser|build_machine|certificates|certifying|command"
    r"|comparing|container_file|fake_index|forks|full_mirror|maker_files|mirror_servers|mounts|neighbours|object_stores"
    r"|play_document|proving_ground|real_servers|registry|scenario|small_project)"
)
"""What a module of tests mentions that starts programs or servers, or forks."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of modules that start programs as `process`; the others are the unit half (`dev.py test --quick`)."""
    starting: dict[Path, bool] = {}
    for item in items:
        if item.path not in starting:
            starting[item.path] = _STARTING.search(item.path.read_text("utf-8")) is not None
        if starting[item.path]:
            item.add_marker("process")


@pytest.fixture(autouse=True)
def _user_without_a_past(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(_FORGOTTEN_PREFIXES) and name not in _KEPT:
            monkeypatch.delenv(name)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PEEP_STORE", str(home / "store"))


@pytest.fixture(scope="session")
def _index_answers(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Whether the index that pip is configured with gives out a small archive."""
    folder = str(tmp_path_factory.mktemp("probe"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--retries", "1"]
    command = [*pip, "--timeout", "10", "--no-deps", "--only-binary=:all:", "-d", folder, "idna==3.10"]
    return subprocess.run(command, env=_AS_THE_MACHINE_IS, capture_output=True, check=False).returncode == 0


@pytest.fixture(autouse=True)
def _needs_the_index(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("network") and not request.getfixturevalue("_index_answers"):
        pytest.skip("the index that pip is configured with does not answer")


@pytest.fixture
def home() -> Path:
    """The home folder that this test runs with."""
    return Path(os.environ["HOME"])


@pytest.fixture(scope="session")
def variables_of_the_machine() -> dict[str, str]:
    """The real environment variables, as `machine_environment` has them, for what several tests share."""
    return dict(_AS_THE_MACHINE_IS)


@pytest.fixture
def machine_environment(tmp_path: Path) -> dict[str, str]:
    """The real environment variables, for tests marked `network`: they use the index that pip is configured with."""
    return {**_AS_THE_MACHINE_IS, "PEEP_STORE": str(tmp_path / "store")}


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their length: a time stamp in them would name a test another way in each worker."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) and len(val) > _LONGEST_NAMED else None
