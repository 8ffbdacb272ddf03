"""Origin of each file of a wheel in its release's sdist: same, generated, elsewhere, nowhere.

Paths are mapped by votes of whole path tails, never by content and never by what `pyproject.toml` claims alone.
"""

from __future__ import annotations

import ast
import hashlib
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property

from peep.dataclass import dataclass
from peep.examine.file_kinds import native_format
from peep.examine.release import LARGEST_FILE, ReleaseArchive, ReleaseFile

Content = Callable[[str], bytes]
"""sha256 -> the content."""
SOURCE_FOLDERS = ("", "src/", "lib/", "python/")
"""Folders of an sdist below which projects keep what becomes the root of the wheel."""
_GENERATED_METADATA = frozenset(
    {
        "DELVEWHEEL",
        "INSTALLER",
        "METADATA",
        "RECORD",
        "RECORD.jws",
        "RECORD.p7s",
        "WHEEL",
        "direct_url.json",
        "entry_points.txt",
        "metadata.json",
        "namespace_packages.txt",
        "pbr.json",
        "top_level.txt",
        "zip-safe",
    }
)
"""Files of `.dist-info` that build backends make."""
_GZIP = b"\x1f\x8b"
_LARGEST_VERSION_MODULE = 8_000
_VERSION_MODULE = re.compile(r"_?[a-z_]*version[a-z_]*\.py|_?version_info\.py", re.IGNORECASE)
_CLAIMS = re.compile(
    r"""(?:package-dir|package_dir|where|from|python-source|source|sources|root)\W[^\n]{0,200}?["']([\w./-]{1,60})["']"""
)
"""A claim stands near its word: to the end of its line each word of a long one would be followed anew."""
_PREFIX = re.compile(r"(?P<folder>[^/]+)\.(?:dist-info|data)/")


class Origin(Enum):
    """Where a file of a wheel comes from; first that fits."""

    SAME = "same"
    LINE_ENDS = "line_ends"
    GENERATED = "generated"
    DIFFERS = "differs"
    ELSEWHERE = "elsewhere"
    COMPILED = "compiled"
    ONLY_IN_WHEEL = "only_in_wheel"


@dataclass(frozen=True, slots=True)
class Source:
    """`origin` of one file of a wheel, and the path in the sdist that it was compared with ('' for none)."""

    origin: Origin
    path: str = ""


def installed_path(path: str) -> str:
    """Path of a wheel's member below where it is installed: `.data/{purelib,platlib}` are the root."""
    folder, _, rest = path.partition("/")
    if folder.endswith(".data") and "-" in folder:
        scheme, _, below = rest.partition("/")
        if scheme in ("purelib", "platlib") and below:
            return below
    return path


def corresponding(wheel: ReleaseArchive, sdist: ReleaseArchive, content: Content) -> dict[str, Source]:
    """Find the source of each file of `wheel` in `sdist`; keys are the wheel's member names."""
    lookup = _Lookup(wheel, sdist, content)
    return {path: lookup.source(file) for path, file in wheel.files.items()}


