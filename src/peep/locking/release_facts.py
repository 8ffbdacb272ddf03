"""Facts about releases that follow from pages and policy alone, worked out once for a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from peep.locking.candidates import CandidatePolicy, FileChooser, NamedFile, ProjectPage, Release
from peep.model import Digest
from peep.target.declared import DeclaredTarget


class ReleaseFacts:
    """Remembers what it was asked; safe to use from many threads, which at worst work a fact out twice.

    Pages do not change within a run, so a project's name stands for its page.
    """

    def __init__(self, policy: CandidatePolicy) -> None:
        self.policy = policy
        self._masks: dict[tuple[str, str], int] = {}
        self._numbers: dict[str, dict[Version, int]] = {}
        self._finals: dict[str, tuple[int, ...]] = {}
        self._choosers: dict[tuple[str, str, str], FileChooser] = {}
        self._listed: dict[tuple[str, Version, tuple[Digest, ...]], tuple[NamedFile, ...]] = {}

    def mask(self, page: ProjectPage, specifier: SpecifierSet) -> int:
        """Give back the releases within `specifier` as bits, bit 0 the newest; pre-releases count as others do."""
        key = page.project, str(specifier)
        known = self._masks.get(key)
        if known is None:
            known = self._masks[key] = _bits(page.versions, specifier)
        return known

    def numbers(self, page: ProjectPage) -> dict[Version, int]:
        """Give back the place of each version among the releases, 0 the newest."""
        known = self._numbers.get(page.project)
        if known is None:
            known = self._numbers[page.project] = {one: number for number, one in enumerate(page.versions)}
        return known

    def finals(self, page: ProjectPage) -> tuple[int, ...]:
        """Give back numbers of the releases that are no pre-releases, newest first; of all, where none is final."""
        known = self._finals.get(page.project)
        if known is None:
            finals = tuple(number for number, one in enumerate(page.versions) if not one.is_prerelease)
            known = self._finals[page.project] = finals or tuple(range(len(page.versions)))
        return known

    def chooser(self, project: str, target: DeclaredTarget) -> FileChooser:
        """Give back what chooses files of a project for a target."""
        key = project, target.id.text, target.python_full_version
        known = self._choosers.get(key)
        if known is None:
            known = self._choosers[key] = FileChooser(project, target, self.policy)
        return known

    def listed(self, release: Release, hashes: tuple[Digest, ...]) -> tuple[NamedFile, ...]:
        """Give back the files of a release that a pin with these hashes may mean; see `files_of_pin`."""
        key = release.project, release.version, hashes
        known = self._listed.get(key)
        if known is None:
            listed = files_of_pin(release.files, hashes)
            known = self._listed[key] = release.files if len(listed) == len(release.files) else listed
        return known


def _bits(versions: Sequence[Version], specifier: SpecifierSet) -> int:
    if not str(specifier):
        return (1 << len(versions)) - 1
    # All at once: `contains`, asked for each, takes three times as long.
    fitting = set(specifier.filter(range(len(versions)), prereleases=True, key=versions.__getitem__))
    return int("".join("1" if number in fitting else "0" for number in reversed(range(len(versions)))) or "0", 2)


def files_of_pin(files: Iterable[NamedFile], hashes: Iterable[Digest]) -> tuple[NamedFile, ...]:
    """Keep the files that are listed, as far as the index states digests that can be compared."""
    listed = frozenset(hashes)
    algorithms = {digest.algorithm for digest in listed}
    return tuple(one for one in files if _may_be_listed(one, listed, algorithms))


def _may_be_listed(one: NamedFile, listed: frozenset[Digest], algorithms: set[str]) -> bool:
    stated = [digest for digest in one.file.hashes if digest.algorithm in algorithms]
    return not stated or not listed.isdisjoint(stated)
