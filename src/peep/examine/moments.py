"""Moments at which a release's files run: start-up, build, import, command, never (import graph)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from peep.dataclass import NamedTuple, dataclass
from peep.examine.build_scripts import BuildCode, is_plain_value, named_folders, named_scripts
from peep.examine.correspondence import SOURCE_FOLDERS, installed_path
from peep.examine.facts import IMPORT, ImportFact
from peep.examine.file_kinds import is_bytecode, native_format
from peep.examine.import_reader import ImportReader
from peep.examine.release import ReleaseFile
from peep.formats.member_names import folders_above
from peep.formats.startup_files import landing, startup_entry

_TEST_FOLDERS = frozenset({"test", "tests", "testing", "testsuite", "_tests", "test_data", "testdata", "unittests"})
_DOC_FOLDERS = frozenset({"doc", "docs", "documentation", "man"})
_DOC_SUFFIXES = (".md", ".rst", ".txt", ".adoc", ".markdown", ".1", ".html")
_DOC_NAMES = re.compile(
    r"(?:readme|changes|changelog|history|news|authors|contributing|contributors|copying|licen[cs]e|notice|security|"
    r"code_of_conduct|credits|todo|install|upgrading|citation|maintainers|thanks|release[-_]?notes?)\b.*",
    re.IGNORECASE,
)
_BUILD_NAMES = frozenset(
    {
        "build.rs",
        "Cargo.lock",
        "Cargo.toml",
        "CMakeLists.txt",
        "configure",
        "configure.ac",
        "configure.in",
        "makefile",
        "Makefile",
        "Makefile.am",
        "Makefile.in",
        "meson.build",
        "meson_options.txt",
        "meson.options",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "SConstruct",
        "hatch_build.py",
        "pdm_build.py",
        "build.py",
    }
)
_NAMING_MUCH = (".toml", ".cfg", ".mk", "akefile", "akefile.am", "akefile.in")
"""Build files that name many scripts which no build runs; settings name those that it does by keys."""
_BUILD_ENDINGS = (".cmake", ".m4", ".ac", ".am", ".mk", ".in.cmake", ".pth")
_CODE_SUFFIXES = (
    ".py", ".pyw", ".pyx", ".pxi", ".pxd", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".rs", ".go",
    ".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx", ".sh", ".bash", ".zsh", ".fish", ".bat", ".cmd", ".ps1",
    ".vbs", ".pl", ".rb", ".lua", ".java", ".jar", ".class", ".cu", ".f", ".f90", ".s", ".asm", ".php", ".sql",
    ".toml.py", ".ipynb", ".r", ".m", ".mm", ".swift", ".kt", ".cs", ".wasm", ".node", ".exe", ".dll", ".so",
    ".dylib", ".com", ".scr", ".hta", ".msi", ".lnk",
)  # fmt: skip
_METADATA_NAMES = frozenset({"PKG-INFO", "MANIFEST.in", "py.typed", ".gitignore", ".gitattributes", ".editorconfig"})
_PYTHON = (".py", ".pyw")


def is_python(path: str) -> bool:
    """Python source by its suffix."""
    return path.lower().endswith(_PYTHON)


@lru_cache(maxsize=8192)
def is_startup_path(path: str) -> bool:
    """Files of a wheel that every start of the interpreter runs, wherever in `.data` they stand."""
    top = path.partition("/")[0]
    if startup_entry(landing(path, top if top.endswith(".data") and "-" in top else "")):
        return True
    folder, _, rest = path.partition("/")
    name = rest.rpartition("/")[2].lower()
    if not folder.endswith(".data") or not rest.startswith(("data/", "purelib/", "platlib/")):
        return False
    is_hook = name.partition(".")[0] in ("sitecustomize", "usercustomize") and name.endswith(_PYTHON)
    return name.endswith((".pth", ".start")) or is_hook


class ModuleGraph:
    """The modules of one tree of files, and which of them an import brings in."""

    def __init__(self, files: Mapping[str, ReleaseFile], roots: Sequence[str], imports: ImportReader) -> None:
        """`roots`: folders that stand on `sys.path`, each '' or ending in `/`."""
        self._files = files
        self._imports = imports
        self._paths: dict[str, list[str]] = {}
        self._modules: dict[str, str] = {}
        for path in files:
            if is_python(path):
                for root in roots:
                    if path.startswith(root):
                        self._add(path, root)

    def _add(self, path: str, root: str) -> None:
        parts = installed_path(path[len(root) :]).rpartition(".")[0].split("/")
        if parts[-1] == "__init__":
            parts.pop()
        module = ".".join(parts)
        if module:
            self._paths.setdefault(module, []).append(path)
            self._modules.setdefault(path, module)

    @property
    def tops(self) -> frozenset[str]:
        return frozenset(module.partition(".")[0] for module in self._paths)

    def paths_of(self, module: str) -> Iterator[str]:
        """The files that importing a dotted name runs: each package above it, and itself."""
        parts = module.split(".")
        for count in range(1, len(parts) + 1):
            yield from self._paths.get(".".join(parts[:count]), ())

    def closure(self, start: Iterable[str]) -> set[str]:
        """All files that run when those of `start` are run.

        Of a file whose functions import what runs in any case it need not be known whether they do.
        """
        waiting = list(dict.fromkeys(start))
        found: set[str] = set()
        doubtful: dict[str, set[str]] = {}
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += self._certainly_imported(path, doubtful)
            if not waiting:
                waiting += self._decided(doubtful, found)
        return found

    def every_import(self, path: str) -> Iterator[str]:
        """The files that a file may import, at module level or in a function."""
        file = self._files.get(path)
        if file is not None and is_python(path):
            yield from self._targets(path, self._imports.every(file))

    def _certainly_imported(self, path: str, doubtful: dict[str, set[str]]) -> Iterator[str]:
        file = self._files.get(path)
        if file is not None and is_python(path):
            reading = self._imports.reading(file)
            if reading.possible:
                doubtful[path] = set(self._targets(path, reading.possible))
            yield from self._targets(path, reading.certain)

    def _decided(self, doubtful: dict[str, set[str]], found: set[str]) -> list[str]:
        """What the first of the doubtful files imports that may import something which is not found yet."""
        for path, targets in list(doubtful.items()):
            del doubtful[path]
            if not targets <= found:
                imports = self._imports.exact(self._files[path])
                more = set(self._targets(path, [fact for fact in imports if fact.when == IMPORT])) - found
                if more:
                    return list(more)
        return []

    def _targets(self, path: str, imports: Iterable[ImportFact]) -> Iterator[str]:
        for fact in imports:
            module = self._absolute(path, fact)
            yield from self.paths_of(module)
            for name in fact.names:
                yield from self._paths.get(f"{module}.{name}", ())

    def _absolute(self, path: str, fact: ImportFact) -> str:
        if not fact.level:
            return fact.module
        parts = self._modules.get(path, "").split(".")
        drop = fact.level - path.endswith(("/__init__.py", "/__init__.pyw"))
        base = parts[: len(parts) - drop] if drop else parts
        return ".".join([*base, fact.module] if fact.module else base)


# -- wheel -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartupModules:
    """Modules that start-up files name: in lines of `.pth`, which import them, and of `.start`, which call them."""

    imported: tuple[str, ...] = ()
    called: tuple[str, ...] = ()


def wheel_moments(
    files: Mapping[str, ReleaseFile], entry_modules: Iterable[str], starting: StartupModules, imports: ImportReader
) -> dict[str, str]:
    """The moment of every file of a wheel. `entry_modules`: of entry points."""
    graph = ModuleGraph(files, ("",), imports)
    first = [path for path in files if is_startup_path(path)]
    first += [path for name in (*starting.imported, *starting.called) for path in graph.paths_of(name)]
    called = [path for name in starting.called for path in graph.paths_of(name)]
    startup = graph.closure([*first, *(other for path in called for other in graph.every_import(path))])
    imported = graph.closure(_wheel_tops(files))
    commands = [path for path in files if _is_script(path) or path.endswith("/__main__.py")]
    commanded = graph.closure([*commands, *(path for name in entry_modules for path in graph.paths_of(name))])
    return {
        path: "startup"
        if path in startup
        else "import"
        if path in imported
        else "command"
        if path in commanded
        else kind_moment(path, file)
        for path, file in files.items()
    }


def _wheel_tops(files: Mapping[str, ReleaseFile]) -> Iterator[str]:
    """Modules that `import NAME` runs: top-level ones, and in namespace packages (PEP 420) the first below them."""
    installed = {installed_path(path) for path in files}
    for path in files:
        below = installed_path(path)
        if _is_top_module(path):
            yield path
        elif is_python(path) and below.partition("/")[0] not in _TEST_FOLDERS and not below.endswith("-info"):
            folders = below.split("/")[:-1]
            above = folders[:-1] if below.endswith("/__init__.py") else folders
            is_namespace = not any(
                "/".join([*above[:count], "__init__.py"]) in installed for count in range(1, len(above) + 1)
            )
            if is_namespace and not folders[0].endswith((".data", ".dist-info")):
                yield path


def _is_top_module(path: str) -> bool:
    if not is_python(path):
        return False
    parts = installed_path(path).split("/")
    if parts[0] in _TEST_FOLDERS:
        return False
    return len(parts) == 1 or (len(parts) == 2 and parts[1] == "__init__.py")  # noqa: PLR2004 - package/__init__.py


def _is_script(path: str) -> bool:
    parts = path.split("/")
    return len(parts) > 2 and parts[0].endswith(".data") and parts[1] == "scripts"  # noqa: PLR2004


# -- sdist -------------------------------------------------------------------------------------------


def sdist_moments(
    files: Mapping[str, ReleaseFile],
    build_code: BuildCode,
    imports: ImportReader,
    installed_tops: AbstractSet[str] | None,
    is_installed: Callable[[str], bool],
) -> dict[str, str]:
    """The moment of every file of an sdist: build first, then as if its packages were installed.

    `installed_tops`: of the release's wheels (`top_names`), which tell what is installed of the sdist; None: no wheel.
    `is_installed`: whether a file of the sdist certainly becomes one of a wheel.
    """
    build = _built(files, build_code, imports, is_installed)
    installed = ModuleGraph(files, SOURCE_FOLDERS, imports)
    tops = [path for path in _sdist_tops(files, installed_tops) if path not in build]
    imported = installed.closure(tops)
    return {
        path: "build" if path in build else "import" if path in imported else kind_moment(path, file)
        for path, file in files.items()
    }


def top_names(paths: Iterable[str]) -> set[str]:
    """Names that can be imported of what lies at these paths of a wheel, native modules among them."""
    return {installed_path(path).partition("/")[0].partition(".")[0] for path in paths}


def _sdist_tops(files: Iterable[str], installed: AbstractSet[str] | None) -> Iterator[str]:
    """Top-level modules; beside a wheel only those that it installs: tests and tools stand there as well."""
    for path in files:
        module = without_source_folder(path)
        if _is_top_module(module) and (installed is None or top_names([module]) <= installed):
            yield path


def _built(
    files: Mapping[str, ReleaseFile], build_code: BuildCode, imports: ImportReader, is_installed: Callable[[str], bool]
) -> set[str]:
    """Build files, what they are told to run, and what that imports: inside functions too (`cmdclass`).

    Of what is installed only the module level counts, and only where it is imported: a `setup.py` that imports its
    project calls little of it, and one that names its modules reads a version there.
    """
    build = {path for path in files if _is_build_file(path)}
    folders = folders_above(files)
    quoted = named_folders(imports.text(files["setup.py"]), folders) if "setup.py" in files else ()
    graph = ModuleGraph(files, tuple(dict.fromkeys((*build_code.roots, *SOURCE_FOLDERS, *quoted))), imports)
    waiting = [*build, *(path for path in build_code.paths if path in files)]
    for module in (*build_code.modules, *_computed_modules(build_code, graph, files, imports)):
        waiting += graph.paths_of(module)
    found: set[str] = set()
    brought: list[str] = []
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        if path not in build and is_installed(path):
            brought.append(path)
            continue
        found.add(path)
        waiting += graph.every_import(path)
        if not path.endswith(_NAMING_MUCH):
            named = named_scripts(path, imports.text(files[path]), files, folders)
            waiting += [one for one in named if not is_installed(one)]
    return found | graph.closure(brought)


def _computed_modules(
    build_code: BuildCode, graph: ModuleGraph, files: Mapping[str, ReleaseFile], imports: ImportReader
) -> Iterator[str]:
    """Modules whose attribute is no plain value, so that setuptools imports them to have it."""
    for module, name in build_code.attributes:
        texts = [imports.text(files[path]) for path in graph.paths_of(module)]
        if not any(is_plain_value(text.encode("utf-8", "replace"), name) for text in texts):
            yield module


def _is_build_file(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if name not in _BUILD_NAMES and not name.endswith(_BUILD_ENDINGS):
        return False
    place = _folder_kind(folder)
    if place.is_test or place.is_doc:
        return False
    if name in ("setup.py", "pyproject.toml", "setup.cfg", "hatch_build.py", "pdm_build.py", "build.py"):
        return not folder
    return True


def without_source_folder(path: str) -> str:
    return next((path[len(root) :] for root in SOURCE_FOLDERS if root and path.startswith(root)), path)


# -- both --------------------------------------------------------------------------------------------


def kind_moment(path: str, file: ReleaseFile) -> str:
    """The moment of a file that no import reaches, by what it is and where it lies."""
    folder, _, name = path.rpartition("/")
    if native_format(file.head) or is_bytecode(path, file.head):
        return "native"
    place, kind = _folder_kind(folder), _name_kind(name)
    if place.is_test or kind.is_test:
        return "test"
    if place.is_metadata or kind.is_metadata:
        return "doc" if place.is_licences else "metadata"
    if place.is_doc:
        return "doc"
    if kind.is_code or file.head.startswith(b"#!") or file.is_executable:
        return "code"
    return "doc" if kind.is_doc or (kind.is_text and not folder) else "data"


class _FolderKind(NamedTuple):
    """What lies in a folder, by the names of it and of those above it."""

    is_test: bool
    is_doc: bool
    is_metadata: bool
    is_licences: bool


@lru_cache(maxsize=4096)
def _folder_kind(folder: str) -> _FolderKind:
    names = folder.lower().split("/")
    path = f"{folder}/"
    is_metadata = ".dist-info/" in path or ".egg-info/" in path
    return _FolderKind(
        not _TEST_FOLDERS.isdisjoint(names), not _DOC_FOLDERS.isdisjoint(names), is_metadata, "/licenses/" in path
    )


class _NameKind(NamedTuple):
    """What a file is by its name alone. `is_text`: a document where it lies in no folder."""

    is_test: bool
    is_metadata: bool
    is_code: bool
    is_doc: bool
    is_text: bool


@lru_cache(maxsize=4096)
def _name_kind(name: str) -> _NameKind:
    lowered = name.lower()
    return _NameKind(
        is_test=name == "conftest.py" or _is_test_name(name),
        is_metadata=name in _METADATA_NAMES,
        is_code=lowered.endswith(_CODE_SUFFIXES),
        is_doc=lowered.endswith((".md", ".rst")) or bool(_DOC_NAMES.fullmatch(name)),
        is_text=lowered.endswith(_DOC_SUFFIXES),
    )


def _is_test_name(name: str) -> bool:
    stem, _, suffix = name.rpartition(".")
    return suffix in ("py", "pyw") and (stem.startswith("test_") or stem.endswith("_test"))
