"""Judgement of releases by a joint group: whether every member can use them, what they require."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from packaging.version import Version

from peep.dataclass import dataclass, field
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.dependency_specifiers import read_specifiers
from peep.formats.url_secrets import redacted_start
from peep.index.compatibility import python_objection
from peep.locking.candidates import FileChoice, NamedFile, Release, age_caution
from peep.locking.edges import Edge, UnreadableRequirement, parse_edge
from peep.locking.marker_atoms import UnreadableMarker, clause_thresholds, marker_judge, micro_thresholds
from peep.locking.release_facts import ReleaseFacts
from peep.locking.sources import Metadata, NeedsBuild, Pages, Unreadable
from peep.locking.target_groups import JointGroup
from peep.model import Digest
from peep.target.declared import DeclaredTarget


@dataclass(frozen=True, slots=True)
class KnownPin:
    """A pin of the lock that is there already: preferred, its hashes kept."""

    name: str
    version: Version
    marker: str
    """Canonical; '' for none."""
    hashes: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class Admission:
    """What the user's own words admit beyond the policy, by project."""

    pre_releases: frozenset[str] = frozenset()
    """Projects of which a root's or constraint's specifier names a pre-release."""
    exact: Mapping[str, frozenset[Version]] = field(default_factory=dict)
    """Versions that a root pins: they may be yanked."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release that every member of the group can use, with what it requires there."""

    release: Release
    files: tuple[tuple[DeclaredTarget, NamedFile], ...]
    edges: tuple[Edge, ...]
    """Of all members together, in their order."""
    provides_extra: frozenset[str]
    thresholds: frozenset[int]
    """Micro versions at which something of its metadata changes."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A release that the group can't use."""

    release: Release
    reason: str
    needs_build: str = ""
    """File name of the source archive that would have to be built."""
    without_file: str = ""
    """ID of the member that no file fits."""
    is_passed_over: bool = False
    """It was not looked at: a pre-release, or a source archive behind many whose metadata only a build tells."""
    has_source_alone: bool = False
    """It was passed over for the second reason."""


@dataclass(frozen=True, slots=True)
class ViewSources:
    """What every group of a run sees alike."""

    pages: Pages
    metadata: Metadata
    facts: ReleaseFacts
    """With the policy: witnesses and rounds ask for the same again."""
    admission: Admission
    known: Mapping[str, tuple[KnownPin, ...]]
    """Pins of the present lock, by name."""
    upgraded: frozenset[str] = frozenset()
    """Projects that are to be upgraded: others give way to them."""
    expect: Callable[[Release, NamedFile], object] = lambda *_: None
    """Told of a file whose metadata will probably be wanted: it may be asked for meanwhile."""
    judges: dict[tuple[str, ...], GroupJudge] = field(default_factory=dict)

    def judge(self, group: JointGroup) -> GroupJudge:
        """Give back what judges releases for a group; it remembers what anybody asked it."""
        return self.judges.get(group.key) or self.judges.setdefault(group.key, GroupJudge(group, self))


