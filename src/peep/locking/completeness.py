"""Judge of a list of pins: complete and consistent for a target? For lock, check, bundle, mirror.

Sources: core metadata (Requires-Dist, Requires-Python), PEP 508 (markers, extras), PEP 440 (version clauses). Which
file a target would take, and what that says of itself, comes from `Archives`; nothing here asks for anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import reduce
from typing import Protocol

from peep.dataclass import dataclass, replace
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.versions import same_version
from peep.index.compatibility import python_objection
from peep.locking.edges import Edge, UnreadableRequirement, parse_edge
from peep.locking.marker_atoms import UnreadableMarker, marker_judge
from peep.locking.sources import StatedBuild
from peep.model import Digest, Location
from peep.target.declared import DeclaredTarget


class Kind(Enum):
    """What is wrong with a list for a target."""

    TWO_PINS = "two-pins"
    NO_PIN = "no-pin"
    NO_HASH = "missing-hash"
    NO_FILE = "no-usable-file"
    WRONG_PYTHON = "wrong-python"
    OMITTED = "omitted-dependency"
    CONFLICT = "conflicting-dependency"
    NOT_BUILDABLE = "missing-build-constraint"
    UNREADABLE = "unreadable-metadata"


@dataclass(frozen=True, slots=True)
class JudgedPin:
    """One listed pin, wherever the list stands."""

    name: str
    """Normalised."""
    version: str
    """'' for a pin by URL."""
    marker: str = ""
    """Canonical; '' for none."""
    extras: tuple[str, ...] = ()
    hashes: tuple[Digest, ...] = ()
    url: str = ""
    location: Location | None = None
    unvouched: str = ""
    """Why nothing vouches for its files; '' where something does, or nobody asked."""
    subdirectory: str = ""
    """Of the archive or repository at `url`."""

    @property
    def is_open(self) -> bool:
        """Whether it leaves to other pins of the project which version is meant."""
        return not (self.version or self.url)

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" if self.version else f"{self.name} @ {self.url}"


@dataclass(frozen=True, slots=True)
class TargetArchive:
    """The listed file that a target takes for a pin."""

    filename: str
    metadata: ProjectMetadata | None
    """None where nothing can be known without building it."""
    is_sdist: bool = False
    unreadable: str = ""
    """Why its metadata means nothing; '' when it's fine."""
    cautions: tuple[str, ...] = ()
    """Yanked, quarantined, too young."""
    stated_build: StatedBuild | None = None
    """Of a source archive: what building it requires; None where that is not known."""


@dataclass(frozen=True, slots=True)
class NoArchive:
    """No listed file of a pin can be used on a target."""

    reason: str
    files: tuple[tuple[str, str], ...] = ()
    """Each file with why it can't be used."""


class Archives(Protocol):
    """Which file each target takes."""

    def chosen(self, pin: JudgedPin, target: DeclaredTarget) -> TargetArchive | NoArchive:
        """Choose among the files whose digest the pin lists."""


@dataclass(frozen=True, slots=True)
class Incompleteness:
    """One thing that is wrong with a list for one target."""

    kind: Kind
    target: str
    """ID; a witness's with its version, as `cp311-… at Python 3.11.3`."""
    name: str
    reason: str
    requirement: str = ""
    chains: tuple[tuple[str, ...], ...] = ()
    """One for each that asks: from a pin that nothing requires to the one that asks, by name."""
    locations: tuple[Location, ...] = ()

    @property
    def essence(self) -> tuple[object, ...]:
        """All but the target: what is the same at several micro versions of Python."""
        return self.kind, self.name, self.reason, self.requirement, self.chains


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a list is worth on one target."""

    target: str
    incomplete: tuple[Incompleteness, ...]
    warnings: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.incomplete


class Builds(Protocol):
    """Which build requirements are listed."""

    def lacks(self, stated: StatedBuild, target: DeclaredTarget) -> tuple[str, ...]:
        """Say what a build on a target lacks, () when all is listed."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a list is judged with."""

    archives: Archives
    builds: Builds | None = None
    """Says what builds lack; None: not asked."""
    name: str = ""
    """The target's name in reports; '' its ID."""


