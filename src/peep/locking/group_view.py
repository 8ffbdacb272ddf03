"""View of one joint group on the releases of each project: candidates with a usable file for every member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from peep.dataclass import dataclass, field
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.url_secrets import redacted_in
from peep.index.compatibility import python_objection
from peep.locking.candidates import FileChoice, NamedFile, ProjectPage, Release
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


class GroupView:
    """Releases as one group sees them, asked for as they are needed and remembered."""

    def __init__(self, group: JointGroup, sources: ViewSources, preferred: Mapping[str, Version]) -> None:
        """`preferred`: versions that groups solved before chose, by name."""
        self.group = group
        self.judge = marker_judge(group.markers, group.open_names)
        self.looked_at: dict[str, frozenset[int]] = {}
        """Thresholds in the page of a project, of the releases that were looked at."""
        self._sources = sources
        self._facts = sources.facts
        self._preferred = preferred
        self._candidates: dict[tuple[str, Version], Candidate | Unusable] = {}
        self._passed_over: dict[tuple[str, Version], Unusable] = {}
        self._orders: dict[str, tuple[int, ...]] = {}

    def page(self, project: str) -> ProjectPage:
        return self._sources.pages.page(project)

    def kept(self, project: str) -> tuple[KnownPin, ...]:
        """Give back the pins of the present lock that hold for this group, newest first; tools may have several."""
        pins = [pin for pin in self._sources.known.get(project, ()) if self.judge.holds(pin.marker)]
        return tuple(sorted(pins, key=lambda pin: pin.version, reverse=True))

    def kept_as(self, release: Release) -> KnownPin | None:
        """Give back the pin of the present lock that a release is."""
        return next((pin for pin in self.kept(release.project) if pin.version == release.version), None)

    def mask(self, project: str, specifier: SpecifierSet) -> int:
        """Give back the releases within `specifier` as bits, bit 0 the newest; pre-releases count as others do."""
        return self._facts.mask(self.page(project), specifier)

    def order(self, project: str) -> tuple[int, ...]:
        """Give back numbers of releases in the order of trying: kept, chosen by groups before, newest first."""
        known = self._orders.get(project)
        if known is None:
            page = self.page(project)
            preferred = self._preferred.get(project)
            first = [pin.version for pin in self.kept(project)]
            first += [preferred] if preferred is not None else []
            numbers = self._facts.numbers(page)
            ahead = [numbers[version] for version in first if version in numbers]
            known = self._orders[project] = tuple(dict.fromkeys((*ahead, *self._admitted_numbers(page))))
        return known

    def _admitted_numbers(self, page: ProjectPage) -> Sequence[int]:
        """Leave out pre-releases, unless asked for by a specifier, `--pre`, or for want of a final release."""
        if self._facts.policy.allows_pre_releases or page.project in self._sources.admission.pre_releases:
            return range(len(page.versions))
        return self._facts.finals(page)

    def candidate(self, project: str, number: int) -> Candidate | Unusable:
        """Judge a release for all members: its files first, then what their metadata says."""
        release = self.page(project).releases[number]
        key = project, release.version
        known = self._candidates.get(key)
        if known is None:
            known = self._candidates[key] = self._judged(release)
        return known

    def judged(self, project: str, number: int) -> Candidate | Unusable | None:
        """Give back what is known of a release without asking for anything; None: it was not looked at.

        Pre-releases that are not admitted are unusable without a look.
        """
        release = self.page(project).releases[number]
        if number not in self.order(project):
            return Unusable(release, "is a pre-release, which nothing asks for", is_passed_over=True)
        key = project, release.version
        return self._candidates.get(key) or self._passed_over.get(key)

    def passes_over(self, project: str, number: int) -> bool:
        """Note that a release is not to be looked into, and give back True, if a member could only build it."""
        release = self.page(project).releases[number]
        choices = [self.file_choice(release, member) for member in self.group.members]
        if not any(choice.needs_build for choice in choices):
            return False
        reason = "has a source archive alone, as newer ones that would have to be built, and was not looked into"
        self._passed_over[project, release.version] = Unusable(release, reason, is_passed_over=True)
        return True

    def edges(self, candidate: Candidate, extra: str = "") -> tuple[Edge, ...]:
        """Give back requirements that hold in the group: without an extra, or those that only `extra` brings."""
        if not extra:
            return tuple(edge for edge in candidate.edges if self.judge.holds(edge.marker))
        return tuple(
            edge
            for edge in candidate.edges
            if edge.marker and self.judge.holds(edge.marker, extra) and not self.judge.holds(edge.marker)
        )

    def file_choice(self, release: Release, member: DeclaredTarget) -> FileChoice:
        """Choose the file of a member: a kept pin's among those that it lists, as long as one of them fits."""
        chooser = self._facts.chooser(release.project, member)
        kept = self.kept_as(release)
        if kept is None:
            return chooser.choose(release)
        choice = chooser.best_of(self._facts.listed(release, kept.hashes))
        return choice if choice.chosen is not None else chooser.best_of(release.files)

    def _judged(self, release: Release) -> Candidate | Unusable:
        chosen: list[tuple[DeclaredTarget, NamedFile]] = []
        self._note_thresholds(release)
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

    def _note_thresholds(self, release: Release) -> None:
        minor = self.group.version[:2]
        texts = {one.file.requires_python for one in release.files if one.file.requires_python}
        found = frozenset().union(*(python_thresholds(text, minor) for text in texts)) if texts else frozenset()
        self.looked_at[release.project] = self.looked_at.get(release.project, frozenset()) | found

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
        self,
        release: Release,
        chosen: tuple[tuple[DeclaredTarget, NamedFile], ...],
        read: list[ProjectMetadata],
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
        return Candidate(release, chosen, edges, extras, thresholds, tuple(_warnings(release, chosen, read)))

    def _counts_anywhere(self, edge: Edge) -> bool:
        return not edge.marker or self.judge.holds(edge.marker)


def _no_file(choice: FileChoice, for_member: str) -> str:
    if not choice.reasons:
        return f"has no file{for_member}"
    name, reason = choice.reasons[-1]
    more = f" (and {len(choice.reasons) - 1} more)" if len(choice.reasons) > 1 else ""
    return f"has no file{for_member}: {name} {reason}{more}"


def _because(reason: str | None) -> str:
    return f": {redacted_in(reason)[:100]}" if reason else ""


def _warnings(
    release: Release, chosen: tuple[tuple[DeclaredTarget, NamedFile], ...], read: list[ProjectMetadata]
) -> Iterator[str]:
    title = f"{release.project} {release.text}"
    if any(one.file.yanked is not None for _, one in chosen):
        yield f"{title} was yanked{_because(chosen[0][1].file.yanked)}"
    built = sorted({member.id.text for member, one in chosen if not one.file.filename.endswith(".whl")})
    if built:
        yield f"{title} has to be built on {', '.join(built)}"
    if len({frozenset(one.requires_dist) for one in read}) > 1:
        yield f"{title}: its wheels differ in what they require; what each target's own wheel says was taken together"


def python_thresholds(specifiers: str, minor: tuple[int, ...]) -> frozenset[int]:
    """Micro versions of `minor` at which Requires-Python changes its answer."""
    if not specifiers:
        return frozenset()
    try:
        clauses = list(SpecifierSet(specifiers))
    except ValueError:  # one that cannot be read restricts nothing, as in pip
        return frozenset()
    pair = minor[0], minor[1]
    return frozenset().union(*(clause_thresholds(clause.operator, clause.version, pair) for clause in clauses))
