"""A real OCI registry on 127.0.0.1: Debian's docker-registry, started by the tests that find it installed."""

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

_PATIENCE = 20
_CONFIGURATION = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder}/data}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
"""


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
