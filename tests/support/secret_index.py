"""An index, and a proxy, that answers only to one user, and what may hold that user's password afterwards."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote, urlsplit

from support.fake_index import FakeIndex
from support.index_content import Answer, IndexContent, Request
from support.wheels import wheel_bytes, wheel_filename

USER = "canary-user"
FILENAME = wheel_filename("demo", "1.0")
WHEEL = wheel_bytes("demo", "1.0")


class SecretIndex(FakeIndex):
    """`FakeIndex` with one project, demo 1.0, for `USER` with `password`; as a proxy it insists on the same."""

    def __init__(self, password: str, *, is_proxy: bool = False) -> None:
        super().__init__({"demo": {FILENAME: WHEEL}})
        self._header = "proxy-authorization" if is_proxy else "authorization"
        self._expected = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()

    def answer(self, request: Request) -> Answer:
        super().answer(request)  # which writes it down
        if request.headers.get(self._header) != self._expected:
            return Answer(401, b"who are you?", (("Content-Type", "text/plain"),))
        path = urlsplit(request.path).path  # a proxy is asked for whole URLs
        return self.content.answer(Request(request.method, path, request.headers))

    def place(self, written: str, path: str = "/simple/") -> str:
        """The URL of `path` with the user's name and with `written` as the password."""
        return f"http://{USER}:{written}@127.0.0.1:{self.port}{path}"

    def serve(self, path: str, text: str) -> None:
        """Have a page of plain text at `path`, such as a requirements file."""
        pages = {**self.content.pages, path: ("text/plain", text.encode())}
        self.content = IndexContent({"demo": {FILENAME: WHEEL}}, pages=pages)


def traces(password: str, halves: tuple[str, ...], texts: dict[str, bytes]) -> list[str]:
    """Names of those `texts` that hold the password, its percent-encoded form, its header or a half of it."""
    pair = f"{USER}:{password}".encode()
    forms = {password.encode(), quote(password, safe="").encode(), quote(password).encode(), base64.b64encode(pair)}
    forms |= {half.encode() for half in halves}
    return [name for name, content in texts.items() if any(form in content for form in forms)]


def files_below(*folders: Path) -> dict[str, bytes]:
    """Path -> bytes of every file below `folders`; the names of files are looked at as if they were content."""
    found: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[str(path)] = str(path).encode() + b"\n" + path.read_bytes()
    return found
