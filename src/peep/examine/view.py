"""View of one release as it is compared: units with path, moment and origin, facts on demand.

A unit is a file of the wheel together with the sdist file that it is identical to; then what only the sdist has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from peep.dataclass import NamedTuple, dataclass
from peep.examine.binaries import BinaryFacts, binary_facts
from peep.examine.build_scripts import configured_code
from peep.examine.correspondence import Origin, Source, corresponding
from peep.examine.facts import FileFacts, facts_in, parsed
from peep.examine.file_kinds import binary_format, is_bytecode, native_format, text_of
from peep.examine.import_reader import ImportReader
from peep.examine.metadata import ReleaseMetadata, entry_modules, read_build_system, read_entries, read_fields
from peep.examine.moments import (
    StartupModules,
    is_python,
    is_startup_path,
    sdist_moments,
    top_names,
    wheel_moments,
    without_source_folder,
)
from peep.examine.release import LARGEST_FILE, Release, ReleaseArchive, ReleaseFile
from peep.examine.signals import ExaminedFile, file_hits
from peep.examine.syntax_tree import SyntaxTree
from peep.examine.types import Hit, moment_rank
from peep.formats.names import normalised

_VERSIONED = re.compile(r"^([^/]+?)-[^/]*\.(dist-info|data)/")
_VERSIONED_ENDINGS = (".dist-info", ".data")
_GENERATED_EGG_INFO = frozenset(
    {
        "PKG-INFO",
        "SOURCES.txt",
        "requires.txt",
        "top_level.txt",
        "dependency_links.txt",
        "entry_points.txt",
        "zip-safe",
        "not-zip-safe",
        "namespace_packages.txt",
    }
)
_PTH_IMPORT = re.compile(r"\b(?:import|from)[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*)")
"""Wherever it stands in a line: in a text that is run, too."""


_SOURCE_SUFFIXES = (".py", ".pyw", ".pth", ".start", ".pyx", ".sh", ".js", ".mjs", ".cjs", ".bat", ".cmd", ".ps1")
_MOST_TREES = 2


class Key(NamedTuple):
    """What a unit is matched by: without the version that stands in the names of its folders."""

    in_wheel: bool
    path: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One file to read."""

    key: Key
    file: ReleaseFile
    moment: str
    archives: tuple[str, ...]
    source: Source | None = None
    """None for files of the sdist, and where there is no sdist."""

    @property
    def path(self) -> str:
        return self.file.path


def unit_key(path: str, *, in_wheel: bool) -> Key:
    """`X-1.0.dist-info/METADATA` -> `X.dist-info/METADATA`, for wheels."""
    is_versioned = in_wheel and path.partition("/")[0].endswith(_VERSIONED_ENDINGS)
    return Key(in_wheel, _VERSIONED.sub(r"\1.\2/", path) if is_versioned else path)