class GroupJudge:
    """Judges releases for one group: their files first, then what the metadata of these says.

    A judgement follows from pages, metadata, policy and the present lock alone, whatever else a group chooses. Safe to
    use from many threads, which at worst judge a release twice.
    """

    def __init__(self, group: JointGroup, sources: ViewSources) -> None:
        self.group = group
        self.markers = marker_judge(group.markers, group.open_names)
        self._sources = sources
        self._facts = sources.facts
        self._candidates: dict[tuple[str, Version], Candidate | Unusable] = {}

    def candidate(self, release: Release) -> Candidate | Unusable:
        """Judge a release for all members."""
        key = release.project, release.version
        known = self._candidates.get(key)
        if known is None:
            known = self._candidates[key] = self._judged(release)
        return known

    def kept(self, project: str) -> tuple[KnownPin, ...]:
        """Give back the pins of the present lock that hold for this group, newest first; tools may have several."""
        pins = [pin for pin in self._sources.known.get(project, ()) if self.markers.holds(pin.marker)]
        return tuple(sorted(pins, key=lambda pin: pin.version, reverse=True))

    def kept_as(self, release: Release) -> KnownPin | None:
        """Give back the pin of the present lock that a release is."""
        return next((pin for pin in self.kept(release.project) if pin.version == release.version), None)

    def file_choice(self, release: Release, member: DeclaredTarget) -> FileChoice:
        """Choose the file of a member: a kept pin's among those that it lists, as long as one of them fits."""
        chooser = self._facts.chooser(release.project, member)
        kept = self.kept_as(release)
        if kept is None:
            return chooser.choose(release)
        choice = chooser.best_of(self._facts.listed(release, kept.hashes))
        return choice if choice.chosen is not None else chooser.best(release)

    def thresholds(self, release: Release) -> frozenset[int]:
        """Micro versions at which a file of a release begins or ceases to be usable."""
        minor = self.group.version[:2]
        texts = {one.file.requires_python for one in release.files if one.file.requires_python}
        return frozenset().union(*(python_thresholds(text, minor) for text in texts)) if texts else frozenset()

    def _judged(self, release: Release) -> Candidate | Unusable:
        chosen: list[tuple[DeclaredTarget, NamedFile]] = []
        for member in self.group.members:
            choice = self.file_choice(release, member)
            if choice.chosen is None:
                reason = _no_file(choice, self._member_named(member))
                return Unusable(release, reason, without_file=member.id.text)
            if choice.is_yanked and not self._may_be_yanked(release):
                return Unusable(release, f"was yanked{_because(choice.chosen.file.yanked)}")
            chosen.append((member, choice.chosen))
        return self._with_metadata(release, tuple(chosen))

    def _member_named(self, member: DeclaredTarget, before: str = " for ") -> str:
        """Give back the ID with a word before it, or '' where the group has one member, which messages begin with."""
        return f"{before}{member.id}" if len(self.group.members) > 1 else ""

    def _may_be_yanked(self, release: Release) -> bool:
        return self.kept_as(release) is not None or release.version in self._sources.admission.exact.get(
            release.project, frozenset()
        )

    def _with_metadata(
        self, release: Release, chosen: tuple[tuple[DeclaredTarget, NamedFile], ...]
    ) -> Candidate | Unusable:
        read: list[ProjectMetadata] = []
        for member, named in chosen:
            found = self._sources.metadata.metadata(release, named)
            match found:
                case NeedsBuild():
                    reason = f"only {found.filename} fits{self._member_named(member, ' ')}, and {found.reason}"
                    return Unusable(release, reason, found.filename)
                case Unreadable():
                    return Unusable(release, f"{found.filename} {found.reason}")
                case ProjectMetadata():
                    objection = python_objection(found.requires_python, member.environment.version)
                    if objection and not self._facts.policy.formats.any_python:
                        return Unusable(release, f"{named.file.filename} {objection}")
                    read.append(found)
        return self._candidate(release, chosen, read)

    def _candidate(
        self, release: Release, chosen: tuple[tuple[DeclaredTarget, NamedFile], ...], read: list[ProjectMetadata]
    ) -> Candidate | Unusable:
        texts = dict.fromkeys(text for one in read for text in one.requires_dist)
        try:
            edges = tuple(parse_edge(text) for text in texts)
            direct = next((edge for edge in edges if edge.url and self._counts_anywhere(edge)), None)
        except (UnreadableRequirement, UnreadableMarker) as error:
            return Unusable(release, f"holds metadata that means nothing: {error}")
        if direct is not None:
            return Unusable(release, f"requires {direct.name} by a direct URL, which an index's metadata may not")
        minor = self.group.version[:2]
        thresholds = frozenset().union(
            *(micro_thresholds(edge.marker, minor) for edge in edges),
            *(python_thresholds(one.requires_python, minor) for one in read),
        )
        extras = frozenset(extra for one in read for extra in one.provides_extra)
        warnings = (*_warnings(release, chosen, read), *self._too_young(release, chosen))
        return Candidate(release, chosen, edges, extras, thresholds, warnings)

    def _too_young(self, release: Release, chosen: tuple[tuple[DeclaredTarget, NamedFile], ...]) -> Iterator[str]:
        """Tell of what would not be chosen today, and stays because it is locked."""
        for one in dict.fromkeys(named for _, named in chosen):
            if caution := age_caution(release, one, self._facts.policy):
                yield f"{release.project} {release.text} stays as it was locked, though {one.file.filename} {caution}"

    def _counts_anywhere(self, edge: Edge) -> bool:
        return not edge.marker or self.markers.holds(edge.marker)


def _no_file(choice: FileChoice, for_member: str) -> str:
    if not choice.reasons:
        return f"has no file{for_member}"
    name, reason = choice.reasons[-1]
    more = f" (and {len(choice.reasons) - 1} more)" if len(choice.reasons) > 1 else ""
    return f"has no file{for_member}: {name} {reason}{more}"


def _because(reason: str | None) -> str:
    return f": {redacted_start(reason, 100)}" if reason else ""


def _warnings(
    release: Release, chosen: tuple[tuple[DeclaredTarget, NamedFile], ...], read: list[ProjectMetadata]
) -> Iterator[str]:
    title = f"{release.project} {release.text}"
    if any(one.file.yanked is not None for _, one in chosen):
        yield f"{title} was yanked{_because(chosen[0][1].file.yanked)}"
    if len({frozenset(one.requires_dist) for one in read}) > 1:
        yield f"{title}: its wheels differ in what they require; what each target's own wheel says was taken together"


@lru_cache(maxsize=4096)
def python_thresholds(specifiers: str, minor: tuple[int, ...]) -> frozenset[int]:
    """Micro versions of `minor` at which Requires-Python changes its answer."""
    if not specifiers:
        return frozenset()
    try:
        clauses = list(read_specifiers(specifiers))
    except ValueError:  # one that cannot be read restricts nothing, as in pip
        return frozenset()
    pair = minor[0], minor[1]
    return frozenset().union(*(clause_thresholds(clause.operator, clause.version, pair) for clause in clauses))
