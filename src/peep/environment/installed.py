"""Installed projects of an environment, read with few system calls and believing none of it.

Specifications: "Recording installed projects", PEP 610 (`direct_url.json`), PEP 710 (`provenance_url.json`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from peep.dataclass import NamedTuple, replace
from peep.environment.mapping import rooted_paths
from peep.errors import EnvironmentChangeError
from peep.formats.documents import parse_json
from peep.formats.names import normalised
from peep.model import HEX_LENGTHS, Digest, InstalledProject, Provenance, TargetEnvironment
from peep.pins import is_digest
from peep.system import bounded
from peep.system.files import regular_only

_PIECE = 1 << 14
_LIMIT = 1 << 20
"""Bytes of a provenance file that are read at most."""
_STATED = ("name", "version", "requires-dist", "provides-extra")
_LEGACY = (".egg-info", ".egg-link", ".egg")


class InstalledFileRow(NamedTuple):
    """One row of an installed RECORD."""

    path: str
    """As written: relative to site-packages, or absolute."""
    hash: str
    """`sha256=…` in urlsafe base64, or ''."""
    size: int | None


class ProjectRequirements(NamedTuple):
    """What the METADATA of an installed project asks for, as text."""

    requires_dist: tuple[str, ...]
    provides_extra: tuple[str, ...]


def installed_projects(target: TargetEnvironment) -> dict[str, InstalledProject]:
    """Every project in the target's purelib and platlib, by normalised name.

    Nothing raises: a project whose metadata is damaged is there without provenance, an unreadable folder is empty.
    """
    paths = rooted_paths(target)
    found: dict[str, InstalledProject] = {}
    for folder in dict.fromkeys(os.path.realpath(paths[scheme]) for scheme in ("purelib", "platlib")):
        for project in _projects_in(folder):
            other = found.get(project.name)
            found[project.name] = project if other is None else _both(other, project)
    return found


def _both(first: InstalledProject, second: InstalledProject) -> InstalledProject:
    """Two metadata folders of one project: neither can be believed."""
    others = (*first.other_metadata, second.metadata_path, *second.other_metadata)
    return replace(first, provenance=None, other_metadata=others)


def _projects_in(folder: str) -> Iterator[InstalledProject]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith((".dist-info", *_LEGACY)))
    except OSError:
        return
    for name in names:
        if name.startswith(("~", ".", "-")):
            continue  # what pip leaves behind when it is killed; it and importlib.metadata's users ignore these, too
        path = os.path.join(folder, name)
        if not name.endswith(".dist-info"):
            yield _from_legacy(path, name)
        elif (project := _from_dist_info(path, name)) is not None:
            yield project


def _from_dist_info(path: str, folder_name: str) -> InstalledProject | None:
    """None for an empty folder, which an uninstall left: it says of no project that it is there."""
    stem = folder_name.removesuffix(".dist-info")
    name, _, version = stem.partition("-")
    try:
        files = set(os.listdir(path))
    except OSError:
        files = {""}  # unreadable, which is not the same as empty
    if not files:
        return None
    if "-" in version or not version:
        name, version = _stated_identity(os.path.join(path, "METADATA"), name, version)
    return InstalledProject(
        name=normalised(name),
        version=version,
        metadata_path=path,
        is_requested="REQUESTED" in files,
        provenance=_provenance_in(path, files),
    )


def _from_legacy(path: str, file_name: str) -> InstalledProject:
    """`NAME-VERSION-py3.11.egg-info` and its kin: nothing in them says where they came from."""
    name, _, version = os.path.splitext(file_name)[0].partition("-")
    version = re.sub(r"-py\d[\d.]*.*$", "", version)
    if not version:
        inside = os.path.join(path, "PKG-INFO") if os.path.isdir(path) else path
        name, version = _stated_identity(inside, name, version)
    return InstalledProject(normalised(name), version, path)


def _stated_identity(metadata: str, name: str, version: str) -> tuple[str, str]:
    headers = _headers(metadata)
    return (headers["name"] or [name])[0], (headers["version"] or [version])[0]


def _headers(path: str) -> dict[str, list[str]]:
    """The header fields `_STATED` of a core metadata file: name -> values; all empty when it can't be read."""
    head = re.split(rb"\n\r?\n", _head_of(path), maxsplit=1)[0].decode("utf-8", "replace").replace("\r\n", "\n")
    fields: dict[str, list[str]] = {name: [] for name in _STATED}
    for line in re.sub(r"\n[ \t]+", " ", head).split("\n"):
        name, colon, value = line.partition(":")
        if colon and (values := fields.get(name.strip().lower())) is not None:
            values.append(value.strip())
    return fields


