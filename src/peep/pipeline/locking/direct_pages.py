"""Projects that roots name by URL, as pages beside those of indexes."""

from __future__ import annotations

from collections.abc import Mapping

from peep.dataclass import dataclass, field
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.url_secrets import redacted
from peep.locking.candidates import ProjectPage, Release
from peep.locking.sources import NeedsBuild, Pages, StatedBuild, Unreadable
from peep.model import Digest


@dataclass(frozen=True, slots=True)
class KnownDirect:
    """What the present lock says of projects by URL, as far as that is to be kept."""

    commits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name -> `git+…@COMMIT`, and the branch or tag that it was locked at."""
    hashes: Mapping[str, tuple[str, tuple[Digest, ...]]] = field(default_factory=dict)
    """Name -> URL of an archive, and its digests."""


@dataclass(frozen=True, slots=True)
class DirectProject:
    """A project that a root names by URL."""

    release: Release
    metadata: ProjectMetadata | NeedsBuild | Unreadable | None = None
    """None: whatever its file says, which is asked for as for any."""
    build: StatedBuild | Unreadable | None = None


@dataclass(frozen=True, slots=True)
class DirectPages:
    """Implements `locking.sources.Pages`: pages of indexes, but for projects that roots name by URL."""

    pages: Pages
    direct: Mapping[str, DirectProject]

    def page(self, project: str) -> ProjectPage:
        found = self.direct.get(project)
        if found is None:
            return self.pages.page(project)
        release = found.release
        return ProjectPage(project, redacted(release.direct_url), (release.version,), (release,))
