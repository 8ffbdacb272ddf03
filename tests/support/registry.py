"""OCI registries for tests: one in memory, and Debian's docker-registry where it is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from peep.dataclass import dataclass, field
from peep.http.oci import RegistryError, compared, digest_of

_PATIENCE = 20
_CONFIGURATION = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder}/data}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@dataclass(slots=True)
class MemoryRepository:
    """A repository in memory; `sent` counts the bytes of blobs that were put."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0

    def manifest(self, reference: str, media_type: str) -> bytes | None:
        del media_type
        return self.manifests.get(reference)

    def put_manifest(self, reference: str, content: bytes, media_type: str) -> None:
        del media_type
        self.manifests[reference] = self.manifests[digest_of(content)] = content

    def has_blob(self, digest: str) -> bool:
        return digest in self.blobs

    def put_blob(self, digest: str, content: BinaryIO) -> None:
        body = content.read()
        if digest_of(body) != digest:
            raise RegistryError(f"memory: {digest} was put with other bytes")
        self.blobs[digest] = body
        self.sent += len(body)

    def blob(self, digest: str, size: int) -> Iterator[bytes]:
        if digest not in self.blobs:
            raise RegistryError(f"memory: there is no blob {digest}")
        return compared(iter([self.blobs[digest]]), digest, size, "memory")


def has_registry() -> bool:
    """Whether docker-registry and the library that speaks to it are installed."""
    return shutil.which("docker-registry") is not None and find_spec("oras") is not None


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """A registry that keeps its data in `folder`; gives its HOST:PORT."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = folder / "config.yml"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
    command = ["docker-registry", "serve", str(configuration)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"HOME": str(folder)})
    try:
        _wait_for(f"http://127.0.0.1:{port}/v2/", server)
        yield f"127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            answer.read()
            return
        time.sleep(0.05)
    raise RuntimeError("docker-registry did not start")
