"""Cache of selections: the archive chosen for a pin, so that a later run asks no index.

A choice is a pure function of the pin, the target and what the indexes list (promise 4), so that it may be kept; it is
kept per target and by what excludes files. Forgetting one costs time and changes nothing: the digest is compared all
the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from peep.dataclass import dataclass
from peep.formats.documents import parse_json
from peep.model import Digest, FormatControl, PinnedRequirement, TargetEnvironment, listed_digest

KIND = "choices"
MOST = 5000
"""Choices kept per target; the oldest go first."""


@dataclass(frozen=True, slots=True)
class CachedSelection:
    """The wheel that served a pin, and where it came from."""

    sha256: str
    """Lower-case hex, of the wheel in the store."""
    url: str
    """Without credentials."""
    filename: str
    hashes: tuple[str, ...]
    """`algorithm:hex` of the archive that was vetted: the wheel itself, or the sdist that it was built from."""


def selections_key(target: TargetEnvironment, formats: FormatControl) -> str:
    """What choices depend on besides the pin."""
    excluded = (sorted(formats.no_binary), sorted(formats.only_binary))
    facts = [*target.tags, target.version, *excluded, formats.any_python]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def pin_key(pin: PinnedRequirement) -> str:
    """What of a pin decides the choice: its name, version or URL, and every digest that is listed for it."""
    hashes = sorted([f"{digest.algorithm}:{digest.hex}" for digest in pin.hashes])  # thousands: no call for each
    listed = [(file.filename, sorted(str(digest) for digest in file.hashes), file.size) for file in pin.listed_files]
    facts = (pin.name, pin.version, pin.url, pin.subdirectory, pin.arbitrary_equality, hashes, listed)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def parsed_selections(text: bytes | None) -> dict[str, CachedSelection]:
    """What was remembered; empty when it is missing or means nothing."""
    try:
        rows = parse_json(text or b"{}", is_checked=False)  # large, and our own
        return {key: CachedSelection(row[0], row[1], row[2], tuple(row[3])) for key, row in rows.items()}
    except (ValueError, TypeError, LookupError, AttributeError):
        return {}


def rendered_selections(old: Mapping[str, CachedSelection], new: Mapping[str, CachedSelection]) -> bytes:
    """Old and new choices together, the newest last, no more than `MOST`."""
    merged = {**{key: choice for key, choice in old.items() if key not in new}, **new}
    kept = list(merged.items())[-MOST:]
    return json.dumps({key: [one.sha256, one.url, one.filename, list(one.hashes)] for key, one in kept}).encode()


def is_listed(choice: CachedSelection, pin: PinnedRequirement) -> bool:
    """Whether the user's file, as it reads today, vouches for the archive that was chosen."""
    digests = tuple(Digest(*text.split(":", 1)) for text in choice.hashes)
    return listed_digest(digests, pin, choice.filename) is not None
