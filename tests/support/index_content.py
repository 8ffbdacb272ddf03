"""What a fake index holds, given as values, and the answers that a well-behaved server would give about it.

No I/O: `fake_index` sends these answers over sockets, `fake_transport` hands them over in memory.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
PLAIN_HTML = "text/html"
UPLOADED = "2020-01-02T03:04:05.678901Z"


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the index claims of one file, where that is not simply the truth; None: the truth, '' or {}: nothing."""

    hashes: Mapping[str, str] | None = None
    size: int | None = None
    upload_time: str | None = None
    requires_python: str | None = None
    yanked: str | bool = False
    url: str | None = None
    sidecar: str | bool | bytes | None = None
    """METADATA beside the file (PEP 658): True: its own, with its digest; "unhashed": without; bytes: these instead."""
    provenance: str | None = None
    """URL of a provenance object (PEP 740)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server saw it; header names in lower case, `path` with its query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, including the ways in which sending goes wrong (all off by default)."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_length: str | None = ""
    """Header to send: '' the true length, None no header at all (the connection is closed at the end)."""
    cut_after: int | None = None
    """Close after so many bytes of the body."""
    pause_after: int | None = None
    """Stop sending for `pause` seconds after so many bytes."""
    pause: float = 0.0
    drip: float = 0.0
    """Seconds between single bytes."""
    is_reset: bool = False
    """Drop the connection, without an answer, or after `cut_after` bytes where that is given."""
    is_endless: bool = False

    def with_header(self, name: str, value: str) -> Answer:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


class IndexContent:
    """Projects of an index: {name: {filename: bytes}}, with claims per file name and statuses per project.

    `formats` are the simple-API formats served; `pages` {path: (content type, body)} are served as they stand, for
    find-links pages and the like. `api_version` is stated in both formats.
    """

    def __init__(
        self,
        projects: Mapping[str, Mapping[str, bytes]] | None = None,
        *,
        facts: Mapping[str, FileFacts] | None = None,
        statuses: Mapping[str, tuple[str, str]] | None = None,
        api_version: str = "1.4",
        formats: Iterable[str] = ("json", "html"),
        pages: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> None:
        self.projects = {normalised(name): dict(files) for name, files in (projects or {}).items()}
        self.facts = dict(facts or {})
        self.statuses = {normalised(name): status for name, status in (statuses or {}).items()}
        self.api_version = api_version
        self.formats = tuple(formats)
        self.pages = dict(pages or {})
        self.serves_ranges = True
        self.etags = False
        """Pages have an ETag, and are not sent again to those who have it."""

    def answer(self, request: Request) -> Answer:
        path, _, _ = request.path.partition("?")
        if path in self.pages:
            content_type, body = self.pages[path]
            return Answer(200, body, (("Content-Type", content_type),))
        if path == "/simple/":
            return self._root(request)
        if match := re.fullmatch(r"/simple/([^/]+)/?", path):
            return self._project(request, normalised(match[1]), has_slash=path.endswith("/"))
        if match := re.fullmatch(r"/files/([^/]+)/([^/]+)\.metadata", path):
            return self._sidecar(match[1], unquote(match[2]))
        if match := re.fullmatch(r"/files/([^/]+)/([^/]+)", path):
            return self._file(request, match[1], unquote(match[2]))
        return Answer(404, b"no such page\n", (("Content-Type", "text/plain"),))

    def _project(self, request: Request, name: str, *, has_slash: bool) -> Answer:
        if name not in self.projects:
            return Answer(404, b"<html>no such project</html>", (("Content-Type", PLAIN_HTML),))
        if not has_slash:
            return Answer(301, b"", (("Location", f"/simple/{name}/"),))
        return self._rendered(request, self.project_json(name), self.project_html(name))

    def _root(self, request: Request) -> Answer:
        names = sorted(self.projects)
        listing = {"meta": {"api-version": self.api_version}, "projects": [{"name": name} for name in names]}
        links = "".join(f'<a href="/simple/{name}/">{name}</a>\n' for name in names)
        return self._rendered(request, json.dumps(listing).encode(), f"<!DOCTYPE html>\n{links}".encode())

    def _rendered(self, request: Request, json_body: bytes, html_body: bytes) -> Answer:
        accepted = request.headers.get("accept", "*/*")
        if "json" in self.formats and JSON_TYPE in accepted:
            tag = f'"{hashlib.sha256(json_body).hexdigest()}"'
            headers = (("Content-Type", JSON_TYPE), *([("ETag", tag)] if self.etags else []))
            if self.etags and request.headers.get("if-none-match") == tag:
                return Answer(304, b"", headers)
            return Answer(200, json_body, headers)
        if "html" in self.formats and HTML_TYPE in accepted:
            return Answer(200, html_body, (("Content-Type", HTML_TYPE),))
        if "html" in self.formats:
            return Answer(200, html_body, (("Content-Type", PLAIN_HTML),))
        return Answer(406, b"not acceptable\n", (("Content-Type", "text/plain"),))

    def _file(self, request: Request, name: str, filename: str) -> Answer:
        body = self.projects.get(normalised(name), {}).get(filename)
        if body is None:
            return Answer(404, b"no such file\n", (("Content-Type", "text/plain"),))
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        headers = (("Content-Type", "application/octet-stream"), ("Accept-Ranges", "bytes"), ("ETag", tag))
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if wanted is None or not self.serves_ranges or request.headers.get("if-range", tag) != tag:
            return Answer(200, body, headers)
        start, last = int(wanted[1]), min(int(wanted[2] or len(body) - 1), len(body) - 1)
        if start >= len(body):
            return Answer(416, b"", (("Content-Range", f"bytes */{len(body)}"),))
        return Answer(206, body[start : last + 1], (*headers, ("Content-Range", f"bytes {start}-{last}/{len(body)}")))

    def _sidecar(self, name: str, filename: str) -> Answer:
        stated = self.facts.get(filename, FileFacts()).sidecar
        if stated is None:
            return Answer(404, b"no such file\n", (("Content-Type", "text/plain"),))
        body = stated if isinstance(stated, bytes) else self.own_metadata(name, filename)
        return Answer(200, body, (("Content-Type", "application/octet-stream"),))

    def own_metadata(self, name: str, filename: str) -> bytes:
        """METADATA of a wheel."""
        with zipfile.ZipFile(io.BytesIO(self.projects[normalised(name)][filename])) as wheel:
            return wheel.read(next(one for one in wheel.namelist() if one.endswith(".dist-info/METADATA")))

    def project_json(self, name: str) -> bytes:
        """The PEP 691 answer, with what the API version allows of PEPs 700 and 792."""
        minor = int(self.api_version.partition(".")[2] or 0)
        files = [self._file_json(name, filename, minor) for filename in self.projects[name]]
        answer: dict[str, object] = {"meta": {"api-version": self.api_version}, "name": name, "files": files}
        if minor >= 1:
            answer["versions"] = sorted({filename.split("-")[1] for filename in self.projects[name] if "-" in filename})
        if minor >= 4 and name in self.statuses:
            status, reason = self.statuses[name]
            answer["project-status"] = {"status": status, "reason": reason}
        return json.dumps(answer).encode()

    def _file_json(self, name: str, filename: str, minor: int) -> dict[str, object]:
        facts = self.facts.get(filename, FileFacts())
        entry: dict[str, object] = {
            "filename": filename,
            "url": self.file_url(name, filename),
            "hashes": dict(self._hashes(name, filename)),
        }
        if facts.requires_python is not None:
            entry["requires-python"] = facts.requires_python
        if facts.yanked is not False:
            entry["yanked"] = facts.yanked
        if facts.sidecar is not None:
            own = {"sha256": hashlib.sha256(self.own_metadata(name, filename)).hexdigest()}
            entry["core-metadata"] = True if facts.sidecar == "unhashed" else own
        if minor >= 3 and facts.provenance is not None:
            entry["provenance"] = facts.provenance
        if minor >= 1:
            entry["size"] = len(self.projects[name][filename]) if facts.size is None else facts.size
            entry["upload-time"] = UPLOADED if facts.upload_time is None else facts.upload_time
        return entry

    def project_html(self, name: str) -> bytes:
        """The HTML answer of the same project (PEPs 503, 592, 629, 792)."""
        metas = [("pypi:repository-version", self.api_version)]
        if name in self.statuses:
            status, reason = self.statuses[name]
            metas += [("pypi:project-status", status), ("pypi:project-status-reason", reason)]
        head = "".join(f'<meta name="{key}" content="{html.escape(value)}">' for key, value in metas)
        links = "<br>\n".join(self._link(name, filename) for filename in self.projects[name])
        page = f"<!DOCTYPE html>\n<html><head>{head}<title>Links for {name}</title></head><body>\n"
        return f"{page}<h1>Links for {name}</h1>\n{links}\n</body></html>\n".encode()

    def _link(self, name: str, filename: str) -> str:
        facts = self.facts.get(filename, FileFacts())
        fragment = "".join(f"#{algorithm}={value}" for algorithm, value in self._hashes(name, filename))
        attributes = f'href="{html.escape(self.file_url(name, filename) + fragment)}"'
        if facts.requires_python is not None:
            attributes += f' data-requires-python="{html.escape(facts.requires_python)}"'
        if facts.yanked is not False:
            reason = "" if facts.yanked is True else facts.yanked
            attributes += f' data-yanked="{html.escape(reason)}"'
        if facts.provenance is not None:
            attributes += f' data-provenance="{html.escape(facts.provenance)}"'
        return f"<a {attributes}>{html.escape(filename)}</a>"

    def file_url(self, name: str, filename: str) -> str:
        """The link on the project's page; relative to the server's root unless the facts say otherwise."""
        facts = self.facts.get(filename, FileFacts())
        return f"/files/{name}/{quote(filename)}" if facts.url is None else facts.url

    def _hashes(self, name: str, filename: str) -> Iterable[tuple[str, str]]:
        facts = self.facts.get(filename, FileFacts())
        if facts.hashes is not None:
            return tuple(facts.hashes.items())
        return (("sha256", hashlib.sha256(self.projects[name][filename]).hexdigest()),)
