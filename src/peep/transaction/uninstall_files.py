"""Files to remove with a project: those of its RECORD, their bytecode, empty folders.

A RECORD is believed only as far as it names files inside of the environment's own folders (THREATS W2).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from peep.dataclass import NamedTuple, dataclass, field
from peep.environment.installed import InstalledFileRow, parse_record, read_record_text
from peep.environment.mapping import is_protected
from peep.environment.scheme_paths import SchemePaths, in_one_case
from peep.errors import EnvironmentChangeError
from peep.model import InstalledProject


@dataclass(frozen=True, slots=True)
class LeavingFiles:
    """The files that are to go, grouped by folder; paths absolute."""

    by_folder: dict[str, set[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Folder or file at the top of a scheme -> the project it goes with."""
    warnings: tuple[str, ...] = ()


class FilesToRemove(NamedTuple):
    """What to move aside: whole folders where everything in them goes, single files elsewhere."""

    paths: tuple[str, ...]
    emptied: tuple[str, ...]
    """Folders that stay for now but may be empty afterwards."""


def leaving_files(
    leaving: Sequence[InstalledProject],
    staying: Iterable[InstalledProject],
    scheme_paths: SchemePaths,
    *,
    force: bool = False,
) -> LeavingFiles:
    """Collect the files of the `leaving` projects that no `staying` project has as well.

    Raises `EnvironmentChangeError` for a project without a RECORD, or with a damaged one; under `force`, only the
    metadata of such a project goes.
    """
    by_folder: dict[str, set[str]] = {}
    owners: dict[str, str] = {}
    warnings: list[str] = []
    for project in leaving:
        for path in _files_of(project, scheme_paths, warnings, force=force):
            folder, name = os.path.split(path)
            by_folder.setdefault(folder, set()).add(name)
            owners.setdefault(_top(path, scheme_paths), project.name)
    if leaving:
        _spare_shared(by_folder, staying, scheme_paths)
    return LeavingFiles(by_folder, owners, tuple(warnings))


def _top(path: str, scheme_paths: SchemePaths) -> str:
    """The entry of site-packages that a path is in; elsewhere, the path itself."""
    for root in (scheme_paths.target.paths["purelib"], scheme_paths.target.paths["platlib"]):
        if path.startswith(root + os.sep):
            return os.path.join(root, path[len(root) + 1 :].split(os.sep, 1)[0])
    return path


def _files_of(project: InstalledProject, scheme_paths: SchemePaths, warnings: list[str], *, force: bool) -> list[str]:
    found = []
    for metadata in (project.metadata_path, *project.other_metadata):
        if not metadata.endswith(".dist-info"):
            raise EnvironmentChangeError(
                f"{project.name} {project.version} is a legacy install without a RECORD of its files ({metadata})",
                "remove it with the program that installed it, or delete its files by hand, then run this again",
            )
        try:
            rows = parse_record(project, read_record_text(metadata, project))
        except EnvironmentChangeError as error:
            if not force:
                raise
            warnings.append(f"{error}: files of it that nothing replaces stay behind")
            rows = ()
        found += recorded_paths(rows, metadata, scheme_paths, warnings)
        if os.path.islink(metadata):
            found.append(metadata)  # what it leads to is not ours
            continue
        found += [os.path.join(folder, name) for folder, _, names in os.walk(metadata) for name in names]
    return found


def recorded_paths(
    rows: Iterable[InstalledFileRow], metadata: str, scheme_paths: SchemePaths, warnings: list[str]
) -> list[str]:
    """The absolute paths of a RECORD's rows; rows that name anything outside of the environment become a warning."""
    site = os.path.dirname(metadata)
    found = []
    for row in rows:
        path = os.path.normpath(os.path.join(site, row.path))
        if not scheme_paths.holds(path) or is_protected(path, scheme_paths.target.paths) or path in scheme_paths.roots:
            warnings.append(f"{metadata}/RECORD names {row.path}, which is no file of this project: left alone")
        else:
            found.append(path)
    return found