class ReleaseView:
    """A release with everything about it that does not depend on another one."""

    def __init__(
        self,
        release: Release,
        *,
        with_facts: frozenset[str] = frozenset(),
        is_base: bool = False,
        earlier: ReleaseView | None = None,
    ) -> None:
        """`with_facts`: digests of files whose imports must be exact.

        `is_base`: this is only compared with, so that a scan of such a file does where it is certain.
        `earlier`: another release of the project; what is known of files by their content is known here too.
        """
        self.release = release
        self._facts: dict[str, FileFacts] = {}
        self._binaries: dict[str, BinaryFacts] = {}
        self._trees: dict[str, SyntaxTree | str] = {}
        self._hits: dict[Key, list[Hit]] = {}
        self._formats: dict[Key, str] = {}
        self._exact = with_facts
        self._is_base = is_base
        self.metadata = _metadata(release)
        wheel, sdist = release.main_wheel, release.sdist
        self.sources: Mapping[str, Source] = (
            corresponding(wheel, sdist, release.content) if wheel is not None and sdist is not None else {}
        )
        self.tops = _top_names(release)
        known: ImportReader | None = earlier.imports if earlier is not None else None
        self.imports: ImportReader = ImportReader(release, self.tops, self._facts_of_changed, known)
        self._wheel_moments: Mapping[str, str] = {}
        self.units: dict[Key, Unit] = {unit.key: unit for unit in self._all_units()}

    # -- units -----------------------------------------------------------------------------------

    def _all_units(self) -> Iterator[Unit]:
        yield from self._wheel_units()
        yield from self._other_wheel_units()
        yield from self._sdist_units()

    def _wheel_units(self) -> Iterator[Unit]:
        wheel, sdist = self.release.main_wheel, self.release.sdist
        if wheel is None:
            return
        moments = self._moments_of(wheel)
        self._wheel_moments = moments
        for path, file in wheel.files.items():
            if path == f"{wheel.dist_info}/RECORD":
                continue  # the reader compared it with the files; where it is wrong, that is a warning
            source = self.sources.get(path)
            is_same = source is not None and source.origin is Origin.SAME and sdist is not None
            archives = (wheel.filename, sdist.filename) if is_same and sdist else (wheel.filename,)
            yield Unit(unit_key(path, in_wheel=True), file, moments[path], archives, source)

    def _moments_of(self, wheel: ReleaseArchive) -> dict[str, str]:
        starting = StartupModules(tuple(self._named_in(wheel, ".pth")), tuple(self._named_in(wheel, ".start")))
        return wheel_moments(wheel.files, entry_modules(self.metadata.entries), starting, self.imports)

    def _named_in(self, wheel: ReleaseArchive, suffix: str) -> Iterator[str]:
        """Modules that the start-up files of one kind name: `import` lines of `.pth`, `module:function` of `.start`."""
        for path, file in wheel.files.items():
            if is_startup_path(path) and path.lower().endswith(suffix):
                for line in text_of(self.release.content(file.sha256)).removeprefix("\ufeff").splitlines():
                    if suffix == ".start":
                        yield line.partition(":")[0].strip()
                    elif line.startswith(("import ", "import\t")):
                        yield from (one.strip() for found in _PTH_IMPORT.findall(line) for one in found.split(","))

    def _other_wheel_units(self) -> Iterator[Unit]:
        """What another wheel of the release has that neither the main wheel nor the sdist has, but for native code."""
        main, sdist = self.release.main_wheel, self.release.sdist
        known = {file.sha256 for one in (main, sdist) if one is not None for file in one.files.values()}
        seen = set(main.files) if main is not None else set()
        for wheel in self.release.other_wheels:
            moments = self._moments_of(wheel)
            for path, file in wheel.files.items():
                is_generated = path.startswith(f"{wheel.dist_info}/")
                if file.sha256 in known or is_generated or (moments[path] == "native" and path not in seen):
                    continue
                key = unit_key(f"{wheel.filename}!{path}" if path in seen else path, in_wheel=True)
                known.add(file.sha256)
                yield Unit(key, file, moments[path], (wheel.filename,))

    def _sdist_units(self) -> Iterator[Unit]:
        sdist = self.release.sdist
        if sdist is None:
            return
        folded = {source.path for source in self.sources.values() if source.origin is Origin.SAME}
        wheels = [one for one in (self.release.main_wheel, *self.release.other_wheels) if one is not None]
        installed = top_names(path for wheel in wheels for path in wheel.files) if wheels else None
        metadata = self.metadata
        settings = [
            self.release.content(file.sha256) if (file := sdist.files.get(name)) is not None else b""
            for name in ("pyproject.toml", "setup.cfg")
        ]
        build_code = configured_code(settings[0], settings[1], metadata.backend, metadata.backend_paths)
        mapped = self._moments_by_source()
        moments = sdist_moments(
            sdist.files, build_code, self.imports, installed, mapped.__contains__ if wheels else self._is_own
        )
        for path, file in sdist.files.items():
            if path in folded or self._is_generated(path, file):
                continue
            moment = min(moments[path], mapped.get(path, "doc"), key=moment_rank)
            yield Unit(unit_key(path, in_wheel=False), file, moment, (sdist.filename,))

    def _is_own(self, path: str) -> bool:
        """Of an sdist without a wheel: what is called like the project is what it installs."""
        return top_names([without_source_folder(path)]) == {self.metadata.name.replace("-", "_")}

    def _moments_by_source(self) -> dict[str, str]:
        """Sdist files that become a file of the wheel with other bytes run when that one does."""
        return {
            source.path: self._wheel_moments[path]
            for path, source in self.sources.items()
            if source.path and source.origin is not Origin.ELSEWHERE
        }

    def _is_generated(self, path: str, file: ReleaseFile) -> bool:
        folder, _, name = path.rpartition("/")
        if folder.endswith(".egg-info") and name in _GENERATED_EGG_INFO:
            return True
        wheel = self.release.main_wheel
        if name != "PKG-INFO" or folder or wheel is None:
            return False
        metadata = wheel.files.get(f"{wheel.dist_info}/METADATA")
        return metadata is not None and metadata.sha256 == file.sha256

    # -- contents --------------------------------------------------------------------------------

    def facts(self, file: ReleaseFile) -> FileFacts:
        """Facts of one Python file, by its content."""
        found = self._facts.get(file.sha256)
        if found is None:
            found = self._facts[file.sha256] = facts_in(self._parsed(file))
        return found

    def tree(self, file: ReleaseFile) -> SyntaxTree | None:
        """The tree of one Python file; None where it can't be parsed."""
        parsed_file = self._parsed(file)
        return None if isinstance(parsed_file, str) else parsed_file

    def _parsed(self, file: ReleaseFile) -> SyntaxTree | str:
        """Kept until a few others were asked for."""
        found = self._trees.get(file.sha256)
        if found is None:
            found = parsed(self.release.content(file.sha256))
            while len(self._trees) >= _MOST_TREES:
                self._trees.pop(next(iter(self._trees)))
            self._trees[file.sha256] = found
        return found

    def _facts_of_changed(self, file: ReleaseFile) -> FileFacts | None:
        if file.sha256 not in self._exact or file.size > LARGEST_FILE:
            return None
        if self._is_base and self.imports.is_certain(file):
            return None
        return self.facts(file)

    def binary(self, unit: Unit) -> str:
        """'' for text, else its format; `large` where only the digest is known.

        What an interpreter takes for source is text whatever it holds, so that nothing in it stays unread.
        """
        found = self._formats.get(unit.key)
        if found is None:
            found = self._formats[unit.key] = self._format(unit)
        return found

    def _format(self, unit: Unit) -> str:
        if unit.path.lower().endswith(_SOURCE_SUFFIXES) and unit.file.size <= LARGEST_FILE:
            return native_format(unit.file.head) or ("bytecode" if is_bytecode(unit.path, unit.file.head) else "")
        if unit.file.size > LARGEST_FILE:
            return binary_format(unit.path, unit.file.head, unit.file.size) or "large"
        return binary_format(unit.path, self.release.content(unit.file.sha256), unit.file.size)

    def binary_facts(self, file: ReleaseFile, kind: str) -> BinaryFacts:
        """Facts of one native file, by its content."""
        found = self._binaries.get(file.sha256)
        if found is None:
            found = self._binaries[file.sha256] = binary_facts(kind, self.release.content(file.sha256))
        return found

    def hits(self, unit: Unit) -> list[Hit]:
        """Every hit of the rules on contents, in order of lines."""
        found = self._hits.get(unit.key)
        if found is None:
            found = self._hits[unit.key] = file_hits(self._examined(unit))
        return found

    def _examined(self, unit: Unit) -> ExaminedFile:
        wheel = self.release.main_wheel
        binary = self.binary(unit)
        is_analysed = is_python(unit.path) and not binary
        return ExaminedFile(
            path=unit.path,
            moment=unit.moment,
            content=self.release.content(unit.file.sha256),
            head=unit.file.head,
            binary=binary,
            in_wheel=unit.key.in_wheel,
            is_pure_wheel=wheel is not None and wheel.is_pure,
            facts=self.facts(unit.file) if is_analysed else None,
        )


