"""Secondary errors, reported when parsing already failed (promise 3).

A run with such a line ends before it asks an index. What it would have refused then is told at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from peep.errors import RequirementsError, UnusableRequirement
from peep.formats.url_secrets import redacted
from peep.model import Commit, LocalFolder, Location, PinnedRequirement, listed_hashes
from peep.requirements.file_parser import Include
from peep.requirements.files import RequirementsFile


def secondary_errors(
    pins: Sequence[PinnedRequirement],
    unusable: Sequence[UnusableRequirement],
    errors: Sequence[RequirementsError] = (),
    files: Sequence[RequirementsFile] = (),
) -> list[RequirementsError]:
    """Hashes that are none, requirements without hashes, lines that can't be used: in this order.

    `errors` are those of lines that mean nothing in `files`. Where one of these may have been a constraint, nothing
    is told: a constraint can supply the version or the hash that another line lacks.
    """
    if _was_constraint(errors, files):
        return []
    robbed = {Location(e.location.path, e.location.line - 1) for e in errors if e.is_stray_hash}
    without = [pin for pin in pins if not listed_hashes(pin) and not _is_source(pin)]
    malformed = [
        RequirementsError(wrong.location, f"the hash {wrong.text!r}: {wrong.reason}")
        for pin in without
        for wrong in pin.malformed_hashes
    ]
    bare = [pin for pin in without if not pin.malformed_hashes and pin.location not in robbed]
    return [
        *malformed,
        *(RequirementsError(pin.location, f"{_named(pin)} lists no hash", _hint(pin, bare)) for pin in bare),
        *(RequirementsError(line.location, f"{line.text}: {line.reason}") for line in unusable),
    ]


def _was_constraint(errors: Sequence[RequirementsError], files: Sequence[RequirementsFile]) -> bool:
    paths = {redacted(file.path) for file in files if file.is_constraint}
    entries = (entry for file in files for entry in file.entries)
    includes = {entry.location for entry in entries if isinstance(entry, Include) and entry.is_constraint}
    return any(error.location.path in paths or error.location in includes for error in errors)


def _is_source(pin: PinnedRequirement) -> bool:
    """A commit or a trusted folder needs no hash."""
    return isinstance(pin.source, Commit | LocalFolder)


def _named(pin: PinnedRequirement) -> str:
    return str(pin) if pin.url is None else f"{pin.written_name} @ {redacted(pin.url)}"


def _hint(pin: PinnedRequirement, bare: Sequence[PinnedRequirement]) -> str:
    """Said once, below the last of them."""
    return "peep install prints hashes to vet and to paste, once it can read all lines" if pin is bare[-1] else ""
