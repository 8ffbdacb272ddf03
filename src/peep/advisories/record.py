"""OSV record (schema 1.x, JSON) as an `Advisory`: only what is judged and shown, foreign text cleaned.

Source: OSV schema 1.7. Required are `id` and `modified`; an absent `schema_version` is 1.0.0; unknown fields are
ignored; another major version is unreadable. `GIT` ranges are left out, `SEMVER` ones are judged as `ECOSYSTEM`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from peep.advisories.foreign_text import cleaned
from peep.advisories.ordering import VersionRange, ordered_range, version_key
from peep.dataclass import dataclass
from peep.formats.ages import utc_time
from peep.formats.documents import parse_json
from peep.formats.names import normalised
from peep.pins import is_digest

ECOSYSTEM = "PyPI"
LARGEST_RECORD = 4 << 20
"""Bytes."""
CLOCK_TOLERANCE = timedelta(days=1)
"""A record that was modified later than this after it was fetched says nothing of how fresh a snapshot is."""
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.json", re.ASCII)
_SCHEMA = re.compile(r"(\d{1,6})(?:\.\d{1,6}){0,2}", re.ASCII)
_VECTOR = re.compile(r"[A-Za-z0-9:./-]{1,300}", re.ASCII)
_DISPUTED = re.compile(r"\W*disputed\b", re.IGNORECASE)
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_LONGEST_VERSION = 128
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class MalwareFile:
    """An archive that a malware record names by its bytes: `sha256` is lower-case hex, `filename` perhaps ''."""

    filename: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SeverityVector:
    """A CVSS vector as stated: `type` such as `CVSS_V3`."""

    type: str
    vector: str


@dataclass(frozen=True, slots=True)
class Affected:
    """What a record says of one project: `name` normalised (PEP 503)."""

    name: str
    listed: str = ""
    """The versions as they are listed, each between two line feeds: to look for one in the text is faster than to make
    a set of thousands that are asked once or never. '' when none is listed."""
    canonical: str = ""
    """In the same form, those that PEP 440 spells otherwise, by their canonical texts."""
    ranges: tuple[VersionRange, ...] = ()
    severity: tuple[SeverityVector, ...] = ()

    def lists(self, text: str) -> bool:
        """Whether this very text is listed."""
        return f"\n{text}\n" in self.listed

    def lists_version(self, key: str) -> bool:
        """Whether a version is listed in any spelling; `key` is its canonical text (`ordering.version_key`)."""
        wanted = f"\n{key}\n"
        return wanted in self.listed or wanted in self.canonical

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions as they are listed, in the order of their texts."""
        return tuple(self.listed.split("\n")[1:-1])


@dataclass(frozen=True, slots=True)
class Advisory:
    """A record that is not withdrawn, or is (`is_withdrawn`): then nothing but its id and time matter."""

    id: str
    modified: datetime
    published: datetime | None = None
    is_withdrawn: bool = False
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: tuple[SeverityVector, ...] = ()
    label: str = ""
    """`database_specific.severity`, lower case: `low`, `medium`, `high`, `critical`, or ''."""
    affected: tuple[Affected, ...] = ()
    """Entries of the ecosystem PyPI alone."""
    malware_files: tuple[MalwareFile, ...] = ()
    is_malware: bool = False
    is_disputed: bool = False
    is_malformed: bool = False
    """An event can't be parsed, or a range is `SEMVER`."""
    material: str = ""
    """sha256 of what a judgement rests on: id, `affected`, `severity`, kind; not of texts and times."""


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A member of a snapshot that is no record: the run can't be called complete. `name` and `reason` are clean."""

    name: str
    reason: str


class _Wrong(Exception):
    """What is wrong with a record."""


def parse_record(content: bytes, name: str) -> Advisory | UnreadableRecord:
    """Read one record; `name` is the member or file that it came from. Nothing is raised."""
    try:
        return _advisory(read_document(content))
    except _Wrong as wrong:
        return UnreadableRecord(cleaned(name, _LONGEST_NAME), cleaned(str(wrong)))


