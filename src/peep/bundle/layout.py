"""Layout of a bundle: the place of everything, and the files that follow from its manifest.

Format: docs/bundle-format.md. Stored files are listed in `bundle.json` with their digests; derived files (pages of the
simple API, README.txt, .gitattributes, pylock.toml) are functions of it and of the inputs, and compared when checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peep.bundle.manifest import MANIFEST, BundleArchive, BundleFile, BundleManifest
from peep.formats.json_fields import ManifestError
from peep.formats.member_names import collision_problems
from peep.formats.simple_pages import (
    HTML_PAGE,
    JSON_PAGE,
    ListedArchive,
    ProjectPage,
    project_html,
    project_json,
    relative_url,
    root_html,
    root_json,
)

LOCK = "pylock.toml"
README = "README.txt"
GIT_ATTRIBUTES = ".gitattributes"
_DERIVED_ROOT = frozenset({MANIFEST, LOCK, README, GIT_ATTRIBUTES})
_README = """\
This folder holds every archive that the files in locks/ pin, for: {targets}.
bundle.json lists them; its sha256 names the whole. Nothing here vouches for itself: give the digest, or a
requirements file with hashes that was vetted elsewhere.

  peep install --bundle . --bundle-digest sha256:HEX
  peep install --bundle . -r requirements.txt
  pip install --no-index --find-links archives --require-hashes -r requirements.txt
  pip install --index-url file:///PATH/TO/THIS/FOLDER/simple --require-hashes -r requirements.txt
  uv pip install --no-index --find-links archives --require-hashes -r requirements.txt
  uv pip install --index-url file:///PATH/TO/THIS/FOLDER/simple --require-hashes -r requirements.txt
"""


def stored_files(manifest: BundleManifest) -> dict[str, BundleFile]:
    """Every file whose digest the manifest states, by path; a provenance object's size is -1: it is not stated.

    Raises `ManifestError` for two files of one path, and for paths that are one file to some systems.
    """
    listed = [one.file for one in manifest.inputs]
    listed += [*manifest.tools, *manifest.advisories]
    for archive in manifest.archives:
        listed.append(BundleFile(archive.path, archive.sha256, archive.size))
        if archive.core_metadata:
            listed.append(archive.core_metadata)
    provenance = {
        archive.provenance_path: BundleFile(archive.provenance_path, archive.provenance, -1)
        for archive in manifest.archives
        if archive.provenance
    }
    files = {one.path: one for one in listed}
    if taken := sorted(_DERIVED_ROOT & files.keys()):
        raise ManifestError(f"lists {taken[0]}, which is a file of the bundle itself")
    if problems := collision_problems([*(one.path for one in listed), *provenance, *_DERIVED_ROOT]):
        raise ManifestError(f"lists files that are {problems[0]}")
    return {**files, **provenance}


def derived_files(manifest: BundleManifest, lock: bytes | None) -> dict[str, bytes]:
    """Every file that follows from the manifest, by path, `bundle.json` itself included.

    `lock` is the text of `pylock.toml` (`bundle.lock`), None where the inputs cannot be written as one lock.
    """
    targets = ", ".join(sorted(target.name for target in manifest.targets)) or "no target"
    files = {
        MANIFEST: manifest.content,
        GIT_ATTRIBUTES: b"* -text\n",
        README: _README.format(targets=targets).encode(),
        **_pages(manifest.archives),
    }
    return files if lock is None else {**files, LOCK: lock}


def _pages(archives: Sequence[BundleArchive]) -> Mapping[str, bytes]:
    projects: dict[str, list[ListedArchive]] = {}
    for archive in archives:
        projects.setdefault(archive.name, []).append(_listed(archive))
    pages = {f"simple/{HTML_PAGE}": root_html(projects), f"simple/{JSON_PAGE}": root_json(projects)}
    for name, listed in projects.items():
        page = ProjectPage(name, listed)
        pages[f"simple/{name}/{HTML_PAGE}"] = project_html(page)
        pages[f"simple/{name}/{JSON_PAGE}"] = project_json(page)
    return pages


def _listed(archive: BundleArchive) -> ListedArchive:
    return ListedArchive(
        archive.filename,
        relative_url(f"../../{archive.path}"),
        archive.version,
        archive.sha256,
        archive.size,
        requires_python=archive.requires_python,
        core_metadata=archive.core_metadata.sha256 if archive.core_metadata else None,
        provenance=relative_url(f"../../{archive.provenance_path}") if archive.provenance else None,
        upload_time=archive.upload_time,
        yanked=archive.yanked,
    )
