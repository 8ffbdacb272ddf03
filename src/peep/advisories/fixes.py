"""The smallest version above a pin that no advisory of the whole snapshot affects.

The largest of the versions that the advisories of a pin call fixed is often affected itself, by an advisory that the
pin did not have: so each candidate is judged anew, against everything that is known of its project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.version import Version

from peep.advisories.findings import AuditedPin, Fix
from peep.advisories.matching import match
from peep.advisories.ordering import INFINITY, parsed_version
from peep.advisories.record import Advisory
from peep.dataclass import dataclass
from peep.model import Digest


@dataclass(frozen=True, slots=True)
class FixRelease:
    """A version that could be gone to: the digests of its files as the index states them, () when only named."""

    version: str
    hashes: tuple[Digest, ...] = ()


class FixFinder:
    """Finds fixes, each candidate of a project judged once.

    `advisories` gives the records about a project; `releases` what an index has of it, by name, leaving out what can't
    be gone to (yanked, for other Pythons). Projects without an entry know only versions that records call fixed.
    """

    def __init__(
        self, advisories: Callable[[str], Sequence[Advisory]], releases: Mapping[str, Sequence[FixRelease]]
    ) -> None:
        self._advisories = advisories
        self._releases = releases
        self._candidates: dict[str, list[tuple[Version, FixRelease]]] = {}
        self._affecting: dict[tuple[str, str], frozenset[str]] = {}
        self._fixes: dict[tuple[str, str, frozenset[str]], Fix | None] = {}

    def fix(self, name: str, pinned: str, ignored: frozenset[str] = frozenset()) -> Fix | None:
        """The smallest fix of a pin; None when none is known. Records with an id in `ignored` do not count."""
        key = (name, pinned, ignored)
        if key not in self._fixes:
            self._fixes[key] = self._found(name, pinned, ignored)
        return self._fixes[key]

    def _found(self, name: str, pinned: str, ignored: frozenset[str]) -> Fix | None:
        return next(self.all_fixes(name, pinned, ignored), None)

    def all_fixes(self, name: str, pinned: str, ignored: frozenset[str] = frozenset()) -> Iterator[Fix]:
        """Every version above a pin that nothing affects, the smallest first."""
        version = parsed_version(pinned)
        if version is None:
            return
        for candidate, release in self._candidates_of(name):
            if candidate <= version or (candidate.is_prerelease and not version.is_prerelease):
                continue
            if self._affecting_ids(name, release.version) <= ignored:
                yield Fix(release.version, reach(version, candidate), (), release.hashes)

    def _candidates_of(self, name: str) -> list[tuple[Version, FixRelease]]:
        known = self._candidates.get(name)
        if known is None:
            releases = self._releases.get(name)
            found = (
                releases if releases is not None else map(FixRelease, sorted(named_versions(self._advisories(name))))
            )
            pairs = ((parsed_version(one.version), one) for one in found)
            known = sorted(((version, one) for version, one in pairs if version is not None), key=lambda pair: pair[0])
            self._candidates[name] = known
        return known

    def _affecting_ids(self, name: str, version: str) -> frozenset[str]:
        key = (name, version)
        known = self._affecting.get(key)
        if known is None:
            pin = AuditedPin(name, version)
            known = frozenset(one.id for one in self._advisories(name) if match(one, pin))
            self._affecting[key] = known
        return known


def fix_to(releases: Sequence[FixRelease], old: str, new: str) -> Fix:
    """The way from one version to another that was chosen, with the digests that the index states for it."""
    hashes = next((one.hashes for one in releases if one.version == new), ())
    one, other = parsed_version(old), parsed_version(new)
    return Fix(new, reach(one, other) if one is not None and other is not None else None, (), hashes)


def named_versions(advisories: Iterable[Advisory]) -> set[str]:
    """Versions that records name and do not call affected themselves: where a range ends with a fix or a limit."""
    ranges = [ranged for one in advisories for entry in one.affected for ranged in entry.ranges]
    fixed = {event.version for ranged in ranges for event in ranged.events if event.kind == "fixed"}
    named = fixed | {limit for ranged in ranges for limit in ranged.limits if limit != INFINITY}
    return {text.strip() for text in named}  # PEP 440 allows white space around a version, and a list does not


def reach(old: Version, new: Version) -> str:
    """How far an update goes: `same-patch`, `same-minor`, `same-major` or `major`."""
    if old.epoch != new.epoch:
        return "major"
    longest = max(len(old.release), len(new.release), 3)
    one, other = (version.release + (0,) * (longest - len(version.release)) for version in (old, new))
    words = ((longest, "same-patch"), (2, "same-minor"), (1, "same-major"))
    return next((word for count, word in words if one[:count] == other[:count]), "major")