def _spare_shared(
    by_folder: dict[str, set[str]], staying: Iterable[InstalledProject], scheme_paths: SchemePaths
) -> None:
    """Take away the files that another project lists too (namespace packages made by hand, mostly)."""
    sites = {scheme_paths.target.paths["purelib"], scheme_paths.target.paths["platlib"]}
    for project in staying:
        try:
            text = read_record_text(project.metadata_path, project)
            if not _mentions(text, by_folder, sites):
                continue
            rows = parse_record(project, text)
        except EnvironmentChangeError:
            continue  # nothing is known of its files
        for path in recorded_paths(rows, project.metadata_path, scheme_paths, []):
            folder, name = os.path.split(path)
            by_folder.get(folder, set()).discard(name)


def _mentions(text: str, by_folder: Mapping[str, set[str]], sites: set[str]) -> bool:
    """Whether a RECORD could name one of the files: a search for text, many times faster than reading the rows."""
    for folder, names in by_folder.items():
        for site in sites:
            if folder == site:
                if any(f"{name}," in text for name in names):
                    return True
            elif folder.startswith(site + os.sep):
                inner = folder[len(site) + 1 :].replace(os.sep, "/") + "/"
                if inner in text and not inner.endswith(".dist-info/"):
                    return True
    return "../" in text and any(not folder.startswith(tuple(sites)) for folder in by_folder)


def files_to_remove(
    leaving: LeavingFiles, scheme_paths: SchemePaths, *, ignores_case: bool | None = None
) -> FilesToRemove:
    """Find the fewest entries to move aside. Links are never followed: what lies behind one is not ours.

    `ignores_case` None: as the file systems do, which then may have other letters than RECORD.
    """
    ignores_case = scheme_paths.ignores_case() if ignores_case is None else ignores_case
    walk = _Walk(leaving.by_folder, scheme_paths, in_one_case if ignores_case else str)
    for mirror in scheme_paths.mirrors:
        walk.enter(mirror.root)
    return FilesToRemove(tuple(walk.paths), tuple(walk.emptied))


class _Walk:
    """Goes through the folders that hold leaving files, and through no others."""

    def __init__(
        self, by_folder: Mapping[str, set[str]], scheme_paths: SchemePaths, spelled: Callable[[str], str]
    ) -> None:
        """`spelled`: what is compared of paths and names."""
        self._spelled = spelled
        self._by_folder: dict[str, set[str]] = {}
        for folder, names in by_folder.items():
            self._by_folder.setdefault(spelled(folder), set()).update(map(spelled, names))
        self._folders = _with_parents(self._by_folder)
        self._kept = _with_parents(map(spelled, scheme_paths.roots))
        self.paths: list[str] = []
        self.emptied: list[str] = []

    def enter(self, folder: str) -> None:
        if self._spelled(folder) in self._folders and os.path.isdir(folder):
            self.visit(folder)

    def visit(self, folder: str) -> bool:
        """Whether everything in `folder` goes, so that it can go as a whole; otherwise its leaving parts are noted."""
        key = self._spelled(folder)
        names = self._by_folder.get(key, set())
        noted = len(self.paths)
        going, is_whole = [], key not in self._kept
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if self._goes(entry, names):
                    going.append(entry.path)
                else:
                    is_whole = False
        if is_whole:
            return True
        # What was noted below stays noted; this folder's own entries come on top.
        self.paths += going
        if len(self.paths) > noted and key not in self._kept:
            self.emptied.append(folder)
        return False

    def _goes(self, entry: os.DirEntry[str], names: set[str]) -> bool:
        if not entry.is_dir(follow_symlinks=False):
            name = self._spelled(entry.name)
            return name in names or _is_bytecode_of(name, names)
        if self._spelled(entry.path) in self._folders:
            return self.visit(entry.path)
        return entry.name == "__pycache__" and self._cache_goes(entry.path, names)

    def _cache_goes(self, folder: str, names: set[str]) -> bool:
        """`__pycache__`, which no RECORD needs to mention: the bytecode of modules that go, goes."""
        with os.scandir(folder) as entries:
            files = sorted(entry.name for entry in entries)
        going = [name for name in files if _is_bytecode_of(self._spelled(name), names)]
        if len(going) == len(files):
            return bool(names)
        self.paths += [os.path.join(folder, name) for name in going]
        return False


def _with_parents(folders: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        current = folder
        while current not in found:
            found.add(current)
            current = os.path.dirname(current)
    return found


def _is_bytecode_of(name: str, sources: set[str]) -> bool:
    """`module.cpython-311.opt-1.pyc` and the older `module.pyc` (PEP 3147)."""
    return name.endswith((".pyc", ".pyo")) and name.split(".", 1)[0] + ".py" in sources
