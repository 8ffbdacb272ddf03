"""Layout of a mirror: the place of everything, and the pages that follow from its facts.

Format: docs/mirror-format.md. Pages are functions of facts, byte for byte, and hold relative links only, so that a
mirror works below any prefix, on any host and by `file:`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from hashlib import sha256

from peep.dataclass import dataclass
from peep.formats.canonical_json import JsonValue, NotCanonical, canonical_json, parse_canonical_json
from peep.formats.json_fields import Fields, ManifestError, hex_digest, known_word
from peep.formats.names import normalised
from peep.formats.simple_pages import (
    HTML_PAGE,
    JSON_PAGE,
    ListedArchive,
    ProjectPage,
    links_html,
    project_html,
    project_json,
    relative_url,
    root_html,
    root_json,
)
from peep.mirror.facts import ArchiveFacts, ProjectFacts

MIRROR_SETTINGS = "mirror.toml"
ROOT_MANIFEST = "peep-mirror.json"
FLAT_PAGE = "find-links.html"
FORMAT = "peep mirror 1"
LARGEST_ROOT_MANIFEST = 256 << 20


class View(Enum):
    """Pages that a mirror has beside `simple/`."""

    FLAT = "flat"
    """One page with every file, for `--find-links`."""
    JSON_ROOT = "json-root"
    """A second index, `json/`, whose index documents are the JSON pages, for hosts that cannot choose."""


@dataclass(frozen=True, slots=True)
class RootManifest:
    """`peep-mirror.json`, written last: what the mirror held when it was complete."""

    serial: int = 0
    """Grows with each change."""
    views: tuple[View, ...] = ()
    projects: Mapping[str, str] | None = None
    """sha256 (lower-case hex) of each project's facts, by name."""

    @property
    def content(self) -> bytes:
        projects: dict[str, JsonValue] = {
            name: {"facts": {"sha256": digest}} for name, digest in (self.projects or {}).items()
        }
        views: list[JsonValue] = [*sorted(view.value for view in self.views)]
        return canonical_json({"format": FORMAT, "serial": self.serial, "views": views, "projects": projects})


def parse_root_manifest(content: bytes) -> RootManifest:
    """Read the bytes of `peep-mirror.json`. Raises `ManifestError`."""
    if len(content) > LARGEST_ROOT_MANIFEST:
        raise ManifestError(f"is larger than {LARGEST_ROOT_MANIFEST} bytes")
    try:
        fields = Fields.of(parse_canonical_json(content), "the manifest")
    except NotCanonical as error:
        raise ManifestError(str(error)) from None
    fields.require("format", FORMAT)
    projects = Fields.of(fields.values.get("projects"), "'projects'")
    digests = {}
    for name, value in projects.values.items():
        if normalised(name) != name or not name.isprintable() or "/" in name or name.startswith("."):
            raise ManifestError(f"has {name[:80]!r}, which is no normalised name of a project")
        facts = Fields.of(Fields.of(value, f"the project {name}").values.get("facts"), f"the facts of {name}")
        digests[name] = hex_digest(facts.text("sha256"))
    views = tuple(known_word(View, text) for text in fields.texts("views"))
    return RootManifest(fields.count("serial"), views, digests)


def facts_path(name: str) -> str:
    return f"facts/{name}.json"


def facts_digest(facts: ProjectFacts) -> str:
    """sha256 (lower-case hex) of the bytes of a project's facts."""
    return sha256(facts.content).hexdigest()


def project_pages(facts: ProjectFacts, views: Iterable[View]) -> dict[str, bytes]:
    """The pages of one project, by path."""
    page = _page(facts, "../../")
    pages = {
        f"simple/{facts.name}/{HTML_PAGE}": project_html(page),
        f"simple/{facts.name}/{JSON_PAGE}": project_json(page),
    }
    if View.JSON_ROOT in views:
        pages[f"json/{facts.name}/{JSON_PAGE}"] = project_json(page)
    return pages


def root_pages(names: Iterable[str], views: Iterable[View]) -> dict[str, bytes]:
    """The lists of projects, by path."""
    known = sorted(set(names))
    pages = {f"simple/{HTML_PAGE}": root_html(known), f"simple/{JSON_PAGE}": root_json(known)}
    if View.JSON_ROOT in views:
        pages[f"json/{JSON_PAGE}"] = root_json(known)
    return pages


def flat_page(projects: Iterable[ProjectFacts]) -> bytes:
    """`find-links.html`: every file that some project's page offers."""
    return links_html(archive for facts in projects for archive in _page(facts, "").offered)


def _page(facts: ProjectFacts, up: str) -> ProjectPage:
    archives = [_listed(file, up) for file in facts.files if file.is_linked]
    return ProjectPage(facts.name, archives, facts.status, facts.status_reason)


def _listed(file: ArchiveFacts, up: str) -> ListedArchive:
    return ListedArchive(
        file.filename,
        relative_url(up + file.path),
        file.version,
        file.sha256,
        file.size,
        requires_python=file.requires_python,
        core_metadata=file.core_metadata,
        provenance=relative_url(up + file.provenance_path) if file.provenance_path else None,
        upload_time=file.upload_time,
        yanked=file.yanked,
    )


def stored_paths(facts: ProjectFacts) -> dict[str, str]:
    """sha256 of every immutable file that the facts speak of, by path: archives, sidecars, provenance objects."""
    found = {}
    for file in facts.files:
        found[file.path] = file.sha256
        if file.core_metadata:
            found[f"{file.path}.metadata"] = file.core_metadata
        if file.provenance and file.provenance_path:
            found[file.provenance_path] = file.provenance
    return found
