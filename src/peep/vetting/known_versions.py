"""Examined versions by the records alone: what an unexamined archive can be compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.version import Version

from peep.dataclass import dataclass
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.digest_lines import DigestLine
from peep.vetting.assembly import Vetting
from peep.vetting.decision import Decision
from peep.vetting.verdicts import Basis, Subject, node


@dataclass(frozen=True, slots=True)
class ExaminedVersion:
    """A version of which at least one archive is examined, or excused from it, and those archives, sorted."""

    version: str
    archives: tuple[DigestLine, ...]
    by: str
    """Who examined the first of them, and when; for people."""
    on: str
    is_excused: bool = False
    """The first of them was excused, and not examined."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The examined versions next to one that is not; None: there is none on that side."""

    below: ExaminedVersion | None = None
    above: ExaminedVersion | None = None

    @property
    def both(self) -> tuple[ExaminedVersion, ...]:
        """What there is, the older first."""
        return tuple(one for one in (self.below, self.above) if one)


class KnownVersions:
    """Every examined archive of the records by project and version; versions that are none (PEP 440) are left out."""

    def __init__(self, vetting: Vetting, decision: Decision) -> None:
        self._decision = decision
        self._found: dict[str, dict[Version, tuple[str, set[DigestLine]]]] = {}
        readers: dict[str, NameReader] = {}
        for project, stated, lines in _named(vetting):
            for line in lines:
                if not decision.verdict(Subject(line.sha256, project, stated, line.filename)).is_examined:
                    continue
                reader = readers.setdefault(project, NameReader(project))
                if text := stated or _version_in(line.filename, reader):
                    self._add(project, text, line)

    def _add(self, project: str, text: str, line: DigestLine) -> None:
        if (version := version_or_none(text)) is not None:
            self._found.setdefault(project, {}).setdefault(version, (text, set()))[1].add(line)

    def version(self, project: str, text: str) -> ExaminedVersion | None:
        """One version, if any archive of it is examined."""
        version = version_or_none(text)
        known = self._found.get(project, {})
        return self._examined(project, *known[version]) if version in known else None

    def nearest(self, project: str, text: str) -> Nearest:
        """The next examined versions on both sides of `text`, which is not among them."""
        version = version_or_none(text)
        known = self._found.get(project, {})
        if version is None or not known:
            return Nearest()
        below = max((one for one in known if one < version), default=None)
        above = min((one for one in known if one > version), default=None)
        return Nearest(
            self._examined(project, *known[below]) if below is not None else None,
            self._examined(project, *known[above]) if above is not None else None,
        )

    def _examined(self, project: str, text: str, lines: set[DigestLine]) -> ExaminedVersion:
        ordered = tuple(sorted(lines, key=lambda line: (line.filename.endswith(".whl"), line.filename, line.sha256)))
        first = self._decision.chains.steps(node(project, ordered[0].sha256))[0]
        return ExaminedVersion(text, ordered, first.by, first.on.isoformat(), first.basis is Basis.EXCUSED)


def _version_in(filename: str, reader: NameReader) -> str:
    name = reader.read(filename)
    return name.version if isinstance(name, ArchiveName) else ""


def _named(vetting: Vetting) -> Iterator[tuple[str, str, Iterable[DigestLine]]]:
    records = vetting.records
    for audits in (records.own.audits, *(one.audits for one in records.imports)):
        for audit in audits:
            yield audit.project, audit.version, audit.archives
    for excuse in records.excuses:
        yield excuse.project, excuse.version, excuse.archives
    for one in records.published:
        yield one.project, "", [one.archive]


def known_filenames(vetting: Vetting) -> dict[str, str]:
    """What the records call archives, by sha256; requirements files list digests without names."""
    found: dict[str, str] = {}
    for _, _, lines in _named(vetting):
        for line in lines:
            found.setdefault(line.sha256, line.filename)
    return found