class _Lookup:
    def __init__(self, wheel: ReleaseArchive, sdist: ReleaseArchive, content: Content) -> None:
        self._sdist = sdist.files
        self._content = content
        self._digests = {file.sha256: path for path, file in reversed(list(sdist.files.items()))}
        self._folders = voted_folders(wheel.files, sdist.files)
        self._claimed = tuple(_claimed_folders(sdist, content))
        self._tails: dict[str, dict[str, str]] = {}
        self._tried: dict[str, tuple[str, ...]] = {}

    def source(self, file: ReleaseFile) -> Source:
        folder, _, name = file.path.rpartition("/")
        if folder.endswith(".dist-info") and "/" not in folder and name in _GENERATED_METADATA:
            return self._made_by_backend(file, name)
        tried = [path for path in self._paths(file.path) if path in self._sdist]
        for path in tried:
            if self._sdist[path].sha256 == file.sha256:
                return self._same_or_decoy(file, path)
        if tried:
            return self._other_bytes(file, tried[0])
        found = self._digests.get(file.sha256)
        if found is not None and file.size:
            return Source(Origin.ELSEWHERE, found)
        return self._without_equal(file)

    def _without_equal(self, file: ReleaseFile) -> Source:
        """Of what no file of the sdist is, but for what is packed."""
        if not file.size:
            return Source(Origin.GENERATED)
        if native_format(file.head):
            return Source(Origin.COMPILED)
        packed = self._digests.get(self._unpacked_digest(file))
        if packed is not None:
            return Source(Origin.GENERATED, packed)
        return Source(Origin.GENERATED if self._is_generated(file) else Origin.ONLY_IN_WHEEL)

    def _unpacked_digest(self, file: ReleaseFile) -> str:
        """sha256 of what a gzip file (RFC 1952) of one member holds; '' for others, and for what is too large."""
        if not file.head.startswith(_GZIP) or file.size > LARGEST_FILE:
            return ""
        unpacker = zlib.decompressobj(wbits=31)
        try:
            content = unpacker.decompress(self._content(file.sha256), LARGEST_FILE)
        except zlib.error:
            return ""
        is_whole = unpacker.eof and not unpacker.unused_data
        return hashlib.sha256(content).hexdigest() if is_whole and content else ""

    def _same_or_decoy(self, file: ReleaseFile, path: str) -> Source:
        """Equal bytes count for nothing where one of the usual folders has other bytes at the same path.

        So a tree that was put there to explain the wheel can only bring a difference to light.
        """
        installed = installed_path(file.path)
        for folder in SOURCE_FOLDERS:
            other = self._sdist.get(folder + installed)
            if other is not None and other.sha256 != file.sha256:
                return Source(Origin.DIFFERS, other.path)
        return Source(Origin.SAME, path)

    def _made_by_backend(self, file: ReleaseFile, name: str) -> Source:
        twin = self._sdist.get("PKG-INFO") if name == "METADATA" else None
        is_same = twin is not None and twin.sha256 == file.sha256
        return Source(Origin.SAME, "PKG-INFO") if is_same else Source(Origin.GENERATED)

    def _other_bytes(self, file: ReleaseFile, path: str) -> Source:
        twin = self._sdist[path]
        if not native_format(file.head) and _same_but_line_ends(self._content(file.sha256), self._content(twin.sha256)):
            return Source(Origin.LINE_ENDS, path)
        if self._is_generated(file) and self._is_generated(twin):
            return Source(Origin.GENERATED, path)
        return Source(Origin.DIFFERS, path)

    def _paths(self, path: str) -> Iterator[str]:
        """Each path of the sdist to try for a member of the wheel, the likeliest first."""
        installed = installed_path(path)
        special = _PREFIX.match(installed)
        if special is None:
            yield from [folder + installed for folder in self._folders_for(installed.partition("/")[0])]
            return
        below = installed[special.end() :]
        if special[0].endswith(".dist-info/") and "/" not in below:
            if below.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS")):
                yield below
            return
        scheme, _, rest = below.partition("/")
        if scheme in ("licenses", "license_files", "scripts", "headers", "data", "sboms") and rest:
            yield from self._by_tail(rest)

    def _folders_for(self, top: str) -> tuple[str, ...]:
        found = self._tried.get(top)
        if found is None:
            found = tuple(dict.fromkeys((self._folders.get(top, ""), *SOURCE_FOLDERS, *self._claimed)))
            self._tried[top] = found
        return found

    def _by_tail(self, path: str) -> Iterator[str]:
        """The path of the sdist that shares most of the end of `path`, down to the base name alone."""
        name = path.rpartition("/")[2]
        tails = self._tails.get(name)
        if tails is None:
            tails = self._tails[name] = {}
            for known in sorted(self._by_name.get(name, ()), key=lambda one: (one.count("/"), one)):
                for tail in _tails(known):
                    tails.setdefault(tail, known)
        found = (tails.get(tail) for tail in _tails(path))
        yield from dict.fromkeys(one for one in found if one is not None)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """Paths of the sdist by their base names."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self._sdist:
            found[path.rpartition("/")[2]].append(path)
        return found

    def _is_generated(self, file: ReleaseFile) -> bool:
        return is_generated(file, self._content)


def is_generated(file: ReleaseFile, content: Content) -> bool:
    """Whether builds make such files: bills of materials, compiled messages, version modules of constants only."""
    folder, _, name = file.path.rpartition("/")
    if ".dist-info/sboms" in folder or name.endswith(".mo"):
        return True
    is_version = _VERSION_MODULE.fullmatch(name) and bool(folder) and file.size < _LARGEST_VERSION_MODULE
    return bool(is_version) and is_version_module(content(file.sha256))


def _tails(path: str) -> Iterator[str]:
    """`a/b/c` -> `a/b/c`, `b/c`, `c`."""
    yield path
    while "/" in path:
        path = path.partition("/")[2]
        yield path


def _same_but_line_ends(one: bytes, other: bytes) -> bool:
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


_HARMLESS_NODES = (
    ast.Module, ast.Assign, ast.AnnAssign, ast.Expr, ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Dict, ast.Load,
    ast.Store, ast.UnaryOp, ast.USub, ast.Attribute, ast.Subscript, ast.BinOp, ast.BitOr, ast.Import, ast.ImportFrom,
    ast.alias, ast.If, ast.Set,
)  # fmt: skip
_HARMLESS_IMPORTS = frozenset({"__future__", "typing", "typing_extensions", "collections.abc"})


def is_version_module(content: bytes) -> bool:
    """True for Python that only binds constants, with annotations for type checkers: it calls and imports nothing."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(_is_harmless(node) for node in ast.walk(tree))


def _is_harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return all(alias.name in _HARMLESS_IMPORTS for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return not node.level and node.module in _HARMLESS_IMPORTS
    return isinstance(node, _HARMLESS_NODES)


# -- which folder of the sdist holds a top-level name ------------------------------------------------


def voted_folders(wheel: Iterable[str], sdist: Iterable[str]) -> dict[str, str]:
    """For each top-level name of the wheel the sdist's folder above it, by the number of whole paths that end alike.

    Ties: fewer folders, then text order. Linear: every tail of an sdist path that begins with such a name is looked up.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for path in wheel:
        installed = installed_path(path)
        if not _PREFIX.match(installed):
            wanted[installed.partition("/")[0]].add(installed)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for path in sdist:
        parts = path.split("/")
        start = 0
        for part in parts:
            if part in wanted and path[start:] in wanted[part]:
                votes[part][path[:start]] += 1
            start += len(part) + 1
    return {
        top: min(count, key=lambda folder: (-count[folder], folder.count("/"), folder)) for top, count in votes.items()
    }


def _claimed_folders(sdist: ReleaseArchive, content: Content) -> Iterator[str]:
    """Folders that the project's own files name as source folders: they add paths to try, never take one away."""
    for name in ("pyproject.toml", "setup.cfg", "setup.py"):
        file = sdist.files.get(name)
        if file is not None:
            text = content(file.sha256)[:100_000].decode("utf-8", "replace")
            for claim in dict.fromkeys(_CLAIMS.findall(text)):
                yield claim.strip("./") + "/"


def origins_count(sources: Mapping[str, Source]) -> Counter[Origin]:
    """How many files have each origin."""
    return Counter(source.origin for source in sources.values())