def _top_names(release: Release) -> frozenset[str]:
    """Names that the release's own modules can be imported by, in any of its archives."""
    tops: set[str] = set()
    for archive in release.archives:
        for path in archive.files:
            if is_python(path):
                parts = path.split("/")
                tops.add(parts[0].removesuffix(".py"))
                if len(parts) > 1:
                    tops.add(parts[1].removesuffix(".py"))
    return frozenset(tops)


def _metadata(release: Release) -> ReleaseMetadata:
    wheel, sdist = release.main_wheel, release.sdist

    def of_wheel(name: str) -> bytes | None:
        file = wheel.files.get(f"{wheel.dist_info}/{name}") if wheel is not None else None
        return release.content(file.sha256) if file is not None else None

    def of_sdist(name: str) -> bytes | None:
        file = sdist.files.get(name) if sdist is not None else None
        return release.content(file.sha256) if file is not None else None

    source_fields = read_fields(of_sdist("PKG-INFO")) if sdist is not None else None
    fields = read_fields(of_wheel("METADATA")) if wheel is not None else source_fields or {}
    requires, backend, paths = read_build_system(of_sdist("pyproject.toml"))
    entries = of_wheel("entry_points.txt") if wheel is not None else _egg_info_entries(release)
    return ReleaseMetadata(
        name=normalised("".join(fields.get("name", ())[:1])),
        fields=fields,
        metadata_path=f"{wheel.dist_info}/METADATA" if wheel is not None else "PKG-INFO",
        source_fields=source_fields if wheel is not None else None,
        entries=read_entries(entries),
        entries_path=f"{wheel.dist_info}/entry_points.txt" if wheel is not None else "",
        build_requires=requires,
        backend=backend,
        backend_paths=paths,
    )


def _egg_info_entries(release: Release) -> bytes | None:
    for path, file in release.sdist.files.items() if release.sdist is not None else ():
        if path.endswith(".egg-info/entry_points.txt"):
            return release.content(file.sha256)
    return None
