"""Pages for a mirror: each name is asked for at its owner; the mirror answers for its own."""

from __future__ import annotations

from collections.abc import Mapping

from peep.dataclass import replace
from peep.http.file_urls import file_url
from peep.http.transport import Transport
from peep.index.client import SimpleIndexes
from peep.locking.candidates import ProjectPage
from peep.locking.page_releases import page_of
from peep.mirror.facts import ProjectFacts
from peep.mirror.folder import MirrorFolder
from peep.mirror.ownership import Owner
from peep.model import Digest, IndexFile, IndexOptions, ProjectDetail
from peep.pipeline.mirrors.archives import holds
from peep.pipeline.once import Once
from peep.reporting import Reporter


class OwnedPages:
    """Implements `locking.sources.Pages`; safe to use from many threads."""

    def __init__(
        self, mirror: MirrorFolder, owners: Mapping[str, Owner], transport: Transport, reporter: Reporter
    ) -> None:
        """`owners` by project: only names with an owner are ever asked for."""
        self._mirror = mirror
        self._owners = owners
        self._indexes = {
            owner.source.url: SimpleIndexes(transport, IndexOptions((owner.source.url,)), reporter)
            for owner in owners.values()
            if owner.source.url
        }
        self._details = Once(self._asked)

    def page(self, project: str) -> ProjectPage:
        return page_of(project, self.detail(project))

    def detail(self, project: str) -> ProjectDetail | None:
        """What the owner says of a project, None when it has none. Raises `TransportError`, `PackageIndexError`."""
        return self._details.get(project)

    def _asked(self, project: str) -> ProjectDetail | None:
        owner = self._owners.get(project)
        if owner is None:
            return None
        facts = self._mirror.facts(project)
        own = own_detail(self._mirror, facts) if facts else None
        if owner.source.url is None:
            return own
        detail = next(iter(self._indexes[owner.source.url].project(project)), None)
        return detail if detail is None or own is None else _with_own_files(detail, own)


def own_detail(mirror: MirrorFolder, facts: ProjectFacts) -> ProjectDetail:
    """A project that the mirror has, as an index would tell of it, with its files on this disk."""
    files = tuple(
        IndexFile(
            file.filename,
            file_url(mirror.place(file.path)),
            (Digest("sha256", file.sha256),),
            file.size,
            file.upload_time,
            file.requires_python,
            file.yanked,
            mirror.root,
            (Digest("sha256", file.core_metadata),) if file.core_metadata else None,
        )
        for file in facts.files
        if file.is_linked and holds(mirror, file)
    )
    return ProjectDetail(facts.name, files, mirror.root, facts.status.value, facts.status_reason)


def _with_own_files(detail: ProjectDetail, own: ProjectDetail) -> ProjectDetail:
    """What an index says, with the very files that are here read from here: nobody is asked for them again."""
    here = {(file.filename, digest): file for file in own.files for digest in file.hashes}
    files = []
    for file in detail.files:
        known = next((here[file.filename, digest] for digest in file.hashes if (file.filename, digest) in here), None)
        files.append(file if known is None else replace(file, url=known.url, sidecar=known.sidecar))
    return replace(detail, files=tuple(files))
