"""Roots of a lock: the requirements that people wrote, with the line of each."""

from __future__ import annotations

from peep.dataclass import dataclass
from peep.locking.edges import Edge
from peep.model import Digest, Location


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """An extra or a dependency group of the source, outside of which a root does not count (PEP 621, PEP 735)."""

    kind: str
    """`extras` or `dependency_groups`, as PEP 751's markers call them."""
    name: str


@dataclass(frozen=True, slots=True)
class DirectSource:
    """Where a root says itself that its project comes from (PEP 508, direct references)."""

    url: str
    """Of an archive, or `git+…` with or without `@REF`; without fragment."""
    subdirectory: str = ""
    hashes: tuple[Digest, ...] = ()
    """That the fragment lists."""

    @property
    def is_repository(self) -> bool:
        return self.url.startswith("git+")


@dataclass(frozen=True, slots=True)
class Root:
    """A requirement of a source."""

    edge: Edge
    location: Location
    origin: str
    """The source as `# via` comments name it: `-r requirements.in`, `app (pyproject.toml)`."""
    scopes: tuple[Scope, ...] = ()
    """() counts always; otherwise when any of them is asked for."""
    targets: frozenset[str] = frozenset()
    """IDs of the targets that it counts for; none: all."""
    direct: DirectSource | None = None
    hashes: tuple[Digest, ...] = ()
    """That its line lists."""

    def __str__(self) -> str:
        return f"{self.location}"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A limit on versions of a project that counts where something else requires it (`-c`)."""

    edge: Edge
    location: Location
    origin: str
    """As `# via` comments name it; '' for limits of one run, which no comment names."""
    hashes: tuple[Digest, ...] = ()
    """That its line lists."""


def divided_ref(url: str) -> tuple[str, str]:
    """Divide `git+https://host/path@REF` into the repository and REF, '' for none (PEP 610, VCS URLs)."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    place, _, ref = path.partition("@")
    return f"{scheme}{separator}{host}{slash}{place}", ref
