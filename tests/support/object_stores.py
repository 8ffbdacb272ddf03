"""Object stores for tests: one in memory, one that ignores conditions, and a real server of the S3 protocol."""

from __future__ import annotations

import os
import re
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
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from peep.dataclass import dataclass, field
from peep.http.object_store import (
    LARGEST_DOCUMENT,
    LARGEST_OBJECT,
    Condition,
    FetchedObject,
    PutHeaders,
    StoredState,
    Whatever,
    require_state,
    require_within,
)

_PATIENCE = 30


@dataclass(slots=True)
class MemoryStore:
    """Objects in memory, with the headers that they were put with."""

    label: str = "memory"
    objects: dict[str, tuple[bytes, PutHeaders]] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def get(self, key: str, limit: int = LARGEST_DOCUMENT) -> FetchedObject | None:
        with self._lock:
            found = self.objects.get(key)
        require_within(limit, len(found[0]) if found else 0, f"{self.label}: {key}")
        return FetchedObject(StoredState(key, len(found[0]), _etag(found[0])), found[0]) if found else None

    def head(self, key: str) -> StoredState | None:
        found = self.get(key, LARGEST_OBJECT)
        return found.state if found else None

    def put(self, key: str, content: bytes, headers: PutHeaders, condition: Condition) -> str:
        with self._lock:
            found = self.objects.get(key)
            require_state(condition, _etag(found[0]) if found else None, f"{self.label}: {key}")
            self.objects[key] = (content, headers)
        return _etag(content)

    def list(self, prefix: str = "") -> Iterator[StoredState]:
        with self._lock:
            found = {key: content for key, (content, _) in self.objects.items()}
        start = f"{prefix}/" if prefix else ""
        return (StoredState(key, len(one), _etag(one)) for key, one in found.items() if key.startswith(start))

    def delete(self, key: str) -> None:
        with self._lock:
            self.objects.pop(key, None)


def _etag(content: bytes) -> str:
    return f'"{sha256(content).hexdigest()}"'


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


class _ForgetfulBucket(BaseHTTPRequestHandler):
    """As much of the S3 protocol as publishing takes, without conditions."""

    objects: ClassVar[dict[str, bytes]] = {}
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.objects[self._key()] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(200, b"", self.objects[self._key()])

    def do_DELETE(self) -> None:
        self.objects.pop(self._key(), None)
        self._answer(204, b"")

    def do_POST(self) -> None:
        """Remove several at once."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        keys = re.findall(r"<Key>(.*?)</Key>", body)
        for key in keys:
            self.objects.pop(key, None)
        told = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._answer(200, self._listed(query.get("prefix", [""])[0]))
        elif self._key() in self.objects:
            self._answer(200, self.objects[self._key()], self.objects[self._key()])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/bucket/")

    def _listed(self, prefix: str) -> bytes:
        entries = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(content)}</Size><ETag>{_etag(content)}</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        head = f"<Name>bucket</Name><Prefix>{prefix}</Prefix><IsTruncated>false</IsTruncated>"
        return f"<ListBucketResult>{head}{entries}</ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes, stored: bytes | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if stored is not None:
            self.send_header("etag", _etag(stored))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""


@contextmanager
def forgetful_s3() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A server that speaks S3 and ignores conditions: its URL and its objects."""

    class Bucket(_ForgetfulBucket):
        objects: ClassVar[dict[str, bytes]] = {}

    with _running(Bucket) as url:
        yield url, Bucket.objects


@contextmanager
def _running(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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

    with _running(Front) as url:
        yield url


def s3_environment(url: str) -> dict[str, str]:
    """Variables by which libraries find the server and may write to it."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
