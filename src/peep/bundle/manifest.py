"""`bundle.json`: the manifest of a bundle, whose sha256 is the digest of all that it lists.

Format: docs/bundle-format.md. The bytes are canonical JSON, indented by one; every list is sorted, so that the order of
options, the machine and the day change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from hashlib import sha256

from peep.dataclass import dataclass
from peep.formats.canonical_json import JsonValue, NotCanonical, canonical_json, parse_canonical_json
from peep.formats.json_fields import Fields, ManifestError, hex_digest, known_word
from peep.formats.member_names import name_problems
from peep.formats.names import normalised
from peep.formats.target_ids import TargetId
from peep.model import ArchiveKind, Digest

MANIFEST = "bundle.json"
ARCHIVES = "archives/"
FORMAT = "peep bundle 1"
LARGEST_MANIFEST = 64 << 20
"""Bytes; 100,000 archives take half of it."""
_TOP = ("advisories", "archives", "format", "inputs", "targets", "tools")


class InputRole(Enum):
    """What a file is read as when the bundle is installed from."""

    REQUIREMENTS = "requirements"
    LOCK = "lock"
    CONSTRAINT = "constraint"
    BUILD_CONSTRAINT = "build-constraint"
    INCLUDED = "included"


class ArchiveRole(Enum):
    """What an archive is carried for."""

    BUILD = "build"
    INSTALL = "install"


@dataclass(frozen=True, slots=True)
class BundleTarget:
    """A declared target, spelled out; `here` never stands in a manifest."""

    name: str
    implementation: str
    """`cp`, `pp`."""
    python: str
    """`3.12`, or three numbers where the target is exact."""
    abi: str
    platform: str

    @classmethod
    def of(cls, target: TargetId) -> BundleTarget:
        """Spell out a target ID."""
        numbers = (*target.minor, *(() if target.micro is None else (target.micro,)))
        python = ".".join(map(str, numbers))
        return cls(target.text, target.implementation, python, target.abi, target.platform)


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A stored file: path from the root of the bundle, sha256 (lower-case hex) and size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class BundleInput:
    """A requirements, lock or constraints file as it was read, byte for byte, below `locks/`."""

    file: BundleFile
    role: InputRole
    extras: tuple[str, ...] = ()
    """Extras of a lock file that were asked for."""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleArchive:
    """An archive that some target needs; its bytes lie in `archives/` under `filename`."""

    filename: str
    name: str
    """Normalised."""
    version: str
    kind: ArchiveKind
    sha256: str
    """Lower-case hex."""
    size: int
    """Bytes."""
    roles: tuple[ArchiveRole, ...]
    targets: tuple[str, ...]
    """Names of targets that it is for."""
    requires_python: str | None = None
    """From the verified archive."""
    core_metadata: BundleFile | None = None
    """The METADATA of a wheel, beside it."""
    provenance: str | None = None
    """sha256 of a PEP 740 provenance object, as it was served."""
    upload_time: str | None = None
    yanked: str | None = None
    origin: str | None = None
    """URL of the index, without credentials."""
    url: str | None = None
    """Where the file was fetched from; None where that holds credentials, a query, or is on a machine's own disk."""
    is_optional: bool = False
    """Here only because a target leaves a marker open."""

    @property
    def path(self) -> str:
        return f"{ARCHIVES}{self.filename}"

    @property
    def provenance_path(self) -> str:
        """Meaningful where `provenance` is set."""
        return f"provenance/{(self.provenance or '')[:2]}/{self.provenance}.json"


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """All that `bundle.json` states."""

    targets: tuple[BundleTarget, ...] = ()
    inputs: tuple[BundleInput, ...] = ()
    archives: tuple[BundleArchive, ...] = ()
    tools: tuple[BundleFile, ...] = ()
    advisories: tuple[BundleFile, ...] = ()

    @property
    def content(self) -> bytes:
        """The bytes of `bundle.json`."""
        return canonical_json(
            {
                "format": FORMAT,
                "targets": [_target_json(one) for one in sorted(self.targets, key=lambda one: one.name)],
                "inputs": [_input_json(one) for one in sorted(self.inputs, key=lambda one: one.file.path)],
                "archives": [_archive_json(one) for one in sorted(self.archives, key=lambda one: one.filename)],
                "tools": _files_json(self.tools),
                "advisories": _files_json(self.advisories),
            },
            indented=True,
        )

    @property
    def digest(self) -> Digest:
        """The digest of the bundle."""
        return digest_of(self.content)

    def archives_for(self, target: str) -> list[BundleArchive]:
        """The archives that are for a target, by its name."""
        return [one for one in self.archives if target in one.targets]


def digest_of(content: bytes) -> Digest:
    """The digest of a bundle whose `bundle.json` has these bytes."""
    return Digest("sha256", sha256(content).hexdigest())


def _target_json(one: BundleTarget) -> dict[str, JsonValue]:
    return {
        "name": one.name,
        "implementation": one.implementation,
        "python": one.python,
        "abi": one.abi,
        "platform": one.platform,
    }


def _file_json(one: BundleFile) -> dict[str, JsonValue]:
    return {"path": one.path, "sha256": one.sha256, "size": one.size}


def _files_json(files: Sequence[BundleFile]) -> list[JsonValue]:
    return [_file_json(one) for one in sorted(files, key=lambda one: one.path)]


def _input_json(one: BundleInput) -> dict[str, JsonValue]:
    return {
        **_file_json(one.file),
        "role": one.role.value,
        "extras": sorted(set(one.extras)),
        "groups": sorted(set(one.groups)),
    }


