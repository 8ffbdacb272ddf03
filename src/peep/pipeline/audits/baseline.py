"""Baseline of an audit: a former `--format json` report as project, version and ids per finding."""

from __future__ import annotations

from peep.errors import UsageError
from peep.formats.documents import parse_json
from peep.system.bounded import read_file

_LARGEST = 1 << 30
"""Bytes."""

BaselineEntry = tuple[str, "str | None", frozenset[str]]


def read_baseline(path: str) -> tuple[BaselineEntry, ...]:
    """What a report has found, what it knew itself included; what it suppressed is not known. Raises `UsageError`."""
    try:
        report = parse_json(read_file(path, _LARGEST, is_regular=False), is_checked=False)
        findings = [*report["findings"], *report["known"]]
        return tuple(_entry(one) for one in findings)
    except OSError as error:
        raise UsageError(f"--baseline {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        hint = f"give what `peep audit --format json -o {path}` wrote"
        raise UsageError(f"--baseline {path}: this is no report of an audit ({error})", hint) from error


def _entry(finding: dict[str, object]) -> BaselineEntry:
    name, version, ids, id_ = finding["name"], finding["version"], finding["ids"], finding["id"]
    if not (isinstance(name, str) and isinstance(version, str | None) and isinstance(ids, list)):
        raise TypeError("a finding without name, version and ids")
    return name, version, frozenset(one for one in (*ids, id_) if isinstance(one, str))
