"""Facts of a mirror's project (`facts/NAME.json`), from which its pages follow.

Format: docs/mirror-format.md. Canonical JSON without indentation. Times are RFC 3339 in UTC with six digits of a
second, so that they compare as text.
"""

from __future__ import annotations

import re

from peep.dataclass import dataclass
from peep.formats.canonical_json import JsonValue, NotCanonical, canonical_json, parse_canonical_json, parse_exact_json
from peep.formats.json_fields import Fields, ManifestError, hex_digest, known_word
from peep.formats.member_names import name_problems
from peep.formats.names import ARCHIVE_SUFFIXES, normalised
from peep.formats.simple_pages import ProjectStatus

LARGEST_FACTS = 128 << 20
"""Bytes."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_NEVER = "0001-01-01T00:00:00.000000Z"


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """One file of a project. `sha256`, `core_metadata`, `provenance`: lower-case hex digests; `size` in bytes."""

    filename: str
    version: str
    sha256: str
    size: int
    source: str
    """Name of the source that it came from."""
    linked: str
    """When it was put on the page, last."""
    requires_python: str | None = None
    """From the verified archive, like the digest of its METADATA."""
    core_metadata: str | None = None
    provenance: str | None = None
    upload_time: str | None = None
    """As upstream says; of a private file, when it was added."""
    yanked: str | None = None
    """None: not yanked; otherwise the reason, perhaps empty."""
    yanked_at: str | None = None
    """When it was said last that the file is yanked, or is not."""
    unlinked: str | None = None
    """When it was taken off the page, last."""

    @property
    def is_linked(self) -> bool:
        return self.unlinked is None or self.unlinked < self.linked

    @property
    def path(self) -> str:
        """Of the archive, from the root of the mirror; its METADATA lies beside it."""
        return f"files/{self.sha256[:2]}/{self.sha256}/{self.filename}"

    @property
    def provenance_path(self) -> str | None:
        return f"provenance/{self.provenance[:2]}/{self.provenance}.json" if self.provenance else None


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """One project of a mirror."""

    name: str
    """Normalised."""
    owner: str
    """Name of the source that owns it."""
    earlier_owners: tuple[str, ...] = ()
    """In the order in which they had it."""
    owned_since: str = _NEVER
    status: ProjectStatus = ProjectStatus.ACTIVE
    status_reason: str = ""
    status_at: str | None = None
    """When the status was stated."""
    files: tuple[ArchiveFacts, ...] = ()
    """By file name."""

    @property
    def content(self) -> bytes:
        """The bytes of `facts/NAME.json`."""
        return canonical_json(
            {
                "name": self.name,
                "owner": {"source": self.owner, "since": self.owned_since, "earlier": list(self.earlier_owners)},
                "status": {"status": self.status.value, "reason": self.status_reason, "time": self.status_at},
                "files": [_file_json(one) for one in sorted(self.files, key=lambda one: one.filename)],
            }
        )


def _file_json(one: ArchiveFacts) -> dict[str, JsonValue]:
    return {
        "filename": one.filename,
        "version": one.version,
        "sha256": one.sha256,
        "size": one.size,
        "source": one.source,
        "requires-python": one.requires_python,
        "core-metadata": one.core_metadata,
        "provenance": one.provenance,
        "upload-time": one.upload_time,
        "yanked": False if one.yanked is None else one.yanked,
        "yanked-time": one.yanked_at,
        "linked": one.linked,
        "unlinked": one.unlinked,
    }


def parse_facts(content: bytes) -> ProjectFacts:
    """Read the bytes of a facts file. Raises `ManifestError` for whatever `ProjectFacts.content` never writes."""
    try:
        fields = Fields.of(parse_exact_json(content), "the facts")
    except NotCanonical as error:
        raise ManifestError(str(error)) from None
    name = fields.text("name")
    if normalised(name) != name:
        raise ManifestError(f"has the project name {name!r}, which is not normalised")
    owner, status = (Fields.of(fields.values.get(key), repr(key)) for key in ("owner", "status"))
    files = tuple(_file(one) for one in fields.objects("files"))
    names = [one.filename for one in files]
    if names != sorted(set(names)):
        raise ManifestError("has files out of order, or one of them twice")
    facts = ProjectFacts(
        name=name,
        owner=owner.text("source"),
        earlier_owners=owner.ordered_texts("earlier"),
        owned_since=_time(owner, "since"),
        status=known_word(ProjectStatus, status.text("status")),
        status_reason=status.reason("reason") or "",
        status_at=_optional_time(status, "time"),
        files=files,
    )
    _require_form(facts, content)
    return facts


def _require_form(facts: ProjectFacts, content: bytes) -> None:
    """Refuse bytes that mean these facts, or more, and are not theirs: one comparison tells, another one why."""
    try:
        if facts.content != content:
            parse_canonical_json(content)
            raise ManifestError("has keys that are not known")
    except NotCanonical as error:
        raise ManifestError(str(error)) from None


def _file(fields: Fields) -> ArchiveFacts:
    filename = fields.text("filename")
    if problems := name_problems([filename]):
        raise ManifestError(f"lists {problems[0]}")
    if "/" in filename or not filename.lower().endswith(ARCHIVE_SUFFIXES):
        raise ManifestError(f"lists {filename!r} as an archive")
    metadata, provenance = fields.optional_text("core-metadata"), fields.optional_text("provenance")
    return ArchiveFacts(
        filename=filename,
        version=fields.text("version"),
        sha256=hex_digest(fields.text("sha256")),
        size=fields.count("size"),
        source=fields.text("source"),
        linked=_time(fields, "linked"),
        requires_python=fields.optional_text("requires-python"),
        core_metadata=hex_digest(metadata) if metadata else None,
        provenance=hex_digest(provenance) if provenance else None,
        upload_time=fields.optional_text("upload-time"),
        yanked=fields.reason("yanked"),
        yanked_at=_optional_time(fields, "yanked-time"),
        unlinked=_optional_time(fields, "unlinked"),
    )


def _time(fields: Fields, key: str) -> str:
    text = fields.text(key)
    if not _TIME.fullmatch(text):
        raise ManifestError(f"has {text[:60]!r} as {key!r}, which should be a time such as 2026-01-02T03:04:05.000000Z")
    return text


def _optional_time(fields: Fields, key: str) -> str | None:
    return None if fields.values.get(key) is None else _time(fields, key)