def _archive_json(one: BundleArchive) -> dict[str, JsonValue]:
    metadata = one.core_metadata
    return {
        "filename": one.filename,
        "name": one.name,
        "version": one.version,
        "kind": one.kind.value,
        "sha256": one.sha256,
        "size": one.size,
        "requires-python": one.requires_python,
        "core-metadata": {"sha256": metadata.sha256, "size": metadata.size} if metadata else None,
        "provenance": {"sha256": one.provenance} if one.provenance else None,
        "upload-time": one.upload_time,
        "yanked": False if one.yanked is None else one.yanked,
        "origin": one.origin,
        "url": one.url,
        "roles": sorted({role.value for role in one.roles}),
        "targets": sorted(set(one.targets)),
        "optional": one.is_optional,
    }


def parse_manifest(content: bytes) -> BundleManifest:
    """Read the bytes of `bundle.json`, strictly: nothing in it has been vouched for.

    Keys that are not known are ignored below the top level and refused at it. Raises `ManifestError` for another
    format, for bytes that are not canonical, for values of the wrong kind, names that lead out of the bundle or are one
    file to some systems, and for targets that are not declared.
    """
    if len(content) > LARGEST_MANIFEST:
        raise ManifestError(f"is larger than {LARGEST_MANIFEST} bytes")
    try:
        document = parse_canonical_json(content, indented=True)
    except NotCanonical as error:
        raise ManifestError(str(error)) from None
    top = Fields.of(document, "the manifest")
    top.require("format", FORMAT)
    if unknown := sorted(set(top.values) - set(_TOP)):
        raise ManifestError(f"has a key that is not known: {unknown[0]!r}")
    manifest = BundleManifest(
        targets=tuple(_target(one) for one in top.objects("targets")),
        inputs=tuple(_input(one) for one in top.objects("inputs")),
        archives=tuple(_archive(one) for one in top.objects("archives")),
        tools=tuple(_file(one, "") for one in top.objects("tools")),
        advisories=tuple(_file(one, "advisories/") for one in top.objects("advisories")),
    )
    _check_order(manifest)
    _check_targets(manifest)
    return manifest


def _target(fields: Fields) -> BundleTarget:
    keys = ("name", "implementation", "python", "abi", "platform")
    return BundleTarget(*(fields.text(key) for key in keys))


def _file(fields: Fields, folder: str) -> BundleFile:
    path = safe_path(fields.text("path"))
    if not path.startswith(folder) or (not folder and "/" in path):
        raise ManifestError(f"has {path!r} where only files in {folder or 'its root'} may be")
    return BundleFile(path, hex_digest(fields.text("sha256")), fields.count("size"))


def _input(fields: Fields) -> BundleInput:
    role = known_word(InputRole, fields.text("role"))
    return BundleInput(_file(fields, "locks/"), role, fields.texts("extras"), fields.texts("groups"))


def _archive(fields: Fields) -> BundleArchive:
    filename = plain_name(fields.text("filename"))
    kind = known_word(ArchiveKind, fields.text("kind"))
    if (kind is ArchiveKind.WHEEL) != filename.endswith(".whl"):
        raise ManifestError(f"says that {filename} is of the kind {kind.value}")
    name = fields.text("name")
    if normalised(name) != name:
        raise ManifestError(f"has the project name {name!r}, which is not normalised")
    metadata, provenance = fields.optional_object("core-metadata"), fields.optional_object("provenance")
    return BundleArchive(
        filename=filename,
        name=name,
        version=fields.text("version"),
        kind=kind,
        sha256=hex_digest(fields.text("sha256")),
        size=fields.count("size"),
        roles=tuple(known_word(ArchiveRole, word) for word in fields.texts("roles")),
        targets=fields.texts("targets"),
        requires_python=fields.optional_text("requires-python"),
        core_metadata=_metadata(filename, metadata) if metadata else None,
        provenance=hex_digest(provenance.text("sha256")) if provenance else None,
        upload_time=fields.optional_text("upload-time"),
        yanked=fields.reason("yanked"),
        origin=fields.optional_text("origin"),
        url=fields.optional_text("url"),
        is_optional=fields.flag("optional"),
    )


def _metadata(filename: str, fields: Fields) -> BundleFile:
    return BundleFile(f"archives/{filename}.metadata", hex_digest(fields.text("sha256")), fields.count("size"))


def _check_order(manifest: BundleManifest) -> None:
    """Lists out of order, or with one entry twice, would give one bundle two digests."""
    keys = {
        "targets": [one.name for one in manifest.targets],
        "inputs": [one.file.path for one in manifest.inputs],
        "archives": [one.filename for one in manifest.archives],
        "tools": [one.path for one in manifest.tools],
        "advisories": [one.path for one in manifest.advisories],
    }
    for name, listed in keys.items():
        if listed != sorted(set(listed)):
            raise ManifestError(f"has {name} out of order, or one of them twice")


def _check_targets(manifest: BundleManifest) -> None:
    known = {one.name for one in manifest.targets}
    for archive in manifest.archives:
        if unknown := sorted(set(archive.targets) - known):
            raise ManifestError(f"has {archive.filename} for the target {unknown[0]!r}, which it does not declare")


def safe_path(path: str) -> str:
    """A relative path that means one file inside the bundle on every system."""
    if problems := name_problems([path]):
        raise ManifestError(f"lists {problems[0]}")
    return path


def plain_name(filename: str) -> str:
    """The name of a file in a folder."""
    if "/" in filename:
        raise ManifestError(f"lists {filename!r} as a file name")
    return safe_path(filename)
