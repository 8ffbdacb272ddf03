"""Resolution of build requirements to pins, and the list of those that are not pinned.

Build requirements obey the rule of all others: only what is pinned with a hash is used (THREATS T13). Build constraints
may list several versions of one project: each build gets the newest of them that all its requirements allow. No other
version is ever looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from packaging.markers import Marker, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from peep.build.tool_choice import NOT_LISTED, Clash, Listed, fitting, newest_first, objection, search, tool_key
from peep.dataclass import dataclass
from peep.errors import MissingBuildRequirement
from peep.formats.dependency_specifiers import read_requirement, version_or_none
from peep.formats.names import normalised
from peep.formats.open_markers import Truth, judge
from peep.model import PinnedRequirement

SETUPTOOLS_BACKENDS = ("setuptools.build_meta", "setuptools.build_meta:__legacy__")
_SETUPTOOLS_WITH_WHEEL = Version("70.1")
"""From here on setuptools brings its own bdist_wheel; before, its hook asks for `wheel` (setuptools' change log)."""

Suggest = Callable[[str, Sequence[str]], tuple[str, ...]]
"""(normalised name, requirement texts) -> lines to paste into the build constraints, () when nothing fits."""

DOWNLOADERS = {
    "install-jdk": ("javac", "Java development kit"),
    "nodeenv": ("node", "Node.js"),
    "puccinialin": ("cargo", "Rust toolchain"),
}
"""Build requirements that hold no compiler but fetch one: project name -> (program, what they fetch)."""


@dataclass(frozen=True, slots=True)
class BuildNeed:
    """A requirement of a build, with whose it is."""

    sdist: str
    """File name of the archive to be built."""
    text: str
    """PEP 508."""
    chain: tuple[str, ...]
    """Project names from the sdist's own to the one that states the requirement."""

    @property
    def build(self) -> tuple[str, str]:
        """What tells the needs of one build from those of another."""
        return self.sdist, self.chain[0]


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything that some needs lead to, as far as it is known."""

    pins: tuple[PinnedRequirement, ...] = ()
    """Each once; of one build, no two of one project."""
    unread: tuple[PinnedRequirement, ...] = ()
    """Pins whose own dependencies are not known yet: obtain them, then close again."""
    problems: tuple[MissingBuildRequirement, ...] = ()


@dataclass(frozen=True, slots=True)
class _Missing:
    """A need that no listed pin serves."""

    need: BuildNeed
    name: str
    reason: str


def close_needs(
    needs: Iterable[BuildNeed],
    listed: Listed,
    requires_dist: Mapping[str, Sequence[str]],
    markers: Mapping[str, str],
    suggest: Suggest = lambda _name, _texts: (),
) -> Closure:
    """Follow the needs of one build or several through the build constraints, dependencies of dependencies included.

    `requires_dist` holds what is known: `tool_key` of a pin -> its Requires-Dist texts; `markers` are the PEP 508
    environment of the builds. Every need without a usable pin is a problem, with a suggestion: one that fits all
    builds, or where there is none, one that fits that build.
    """
    builds: dict[tuple[str, str], list[BuildNeed]] = {}
    for need in needs:
        builds.setdefault(need.build, []).append(need)
    walks = [_settled(own, listed, requires_dist, markers) for own in builds.values()]
    pins = {tool_key(pin): pin for walk in walks for pin in walk.pins.values()}
    unread = tuple(pin for key, pin in pins.items() if key not in requires_dist)
    return Closure(tuple(pins.values()), unread, tuple(_problems(walks, suggest)))


def _problems(walks: Sequence[_Walk], suggest: Suggest) -> Iterable[MissingBuildRequirement]:
    wanted: dict[str, dict[str, None]] = {}
    for walk in walks:
        for name, texts in walk.wanted.items():
            wanted.setdefault(name, {}).update(dict.fromkeys(texts))
    for walk in walks:
        for missing in walk.missing:
            need, name = missing.need, missing.name
            chain, useless = (*need.chain, name), downloads_only(name)
            if useless:
                yield MissingBuildRequirement(need.sdist, need.text, chain, useless)
                continue
            lines = suggest(name, tuple(wanted[name])) or suggest(name, tuple(walk.wanted[name]))
            yield MissingBuildRequirement(need.sdist, need.text, chain, missing.reason, lines)


def _settled(
    needs: Sequence[BuildNeed], listed: Listed, requires_dist: Mapping[str, Sequence[str]], markers: Mapping[str, str]
) -> _Walk:
    """The walk of one build with the choices that serve all its needs; if there are none, that of the newest pins."""
    walks: dict[frozenset[str], _Walk] = {}

    def attempt(avoided: frozenset[str]) -> Sequence[Clash]:
        walk = walks[avoided] = _Walk(listed, requires_dist, markers, avoided)
        walk.follow(needs)
        return walk.clashes

    avoided = search(attempt, listed)
    return walks[avoided if avoided is not None else frozenset()]


class _Walk:
    """One way through the needs of one build: of each project the newest pin that the first need for it allows."""

    def __init__(
        self,
        listed: Listed,
        requires_dist: Mapping[str, Sequence[str]],
        markers: Mapping[str, str],
        avoided: frozenset[str],
    ) -> None:
        self._listed = listed
        self._requires_dist = requires_dist
        self._markers = markers
        self._avoided = avoided
        self._seen: set[str] = set()
        self.pins: dict[str, PinnedRequirement] = {}
        self.missing: list[_Missing] = []
        self.clashes: list[Clash] = []
        self.wanted: dict[str, list[str]] = {}

    def follow(self, needs: Iterable[BuildNeed]) -> None:
        queue = list(needs)
        for need in queue:  # grows while it is walked
            queue += self._visit(need)

    def _visit(self, need: BuildNeed) -> list[BuildNeed]:
        """Look one need up; give back the needs that follow from it."""
        requirement = read_requirement(need.text)
        name = normalised(requirement.name)
        if not applies(requirement.marker, self._markers) or need.text in self._seen:
            return []
        self._seen.add(need.text)
        wanted = self.wanted.setdefault(name, [])
        wanted.append(need.text)
        pin = self._choice(need, requirement, name)
        if pin is None:
            return []
        self.pins[name] = pin
        chain = (*need.chain, name)
        texts = self._requires_dist.get(tool_key(pin), ())
        extras = sorted(requirement.extras)
        return [BuildNeed(need.sdist, text, chain) for text in applicable(texts, extras, self._markers)]

    def _choice(self, need: BuildNeed, requirement: Requirement, name: str) -> PinnedRequirement | None:
        """The pin that serves a need; None, and a note of why, when there is none."""
        listed = self._listed.get(name, ())
        present = self.pins.get(name)
        if present is not None and not objection(requirement, present):
            return present
        if present is None:
            allowed = [pin for pin in listed if tool_key(pin) not in self._avoided]
            if found := fitting(requirement, allowed):
                return found[0]
        requirer = self.pins.get(need.chain[-1]) if len(need.chain) > 1 else None
        if listed:  # nobody is served by an older tool where a line is missing
            self.clashes.append(Clash(tuple(pin for pin in (present, requirer) if pin is not None)))
        self.missing.append(_Missing(need, name, self._why_not(requirement, listed, name)))
        return None

    def _why_not(self, requirement: Requirement, listed: Sequence[PinnedRequirement], name: str) -> str:
        reasons = [objection(requirement, pin) or self._ruled_out(pin, name) for pin in newest_first(listed)]
        return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or NOT_LISTED

    def _ruled_out(self, pin: PinnedRequirement, name: str) -> str:
        """Why another need of the same build, visited before, keeps a pin from serving this one."""
        others = [text for text in self.wanted[name][:-1] if objection(read_requirement(text), pin)]
        return f"{pin.location} pins version {pin.version}, which is not {others[0]}" if others else ""


def applies(marker: Marker | None, markers: Mapping[str, str], extra: str = "") -> bool:
    """Whether a requirement's marker holds in an environment."""
    if marker is None:
        return True
    try:
        return judge(marker, {**markers, "extra": extra}) is not Truth.FALSE
    except UndefinedEnvironmentName:
        return False


def applicable(texts: Iterable[str], extras: Sequence[str], markers: Mapping[str, str]) -> list[str]:
    """Those Requires-Dist texts that hold for a project wanted with these extras, without their markers."""
    return [
        bare
        for bare, marker in map(_divided, texts)
        if bare and any(applies(marker, markers, extra) for extra in ("", *extras))
    ]


@cache  # what tools require is asked for again with each build
def _divided(text: str) -> tuple[str, Marker | None]:
    """A requirement without its marker, and that; '' for a text that means nothing: wheels are judged elsewhere."""
    try:
        requirement = read_requirement(text)
    except InvalidRequirement:
        return "", None
    marker, requirement.marker = requirement.marker, None
    return str(requirement), marker


def foreseen_needs(backend: str, requires: Iterable[str], listed: Listed) -> tuple[str, ...]:
    """What a well-known backend's hook will ask for: reported with everything else, before any code runs.

    `requires` are the texts of `build-system.requires`, which say which of several listed versions it will be.
    """
    if backend not in SETUPTOOLS_BACKENDS:
        return ()
    pins: Sequence[PinnedRequirement] = newest_first(listed.get("setuptools", ()))
    for requirement in map(read_requirement, requires):
        if normalised(requirement.name) == "setuptools":
            pins = fitting(requirement, pins)
    if not pins or pins[0].version is None:
        return ()
    version = version_or_none(pins[0].version)
    return () if version is None or version >= _SETUPTOOLS_WITH_WHEEL else ("wheel",)


def downloads_only(name: str) -> str:
    """Why a project is never suggested as a build tool; '' for all but those that would fetch a compiler."""
    if name not in DOWNLOADERS:
        return ""
    program, what = DOWNLOADERS[name]
    return f"it only downloads a {what}, and builds have no network; what is missing is the program {program}"
