"""Requirements as edges of the dependency graph (PEP 508): parsed once per text, markers canonical."""

from __future__ import annotations

from functools import lru_cache

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet

from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.dependency_specifiers import read_requirement
from peep.formats.names import normalised
from peep.locking.marker_atoms import canonical_marker


class UnreadableRequirement(PeepError):
    """A requirement in metadata that means nothing."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One requirement: what asks for it, is said by where it stands."""

    text: str
    """As written."""
    name: str
    """Normalised."""
    extras: tuple[str, ...]
    """Normalised, sorted."""
    specifier: SpecifierSet
    marker: str
    """Canonical; '' for none."""
    url: str | None = None

    def __str__(self) -> str:
        """Give back the requirement without its marker, as messages show it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras} @ {self.url}" if self.url else f"{self.name}{extras}{self.specifier}"


@lru_cache(maxsize=65536)
def parse_edge(text: str) -> Edge:
    """Parse a requirement. Raises `UnreadableRequirement`."""
    try:
        parsed = read_requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableRequirement(f"{text!r} is no requirement: {reason}") from None
    except RecursionError:
        raise UnreadableRequirement("a marker is nested too deeply") from None
    return Edge(
        text,
        normalised(parsed.name),
        tuple(sorted({normalised(extra) for extra in parsed.extras})),
        parsed.specifier,
        canonical_marker(str(parsed.marker)) if parsed.marker else "",
        parsed.url,
    )
