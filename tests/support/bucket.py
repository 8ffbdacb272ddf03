"""A server that plays OSV's bucket, and remembers what it was asked."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class FakeBucket:
    """Serves records below `url`; set `records`, or `overrides` by path (bytes, or a status), between requests."""

    def __init__(self, *records: Mapping[str, Any]) -> None:
        self.records: list[Mapping[str, Any]] = list(records)
        self.overrides: dict[str, bytes | int] = {}
        self.asked: list[str] = []
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                bucket.asked.append(self.path)
                status, body, etag = bucket.answer(self.path, self.headers.get("if-none-match", ""))
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                if etag:
                    self.send_header("etag", etag)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/osv"

    def __enter__(self) -> FakeBucket:  # noqa: PYI034 - typing.Self is younger than Python 3.10
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, known: str) -> tuple[int, bytes, str]:
        name = path.removeprefix("/osv/PyPI/")
        other = self.overrides.get(name)
        if isinstance(other, int):
            return other, b"", ""
        if other is not None:
            return 200, other, ""
        if name == "all.zip":
            body = self.zip()
            etag = f'"{hash(body):x}"'
            return (304, b"", etag) if known == etag else (200, body, etag)
        if name == "modified_id.csv":
            rows = sorted(((one["modified"], one["id"]) for one in self.records), reverse=True)
            return 200, "".join(f"{modified},{id_}\n" for modified, id_ in rows).encode(), ""
        found = [one for one in self.records if name == f"{one['id']}.json"]
        return (200, json.dumps(found[0]).encode(), "") if found else (404, b"", "")

    def zip(self) -> bytes:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in self.records:
                archive.writestr(zipfile.ZipInfo(f"{one['id']}.json"), json.dumps(one))
        return content.getvalue()