def is_record_name(name: str) -> bool:
    """Whether a member of a snapshot may have this name: no folders, ASCII, `.json`."""
    return _FILE_NAME.fullmatch(name) is not None and len(name) <= _LONGEST_NAME


def read_document(content: bytes) -> Mapping[str, Any]:
    """A JSON object, nested no deeper than `formats.documents` allows. Raises `_Wrong`."""
    if len(content) > LARGEST_RECORD:
        raise _Wrong(f"more than {LARGEST_RECORD >> 20} MiB")
    try:
        document = parse_json(content)
    except ValueError as error:  # no JSON, no UTF-8, nested too deeply, a number of too many digits
        raise _Wrong(f"no JSON ({error})") from None
    if not isinstance(document, dict):
        raise _Wrong("no JSON object")
    return document


def _advisory(document: Mapping[str, Any]) -> Advisory:
    identifier, modified = _head(document)
    if _text_or_none(document, "withdrawn") is not None:
        return Advisory(identifier, modified, is_withdrawn=True)
    specific = _mapping(document.get("database_specific"), "database_specific", default={})
    entries = [_mapping(entry, "affected") for entry in _sequence(document, "affected")]
    ours = [(entry, name) for entry in entries if (name := _project_of(entry))]
    read = [_affected(entry, name) for entry, name in ours]
    files = tuple(dict.fromkeys(file for entry in entries for file in _malware_files(entry)))
    is_malware = identifier.startswith("MAL-") or bool(files) or "malicious-packages-origins" in specific
    severity = _vectors(document)
    summary = cleaned(document.get("summary"))
    return Advisory(
        identifier,
        modified,
        published=utc_time(document.get("published")),
        aliases=tuple(dict.fromkeys(_identifiers(document, "aliases"))),
        summary=summary,
        severity=severity,
        label=_label(specific),
        affected=tuple(affected for affected, _ in read),
        malware_files=files,
        is_malware=is_malware,
        is_disputed=any(_DISPUTED.match(text) for text in (summary, cleaned(document.get("details"), 60))),
        is_malformed=any(is_malformed for _, is_malformed in read),
        material=_material(identifier, document, is_malware=is_malware),
    )


def _head(document: Mapping[str, Any]) -> tuple[str, datetime]:
    version = document.get("schema_version", "1.0.0")
    found = _SCHEMA.fullmatch(version) if isinstance(version, str) else None
    if found is None or int(found[1]) != 1:
        raise _Wrong(f"of schema version {cleaned(str(version), 20)}, and only 1.x can be read")
    identifier = document.get("id")
    if not isinstance(identifier, str) or not IDENTIFIER.fullmatch(identifier):
        raise _Wrong("has no id that could be one")
    modified = utc_time(document.get("modified"))
    if modified is None:
        raise _Wrong(f"{identifier}: `modified` is no RFC 3339 time")
    return identifier, modified


def _project_of(entry: Mapping[str, Any]) -> str:
    """The normalised name of the project that an entry is about; '' for another ecosystem, or for none."""
    about = _mapping(entry.get("package"), "affected[].package", default={})
    if about.get("ecosystem") != ECOSYSTEM:
        return ""
    name = about.get("name")
    if not isinstance(name, str) or not name.strip():
        raise _Wrong("has an affected package without a name")
    return cleaned(normalised(name.strip()), _LONGEST_NAME)


