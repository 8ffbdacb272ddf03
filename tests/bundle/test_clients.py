"""pip and uv install from a bundle as it is: by find-links, by the index in it, by its lock; nobody is asked."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from peep.bundle.folder import BundleWriter, claimed_folder
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleInput, InputRole
from peep.bundle.tree import FilesTree
from peep.dataclass import replace
from support.environment_tree import make_environment
from support.small_bundle import WHEEL, listed, small_bundle

CLIENTS = {
    "pip": [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check"],
    "uv": [sys.executable, "-m", "uv", "--no-config", "--offline", "pip"],
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """A bundle of wheels alone, so that no build tool is needed."""
    folder = tmp_path_factory.mktemp("carried") / "bundle"
    manifest, contents = small_bundle()
    wheels = tuple(one for one in manifest.archives if one.filename.endswith(".whl"))
    lines = "".join(f"{one.name}=={one.version} --hash=sha256:{one.sha256}\n" for one in wheels).encode()
    contents = {**contents, "locks/requirements.txt": lines}
    given = BundleInput(listed("locks/requirements.txt", lines), InputRole.REQUIREMENTS)
    manifest = replace(manifest, archives=wheels, inputs=(given,))
    files = FilesTree(contents)
    with claimed_folder(str(folder)):
        BundleWriter(str(folder), manifest, bundle_lock(manifest, files)).write(files)
    return folder


def ways(bundle: Path) -> dict[str, list[str]]:
    requirements = ["--require-hashes", "-r", str(bundle / "locks" / "requirements.txt")]
    return {
        "find-links": ["--no-index", "--find-links", str(bundle / "archives"), *requirements],
        "index": ["--index-url", (bundle / "simple").as_uri(), *requirements],
        "lock": ["--no-index", "-r", str(bundle / "pylock.toml")],
    }


@pytest.mark.parametrize("way", ["find-links", "index", "lock"])
@pytest.mark.parametrize("client", ["pip", "uv"])
def test_clients_install_from_a_bundle_unchanged(client: str, way: str, bundle: Path, tmp_path: Path) -> None:
    if find_spec(client) is None:
        pytest.skip(f"{client} is not installed")
    environment = make_environment(tmp_path / "env")
    variables = {**os.environ, "HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache"), "NO_COLOR": "1"}
    variables = {name: value for name, value in variables.items() if not name.startswith("PIP_")}
    place = ["--python", environment.python]
    command = CLIENTS[client]
    if client == "pip":
        command, place = [*command, *place], []
    asked = subprocess.run(
        [*command, "install", *place, *ways(bundle)[way]],
        env={**variables, "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    site = Path(environment.paths["purelib"])
    assert (site / "demo-1.0.dist-info").is_dir()
    archive = bundle / "archives" / WHEEL
    assert hashlib.sha256(archive.read_bytes()).hexdigest() in (bundle / "locks" / "requirements.txt").read_text()
