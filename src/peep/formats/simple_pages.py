"""Pages of the simple API, HTML and JSON 1.4, written as a function of what they list.

Source: the simple repository API (PEPs 503, 592, 629, 658, 691, 700, 714, 740, 792), version 1.4. The same listing
gives the same bytes, on every machine and in whatever order its files were named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from html import escape
from urllib.parse import quote

from peep.dataclass import dataclass
from peep.formats.canonical_json import JsonValue, canonical_json

API_VERSION = "1.4"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_PAGE = "index.html"
JSON_PAGE = "index.v1_json"
"""Its extension, shared with no other file, is what a server maps to `JSON_TYPE`."""


_CONTROLS = {**dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\ufffd"), 9: "&#9;", 10: "&#10;", 13: "&#13;"}
"""HTML has no way to write these but for white space: parsers take them for U+FFFD, or for something else."""


class ProjectStatus(Enum):
    """PEP 792: the markers that an index may give a project."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class ListedArchive:
    """One file of a project, as a page lists it."""

    filename: str
    url: str
    """Absolute, or relative to the page; percent-encoded (`relative_url`)."""
    version: str
    sha256: str
    """Lower-case hex, of the archive."""
    size: int
    """Bytes."""
    requires_python: str | None = None
    core_metadata: str | None = None
    """sha256 (lower-case hex) of the file that is served at `url` + `.metadata`; None: none is served."""
    provenance: str | None = None
    """URL of the PEP 740 provenance object, as `url` is written."""
    upload_time: str | None = None
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ` (PEP 700)."""
    yanked: str | None = None
    """None: not yanked; otherwise the reason, perhaps empty (PEP 592)."""


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """All that the two pages of one project say."""

    name: str
    """Normalised."""
    archives: Sequence[ListedArchive]
    status: ProjectStatus = ProjectStatus.ACTIVE
    status_reason: str = ""

    @property
    def offered(self) -> list[ListedArchive]:
        """By file name. PEP 792: an index must not offer files of a quarantined project; clients do install them."""
        if self.status is ProjectStatus.QUARANTINED:
            return []
        return sorted(self.archives, key=lambda archive: archive.filename)


def relative_url(path: str) -> str:
    """A `/`-separated path as a relative URL; `+`, which object stores read as a blank, is encoded as well."""
    return quote(path, safe="/-._~")


def project_json(page: ProjectPage) -> bytes:
    """The page as `application/vnd.pypi.simple.v1+json`."""
    status: dict[str, JsonValue] = {"status": page.status.value}
    if page.status_reason:
        status["reason"] = page.status_reason
    return canonical_json(
        {
            "meta": {"api-version": API_VERSION},
            "name": page.name,
            "project-status": status,
            "versions": sorted({archive.version for archive in page.archives}),
            "files": [_file(archive) for archive in page.offered],
        }
    )


def _file(archive: ListedArchive) -> dict[str, JsonValue]:
    """PEP 714: `core-metadata` alone, for the key that it replaces broke old clients of the JSON form."""
    entry: dict[str, JsonValue] = {
        "filename": archive.filename,
        "url": archive.url,
        "hashes": {"sha256": archive.sha256},
        "size": archive.size,
        "core-metadata": {"sha256": archive.core_metadata} if archive.core_metadata else False,
        # An empty reason would be read as "not yanked": the key's truth is what counts (PEP 691).
        "yanked": False if archive.yanked is None else archive.yanked or True,
    }
    optional = {
        "requires-python": archive.requires_python,
        "upload-time": archive.upload_time,
        "provenance": archive.provenance,
    }
    return {**entry, **{key: value for key, value in optional.items() if value}}


def project_html(page: ProjectPage) -> bytes:
    """The page as `text/html`."""
    metas = [("pypi:repository-version", API_VERSION), ("pypi:project-status", page.status.value)]
    if page.status_reason:
        metas.append(("pypi:project-status-reason", page.status_reason))
    return _document(f"Links for {page.name}", metas, map(_anchor, page.offered))


def links_html(archives: Iterable[ListedArchive]) -> bytes:
    """One page with archives of many projects, for `--find-links`."""
    ordered = sorted(archives, key=lambda archive: (archive.filename, archive.sha256))
    return _document("Links", [("pypi:repository-version", API_VERSION)], map(_anchor, ordered))


def _anchor(archive: ListedArchive) -> str:
    """One link. Old pips know the sidecar by `data-dist-info-metadata` only (PEP 714)."""
    attributes = [("href", f"{archive.url}#sha256={archive.sha256}")]
    if archive.requires_python:
        attributes.append(("data-requires-python", archive.requires_python))
    if archive.yanked is not None:
        attributes.append(("data-yanked", archive.yanked))
    if archive.core_metadata:
        sidecar = f"sha256={archive.core_metadata}"
        attributes += [("data-core-metadata", sidecar), ("data-dist-info-metadata", sidecar)]
    if archive.provenance:
        attributes.append(("data-provenance", archive.provenance))
    return _link(attributes, archive.filename)


def root_json(names: Iterable[str]) -> bytes:
    """The list of projects, by normalised name, as `application/vnd.pypi.simple.v1+json`."""
    projects: list[JsonValue] = [{"name": name} for name in sorted(set(names))]
    return canonical_json({"meta": {"api-version": API_VERSION}, "projects": projects})


def root_html(names: Iterable[str]) -> bytes:
    """The list of projects, by normalised name, as `text/html`; each links to the folder of its page."""
    links = (_link([("href", f"{relative_url(name)}/")], name) for name in sorted(set(names)))
    return _document("Simple index", [("pypi:repository-version", API_VERSION)], links)


def _document(title: str, metas: Iterable[tuple[str, str]], links: Iterable[str]) -> bytes:
    """HTML 5; the doctype comes first, or old clients refuse the page."""
    head = [f'<meta name="{name}" content="{_escaped(content)}">' for name, content in metas]
    lines = [
        "<!DOCTYPE html>",
        "<html>",
        "<head>",
        '<meta charset="utf-8">',
        *head,
        f"<title>{_escaped(title)}</title>",
        "</head>",
        "<body>",
        *links,
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines).encode()


def _link(attributes: Iterable[tuple[str, str]], text: str) -> str:
    written = " ".join(f'{name}="{_escaped(value)}"' for name, value in attributes)
    return f"<a {written}>{_escaped(text)}</a><br>"


def _escaped(text: str) -> str:
    """Line ends as references too, so that a link is one line whatever a reason says; no control characters."""
    escaped = escape(text)
    return escaped if escaped.isprintable() else escaped.translate(_CONTROLS)
