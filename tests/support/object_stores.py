"""Object stores for tests: a real server of the S3 protocol, and one that ignores conditions."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

from peep.http.object_store import Condition, MemoryStore, PutHeaders, Whatever

_PATIENCE = 30


class ForgetfulStore(MemoryStore):
    """A store that accepts conditions and ignores them, as some that speak S3 do."""

    def put(self, key: str, content: bytes, headers: PutHeaders, condition: Condition) -> str:
        del condition
        return MemoryStore.put(self, key, content, headers, Whatever())


def has_s3() -> bool:
    """Whether the libraries of `requirements/services.txt` are installed."""
    return all(find_spec(name) is not None for name in ("moto", "flask", "flask_cors", "obstore"))


@contextmanager
def s3_server() -> Iterator[str]:
    """An S3 server on 127.0.0.1 with an empty bucket `bucket`; gives its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=variables)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server)
        _ask(f"{url}/bucket", b"")
        yield url
    finally:
        server.kill()
        server.wait()


def _ask(url: str, body: bytes) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, body, method="PUT")) as answer:
        answer.read()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{url}/moto-api/", timeout=1) as answer:
            answer.read()
            return
        time.sleep(0.05)
    raise RuntimeError("the S3 server did not start")


@contextmanager
def index_document_front(store: str) -> Iterator[str]:
    """What stands before a bucket: `index.html` for folders, and credentials of its own; gives its URL."""

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = f"{self.path}index.html" if self.path.endswith("/") else self.path
            asked = urllib.request.Request(store + path, headers={"Authorization": "AWS test:test"})
            try:
                with urllib.request.urlopen(asked) as answer:
                    self._answer(answer.status, answer.headers, answer.read())
            except urllib.error.HTTPError as error:
                with error:
                    self._answer(error.code, error.headers, b"")

        def _answer(self, status: int, headers: Message, content: bytes) -> None:
            self.send_response(status)
            for name in ("content-type", "cache-control", "etag"):
                if name in headers:
                    self.send_header(name, headers[name])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def s3_environment(url: str) -> dict[str, str]:
    """Variables by which libraries find the server and may write to it."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
