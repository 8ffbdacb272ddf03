"""Reading files that the user names: what they say was read."""

from __future__ import annotations

from collections.abc import Sequence

from peep.errors import PeepError
from peep.examine.reading import BadReading, parse_reading
from peep.system import bounded

_MOST_BYTES = 64 << 20


def read_files(paths: Sequence[str]) -> frozenset[tuple[str, str]]:
    """(path, sha256) of all that the readings at `paths` say was read. Raises `PeepError` naming the file."""
    found: set[tuple[str, str]] = set()
    for path in paths:
        try:
            content = bounded.read_file(path, _MOST_BYTES, is_regular=False)
            found.update((one.path, one.sha256) for one in parse_reading(content).read)
        except OSError as error:
            raise PeepError(f"--read {path}: {error.strerror or error}") from None
        except BadReading as error:
            raise PeepError(f"--read {path}: {error}", "give the file that a review page saved") from None
    return frozenset(found)
