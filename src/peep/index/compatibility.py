"""Compatibility of a file with a target: formats, wheel tags, Requires-Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

from peep.dataclass import dataclass, field
from peep.formats.archive_names import ArchiveName
from peep.formats.dependency_specifiers import read_specifiers
from peep.formats.open_markers import ANY_MICRO
from peep.model import ArchiveKind, FormatControl, IndexFile, TargetEnvironment

NO_RANK = 1_000_000
"""The rank of an sdist, which has no tags: below that of every tag."""


@dataclass(frozen=True, slots=True)
class _TargetTags:
    """The tags of a target, as questions about wheels need them."""

    ranks: Mapping[str, int]
    interpreters: frozenset[tuple[str, str]]
    """Pairs of a Python and an ABI tag."""
    platforms: frozenset[str]
    judged: dict[tuple[str, ...], tuple[int, str]] = field(default_factory=dict)
    """Wheel tags -> rank and objection, filled when asked for: wheels of all projects share some sets."""


class Compatibility:
    """The demands of one target and one project's format options."""

    def __init__(self, name: str, target: TargetEnvironment, formats: FormatControl) -> None:
        self._allowed = {kind: formats.allows(name, kind) for kind in ArchiveKind}
        self._tags = _known_tags(target.tags)
        self._versions = _possible_versions(target)
        self._any_python = formats.any_python
        self._of_python: dict[str, str] = {}
        """Requires-Python -> objection: releases of a project state a few."""

    def objection(self, name: ArchiveName, file: IndexFile) -> str:
        """Say why `file` cannot be used, or give back ''."""
        stated = file.requires_python
        return (
            ("" if self._allowed[name.kind] else _format_objection(name))
            or (self._python_objection(stated) if stated and not self._any_python else "")
            or ("" if name.kind is ArchiveKind.SDIST else self._judge(name.tags)[1])
        )

    def rank(self, name: ArchiveName) -> int:
        """Place of the best tag of a wheel among those of the target, 0 the best; `NO_RANK` without any."""
        return NO_RANK if name.kind is ArchiveKind.SDIST else self._judge(name.tags)[0]

    def _judge(self, tags: tuple[str, ...]) -> tuple[int, str]:
        known = self._tags.judged.get(tags)
        if known is None:
            rank = self._best_rank(tags)
            known = self._tags.judged[tags] = rank, "" if rank != NO_RANK else self._unfit(tags)
        return known

    def _best_rank(self, stated: tuple[str, ...]) -> int:
        pythons, abis, platforms = (part.lower().split(".") for part in stated)
        # Only what the target knows is combined: a hostile name may list hundreds of each.
        pairs = [pair for pair in product(pythons, abis) if pair in self._tags.interpreters]
        known = [platform for platform in platforms if platform in self._tags.platforms]
        tags = (f"{python}-{abi}-{platform}" for (python, abi), platform in product(pairs, known))
        return min((self._tags.ranks.get(tag, NO_RANK) for tag in tags), default=NO_RANK)

    def _unfit(self, stated: tuple[str, ...]) -> str:
        """Short of tags, as the file's name shows its own: many files then share one reason."""
        interpreter, platform = self._describe_target()
        pythons, abis, platforms = (part.lower().split(".") for part in stated)
        fits_python = not self._tags.interpreters.isdisjoint(product(pythons, abis))
        fits_platform = not self._tags.platforms.isdisjoint(platforms)
        if fits_python and not fits_platform:
            return f"is for another platform than {platform}"
        if fits_platform and not fits_python:
            return f"is for another Python than {interpreter}"
        if fits_platform:
            return f"joins its tags in a way that does not fit {interpreter} on {platform}"
        return f"is for another Python and platform than {interpreter} on {platform}"

    def _describe_target(self) -> tuple[str, str]:
        python, _, rest = next(iter(self._tags.ranks), "unknown-unknown-unknown").partition("-")
        return python, rest.rpartition("-")[2]

    def _python_objection(self, stated: str) -> str:
        known = self._of_python.get(stated)
        if known is None:
            objections = [python_objection(stated, version) for version in self._versions]
            known = self._of_python[stated] = objections[0] if all(objections) else ""
        return known


def _format_objection(name: ArchiveName) -> str:
    if name.kind is ArchiveKind.WHEEL:
        return "is a wheel, which --no-binary excludes"
    return "is a source archive, which --only-binary excludes"


def _possible_versions(target: TargetEnvironment) -> tuple[tuple[int, int, int], ...]:
    """The target's version of Python; the first and one after all others, where only the minor version is known."""
    is_open = "python_version" in target.markers and "python_full_version" not in target.markers
    return (target.version, (*target.version[:2], ANY_MICRO)) if is_open else (target.version,)


def python_objection(specifiers: str, version: Sequence[int]) -> str:
    """Say why a Python of `version` is none that `specifiers` allow, or give back ''.

    Core metadata, Requires-Python: a specifier set; one that cannot be read restricts nothing, as in pip.
    """
    python = ".".join(map(str, version))
    if not specifiers or _python_fits(specifiers, python):
        return ""
    return f"requires Python {specifiers}, the target has {python}"


@lru_cache(maxsize=64)
def _known_tags(tags: tuple[str, ...]) -> _TargetTags:
    parts = [(python, abi, platform) for python, abi, platform in (tag.split("-") for tag in tags)]
    interpreters = frozenset((python, abi) for python, abi, _ in parts)
    ranks = {tag: rank for rank, tag in enumerate(tags)}
    return _TargetTags(ranks, interpreters, frozenset(part[2] for part in parts))


@lru_cache(maxsize=4096)
def _python_fits(specifiers: str, python: str) -> bool:
    try:
        return read_specifiers(specifiers).contains(python, prereleases=True)
    except ValueError:  # InvalidSpecifier, or a number of more digits than Python converts
        return True
