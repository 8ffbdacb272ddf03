"""Dependency confusion, tried out: what docs/mirrors.md says that clients do with two indexes, and with a mirror."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.fake_index import FakeIndex
from support.mirror_servers import served_mirror
from support.mirror_verbs import as_json, begun, pin
from support.wheels import wheel_bytes

OURS = ("acme_lib-1.0-py3-none-any.whl", wheel_bytes("acme-lib", "1.0"))
FOREIGN = {
    "acme_lib-1.0-py3-none-any.whl": wheel_bytes("acme-lib", "1.0", files={"acme_lib/__init__.py": "foreign = 1\n"}),
    "acme_lib-9.0-py3-none-any.whl": wheel_bytes("acme-lib", "9.0"),
}


def asked(client: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Install into a folder; uv and pip take the same words."""
    commands = {
        "pip": [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--no-deps"],
        "uv": [sys.executable, "-m", "uv", "--no-config", "pip", "install", "--no-deps"],
    }
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    variables |= {"HOME": str(folder), "UV_CACHE_DIR": str(folder / "cache")}
    target = ["--target", str(folder / "t")]
    return subprocess.run(
        [*commands[client], *target, *words], env=variables, capture_output=True, text=True, check=False, timeout=120
    )


def installed(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "t").glob("*.dist-info"))


def test_pip_takes_the_strangers_higher_version(tmp_path):
    with FakeIndex({"acme-lib": dict([OURS])}) as ours, FakeIndex({"acme-lib": FOREIGN}) as public:
        asked("pip", tmp_path, "--index-url", ours.simple_url, "--extra-index-url", public.simple_url, "acme-lib")
    assert installed(tmp_path) == ["acme_lib-9.0.dist-info"]


def test_a_stranger_can_stop_uv_even_where_hashes_are_listed(tmp_path):
    if find_spec("uv") is None:
        pytest.skip("uv is not installed")
    (tmp_path / "r.txt").write_text(pin("acme-lib", "1.0", OURS[1]))
    listed = ["--require-hashes", "-r", str(tmp_path / "r.txt")]
    with FakeIndex({"acme-lib": dict([OURS])}) as ours, FakeIndex({"acme-lib": FOREIGN}) as public:
        first = ["--default-index", ours.simple_url, "--index", public.simple_url]
        stopped = asked("uv", tmp_path, *first, *listed)
    assert stopped.returncode != 0
    assert "hash" in (stopped.stdout + stopped.stderr).lower()
    assert installed(tmp_path) == []


@pytest.mark.parametrize("client", ["pip", "uv"])
def test_n30_behind_a_mirror_the_stranger_is_never_seen(client, tmp_path):
    if find_spec(client) is None:
        pytest.skip(f"{client} is not installed")
    (tmp_path / OURS[0]).write_bytes(OURS[1])
    with FakeIndex({"acme-lib": FOREIGN}) as public:
        mirror = begun(tmp_path / "mirror", public.simple_url)
        as_json("add", mirror, tmp_path / OURS[0], "--source", "ours")
        with served_mirror("python", mirror, tmp_path) as url:
            done = asked(client, tmp_path, "--index-url", f"{url}/simple/", "acme-lib")
        assert done.returncode == 0, done.stderr
        assert public.requests == ()
    assert installed(tmp_path) == ["acme_lib-1.0.dist-info"]
