"""Archives that targets take for listed pins, by the indexes' pages: facts for a list's judge."""

from __future__ import annotations

from peep.dataclass import replace
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.url_secrets import redacted_start
from peep.locking.candidates import NamedFile, ProjectPage, Release, age_caution
from peep.locking.completeness import JudgedPin, NoArchive, TargetArchive
from peep.locking.release_facts import ReleaseFacts
from peep.locking.sources import Metadata, NeedsBuild, Pages, SdistBuilds, Unreadable
from peep.model import ArchiveKind
from peep.target.declared import DeclaredTarget

_QUARANTINED = "quarantined"


class PageArchives:
    """Implements `completeness.Archives` over pages and metadata."""

    def __init__(
        self, pages: Pages, metadata: Metadata, facts: ReleaseFacts, builds: SdistBuilds | None = None
    ) -> None:
        """With `builds`, source archives are told with what building them requires."""
        self._builds = builds
        self._pages = pages
        self._metadata = metadata
        self._facts = facts

    def chosen(self, pin: JudgedPin, target: DeclaredTarget) -> TargetArchive | NoArchive:
        """Choose among the listed files of the pinned release; without hashes any file counts."""
        page = self._pages.page(pin.name)
        if pin.url:
            return self._direct(pin, page)
        if not page.exists:
            return NoArchive(page.nobody_has())
        release = self._release(page, pin.version)
        if release is None:
            return NoArchive(f"{page.index} has no version {pin.version}")
        listed = self._facts.listed(release, pin.hashes) if pin.hashes else release.files
        if not listed:
            return NoArchive(f"no file that {page.index} offers of {pin.version} has a listed hash")
        chooser = self._facts.chooser(pin.name, target)
        choice = chooser.best(release) if listed is release.files else chooser.best_of(listed)
        if choice.chosen is None:
            unlisted = chooser.best(release).chosen
            reason = f"none of its listed files fits {target.id}"
            if unlisted is not None:
                reason += f"; {unlisted.file.filename} would, and its hash is not listed"
            return NoArchive(reason, choice.reasons)
        return self._archive(release, choice.chosen, page.status)

    def _direct(self, pin: JudgedPin, page: ProjectPage) -> TargetArchive | NoArchive:
        """Take what a URL leads to, as far as a run knows that."""
        release = next((one for one in page.releases if pin.url and one.direct_url.partition("#")[0] == pin.url), None)
        if release is None:
            return TargetArchive(pin.url, None, cautions=("is named by URL: what it requires is not looked at",))
        return self._archive(release, release.files[0], page.status)

    def _archive(self, release: Release, one: NamedFile, status: str) -> TargetArchive:
        cautions = []
        if one.file.yanked is not None:
            cautions.append(f"was yanked: {redacted_start(one.file.yanked, 200)}" if one.file.yanked else "was yanked")
        if status == _QUARANTINED:
            cautions.append("its project is quarantined")
        if too_young := age_caution(release, one, self._facts.policy):
            cautions.append(f"{one.file.filename} {too_young}")
        is_sdist = one.name.kind is ArchiveKind.SDIST
        found = self._metadata.metadata(release, one)
        stated = self._builds.stated(release, one) if is_sdist and self._builds is not None else None
        if isinstance(stated, Unreadable):
            return TargetArchive(one.file.filename, None, is_sdist, stated.reason, tuple(cautions))
        unread = TargetArchive(one.file.filename, None, is_sdist, cautions=tuple(cautions), stated_build=stated)
        match found:
            case ProjectMetadata():
                return replace(unread, metadata=found)
            case NeedsBuild():
                return unread
            case Unreadable():
                return replace(unread, unreadable=found.reason)

    def _release(self, page: ProjectPage, version: str) -> Release | None:
        wanted = version_or_none(version)
        number = self._facts.numbers(page).get(wanted) if wanted else None
        return page.releases[number] if number is not None else None
