"""A registry in this process that changes what it was given: for what honest ones never do."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PLACE = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs)/(?P<name>[^/?]+)(?:\?digest=(?P<digest>.+))?")


@dataclass
class LyingRegistry:
    """What it keeps; `changed_manifest` and `changed_blob` make what is given to readers of it."""

    host: str
    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    changed_manifest: Callable[[bytes], bytes] = bytes
    changed_blob: Callable[[bytes], bytes] = bytes


@contextmanager
def lying_registry() -> Iterator[LyingRegistry]:
    """Run one on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.registry = LyingRegistry(f"127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.registry  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _registry(self) -> LyingRegistry:
        return self.server.registry  # type: ignore[attr-defined,no-any-return]

    def _kept(self) -> bytes | None:
        place = _PLACE.fullmatch(self.path)
        if place is None:
            return None
        if place["kind"] == "manifests":
            content = self._registry.manifests.get(place["name"])
            return None if content is None else self._registry.changed_manifest(content)
        content = self._registry.blobs.get(place["name"])
        return None if content is None else self._registry.changed_blob(content)

    def do_GET(self) -> None:
        content = self._kept()
        self._answer(404 if content is None else 200, content or b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self._answer(202, b"", Location=f"http://{self._registry.host}{self.path.rstrip('/')}/place")

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        place = _PLACE.fullmatch(self.path.replace("/uploads/", "/"))
        assert place is not None, self.path
        if place["kind"] == "blobs":
            self._registry.blobs[place["digest"]] = content
        else:
            for name in (place["name"], f"sha256:{sha256(content).hexdigest()}"):
                self._registry.manifests[name] = content
        self._answer(201, b"")

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
