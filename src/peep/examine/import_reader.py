"""Imports of a release's Python files by content: scanned where that is enough, else analysed."""

from __future__ import annotations

from collections.abc import Callable

from peep.dataclass import NamedTuple
from peep.examine.facts import IMPORT, FileFacts, ImportFact, facts_of
from peep.examine.file_kinds import text_of
from peep.examine.import_scan import ScannedImports, is_scan_certain, scanned_imports
from peep.examine.release import LARGEST_FILE, Release, ReleaseFile

KnownFacts = Callable[[ReleaseFile], "FileFacts | None"]
"""Facts of a file that is analysed whole in any case, None for others."""


class ImportReading(NamedTuple):
    """Imports that run when a file is imported. `possible`: of the release's own modules, by functions that may run."""

    certain: tuple[ImportFact, ...]
    possible: tuple[ImportFact, ...] = ()


class ImportReader:
    """What Python files of one release import. `earlier`: the reader of another release, whose findings are used."""

    def __init__(
        self, release: Release, own_tops: frozenset[str], known: KnownFacts, earlier: ImportReader | None = None
    ) -> None:
        self._release = release
        self._tops = own_tops
        self._known = known
        self._scans: dict[str, ScannedImports] = earlier._scans if earlier is not None else {}  # noqa: SLF001 - its own
        self._certain: dict[str, bool] = earlier._certain if earlier is not None else {}  # noqa: SLF001 - its own
        self._analysed: dict[str, tuple[ImportFact, ...]] = earlier._analysed if earlier is not None else {}  # noqa: SLF001

    def reading(self, file: ReleaseFile) -> ImportReading:
        """What a scan tells; without `possible` where it is exact."""
        if file.size > LARGEST_FILE or self._facts(file) is not None:
            return ImportReading(_at_import(self.exact(file)))
        scan = self._scan(file)
        own = self._own(scan)
        if own and not self.is_certain(file):
            return ImportReading(_at_import(self.exact(file)))
        return ImportReading(scan.imports, own)

    def is_certain(self, file: ReleaseFile) -> bool:
        """Whether a scan of a file tells what it imports, but for what its functions do."""
        found = self._certain.get(file.sha256)
        if found is None:
            found = self._certain[file.sha256] = is_scan_certain(self._release.content(file.sha256))
        return found

    def exact(self, file: ReleaseFile) -> tuple[ImportFact, ...]:
        """The imports of a file, by its syntax tree where functions of it import own modules."""
        if file.size > LARGEST_FILE:
            return ()
        facts = self._facts(file)
        if facts is not None:
            return facts.imports
        found = self._analysed.get(file.sha256)
        if found is None and self._own(self._scan(file)):
            analysed = facts_of(self._release.content(file.sha256))
            found = self._scan(file).imports if analysed.error else _at_import(analysed.imports)
            self._analysed[file.sha256] = found
        return self._scan(file).imports if found is None else found

    def every(self, file: ReleaseFile) -> tuple[ImportFact, ...]:
        """All imports of a file, those of its functions too, whether these run or not."""
        if file.size > LARGEST_FILE:
            return ()
        facts = self._facts(file)
        if facts is not None:
            return facts.imports
        scan = self._scan(file)
        analysed = None if self.is_certain(file) else facts_of(self._release.content(file.sha256))
        return scan.imports + scan.local if analysed is None or analysed.error else analysed.imports

    def text(self, file: ReleaseFile) -> str:
        """The file as text; '' where it is too large to be looked into."""
        return text_of(self._release.content(file.sha256)) if file.size <= LARGEST_FILE else ""

    def _facts(self, file: ReleaseFile) -> FileFacts | None:
        facts = self._known(file)
        return None if facts is None or facts.error else facts

    def _scan(self, file: ReleaseFile) -> ScannedImports:
        found = self._scans.get(file.sha256)
        if found is None:
            found = self._scans[file.sha256] = scanned_imports(self._release.content(file.sha256))
        return found

    def _own(self, scan: ScannedImports) -> tuple[ImportFact, ...]:
        return tuple(fact for fact in scan.local if fact.level or fact.module.partition(".")[0] in self._tops)


def _at_import(facts: tuple[ImportFact, ...]) -> tuple[ImportFact, ...]:
    return tuple(fact for fact in facts if fact.when == IMPORT)
