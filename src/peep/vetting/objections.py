"""Violations and the archives they meet: by bytes or a range of versions; overrides lift single ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.specifiers import SpecifierSet

from peep.dataclass import dataclass
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.dependency_specifiers import read_specifiers, version_or_none
from peep.formats.digest_lines import DigestLine
from peep.vetting.assembly import Vetting
from peep.vetting.criteria import violated
from peep.vetting.records import Violation
from peep.vetting.verdicts import Objection, Subject, node


@dataclass(frozen=True, slots=True)
class _Sourced:
    source: str
    violation: Violation

    @property
    def objection(self) -> Objection:
        violation = self.violation
        return Objection(self.source, violation.by, violation.on, violation.why)


class ObjectionFinder:
    """The violations that count for one criterion. One of a weaker criterion spoils the stronger that imply it.

    The date of a violation does not matter: a clock that is wrong must not switch a warning off.
    """

    def __init__(self, vetting: Vetting, criterion: str) -> None:
        self._overridden = {(one.source, one.project, one.archive.sha256) for one in vetting.policy.overrides}
        self._by_key: dict[str, list[_Sourced]] = {}
        self._ranges: dict[str, list[tuple[SpecifierSet, _Sourced]]] = {}
        for one in _all_violations(vetting):
            if criterion in violated(one.violation.criteria, vetting.criteria):
                self._add(one)

    def _add(self, one: _Sourced) -> None:
        for line in one.violation.archives:
            self._by_key.setdefault(line.sha256, []).append(one)
        if one.violation.versions:
            ranges = self._ranges.setdefault(one.violation.project, [])
            ranges.append((read_specifiers(one.violation.versions), one))

    def of(self, key: str, project: str, versions: Iterable[str]) -> tuple[Objection, ...]:
        """What objects to the archive `key` of `project`; `versions` are those that it is known by."""
        found = list(self._by_key.get(key, ()))
        for within, one in self._ranges.get(project, ()):
            if one not in found and _is_within(within, versions):
                found.append(one)
        return tuple(one.objection for one in found if (one.source, one.violation.project, key) not in self._overridden)

    def of_subject(self, subject: Subject) -> tuple[Objection, ...]:
        """What objects to an archive that somebody asks about. No range holds a commit, which has no version yet."""
        if subject.is_commit:
            return self.of(subject.key, "", ())
        return self.of(subject.key, subject.name, self._versions(subject.name, [subject.version], subject.filename))

    def spoiled(self, vetting: Vetting) -> frozenset[str]:
        """The node of every archive that somebody objects to: by bytes, or by a version it goes by in the records."""
        versions: dict[tuple[str, str], set[str]] = {}
        for project, version, lines in _named_archives(vetting):
            for line in lines:
                found = versions.setdefault((project, line.sha256), set())
                found.update(self._versions(project, [version], line.filename))
        return frozenset(
            node(project, key) for (project, key), found in versions.items() if self.of(key, project, found)
        )

    def _versions(self, project: str, stated: Iterable[str], filename: str) -> set[str]:
        """The versions that an archive goes by; where no range asks for them, none are looked for."""
        if project not in self._ranges:
            return set()
        name = NameReader(project).read(filename) if filename else None
        return {*stated, name.version if isinstance(name, ArchiveName) else ""} - {""}


def _named_archives(vetting: Vetting) -> Iterator[tuple[str, str, tuple[DigestLine, ...]]]:
    """Project, version and archives of every record that can take part in a chain."""
    records = vetting.records
    for audits in (records.own.audits, *(one.audits for one in records.imports)):
        for audit in audits:
            yield audit.project, audit.version, audit.archives
            yield audit.project, "", audit.since
    for excuse in records.excuses:
        yield excuse.project, excuse.version, excuse.archives
    for one in records.published:
        yield one.project, "", (one.archive,)


def _all_violations(vetting: Vetting) -> Iterator[_Sourced]:
    for violation in vetting.records.own.violations:
        yield _Sourced("", violation)
    for one in vetting.records.imports:
        for violation in one.violations:
            yield _Sourced(one.pin.name, violation)


def _is_within(within: SpecifierSet, versions: Iterable[str]) -> bool:
    """Whether one of `versions` is in the range; one that is no version (PEP 440), or none at all, counts as inside."""
    stated = list(versions)
    return not stated or any(_contains(within, version) for version in stated)


def _contains(within: SpecifierSet, version: str) -> bool:
    read = version_or_none(version)
    return read is None or within.contains(read, prereleases=True)
