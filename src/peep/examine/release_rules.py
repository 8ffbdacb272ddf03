"""Rules over a whole release: origins of its files, new installs, data that code names."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterator, Mapping

from peep.examine.correspondence import Origin, installed_path
from peep.examine.file_kinds import native_format, text_of
from peep.examine.moments import is_python
from peep.examine.types import Hit
from peep.examine.view import Key, ReleaseView, Unit
from peep.formats.literal_secrets import told

_ORIGIN_RULES = {
    Origin.ONLY_IN_WHEEL: "wheel-only",
    Origin.DIFFERS: "wheel-differs",
    Origin.ELSEWHERE: "wheel-elsewhere",
}
_FOREIGN_SUFFIXES = frozenset(
    {
        ".js", ".mjs", ".cjs", ".ts", ".jsx", ".sh", ".bash", ".zsh", ".bat", ".cmd", ".ps1", ".vbs", ".exe",
        ".dll", ".jar", ".class", ".wasm", ".node", ".lua", ".rb", ".pl", ".php", ".go", ".swift", ".hta",
        ".scr", ".com", ".msi", ".lnk", ".jse", ".wsf", ".so", ".dylib", ".applescript", ".command", ".elf",
        ".bin", ".run", ".out",
    }
)  # fmt: skip
_HARMLESS_SHARES = ("man", "doc", "icons", "applications", "jupyter")
_FEWEST_OPAQUE_BYTES = 64
_DIGEST_IN_NAME = re.compile(r"(?<![0-9a-z])[0-9a-f]{16,64}(?=_)")
_QUOTED = re.compile(r"""["']([^"'\n]{3,200})["']""")
_PATH_LIKE = re.compile(r"[\w.+-]{3,200}")
_PATTERN = re.compile(r"(?:\$[({]?\w+[)}]?/|@\w+@/)?([\w./+-]*\*[\w./*+-]*)")
"""Without the folder that a variable in front names: `$srcdir/tests/*.xz`."""
_SHORTEST_PATTERN = 2
_LISTS = (".cfg", ".toml", ".in")
"""What is to be packed is listed in such files, not read."""
_EARLY = frozenset({"startup", "build", "import"})


def origin_hits(old: ReleaseView | None, new: ReleaseView, changed: Collection[Key]) -> Iterator[Hit]:
    """Files of the wheel that the sdist does not explain, and did not explain otherwise before."""
    before = {unit.key: unit.source for unit in old.units.values() if unit.source} if old else {}
    had_both = old is not None and bool(old.sources)
    for unit in new.units.values():
        source = unit.source
        if source is None or source.origin not in _ORIGIN_RULES:
            continue
        known = before.get(unit.key)
        is_new = unit.key in changed or (had_both and (known is None or known.origin is not source.origin))
        if known is not None and known.origin is source.origin and source.origin is not Origin.ONLY_IN_WHEEL:
            is_new = False
        if known is not None and known.origin is Origin.ONLY_IN_WHEEL and source.origin is Origin.ONLY_IN_WHEEL:
            is_new = unit.key in changed and unit.moment in _EARLY
        if is_new or old is None:
            evidence = f"sdist: {source.path}" if source.path else "not in the sdist"
            yield Hit(_ORIGIN_RULES[source.origin], unit.path, 0, evidence, unit.moment)


def layout_hits(old: ReleaseView | None, new: ReleaseView, added: Collection[Key]) -> Iterator[Hit]:
    """New top-level names, data outside, hidden names, programs in other languages."""
    known_tops = _installed_tops(old) if old else None
    suffixes = _suffixes(old) if old else set()
    reported: set[str] = set()
    for key in sorted(added):
        unit = new.units[key]
        if not key.in_wheel:
            continue
        top = installed_path(unit.path).partition("/")[0]
        if known_tops is not None and _is_top(top) and _plain(top) not in known_tops and top not in reported:
            reported.add(top)
            yield Hit("top-level-new", unit.path, 0, top, unit.moment)
        if _lies_outside(unit.path):
            yield Hit("data-outside", unit.path, 0, key.path, unit.moment)
        if any(part.startswith(".") for part in unit.path.split("/")):
            yield Hit("hidden-name", unit.path, 0, key.path, unit.moment)
        suffix = _suffix(unit.path)
        interpreter = _interpreter(unit)
        if suffix in _FOREIGN_SUFFIXES and suffix not in suffixes and not native_format(unit.file.head):
            yield Hit("foreign-code", unit.path, 0, suffix, unit.moment)
        elif interpreter and not is_python(unit.path) and suffix not in suffixes:
            yield Hit("foreign-code", unit.path, 0, interpreter, unit.moment)


def _is_top(top: str) -> bool:
    return not top.lower().endswith((".dist-info", ".data", ".pth", ".start"))


def _installed_tops(view: ReleaseView) -> set[str]:
    tops = {installed_path(unit.path).partition("/")[0] for unit in view.units.values() if unit.key.in_wheel}
    return {_plain(top) for top in tops or {unit.path.partition("/")[0] for unit in view.units.values()}}


def _plain(top: str) -> str:
    """Without digests: compilers of Python name the library of a group of modules after what is in it."""
    return _DIGEST_IN_NAME.sub("#", top)


def _suffixes(view: ReleaseView) -> set[str]:
    return {_suffix(unit.path) for unit in view.units.values() if unit.key.in_wheel}


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return name[name.rfind(".") :] if "." in name[1:] else ""


def _interpreter(unit: Unit) -> str:
    """The program that a file names in its first line, '' for none and for Python."""
    first = unit.file.head.partition(b"\n")[0].decode("latin-1")
    return told(first, 80) if first.startswith("#!") and "python" not in first else ""


def _lies_outside(path: str) -> bool:
    parts = path.split("/")
    if not parts[0].endswith(".data") or len(parts) < 3 or parts[1] not in ("data", "scripts", "headers"):  # noqa: PLR2004
        return False
    return not (parts[1] == "data" and parts[2] == "share" and len(parts) > 4 and parts[3] in _HARMLESS_SHARES)  # noqa: PLR2004


def data_hits(old: ReleaseView | None, new: ReleaseView, changed: Mapping[Key, str]) -> Iterator[Hit]:
    """Binary files of no known format, once per folder; and binary files that early code names newly.

    `changed`: units that are not what they were, with their binary formats ('' for text).
    """
    binaries = {key: kind for key, kind in changed.items() if kind and not native_format(new.units[key].file.head)}
    folders: dict[str, list[Unit]] = {}
    for key, kind in sorted(binaries.items()):
        unit = new.units[key]
        if kind == "unknown" and unit.file.size > _FEWEST_OPAQUE_BYTES and unit.moment != "doc":
            folders.setdefault(unit.path.rpartition("/")[0], []).append(unit)
    for folder, units in folders.items():
        more = f" and {len(units) - 1} more in {folder or 'the top folder'}" if len(units) > 1 else ""
        name = _base_name(units[0])
        yield Hit("opaque-data", units[0].path, 0, f"{name}, {units[0].file.size} bytes{more}", units[0].moment)
    # Words that are no names of files are everywhere: of known formats only names with a suffix are looked for.
    named = [new.units[key] for key, kind in sorted(binaries.items()) if kind == "unknown" or "." in key.path]
    yield from _used_early(old, new, [unit for unit in named if unit.file.size > _FEWEST_OPAQUE_BYTES])


def _base_name(unit: Unit) -> str:
    return unit.path.rpartition("/")[2]


def _used_early(old: ReleaseView | None, new: ReleaseView, units: list[Unit]) -> Iterator[Hit]:
    """Files that code of start-up, build or import names; of those that were there before, if it did not name them."""
    if not units:
        return
    known = {_base_name(unit) for unit in units if old is not None and unit.key in old.units}
    if known and old is not None:
        known &= set(_early_names(old, frozenset(known)))
    wanted = {_base_name(unit): unit for unit in reversed(units) if _base_name(unit) not in known}
    for name, place in sorted(_early_names(new, frozenset(wanted)).items()):
        # Of the moment of the code: data of tests that a build reads is no matter of tests.
        yield Hit("data-used-early", wanted[name].path, 0, f"{name} in {place.path}", place.moment)
    yield from _globbed_early(old, new, [unit for unit in units if unit.moment == "test"])


def _globbed_early(old: ReleaseView | None, new: ReleaseView, units: list[Unit]) -> Iterator[Hit]:
    """Data of tests that a pattern in early code means, where no such pattern did: that of packages is listed so."""
    known = {pattern for _, pattern in _patterns(old)} if units and old is not None else set()
    told: set[str] = set()
    for place, pattern in _patterns(new) if units else ():
        ends_like = re.compile(f"(?:.*/)?{fnmatch.translate(pattern.lstrip('./'))}")
        for unit in units:
            if pattern not in known and unit.path not in told and ends_like.match(unit.path):
                told.add(unit.path)
                yield Hit("data-used-early", unit.path, 0, f"{pattern} in {place.path}", place.moment)


def _patterns(view: ReleaseView) -> Iterator[tuple[Unit, str]]:
    """Patterns of paths in early code that name a folder or a suffix."""
    for unit in view.units.values():
        if unit.moment in _EARLY and not unit.path.lower().endswith(_LISTS):
            for pattern in dict.fromkeys(_PATTERN.findall(_text(view, unit))):
                if len(pattern.replace("*", "").strip("./")) >= _SHORTEST_PATTERN:
                    yield unit, pattern


def _early_names(view: ReleaseView, wanted: frozenset[str]) -> dict[str, Unit]:
    """Which of the names stand in early code, and in which file first."""
    found: dict[str, Unit] = {}
    for unit in view.units.values():
        if unit.moment in _EARLY and not unit.path.lower().endswith(_LISTS):
            for name in _names_in(view, unit) & wanted - found.keys():
                found[name] = unit
    return found


def _names_in(view: ReleaseView, unit: Unit) -> set[str]:
    """Base names of files that a text may mean: quoted in Python, any word in scripts of builds."""
    text = _text(view, unit)
    found = _QUOTED.findall(text) if is_python(unit.path) else _PATH_LIKE.findall(text)
    return {re.split(r"[/\\]", one)[-1] for one in found}


def _text(view: ReleaseView, unit: Unit) -> str:
    content = view.release.content(unit.file.sha256)
    return "" if b"\0" in content[:1024] else text_of(content)
