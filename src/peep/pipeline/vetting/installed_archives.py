"""Installed projects as subjects of verdicts, by the recorded archive or commit."""

from __future__ import annotations

from peep.formats.names import archive_suffix, last_segment_at
from peep.formats.urls import without_credentials
from peep.model import InstalledProject, Provenance, TargetEnvironment, sha256_among
from peep.proof.seed_packages import bundled_wheel
from peep.vetting.verdicts import Subject


def installed_subject(project: InstalledProject, target: TargetEnvironment) -> Subject:
    """What vouches for an installed project; without a key where nothing recorded tells its bytes.

    pip as `venv` puts it in is known by the wheel that the base interpreter brings.
    """
    origin = project.provenance
    if origin is None:
        wheel = bundled_wheel(project, target)
        key, filename = (wheel.sha256, wheel.identity.filename) if wheel else ("", "")
        return Subject(key, project.name, project.version, filename)
    if origin.vcs_commit:
        return Subject(recorded_commit(origin), project.name, project.version)
    sha256 = sha256_among(origin.hashes)
    filename = last_segment_at(origin.url)
    return Subject(
        sha256.hex if sha256 is not None else "",
        project.name,
        project.version,
        filename if archive_suffix(filename) else "",
    )


def recorded_commit(origin: Provenance) -> str:
    """The key of a recorded commit, as the records write it."""
    return f"git:{origin.vcs_commit}  {without_credentials(origin.url)}"


def is_folder(project: InstalledProject) -> bool:
    """Whether a project was installed from a folder: no hash vouches for one, so nobody is asked about it."""
    origin = project.provenance
    return origin is not None and not origin.hashes and not origin.vcs_commit and origin.url.startswith("file:")
