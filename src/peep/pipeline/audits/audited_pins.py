"""Pins of requirements files, lock files and environments, to audit: all, for every target.

Unlike the pins of an install, markers only narrow the place of a pin, and a project may stand there in two versions.
What can't be read is told beside what can: an audit goes on and is incomplete.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from peep.advisories.findings import AuditedPin, Place, UnjudgedPin
from peep.advisories.roster import Gathered, PinTable, Subject
from peep.dataclass import dataclass
from peep.errors import PeepError, RequirementsErrors
from peep.formats.archive_names import ArchiveName, NameReader, filename_of_url
from peep.formats.markers import TargetMarkers, UnusableCondition
from peep.formats.names import is_lock_path, last_segment_at, normalised
from peep.formats.url_secrets import redacted
from peep.formats.versions import same_version
from peep.model import Digest, IndexOptions, InstalledProject
from peep.requirements.file_parser import OptionLine, RequirementLine
from peep.requirements.files import ReadFile, in_reading_order, is_url, read_requirements_files, resolve_include
from peep.requirements.pinned_set import Directive
from peep.requirements.requirement_text import RequirementKind
from peep.requirements.run_options import RunOptions

NO_VERSION = "no-version"


@dataclass(frozen=True, slots=True)
class ListReader:
    """Reads lists; `here` narrows them to the lines that hold for one target (PEP 508 environment)."""

    table: PinTable
    read: ReadFile
    environ: Mapping[str, str]
    constraints: tuple[str, ...] = ()
    here: Mapping[str, str] | None = None

    def subjects(self, paths: Sequence[str]) -> tuple[Subject, ...]:
        """What files list, and after them what the build constraints list that they name, each file once."""
        found: list[Subject] = []
        seen: dict[str, None] = {}
        waiting = list(paths)
        for path in waiting:  # grows while it is walked
            key = path if is_url(path) else os.path.normpath(path)
            if key not in seen:
                seen[key] = None
                found.append(self.subject(path))
                waiting += found[-1].build_lists
        return tuple(found)

    def subject(self, path: str) -> Subject:
        """What one file lists, with all that it includes. Nothing is raised: faults are part of the subject."""
        return self._lock(path) if is_lock_path(path) else self._requirements(path)

    def _requirements(self, path: str) -> Subject:
        files, errors = read_requirements_files([path], self.read, self.environ, self.constraints)
        gathered = Gathered(self.table, faults=[str(error) for error in errors])
        gathered.files = [redacted(file.path) for file in files]
        entries = list(in_reading_order(files))
        gathered.indexes = stated_indexes(entries)
        for file in files:
            self._note_builds(file.path, file.directives, gathered)
        lines = [entry for entry in entries if isinstance(entry, RequirementLine)]
        constraints: dict[str, list[RequirementLine]] = {}
        for line in lines:
            if line.is_constraint:
                constraints.setdefault(normalised(line.parsed.name), []).append(line)
        for line in lines:
            if not line.is_constraint and self._holds(line.parsed.marker, line.location.path, gathered):
                gather_line(line, constraints.get(normalised(line.parsed.name), ()), gathered)
        return gathered.subject("requirements", redacted(path))

    def _lock(self, path: str) -> Subject:
        from peep.pipeline.audits.audited_locks import gather_lock, read_document  # noqa: PLC0415 - TOML, tags: for locks only

        gathered = Gathered(self.table)
        try:
            document = read_document(self.read(path), path)
            self._note_builds(path, document.directives, gathered)
            for marker, add in gather_lock(document, path):
                if self._holds(marker, path, gathered):
                    add(gathered)
        except OSError as error:
            gathered.faults.append(f"{redacted(path)}: {error.strerror or error}")
        except RequirementsErrors as error:
            gathered.faults += [str(one) for one in error.errors]
        except PeepError as error:
            gathered.faults.append(str(error))
        return gathered.subject("lock", redacted(path))

    def _note_builds(self, path: str, directives: Iterable[Directive], gathered: Gathered) -> None:
        """Take the build constraints that a file names, from its own folder."""
        for one in directives:
            if one.option != "--build-constraint":
                continue
            try:
                gathered.build_lists.append(resolve_include(path, one.value))
            except PeepError as error:
                gathered.faults.append(f"{one.location}: {error}")

    def _holds(self, marker: str, path: str, gathered: Gathered) -> bool:
        if self.here is None or not marker:
            return True
        try:
            return TargetMarkers(self.here).hold(marker)
        except UnusableCondition as error:
            gathered.faults.append(f"{path}: {error}")
            return True


def stated_indexes(entries: Iterable[RequirementLine | OptionLine]) -> IndexOptions:
    """What the lines of a list say of indexes; a folder that is not there is found out when it is asked."""
    lines = [entry for entry in entries if isinstance(entry, OptionLine)]
    if not lines:
        return IndexOptions()
    options = RunOptions(os.path.exists)
    options.take_all(lines)
    return options.index_options


def gather_line(line: RequirementLine, constraints: Sequence[RequirementLine], gathered: Gathered) -> None:
    """Add what one requirement lists; constraints are those of its project."""
    parsed = line.parsed
    place = Place(line.location.path, line.location.line, parsed.marker or None)
    for wrong in line.malformed_hashes:
        gathered.faults.append(f"{wrong.location}: the hash {wrong.text!r}: {wrong.reason}")
    name = normalised(parsed.name)
    if parsed.kind is RequirementKind.LOCAL_PROJECT:
        gathered.local.add(name or parsed.location)
        return
    versions = _versions(line, constraints)
    if not versions and name and (line.hashes or parsed.hashes):
        versions = [("", False)]  # its bytes can be judged
    if not (name and versions):
        shown = name or redacted(parsed.location)
        gathered.unjudged.append(UnjudgedPin(shown, NO_VERSION, (place,)))
        return
    is_direct = parsed.kind is not RequirementKind.VERSION
    for version, is_arbitrary in versions:
        hashes = _hashes(line, constraints, version)
        filename = (filename_of_url(parsed.location),) if is_direct else ()
        gathered.add(AuditedPin(name, version, hashes, filename, (place,), is_arbitrary, is_direct=is_direct))


def _versions(line: RequirementLine, constraints: Sequence[RequirementLine]) -> list[tuple[str, bool]]:
    """The versions that a requirement pins, itself, by its file name or by constraints; `===` beside each."""
    parsed = line.parsed
    if parsed.version is not None:
        return [(parsed.version, parsed.arbitrary_equality)]
    if parsed.kind in {RequirementKind.ARCHIVE_URL, RequirementKind.LOCAL_ARCHIVE}:
        version = version_in_filename(parsed.name, last_segment_at(parsed.location))
        return [(version, False)] if version else []
    pins = [(one.parsed.version, one.parsed.arbitrary_equality) for one in constraints]
    return [(version, is_arbitrary) for version, is_arbitrary in dict.fromkeys(pins) if version is not None]


def _hashes(line: RequirementLine, constraints: Sequence[RequirementLine], version: str) -> tuple[Digest, ...]:
    """All digests that are listed for a version: any of them may be what is installed."""
    found = dict.fromkeys((*line.hashes, *line.parsed.hashes))
    for one in constraints:
        if one.parsed.version is None or same_version(one.parsed.version, version):
            found.update(dict.fromkeys(one.hashes))
    return tuple(sorted(found))


def version_in_filename(name: str, filename: str) -> str:
    """The version that the file name of an archive of project `name` states, '' when it states none."""
    read = NameReader(name, is_lenient=True).read(filename)
    return read.version.replace("_", "-") if isinstance(read, ArchiveName) else ""


def environment_subject(installed: Mapping[str, InstalledProject], path: str, table: PinTable) -> Subject:
    """What is installed in an environment, by the archive digests that are recorded there; nothing is executed."""
    gathered = Gathered(table)
    for name, project in sorted(installed.items()):
        place = Place(project.metadata_path)
        origin = project.provenance
        is_folder = origin is not None and origin.is_direct and not origin.hashes and origin.vcs_commit is None
        if origin is not None and (origin.is_editable or (is_folder and origin.url.startswith("file:"))):
            gathered.local.add(name)
        elif not project.version:
            gathered.unjudged.append(UnjudgedPin(name, NO_VERSION, (place,)))
        else:
            hashes = tuple(sorted(origin.hashes)) if origin else ()
            filename = filename_of_url(origin.url) if origin and origin.hashes else ""
            is_direct = origin is not None and origin.is_direct
            gathered.add(
                AuditedPin(
                    name, project.version, hashes, (filename,) if filename else (), (place,), is_direct=is_direct
                )
            )
    return gathered.subject("environment", path)
