"""Build requirements of a lock: a second solve, for the targets that have to build a pin.

Each archive is built by itself (PEP 518), so tools need not agree between archives: one set of tools serves all builds
where that is possible, else as few as are found by adding one archive after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.version import Version

from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError
from peep.formats.target_ids import TargetId
from peep.locking.candidates import NamedFile, Release
from peep.locking.edges import UnreadableRequirement, parse_edge
from peep.locking.lock_run import LockInputs, LockSolutions, solve_all
from peep.locking.marker_atoms import UnreadableMarker
from peep.locking.merging import MergedPin, merge
from peep.locking.roots import Root
from peep.locking.solution import TargetSolution, Unsolvable
from peep.locking.source_files import admission
from peep.locking.sources import Metadata, Pages, SdistBuilds, StatedBuild, Unreadable
from peep.model import ArchiveKind, Location

MOST_ROUNDS = 8
"""Of tools that need tools, and of hooks that ask for more."""
_SETUPTOOLS_WITH_WHEEL = Version("70.1")
"""From here on setuptools brings its own bdist_wheel; before, its hook asks for `wheel` (setuptools' change log)."""


class UnbuildableSdist(PeepError):
    """A source archive that a target would have to build, and that nobody can build as it states."""


@dataclass(frozen=True, slots=True)
class SdistPin:
    """A source archive of a lock, and the targets that have to build it."""

    release: Release
    file: NamedFile
    targets: frozenset[TargetId]

    @property
    def filename(self) -> str:
        return self.file.file.filename

    @property
    def title(self) -> str:
        return f"{self.release.project}=={self.release.text}"


@dataclass(frozen=True, slots=True)
class ToolSet:
    """Tools that agree with each other, and what they build."""

    sdists: tuple[SdistPin, ...]
    solutions: tuple[TargetSolution, ...]


@dataclass(frozen=True, slots=True)
class BuildTools:
    """All that the builds of a lock require; or why that cannot be had."""

    sets: tuple[ToolSet, ...] = ()
    failures: tuple[Unsolvable, ...] = ()
    warnings: tuple[str, ...] = ()
    needs: Mapping[str, StatedBuild] = field(default_factory=dict)
    """File name of each archive that is built -> what that requires, with what its backend asked for."""


@dataclass(frozen=True, slots=True)
class BuildWorld:
    """Whatever the second solve asks for."""

    pages: Pages
    metadata: Metadata
    builds: SdistBuilds


def sdists_of(solutions: Iterable[TargetSolution]) -> tuple[SdistPin, ...]:
    """Give back the source archives that targets take, sorted by project and file name."""
    found: dict[str, SdistPin] = {}
    for solution in solutions:
        for pin in solution.pins.values():
            for member, named in pin.candidate.files:
                if named.name.kind is ArchiveKind.SDIST:
                    one = SdistPin(pin.candidate.release, named, frozenset({member.id}))
                    before = found.setdefault(one.filename, one)
                    found[one.filename] = replace(before, targets=before.targets | one.targets)
    return tuple(sorted(found.values(), key=lambda one: (one.release.project, one.filename)))


def solve_builds(sdists: Sequence[SdistPin], inputs: LockInputs, world: BuildWorld) -> BuildTools:
    """Choose tools for all builds, and for the builds of tools that have no wheel.

    Of `inputs` policy and known pins count. Raises `UnbuildableSdist`, and whatever the outside world raises.
    """
    return _Rounds(inputs, world).run(sdists)


class _Rounds:
    """Solves until no tool has to be built and no hook asks for anything new."""

    def __init__(self, inputs: LockInputs, world: BuildWorld) -> None:
        self._inputs = inputs
        self._world = world
        self._sdists: dict[str, SdistPin] = {}
        self._texts: dict[str, dict[str, None]] = {}
        self._stated: dict[str, StatedBuild] = {}

    def run(self, sdists: Sequence[SdistPin]) -> BuildTools:
        for one in sdists:
            self._take(one)
        for _ in range(MOST_ROUNDS):
            found = self._solved()
            if found.failures or not self._is_more(found.sets):
                return replace(found, warnings=tuple(self._warnings()), needs=self._needs())
        names = ", ".join(sorted(self._sdists))
        raise UnbuildableSdist(f"after {MOST_ROUNDS} rounds the builds of {names} still ask for more")

    def _take(self, one: SdistPin) -> bool:
        """Note an archive to be built; tells whether it or one of its targets is new."""
        before = self._sdists.get(one.filename)
        if before is None:
            self._stated[one.filename] = stated = self._read(one)
            self._texts[one.filename] = dict.fromkeys(stated.requires)
        targets = one.targets if before is None else before.targets | one.targets
        self._sdists[one.filename] = replace(one, targets=targets)
        return before is None or targets != before.targets

    def _read(self, one: SdistPin) -> StatedBuild:
        stated = self._world.builds.stated(one.release, one.file)
        if isinstance(stated, Unreadable):
            raise UnbuildableSdist(f"{stated.filename} {stated.reason}", "--only-binary takes other versions")
        return stated

    def _needs(self) -> dict[str, StatedBuild]:
        return {name: replace(stated, requires=tuple(self._texts[name])) for name, stated in self._stated.items()}

    # -- solving -----------------------------------------------------------------------------------

    def _solved(self) -> BuildTools:
        """Find one set for all; where there is none, add one archive after the other to the first set that takes it."""
        everything = tuple(self._sdists.values())
        found = self._solve(everything)
        if not found.failures:
            return BuildTools((ToolSet(everything, found.solutions),))
        sets: list[ToolSet] = []
        failures: list[Unsolvable] = []
        for one in everything:
            failures += self._place(one, sets)
        return BuildTools(tuple(sets), tuple(failures))

    def _place(self, one: SdistPin, sets: list[ToolSet]) -> tuple[Unsolvable, ...]:
        for number, present in enumerate(sets):
            found = self._solve((*present.sdists, one))
            if not found.failures:
                sets[number] = ToolSet((*present.sdists, one), found.solutions)
                return ()
        found = self._solve((one,))
        if not found.failures:
            sets.append(ToolSet((one,), found.solutions))
        return found.failures

    def _solve(self, sdists: Sequence[SdistPin]) -> LockSolutions:
        roots = [root for one in sdists for root in self._roots(one)]
        targets = tuple(sorted({target for one in sdists for target in one.targets}))
        inputs = replace(self._inputs, targets=targets, roots=tuple(roots), admission=admission(roots, ()))
        return solve_all(inputs, self._world.pages, self._world.metadata)

    def _roots(self, one: SdistPin) -> Iterator[Root]:
        ids = frozenset(target.text for target in one.targets)
        for text in self._texts[one.filename]:
            try:
                edge = parse_edge(text)
            except (UnreadableRequirement, UnreadableMarker) as error:
                raise UnbuildableSdist(f"{one.filename}: {error}") from None
            if edge.url:
                raise UnbuildableSdist(f"{one.filename} is built with {edge}, and a lock lists no tools by URL")
            yield Root(edge, Location(one.filename, 0), f"{one.title} (build)", targets=ids)

    # -- what is still wanted ----------------------------------------------------------------------

    def _is_more(self, sets: Sequence[ToolSet]) -> bool:
        is_more = [self._take(tool) for one in sets for tool in sdists_of(one.solutions)]
        is_more += [self._ask(sdist, one.solutions) for one in sets for sdist in one.sdists]
        return any(is_more)

    def _ask(self, sdist: SdistPin, solutions: Sequence[TargetSolution]) -> bool:
        """Add what the backend will ask for, as far as that is known or may be found out."""
        texts = self._texts[sdist.filename]
        before = len(texts)
        if self._stated[sdist.filename].uses_setuptools and _is_without_wheel(sdist, solutions):
            texts["wheel"] = None
        if self._world.builds.may_be_asked(sdist.release.project):
            texts.update(dict.fromkeys(self._world.builds.asked(sdist.release, sdist.file, tuple(texts))))
        return len(texts) > before

    def _warnings(self) -> Iterator[str]:
        names = sorted(one.release.project for one in self._sdists.values())
        silent = [name for name in dict.fromkeys(names) if not self._world.builds.may_be_asked(name)]
        if silent:
            yield (
                f"{', '.join(silent)}: what is built with is listed as stated; a build backend may ask for more, "
                f"which --allow-build {silent[0]} lets it do in the sandbox"
            )


def _is_without_wheel(sdist: SdistPin, solutions: Sequence[TargetSolution]) -> bool:
    for solution in solutions:
        pin = solution.pins.get("setuptools")
        is_built = any(member.id in sdist.targets for member in solution.group.members)
        if is_built and pin is not None and pin.candidate.release.version < _SETUPTOOLS_WITH_WHEEL:
            return True
    return False


def merged_tools(sets: Sequence[ToolSet]) -> tuple[MergedPin, ...]:
    """Merge the pins of all sets; a version that several sets have stands where any of them has it."""
    found: dict[tuple[str, Version], MergedPin] = {}
    for one in sets:
        for pin in merge(one.solutions, tells_extras=False):
            before = found.get((pin.name, pin.version))
            found[pin.name, pin.version] = pin if before is None else _either(before, pin)
    return tuple(found[key] for key in sorted(found))


def _either(one: MergedPin, other: MergedPin) -> MergedPin:
    markers = sorted({one.marker, other.marker})
    marker = "" if "" in markers else " or ".join(f"({text})" if len(markers) > 1 else text for text in markers)
    requirers = tuple(dict.fromkeys((*one.requirers, *other.requirers)))
    return replace(one, marker=marker, solved=(*one.solved, *other.solved), requirers=requirers)


def several_versions(tools: Sequence[MergedPin], sets: Sequence[ToolSet]) -> Mapping[str, tuple[str, ...]]:
    """Give back the tools of which different builds need different versions."""
    by_name: dict[str, set[int]] = {}
    for number, one in enumerate(sets):
        for solution in one.solutions:
            for name in solution.pins:
                by_name.setdefault(name, set()).add(number)
    versions: dict[str, list[str]] = {}
    for tool in tools:
        versions.setdefault(tool.name, []).append(str(tool.version))
    shared = (name for name, numbers in by_name.items() if len(numbers) > 1)
    return {name: tuple(versions[name]) for name in sorted(shared) if len(versions[name]) > 1}
