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
from peep.formats.open_markers import Truth, judge
from peep.model import PinnedRequirement

_SETUPTOOLS_BACKENDS = ("setuptools.build_meta", "setuptools.build_meta:__legacy__")
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
    """By normalised name."""
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

    `requires_dist` holds what is known: normalised name -> its Requires-Dist texts; `markers` are the PEP 508
    environment of the build. Every need without a usable pin is a problem, with a suggestion that fits all who want it.
    """
    walk = _Walk(constraints, requires_dist, markers)
    queue = list(needs)
    for need in queue:  # grows while it is walked
        queue += walk.visit(need)
    wanted = walk.wanted
    problems = [
        MissingBuildRequirement(need.sdist, need.text, (*need.chain, name), reason, suggest(name, wanted[name]))
        for need, name, reason in walk.missing
    ]
    unread = tuple(pin for name, pin in walk.pins.items() if name not in requires_dist)
    return Closure(walk.pins, unread, tuple(problems))


class _Walk:
    def __init__(
        self,
        constraints: Mapping[str, PinnedRequirement],
        requires_dist: Mapping[str, Sequence[str]],
        markers: Mapping[str, str],
    ) -> None:
        self._constraints = constraints
        self._requires_dist = requires_dist
        self._markers = markers
        self._seen: set[tuple[str, str, tuple[str, ...]]] = set()
        self.pins: dict[str, PinnedRequirement] = {}
        self.missing: list[tuple[BuildNeed, str, str]] = []
        self.wanted: dict[str, list[str]] = {}

    def visit(self, need: BuildNeed) -> list[BuildNeed]:
        """Look one need up; give back the needs that follow from it."""
        requirement = Requirement(need.text)
        name = canonicalize_name(requirement.name)
        extras = tuple(sorted(requirement.extras))
        if not applies(requirement.marker, self._markers) or (need.sdist, need.text, extras) in self._seen:
            return []
        self._seen.add((need.sdist, need.text, extras))
        wanted = self.wanted.setdefault(name, [])
        if need.text not in wanted:
            wanted.append(need.text)
        pin = self._constraints.get(name)
        if reason := why_not(requirement, pin):
            self.missing.append((need, name, reason))
            return []
        if pin is None:
            return []
        self.pins[name] = pin
        chain = (*need.chain, name)
        texts = self._requires_dist.get(name, ())
        return [BuildNeed(need.sdist, text, chain) for text in applicable(texts, extras, self._markers)]


def why_not(requirement: Requirement, pin: PinnedRequirement | None) -> str:
    """Why a pin does not serve a requirement; '' when it does."""
    if pin is None:
        return "no build constraint pins it"
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
        requirement = Requirement(text)
    except InvalidRequirement:
        return "", None
    marker, requirement.marker = requirement.marker, None
    return str(requirement), marker


def foreseen_needs(backend: str, constraints: Mapping[str, PinnedRequirement]) -> tuple[str, ...]:
    """What a well-known backend's hook will ask for: reported with everything else, before any code runs."""
    pin = constraints.get("setuptools")
    if backend not in _SETUPTOOLS_BACKENDS or pin is None or pin.version is None:
        return ()
    try:
        return () if Version(pin.version) >= _SETUPTOOLS_WITH_WHEEL else ("wheel",)
    except InvalidVersion:
        return ()
