"""`mirror.toml`: which source owns which names (against dependency confusion).

Exactly one source owns a name. An exact name beats a pattern; whatever else could make two owners is an error, never
"the first wins". A private pattern owns names that do not exist yet, and nothing falls through to another source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.formats.documents import parse_toml
from peep.formats.names import normalised

FORMAT = 1
LISTED = "listed"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]*)?\*")
_KEYS = {"name", "kind", "url", "owns"}


class SourceKind(Enum):
    """Where a source's archives come from."""

    FOLDER = "folder"
    """Put in by `peep mirror add`."""
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class MirrorSource:
    """One `[[source]]`."""

    name: str
    kind: SourceKind
    owns: tuple[str, ...] = ()
    """Normalised names, and patterns that end in `*`."""
    url: str | None = None
    """Of an index: its simple API."""
    owns_listed: bool = False
    """Owns each name that a requirements file lists and no other source owns."""

    @property
    def patterns(self) -> tuple[str, ...]:
        return tuple(rule for rule in self.owns if rule.endswith("*"))


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a name, and by which rule of `mirror.toml`."""

    source: MirrorSource
    rule: str
    """An exact name, a pattern, or `listed`."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """All sources of a mirror."""

    sources: tuple[MirrorSource, ...]

    def owner_of(self, name: str) -> Owner | None:
        """The owner of a normalised name; None: nobody may put such a project here."""
        exact = [Owner(one, name) for one in self.sources if name in one.owns]
        patterns = [Owner(one, rule) for one in self.sources for rule in one.patterns if name.startswith(rule[:-1])]
        listed = [Owner(one, LISTED) for one in self.sources if one.owns_listed]
        return next(iter([*exact, *patterns, *listed]), None)

    def source(self, name: str) -> MirrorSource | None:
        return next((one for one in self.sources if one.name == name), None)

    @property
    def private_names(self) -> tuple[str, ...]:
        """Exact names that folders own."""
        folders = [one for one in self.sources if one.kind is SourceKind.FOLDER]
        return tuple(sorted(name for one in folders for name in set(one.owns).difference(one.patterns)))


def parse_ownership(content: bytes, path: str) -> Ownership:
    """Read the bytes of `mirror.toml`; `path` is for messages. Raises `UsageError` that names both of two rules."""
    try:
        table = parse_toml(content.decode())
    except ValueError as error:
        raise UsageError(f"{path}: is no valid TOML: {error}") from None
    if unknown := sorted(set(table) - {"format", "source"}):
        raise UsageError(f"{path}: {unknown[0]} is no key that is known here")
    if type(stated := table.get("format")) is not int or stated != FORMAT:
        raise UsageError(f"{path}: format must be {FORMAT}, which is the one that is understood here")
    entries = table.get("source", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: sources are written as [[source]]")
    sources = tuple(_source(entry, f"{path}: source {number}") for number, entry in enumerate(entries, start=1))
    _refuse_two_owners(sources, path)
    return Ownership(sources)


def _source(entry: Mapping[str, Any], place: str) -> MirrorSource:
    if unknown := sorted(set(entry) - _KEYS):
        raise UsageError(f"{place}: {unknown[0]} is no key that is known here")
    name, kind, url, owns = (entry.get(key) for key in ("name", "kind", "url", "owns"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(f"{place}: name must be letters, digits and '-', in lower case")
    place = f"{place} ({name})"
    if kind not in [one.value for one in SourceKind]:
        raise UsageError(f"{place}: kind must be one of {', '.join(one.value for one in SourceKind)}")
    if (kind == SourceKind.INDEX.value) != (url is not None):
        raise UsageError(f"{place}: an index has a url, and nothing else has one")
    if owns == LISTED and kind == SourceKind.INDEX.value:
        return MirrorSource(name, SourceKind.INDEX, url=_url(url, place), owns_listed=True)
    rules = tuple(_rule(rule, place) for rule in _list(owns, place))
    return MirrorSource(name, SourceKind(kind), rules, None if url is None else _url(url, place))


def _list(owns: object, place: str) -> Sequence[object]:
    if not isinstance(owns, list):
        raise UsageError(f'{place}: owns must be a list of names; "{LISTED}" is for an index')
    return owns


def _rule(rule: object, place: str) -> str:
    """A name or pattern as names are compared, in whatever spelling it is written (PEP 503)."""
    if isinstance(rule, str) and rule.isascii():
        known = normalised(rule)
        if _NAME.fullmatch(known) or _PATTERN.fullmatch(known):
            return known
    raise UsageError(f"{place}: {rule!r} is neither the name of a project nor the beginning of one with a * at its end")


def _url(url: object, place: str) -> str:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    if not isinstance(url, str) or parts is None or parts.scheme not in {"http", "https", "file"}:
        raise UsageError(f"{place}: url must be an http(s) or file URL")
    if "@" in parts.netloc:
        raise UsageError(f"{place}: url holds credentials, which do not belong into a file that is checked in")
    return url


def _refuse_two_owners(sources: Sequence[MirrorSource], path: str) -> None:
    names = [one.name for one in sources]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{path}: two sources are called {repeated}")
    if len(greedy := [one.name for one in sources if one.owns_listed]) > 1:
        raise UsageError(f'{path}: {greedy[0]} and {greedy[1]} both own "{LISTED}", and a name has one owner')
    rules = sorted((rule.removesuffix("*"), rule, one.name) for one in sources for rule in one.owns)
    for number, (prefix, rule, source) in enumerate(rules):
        for other_prefix, other, other_source in rules[number + 1 :]:
            if not other_prefix.startswith(prefix):
                break
            if rule == other or (rule[-1] == "*" and other[-1] == "*"):
                raise UsageError(
                    f"{path}: {rule!r} of {source} and {other!r} of {other_source} both own {other.removesuffix('*')}"
                    f"{'…' if other[-1] == '*' else ''}, and a name has one owner"
                )


_FOLDED = str.maketrans({"0": "o", "1": "l", "i": "l", "-": None})


def look_alikes(private: Iterable[str], names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of a private name and another one that a reader could take for it: equal when folded, or one edit away."""
    others = sorted(set(names))
    return [
        (mine, other)
        for mine in sorted(set(private))
        for other in others
        if mine != other and abs(len(mine) - len(other)) <= mine.count("-") + other.count("-") + 1
        if mine.translate(_FOLDED) == other.translate(_FOLDED) or _is_one_edit(mine, other)
    ]


def _is_one_edit(one: str, other: str) -> bool:
    """One letter added, left out or changed, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return len(one) != len(other)
    rest, other_rest = one[start:], other[start:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    return other_rest in {rest[1:], swapped} or rest == other_rest[1:] or rest[1:] == other_rest[1:]
