"""Judge of build constraints: a list has to hold all that building a source archive on a target needs.

The rule is that of builds: each archive is built with the newest listed version of a tool that serves all its needs.
Sources: PEP 517, PEP 518; core metadata (Requires-Dist).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.version import Version

from peep.formats.dependency_specifiers import version_or_none
from peep.locking.completeness import Archives, JudgedPin, NoArchive, TargetArchive, satisfies
from peep.locking.edges import Edge, UnreadableRequirement, parse_edge
from peep.locking.marker_atoms import UnreadableMarker, marker_judge
from peep.locking.sources import StatedBuild
from peep.target.declared import DeclaredTarget

_MOST_PASSES = 20
_OLDEST = Version("0.dev0")
_SETUPTOOLS_WITH_WHEEL = Version("70.1")


class BuildJudge:
    """Judges builds by a list of tools and, for what that does not name, by the list that is judged itself."""

    def __init__(self, tools: Sequence[JudgedPin], pins: Sequence[JudgedPin], archives: Archives) -> None:
        names = {tool.name for tool in tools}
        self._tools = (*tools, *(pin for pin in pins if pin.name not in names))
        self._archives = archives

    def lacks(self, stated: StatedBuild, target: DeclaredTarget) -> tuple[str, ...]:
        """Say what a build on a target lacks, () when all is listed."""
        return _Build(self._tools, self._archives, target).lacks(stated, frozenset())


class _Build:
    def __init__(self, tools: Sequence[JudgedPin], archives: Archives, target: DeclaredTarget) -> None:
        self._target = target
        self._archives = archives
        self._judge = marker_judge(target.environment.markers, target.open_names)
        self._versions: dict[str, list[JudgedPin]] = {}
        for tool in tools:
            if self._judge.holds(tool.marker):
                self._versions.setdefault(tool.name, []).append(tool)
        for versions in self._versions.values():
            versions.sort(key=_age, reverse=True)

    def lacks(self, stated: StatedBuild, above: frozenset[str]) -> tuple[str, ...]:
        """Choose tools until what they want of each other is settled; `above`: archives that are being built."""
        wanted: Mapping[str, tuple[Edge, ...]] = {}
        for _ in range(_MOST_PASSES):
            walk = _ToolWalk(self, wanted)
            walk.run(stated)
            if walk.wanted == wanted:
                break
            wanted = walk.wanted
        found = list(walk.missing)
        for archive in walk.sdists:
            if archive.filename in above:
                found.append(f"{archive.filename}, which is needed to build itself")
            elif archive.stated_build is not None:
                inner = self.lacks(archive.stated_build, above | {archive.filename})
                found += (f"{one} (to build {archive.filename})" for one in inner)
        return tuple(dict.fromkeys(found))

    def versions(self, name: str) -> Sequence[JudgedPin]:
        return self._versions.get(name, ())

    def edges(self, texts: Sequence[str], extras: Sequence[str] = ()) -> list[Edge]:
        """Give back the requirements that hold on the target."""
        found = []
        for text in texts:
            try:
                edge = parse_edge(text)
                if any(self._judge.holds(edge.marker, extra) for extra in ("", *extras)):
                    found.append(edge)
            except (UnreadableRequirement, UnreadableMarker):
                continue  # means nothing to builds either
        return found

    def archive(self, pin: JudgedPin) -> TargetArchive | NoArchive:
        return self._archives.chosen(pin, self._target)


class _ToolWalk:
    """One walk from what a build states to all that follows."""

    def __init__(self, build: _Build, known: Mapping[str, tuple[Edge, ...]]) -> None:
        self._build = build
        self._known = known
        self.wanted: dict[str, tuple[Edge, ...]] = {}
        self.missing: dict[str, None] = {}
        self.sdists: list[TargetArchive] = []

    def run(self, stated: StatedBuild) -> None:
        queue = self._build.edges(stated.requires)
        seen: set[str] = set()
        for edge in queue:  # grows while it is walked
            if edge.text in seen:
                continue
            seen.add(edge.text)
            self.wanted[edge.name] = tuple(dict.fromkeys((*self.wanted.get(edge.name, ()), edge)))
            pin = self._chosen(edge)
            if pin is None:
                self.missing[self._why_none(edge)] = None
                continue
            if stated.uses_setuptools and pin.name == "setuptools" and _age(pin) < _SETUPTOOLS_WITH_WHEEL:
                queue += self._build.edges(["wheel"])
            queue += self._follow(pin, edge)

    def _chosen(self, edge: Edge) -> JudgedPin | None:
        wanted = (*self._known.get(edge.name, ()), *self.wanted[edge.name])
        versions = self._build.versions(edge.name)
        serving = (pin for pin in versions if all(satisfies(one, pin.version) for one in wanted))
        if self._known:
            return next(serving, None)
        return next(serving, next((pin for pin in versions if satisfies(edge, pin.version)), None))

    def _why_none(self, edge: Edge) -> str:
        versions = ", ".join(pin.version for pin in self._build.versions(edge.name))
        return f"{edge} (listed: {versions})" if versions else str(edge)

    def _follow(self, pin: JudgedPin, edge: Edge) -> list[Edge]:
        if pin.unvouched:
            self.missing[f"{pin} ({pin.unvouched})"] = None
        archive = self._build.archive(pin)
        if isinstance(archive, NoArchive):
            self.missing[f"{pin} ({archive.reason})"] = None
            return []
        if archive.is_sdist and archive not in self.sdists:
            self.sdists.append(archive)
        return self._build.edges(archive.metadata.requires_dist, edge.extras) if archive.metadata else []


def _age(pin: JudgedPin) -> Version:
    return version_or_none(pin.version) or _OLDEST