def _head_of(path: str) -> bytes:
    """All up to the first blank line, and some of the description behind it, which can be long."""
    head = b""
    try:
        with open(path, "rb", buffering=0, opener=regular_only) as stream:
            while b"\n\n" not in head and b"\n\r\n" not in head and (piece := stream.read(_PIECE)):
                head += piece
                if len(head) > bounded.PROJECT_FILE:
                    raise bounded.too_long(bounded.PROJECT_FILE, path)
    except OSError:
        return b""
    return head


def _provenance_in(folder: str, files: set[str]) -> Provenance | None:
    """What peep wrote counts before `direct_url.json`; a project never has both (PEP 710)."""
    for name in ("provenance_url.json", "direct_url.json"):
        if name in files:
            return parse_provenance(_start_of(os.path.join(folder, name)), is_direct=name == "direct_url.json")
    return None


def _start_of(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return b""
    content = b""
    try:
        # Piece by piece: to make room for the limit costs more than all else that is done with a file of 200 bytes.
        while len(content) < _LIMIT and (piece := os.read(descriptor, _PIECE)):
            content += piece
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return content


def parse_provenance(content: bytes, *, is_direct: bool) -> Provenance | None:
    """Read `direct_url.json` or `provenance_url.json`; None when it is not what its PEP says."""
    try:
        stated = parse_json(content)
        url = stated["url"]
        hashes = tuple(_digests(stated.get("archive_info") or {}))
        repository = stated.get("vcs_info") or {}
        commit = repository.get("commit_id")
        is_editable = (stated.get("dir_info") or {}).get("editable") is True
        subdirectory = stated.get("subdirectory")
        f"{url}{commit}{subdirectory}".encode()  # JSON can state lone surrogates, and nothing can write them
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not (isinstance(url, str) and isinstance(commit, str | None) and isinstance(subdirectory, str | None)):
        return None
    git_commit = commit if repository.get("vcs") == "git" else None
    return Provenance(url, hashes, is_direct, git_commit, is_editable, subdirectory)


def _digests(archive_info: Mapping[str, Any]) -> Iterator[Digest]:
    """PEP 610: `hashes` {algorithm: hex}, and the older `hash` "algorithm=hex"."""
    stated = dict(archive_info.get("hashes") or {})
    algorithm, _, value = (archive_info.get("hash") or "").partition("=")
    stated.setdefault(algorithm, value)
    for name in HEX_LENGTHS:
        value = stated.get(name)
        if isinstance(value, str) and is_digest(value, name):
            yield Digest(name, value)


def requirements_of(project: InstalledProject) -> ProjectRequirements:
    """What an installed project says it needs; empty when its metadata can't be read."""
    place = project.metadata_path
    for candidate in (os.path.join(place, "METADATA"), os.path.join(place, "PKG-INFO"), place):
        if os.path.isfile(candidate):
            headers = _headers(candidate)
            return ProjectRequirements(tuple(headers["requires-dist"]), tuple(headers["provides-extra"]))
    return ProjectRequirements((), ())


def read_record(project: InstalledProject) -> tuple[InstalledFileRow, ...]:
    """The rows of an installed project's RECORD, as written.

    Raises `EnvironmentChangeError` when there is none (legacy installs) or when it is not the CSV it should be.
    """
    return parse_record(project, read_record_text(project.metadata_path, project))


def rows_if_any(project: InstalledProject) -> tuple[InstalledFileRow, ...]:
    """As `read_record`; no rows where there is no RECORD that can be read."""
    try:
        return read_record(project)
    except EnvironmentChangeError:
        return ()


def read_record_text(metadata_path: str, project: InstalledProject) -> str:
    """The whole RECORD in `metadata_path`; raises `EnvironmentChangeError` without one."""
    path = os.path.join(metadata_path, "RECORD")
    try:
        return bounded.read_file(path, bounded.RECORDS).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise EnvironmentChangeError(
            f"{project.name} {project.version} was installed without a RECORD of its files ({path}: {reason})",
            "--force-reinstall replaces it all the same",
        ) from error


def parse_record(project: InstalledProject, text: str) -> tuple[InstalledFileRow, ...]:
    """The rows of a RECORD text ("Recording installed projects", The RECORD file)."""
    from peep.formats.record import record_table  # noqa: PLC0415 - for runs that replace or check a project

    rows = []
    try:
        for path, recorded, size in filter(None, record_table(text)):
            rows.append(InstalledFileRow(path, recorded, int(size) if size else None))
    except ValueError as error:
        raise EnvironmentChangeError(
            f"the RECORD of {project.name} {project.version} is damaged: {error}",
            "--force-reinstall replaces it all the same",
        ) from error
    return tuple(rows)
