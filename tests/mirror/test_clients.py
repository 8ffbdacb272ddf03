"""pip, uv and peep install from a mirror, however it is served."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from peep.archives.carried_metadata import read_carried_metadata
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import MirrorFolder, NewFile
from peep.mirror.layout import View
from support.environment_tree import make_environment
from support.mirror_servers import find_server, served_mirror
from support.wheels import wheel_bytes

NAME = "demo-1.0-py3-none-any.whl"
CLIENTS = {
    "pip": [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check"],
    "uv": [sys.executable, "-m", "uv", "--no-config", "pip"],
    "peep": [sys.executable, "-m", "peep"],
}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory) -> MirrorFolder:
    """A mirror with one wheel and its sidecar, below a folder, so that it has a prefix."""
    folder = tmp_path_factory.mktemp("served")
    wheel = folder.parent / NAME
    wheel.write_bytes(wheel_bytes("demo", "1.0", metadata=["Requires-Python: >=3.8"]))
    with wheel.open("rb") as file:
        metadata = read_carried_metadata(NAME, file).metadata or b""
    sidecar = folder.parent / "sidecar"
    sidecar.write_bytes(metadata)
    digest, other = sha256(wheel.read_bytes()).hexdigest(), sha256(metadata).hexdigest()
    facts = ArchiveFacts(
        NAME,
        "1.0",
        digest,
        wheel.stat().st_size,
        "ours",
        "2026-01-01T00:00:00.000000Z",
        requires_python=">=3.8",
        core_metadata=other,
        upload_time="2026-01-01T00:00:00.000000Z",
    )
    mirror = MirrorFolder(str(folder / "below" / "prefix"))
    mirror.begin(b"format = 1\n")
    mirror.add_files([NewFile(facts.path, str(wheel), digest), NewFile(f"{facts.path}.metadata", str(sidecar), other)])
    mirror.write([ProjectFacts("demo", "ours", files=(facts,))], views=[View.FLAT])
    return mirror


@pytest.fixture(scope="module", params=["nginx", "caddy", "python", "file", "prefix"])
def base(request, mirror, tmp_path_factory) -> Iterator[str]:
    """The URL of the mirror's root."""
    if request.param == "file":
        yield Path(mirror.root).as_uri()
        return
    kind = "python" if request.param == "prefix" else request.param
    if find_server(kind) is None:
        pytest.skip(f"{kind} is not installed")
    served = Path(mirror.root).parents[1] if request.param == "prefix" else Path(mirror.root)
    with served_mirror(kind, served, tmp_path_factory.mktemp("scratch")) as url:
        yield f"{url}/below/prefix" if request.param == "prefix" else url


@pytest.mark.parametrize("client", ["pip", "uv", "peep"])
@pytest.mark.parametrize("way", ["index", "find-links"])
def test_clients_install_from_a_mirror(client: str, way: str, base: str, mirror: MirrorFolder, tmp_path: Path) -> None:
    if find_spec(client) is None:
        pytest.skip(f"{client} is not installed")
    facts = mirror.facts("demo")
    assert facts is not None
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"demo==1.0 --hash=sha256:{facts.files[0].sha256}\n")
    environment = make_environment(tmp_path / "env")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    variables |= {"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache")}
    place = ["--python", environment.python]
    command = CLIENTS[client]
    if client == "pip":
        command, place = [*command, *place], []
    flat = base if base.startswith("http") else mirror.root
    links = ["--no-index", "--find-links", f"{flat}/find-links.html"]
    source = links if way == "find-links" else ["--index-url", f"{base}/simple/"]
    asked = subprocess.run(
        [*command, "install", *place, *source, "--require-hashes", "-r", str(requirements)],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert (Path(environment.paths["purelib"]) / "demo-1.0.dist-info").is_dir()


@pytest.mark.parametrize("client", ["pip", "uv"])
def test_clients_resolve_without_hashes(client: str, base: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    base_kind = request.node.callspec.params["base"]
    if find_spec(client) is None:
        pytest.skip(f"{client} is not installed")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    variables |= {"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache")}
    if client == "pip":
        words = ["install", "--dry-run", "--target", str(tmp_path / "t")]
    else:
        (tmp_path / "in.txt").write_text("demo\n")
        # Of cut-off dates only the JSON page can tell, which these two servers choose by the client's wish.
        has_times = base_kind in {"nginx", "caddy"}
        words = [
            "compile",
            *(["--exclude-newer", "2026-06-01T00:00:00Z"] if has_times else []),
            str(tmp_path / "in.txt"),
        ]
    wanted = ["demo"] if client == "pip" else []
    asked = subprocess.run(
        [*CLIENTS[client], *words, "--index-url", f"{base}/simple/", *wanted],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "demo" in asked.stdout
    assert "1.0" in asked.stdout