def _affected(entry: Mapping[str, Any], name: str) -> tuple[Affected, bool]:
    """What is affected of a project, and whether a part of that can't be read as it was meant."""
    stated = _sequence(entry, "versions")
    if not all(isinstance(version, str) for version in stated):
        raise _Wrong("lists a version that is no text")
    listed = {cleaned(version, _LONGEST_VERSION) for version in stated}
    ranges: list[VersionRange] = []
    is_malformed = False
    for one in _sequence(entry, "ranges"):
        stated_range = _mapping(one, "ranges")
        kind = _text_or_none(stated_range, "type")
        if kind == "GIT":  # of commits, which no pin names
            continue
        if kind not in {"ECOSYSTEM", "SEMVER"}:
            raise _Wrong("has a range of no type that OSV knows")
        ranged, is_broken = ordered_range(_events(stated_range))
        is_malformed |= is_broken or kind == "SEMVER"
        ranges.append(ranged)
    others = set(map(version_key, listed)) - listed
    return Affected(name, _joined(listed), _joined(others), tuple(ranges), _vectors(entry)), is_malformed


def _joined(versions: Collection[str]) -> str:
    return "\n" + "\n".join(sorted(versions)) + "\n" if versions else ""


def _events(stated_range: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for event in _sequence(stated_range, "events"):
        for kind, value in _mapping(event, "events").items():
            if kind in _EVENTS:
                yield kind, cleaned(value, _LONGEST_VERSION) if isinstance(value, str) else value


def _malware_files(entry: Mapping[str, Any]) -> Iterator[MalwareFile]:
    """`package_integrity` alone holds digests of archives; those of origins and of evidence are of reports."""
    specific = _mapping(entry.get("database_specific"), "affected[].database_specific", default={})
    indicators = specific.get("indicators")
    if not isinstance(indicators, dict):
        return
    for one in _sequence(indicators, "package_integrity"):
        item = _mapping(one, "package_integrity")
        sha256 = _mapping(item.get("hashes"), "package_integrity[].hashes", default={}).get("sha256")
        if sha256 is not None:
            if not isinstance(sha256, str) or not is_digest(sha256.lower()):
                raise _Wrong("lists malware by a sha256 that is none")
            yield MalwareFile(cleaned(item.get("filename"), _LONGEST_NAME), sha256.lower())


def _vectors(holder: Mapping[str, Any]) -> tuple[SeverityVector, ...]:
    """Well-formed vectors; severity never decides whether something is affected, so a broken one is only unknown."""
    stated = holder.get("severity")
    found = stated if isinstance(stated, list) else []
    return tuple(
        SeverityVector(one["type"], one["score"])
        for one in found
        if isinstance(one, dict)
        and isinstance(one.get("type"), str)
        and isinstance(one.get("score"), str)
        and IDENTIFIER.fullmatch(one["type"])
        and _VECTOR.fullmatch(one["score"])
    )


_LABELS = {"low": "low", "moderate": "medium", "medium": "medium", "high": "high", "critical": "critical"}


def _label(specific: Mapping[str, Any]) -> str:
    stated = specific.get("severity")
    return _LABELS.get(stated.strip().lower(), "") if isinstance(stated, str) else ""


def _identifiers(document: Mapping[str, Any], key: str) -> Iterator[str]:
    for alias in _sequence(document, key):
        if isinstance(alias, str) and IDENTIFIER.fullmatch(alias):
            yield alias


def _material(identifier: str, document: Mapping[str, Any], *, is_malware: bool) -> str:
    from hashlib import sha256  # noqa: PLC0415 - OpenSSL, for runs that read records

    basis = [identifier, document.get("affected"), document.get("severity"), is_malware]
    text = json.dumps(basis, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _mapping(value: object, what: str, default: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    if value is None and default is not None:
        return default
    if not isinstance(value, dict):
        raise _Wrong(f"`{what}` holds what is no object")
    return value


def _sequence(holder: Mapping[str, Any], key: str) -> list[Any]:
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Wrong(f"`{key}` is no list")
    return value


def _text_or_none(holder: Mapping[str, Any], key: str) -> str | None:
    value = holder.get(key)
    if value is not None and not isinstance(value, str):
        raise _Wrong(f"`{key}` is no text")
    return value
