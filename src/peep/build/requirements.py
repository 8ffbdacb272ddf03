"""Resolution of build requirements to pins, and the list of those that are not pinned.

Build requirements obey the rule of all others: only what is pinned with a hash is used (THREATS T13). They are resolved
by looking names up among the build constraints, never by choosing versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from packaging.markers import Marker, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from peep.dataclass import dataclass, field
from peep.errors import MissingBuildRequirement
from peep.model import PinnedRequirement

SETUPTOOLS_BACKENDS = ("setuptools.build_meta", "setuptools.build_meta:__legacy__")
NOT_PINNED = "no build constraint pins it"
_MOST_PASSES = 20
"""Rounds of choosing among several versions of a tool; each makes at least one need better known."""
_SETUPTOOLS_WITH_WHEEL = Version("70.1")
"""From here on setuptools brings its own bdist_wheel; before, its hook asks for `wheel` (setuptools' change log)."""

Suggest = Callable[[str, Sequence[str]], tuple[str, ...]]
"""(normalised name, requirement texts) -> lines to paste into the build constraints, () when nothing fits."""


@dataclass(frozen=True, slots=True)
class BuildNeed:
    """A requirement of a build, with whose it is."""

    sdist: str
    """File name of the archive to be built."""
    text: str
    """PEP 508."""
    chain: tuple[str, ...]
    """Project names from the sdist's own to the one that states the requirement."""


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything that some needs lead to, as far as it is known."""

    pins: Mapping[str, PinnedRequirement] = field(default_factory=dict)
    """By the keys of the constraints: the normalised name, or with the version where there are several."""
    unread: tuple[PinnedRequirement, ...] = ()
    """Pins whose own dependencies are not known yet: obtain them, then close again."""
    problems: tuple[MissingBuildRequirement, ...] = ()


def close_needs(
    needs: Iterable[BuildNeed],
    constraints: Mapping[str, PinnedRequirement],
    requires_dist: Mapping[str, Sequence[str]],
    markers: Mapping[str, str],
    suggest: Suggest = lambda _name, _texts: (),
) -> Closure:
    """Follow needs through the build constraints, dependencies of dependencies included.

    `constraints` by key: a name, or `NAME==VERSION` for each of several versions; then each archive is built with the
    newest that serves all its needs. `requires_dist` holds what is known: key -> its Requires-Dist texts; `markers` are
    the PEP 508 environment of the build. Every need without a usable pin is a problem, with a suggestion that fits all
    who want it.
    """
    candidates = tool_versions(constraints)
    wanted: Mapping[tuple[str, str], tuple[str, ...]] = {}
    for _ in range(_MOST_PASSES):
        walk = _Walk(candidates, requires_dist, markers, wanted)
        queue = list(needs)
        needs = tuple(queue)
        for need in queue:  # grows while it is walked
            queue += walk.visit(need)
        if walk.wanted_by == wanted or all(len(versions) == 1 for versions in candidates.values()):
            break
        wanted = walk.wanted_by
    problems = [
        MissingBuildRequirement(need.sdist, need.text, (*need.chain, name), reason, suggest(name, walk.wanted(name)))
        for need, name, reason in walk.missing
    ]
    unread = tuple(pin for key, pin in walk.pins.items() if key not in requires_dist)
    return Closure(walk.pins, unread, tuple(problems))


Versions = Mapping[str, Sequence[tuple[str, PinnedRequirement]]]
"""Normalised name -> pins with their keys, newest first."""


def tool_versions(constraints: Mapping[str, PinnedRequirement]) -> Versions:
    """Give back the pins of each project, newest first."""
    found: dict[str, list[tuple[str, PinnedRequirement]]] = {}
    for key, pin in constraints.items():
        found.setdefault(key.partition("==")[0], []).append((key, pin))
    return {name: sorted(pins, key=_age) if len(pins) > 1 else pins for name, pins in found.items()}


def _age(keyed: tuple[str, PinnedRequirement]) -> _NewestFirst:
    return _NewestFirst(keyed[1].version or "")


class _NewestFirst:
    """Sorts version texts downwards; what PEP 440 does not know comes last."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._version: Version | None = Version(text)
        except InvalidVersion:
            self._version = None

    def __lt__(self, other: _NewestFirst) -> bool:
        if self._version is None or other._version is None:
            return (self._version is None, self._text) < (other._version is None, other._text)
        return self._version > other._version


class _Walk:
    def __init__(
        self,
        candidates: Versions,
        requires_dist: Mapping[str, Sequence[str]],
        markers: Mapping[str, str],
        wanted: Mapping[tuple[str, str], tuple[str, ...]],
    ) -> None:
        """`wanted`: archive and name -> the requirement texts that an earlier walk found."""
        self._candidates = candidates
        self._requires_dist = requires_dist
        self._markers = markers
        self._known = wanted
        self._seen: set[tuple[str, str, tuple[str, ...]]] = set()
        self.pins: dict[str, PinnedRequirement] = {}
        self.missing: list[tuple[BuildNeed, str, str]] = []
        self.wanted_by: dict[tuple[str, str], tuple[str, ...]] = {}

    def wanted(self, name: str) -> tuple[str, ...]:
        """Give back the requirement texts of all archives on a project."""
        return tuple(dict.fromkeys(text for (_, one), texts in self.wanted_by.items() if one == name for text in texts))

    def visit(self, need: BuildNeed) -> list[BuildNeed]:
        """Look one need up; give back the needs that follow from it."""
        requirement = Requirement(need.text)
        name = canonicalize_name(requirement.name)
        extras = tuple(sorted(requirement.extras))
        if not applies(requirement.marker, self._markers) or (need.sdist, need.text, extras) in self._seen:
            return []
        self._seen.add((need.sdist, need.text, extras))
        by = need.sdist, name
        self.wanted_by[by] = tuple(dict.fromkeys((*self.wanted_by.get(by, ()), need.text)))
        key, pin = self._chosen(requirement, by)
        if reason := self._why_none(by[1]) if pin is None else why_not(requirement, pin):
            self.missing.append((need, name, reason))
            return []
        if pin is None:  # pragma: no cover - then there was a reason
            return []
        self.pins[key] = pin
        chain = (*need.chain, name)
        texts = self._requires_dist.get(key, ())
        return [BuildNeed(need.sdist, text, chain) for text in applicable(texts, extras, self._markers)]

    def _why_none(self, name: str) -> str:
        listed = [pin.version for _, pin in self._candidates.get(name, ()) if pin.version]
        return f"none of the versions that build constraints pin serves ({', '.join(listed)})" if listed else NOT_PINNED

    def _chosen(self, requirement: Requirement, by: tuple[str, str]) -> tuple[str, PinnedRequirement | None]:
        """Choose among the versions: the newest that serves all that the archive's build wants of the project."""
        versions = self._candidates.get(by[1], ())
        if len(versions) == 1:
            return versions[0]
        texts = dict.fromkeys((*self._known.get(by, ()), *self.wanted_by[by]))
        wanted = [Requirement(text) for text in texts]
        serving = (one for one in versions if not any(why_not(each, one[1]) for each in wanted))
        serving_this = (one for one in versions if not why_not(requirement, one[1]))
        return next(serving, (by[1], None)) if self._known else next(serving, next(serving_this, (by[1], None)))


def why_not(requirement: Requirement, pin: PinnedRequirement | None) -> str:
    """Why a pin does not serve a requirement; '' when it does."""
    if pin is None:
        return NOT_PINNED
    if not (pin.hashes or pin.listed_files):
        return f"{pin.location} pins it without a hash"
    if requirement.url is not None and requirement.url != pin.url:
        return f"it is wanted from a URL of its own, and {pin.location} does not pin that URL"
    if pin.version is None or not requirement.specifier:
        return ""
    try:
        fits = requirement.specifier.contains(Version(pin.version), prereleases=True)
    except InvalidVersion:
        fits = False
    return "" if fits else f"{pin.location} pins version {pin.version}"


def applies(marker: Marker | None, markers: Mapping[str, str], extra: str = "") -> bool:
    """Whether a requirement's marker holds in an environment."""
    if marker is None:
        return True
    try:
        return marker.evaluate({**markers, "extra": extra})
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
        requirement = Requirement(text)
    except InvalidRequirement:
        return "", None
    marker, requirement.marker = requirement.marker, None
    return str(requirement), marker


def foreseen_needs(
    backend: str, constraints: Mapping[str, PinnedRequirement], requires: Iterable[str] = ()
) -> tuple[str, ...]:
    """What a well-known backend's hook will ask for: reported with everything else, before any code runs.

    `requires`: what the tree states, which says which of several versions of setuptools it is built with.
    """
    if backend not in SETUPTOOLS_BACKENDS:
        return ()
    pin = _setuptools(tool_versions(constraints).get("setuptools", ()), requires)
    if pin is None or pin.version is None:
        return ()
    try:
        return () if Version(pin.version) >= _SETUPTOOLS_WITH_WHEEL else ("wheel",)
    except InvalidVersion:
        return ()


def _setuptools(versions: Sequence[tuple[str, PinnedRequirement]], requires: Iterable[str]) -> PinnedRequirement | None:
    if len(versions) > 1:
        wanted = [one for one in map(Requirement, requires) if canonicalize_name(one.name) == "setuptools"]
        versions = [one for one in versions if not any(why_not(each, one[1]) for each in wanted)]
    return versions[0][1] if versions else None
