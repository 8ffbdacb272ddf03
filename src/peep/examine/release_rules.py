"""Rules about a release as a whole: where its files come from, what is installed newly, data that code names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from peep.examine.correspondence import Origin, installed_path
from peep.examine.file_kinds import native_format, text_of
from peep.examine.moments import is_python
from peep.examine.types import Hit
from peep.examine.view import Key, ReleaseView, Unit

_ORIGIN_RULES = {
    Origin.ONLY_IN_WHEEL: "wheel-only",
    Origin.DIFFERS: "wheel-differs",
    Origin.ELSEWHERE: "wheel-elsewhere",
}
_FOREIGN_SUFFIXES = frozenset(
    {
        ".js", ".mjs", ".cjs", ".ts", ".jsx", ".sh", ".bash", ".zsh", ".bat", ".cmd", ".ps1", ".vbs", ".exe", ".dll",
        ".jar", ".class", ".wasm", ".node", ".lua", ".rb", ".pl", ".php", ".go", ".swift", ".hta", ".scr", ".com", ".msi",
        ".lnk", ".jse", ".wsf", ".so", ".dylib", ".applescript", ".command", ".elf", ".bin", ".run", ".out",
    }
)  # fmt: skip
_HARMLESS_SHARES = ("man", "doc", "icons", "applications", "jupyter")
_FEWEST_OPAQUE_BYTES = 64
_QUOTED = re.compile(r"""["']([^"'\n]{3,200})["']""")
_PATH_LIKE = re.compile(r"[\w.+-]{3,200}")
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
        if known_tops is not None and _is_top(top) and top not in known_tops and top not in reported:
            reported.add(top)
            yield Hit("top-level-new", unit.path, 0, top, unit.moment)
        if _lies_outside(unit.path):
            yield Hit("data-outside", unit.path, 0, key.path, unit.moment)
        if any(part.startswith(".") for part in unit.path.split("/")):
            yield Hit("hidden-name", unit.path, 0, key.path, unit.moment)
        suffix = _suffix(unit.path)
        if suffix in _FOREIGN_SUFFIXES and suffix not in suffixes and not native_format(unit.file.head):
            yield Hit("foreign-code", unit.path, 0, suffix, unit.moment)


def _is_top(top: str) -> bool:
    return not top.endswith((".dist-info", ".data", ".pth"))


def _installed_tops(view: ReleaseView) -> set[str]:
    tops = {installed_path(unit.path).partition("/")[0] for unit in view.units.values() if unit.key.in_wheel}
    return tops or {unit.path.partition("/")[0] for unit in view.units.values()}


def _suffixes(view: ReleaseView) -> set[str]:
    return {_suffix(unit.path) for unit in view.units.values() if unit.key.in_wheel}


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return name[name.rfind(".") :] if "." in name[1:] else ""


def _lies_outside(path: str) -> bool:
    parts = path.split("/")
    if not parts[0].endswith(".data") or len(parts) < 3 or parts[1] not in ("data", "scripts", "headers"):  # noqa: PLR2004
        return False
    return not (parts[1] == "data" and parts[2] == "share" and len(parts) > 4 and parts[3] in _HARMLESS_SHARES)  # noqa: PLR2004


def data_hits(new: ReleaseView, changed: Mapping[Key, str]) -> Iterator[Hit]:
    """Binary files of no known format, once per folder; and new binary files that early code names."""
    binaries = {key: kind for key, kind in changed.items() if kind and not native_format(new.units[key].file.head)}
    folders: dict[str, list[Unit]] = {}
    for key, kind in sorted(binaries.items()):
        unit = new.units[key]
        if kind == "unknown" and unit.file.size > _FEWEST_OPAQUE_BYTES and unit.moment != "doc":
            folders.setdefault(unit.path.rpartition("/")[0], []).append(unit)
    for folder, units in folders.items():
        more = f" and {len(units) - 1} more in {folder or 'the top folder'}" if len(units) > 1 else ""
        name = units[0].path.rpartition("/")[2]
        yield Hit("opaque-data", units[0].path, 0, f"{name}, {units[0].file.size} bytes{more}", units[0].moment)
    if binaries:
        yield from _used_early(new, [new.units[key] for key in sorted(binaries)])


def _used_early(new: ReleaseView, units: list[Unit]) -> Iterator[Hit]:
    wanted: dict[str, Unit] = {}
    for unit in units:
        wanted.setdefault(unit.path.rpartition("/")[2], unit)
    for unit in new.units.values():
        if unit.moment not in _EARLY or not wanted or unit.path.lower().endswith((".cfg", ".toml", ".in")):
            continue  # what is to be packed is listed there, not read
        for name in sorted(_names_in(new, unit) & set(wanted)):
            data = wanted.pop(name)
            yield Hit("data-used-early", data.path, 0, f"{name} in {unit.path}", data.moment)


def _names_in(view: ReleaseView, unit: Unit) -> set[str]:
    """Base names of files that a text may mean: quoted in Python, any word in scripts of builds."""
    content = view.release.content(unit.file.sha256)
    if b"\0" in content[:1024]:
        return set()
    text = text_of(content)
    found = _QUOTED.findall(text) if is_python(unit.path) else _PATH_LIKE.findall(text)
    return {re.split(r"[/\\]", one)[-1] for one in found}
