"""Every test runs as a user without a past: own home, own store, none of the machine's pip configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_AS_THE_MACHINE_IS = dict(os.environ)
_FORGOTTEN_PREFIXES = ("PIP_", "PEEP_", "UV_", "XDG_", "VIRTUAL_ENV")
_KEPT = frozenset({"PEEP_CORPUS", "PEEP_COMMAND", "PEEP_TEST_DEVPI"})


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


@pytest.fixture
def home() -> Path:
    """The home folder that this test runs with."""
    return Path(os.environ["HOME"])


@pytest.fixture
def machine_environment(tmp_path: Path) -> dict[str, str]:
    """The real environment variables, for tests marked `network`: they use the index that pip is configured with."""
    return {**_AS_THE_MACHINE_IS, "PEEP_STORE": str(tmp_path / "store")}
