"""Reading files that the user names: what they say was read."""

from __future__ import annotations

from collections.abc import Sequence

from peep.errors import PeepError
from peep.examine.reading import BadReading, Reading, parse_reading
from peep.system import bounded

_MOST_BYTES = 64 << 20


def read_files(paths: Sequence[str]) -> frozenset[tuple[str, str]]:
    """(path, sha256) of all that the readings at `paths` say was read. Raises `PeepError` naming the file."""
    return frozenset((one.path, one.sha256) for path in paths for one in reading_at(path, "--read").read)


def reading_at(path: str, option: str) -> Reading:
    """The reading in a file that the user named by `option`. Raises `PeepError` naming both."""
    try:
        return parse_reading(bounded.read_file(path, _MOST_BYTES, is_regular=False))
    except OSError as error:
        raise PeepError(f"{option} {path}: {error.strerror or error}") from None
    except BadReading as error:
        raise PeepError(f"{option} {path}: {error}", "give the file that a review page saved") from None