def agreed(one: JudgedPin, other: JudgedPin) -> JudgedPin | None:
    """Give back what two lines of a project mean together, as an install merges them; None where they contradict."""
    if one.url != other.url or not (one.version == other.version or same_version(one.version, other.version)):
        return None
    listed = set(other.hashes)
    hashes = tuple(digest for digest in one.hashes if digest in listed)
    if one.hashes and other.hashes and not hashes:
        return None
    extras = tuple(sorted({*one.extras, *other.extras}))
    unvouched = one.unvouched if one.unvouched and other.unvouched else ""
    return replace(one, extras=extras, hashes=hashes or one.hashes or other.hashes, unvouched=unvouched)


def judge(pins: Sequence[JudgedPin], target: DeclaredTarget, judged: Judged) -> Verdict:
    """Judge the pins for one target: files, Python versions, requirements, builds. All faults at once, sorted."""
    court = _Court(target, judged)
    court.admit(pins)
    court.follow()
    faults = sorted(court.faults, key=lambda one: (one.name, one.kind.value, one.requirement, one.reason))
    return Verdict(court.target_name, tuple(faults), tuple(dict.fromkeys(court.warnings)))


class _Court:
    """Collects what is wrong while pins and their requirements are looked at."""

    def __init__(self, target: DeclaredTarget, judged: Judged) -> None:
        self.target_name = judged.name or target.id.text
        self.faults: list[Incompleteness] = []
        self.warnings: list[str] = []
        self._target = target
        self._judged = judged
        self._markers = marker_judge(target.environment.markers, target.open_names)
        self._pins: dict[str, JudgedPin] = {}
        self._metadata: dict[str, ProjectMetadata] = {}
        self._asked: dict[tuple[str, str], None] = {}
        self._parents: dict[str, str] = {}

    def admit(self, pins: Sequence[JudgedPin]) -> None:
        """Take the pins that count on the target, each with the file that the target would install."""
        for pin in filter(self._holds, pins):
            other = self._pins.setdefault(pin.name, pin)
            if other is pin or pin.is_open:
                continue
            if (both := agreed(other, pin)) is not None:
                self._pins[pin.name] = both
            else:
                self._fault(Kind.TWO_PINS, pin, f"{other} and {pin} are both listed here")
        for pin in self._pins.values():
            self._choose(pin)

    def _choose(self, pin: JudgedPin) -> None:
        if pin.is_open:
            self._fault(Kind.NO_PIN, pin, "no constraint that holds here names its version")
            return
        if pin.unvouched:
            self._fault(Kind.NO_HASH, pin, pin.unvouched)
        found = self._judged.archives.chosen(pin, self._target)
        match found:
            case NoArchive():
                files = "; ".join(f"{name} {reason}" for name, reason in found.files[-3:])
                self._fault(Kind.NO_FILE, pin, f"{found.reason}: {files}" if files else found.reason)
            case TargetArchive():
                self._take(pin, found)

    def _holds(self, pin: JudgedPin) -> bool:
        try:
            return self._markers.holds(pin.marker)
        except UnreadableMarker as error:
            self._fault(Kind.UNREADABLE, pin, str(error))
            return False

    def _take(self, pin: JudgedPin, archive: TargetArchive) -> None:
        self.warnings += (f"{pin}: {caution}" for caution in archive.cautions)
        if archive.unreadable:
            self._fault(Kind.UNREADABLE, pin, f"{archive.filename} {archive.unreadable}")
        builds = self._judged.builds
        if builds is not None and archive.stated_build is not None:
            for lacking in builds.lacks(archive.stated_build, self._target):
                reason = f"{archive.filename} has to be built, and no build constraint serves {lacking}"
                self._fault(Kind.NOT_BUILDABLE, pin, reason, lacking.partition(" ")[0])
        if archive.metadata is None:
            if not archive.unreadable:
                self.warnings.append(f"{pin}: what {archive.filename} requires is known only after a build")
            return
        self._metadata[pin.name] = archive.metadata
        if objection := python_objection(archive.metadata.requires_python, self._target.environment.version):
            self._fault(Kind.WRONG_PYTHON, pin, f"{archive.filename} {objection}")

    def follow(self) -> None:
        """Follow requirements from pin to pin, extras included."""
        waiting = deque((name, "") for name in sorted(self._pins))
        waiting.extend((name, extra) for name in sorted(self._pins) for extra in self._pins[name].extras)
        missing: dict[str, dict[str, list[Edge]]] = {}
        while waiting:
            name, extra = waiting.popleft()
            if (name, extra) in self._asked or name not in self._metadata:
                continue
            self._asked[name, extra] = None
            for edge in self._edges(name, extra):
                if edge.name not in self._pins:
                    missing.setdefault(edge.name, {}).setdefault(name, []).append(edge)
                    continue
                self._parents.setdefault(edge.name, name)
                self._compare(edge, name)
                waiting.extend((edge.name, more) for more in edge.extras)
        for name, requirers in missing.items():
            self._omitted(name, requirers)

    def _edges(self, name: str, extra: str) -> list[Edge]:
        found = []
        for text in self._metadata[name].requires_dist:
            try:
                edge = parse_edge(text)
                holds = self._markers.judge(edge.marker, extra)
                counts = holds.holds and (not extra or not self._markers.holds(edge.marker))
            except (UnreadableRequirement, UnreadableMarker) as error:
                self._fault(Kind.UNREADABLE, self._pins[name], str(error))
                continue
            if counts:
                found.append(edge)
                self.warnings += (
                    f"{name} requires {edge} where {atom}, which no target says: taken as true"
                    for atom in holds.taken_as_true
                )
        return found

    def _compare(self, edge: Edge, requirer: str) -> None:
        pin = self._pins[edge.name]
        version = pin.version or (self._metadata[pin.name].version if pin.name in self._metadata else "")
        if edge.url or not version or satisfies(edge, version):
            return
        reason = f"{requirer} requires {edge}, and {pin.version or version} is listed"
        self._fault(Kind.CONFLICT, pin, reason, str(edge), self._chain(requirer))

    def _omitted(self, name: str, requirers: Mapping[str, Sequence[Edge]]) -> None:
        """Tell of a project that is not listed once, with all that require it."""
        parents = sorted(requirers)
        verb = "require" if len(parents) > 1 else "requires"
        reason = f"{' and '.join(parents)} {verb} it, and it is not listed"
        edges = [edge for edges in requirers.values() for edge in edges]
        chains = tuple(self._chain(parent) for parent in parents)
        places = (self._pins[parent].location for parent in parents)
        where = tuple(dict.fromkeys(place for place in places if place is not None))
        fault = Incompleteness(Kind.OMITTED, self.target_name, name, reason, _together(edges), chains, where)
        self.faults.append(fault)

    def _chain(self, name: str) -> tuple[str, ...]:
        chain = [name]
        while (parent := self._parents.get(chain[0])) is not None and parent not in chain:
            chain.insert(0, parent)
        return tuple(chain)

    def _fault(
        self, kind: Kind, pin: JudgedPin, reason: str, requirement: str = "", chain: tuple[str, ...] = ()
    ) -> None:
        where = () if pin.location is None else (pin.location,)
        chains = (chain,) if chain else ()
        self.faults.append(Incompleteness(kind, self.target_name, pin.name, reason, requirement, chains, where))


def _together(edges: Sequence[Edge]) -> str:
    """Give back one requirement for all that several ask of a project; the URL where one names it."""
    direct = next((edge for edge in edges if edge.url), None)
    if direct is not None:
        return str(direct)
    specifier = reduce(lambda one, other: one & other, (edge.specifier for edge in edges))
    extras = ",".join(sorted({extra for edge in edges for extra in edge.extras}))
    return f"{edges[0].name}[{extras}]{specifier}" if extras else f"{edges[0].name}{specifier}"


def satisfies(edge: Edge, version: str) -> bool:
    """Tell whether a listed version lies within a requirement; a pre-release that is listed counts as wanted."""
    listed = version_or_none(version)
    return not str(edge.specifier) if listed is None else edge.specifier.contains(listed, prereleases=True)


def complete_targets(verdicts: Iterable[Verdict]) -> Mapping[str, bool]:
    """Give back for each ID whether all verdicts on it, witnesses included, are complete."""
    found: dict[str, bool] = {}
    for verdict in verdicts:
        name = verdict.target.partition(" ")[0]
        found[name] = found.get(name, True) and verdict.is_complete
    return found
