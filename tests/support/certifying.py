"""A project of two releases on an index, and readings of their comparison as the review page saves them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from peep.cli.main import run
from support.fake_index import FakeIndex
from support.releases import NAME, TextRelease

BY = ("--by", "Alice <alice@example.org>")
CHANGED = TextRelease(
    "1.1",
    both={"inert/core.py": "import json\n\n\ndef add(one, other):\n    return other + one\n"},
    sdist={"tests/test_core.py": "def test_nothing():\n    assert True\n", "README.md": "# inert\n"},
)
STARTING = TextRelease("1.1", wheel={"inert.pth": "import inert\n"})
"""Its wheel has a start-up file that its sdist lacks: two stop signals."""


def archives_of(release: TextRelease) -> dict[str, bytes]:
    """File name -> content."""
    found = {}
    if release.has_wheel:
        found[f"{NAME}-{release.version}-{release.tag}.whl"] = release.wheel_bytes()
    if release.has_sdist:
        found[f"{NAME}-{release.version}.tar.gz"] = release.sdist_bytes()
    return found


def line_of(filename: str, content: bytes) -> str:
    return f"{sha256(content).hexdigest()}  {filename}"


@contextmanager
def offered(*releases: TextRelease, more: dict[str, bytes] | None = None) -> Iterator[FakeIndex]:
    """An index that has the releases, and `more` files of the project."""
    files = {name: content for release in releases for name, content in archives_of(release).items()}
    with FakeIndex({NAME: {**files, **(more or {})}}) as index:
        yield index


def compared(capsys: Any, index: FakeIndex, *words: str) -> dict[str, Any]:
    """What `peep diff --format json` says of the pair."""
    capsys.readouterr()
    assert run(["diff", "-q", "--format", "json", "-i", index.simple_url, NAME, *words]) == 0
    return dict(json.loads(capsys.readouterr().out))


def save_reading(
    found: dict[str, Any], is_read: Callable[[dict[str, Any]], bool] = lambda _: True, **other: Any
) -> dict[str, Any]:
    """Write `r.json`, with the changes as read for which `is_read` says so; `other` replaces keys."""
    parts: dict[bool, list[dict[str, str]]] = {True: [], False: []}
    for change in found["changes"]:
        entry = {"path": change["path"], "sha256": change["sha256"] or "", "since": change["since"] or ""}
        parts[is_read(change)].append(entry)
    reading = {
        "format": "peep reading 1",
        "project": found["project"],
        "old": _release(found["old"]),
        "new": _release(found["new"]),
        "read": parts[True],
        "unread": parts[False],
        **other,
    }
    Path("r.json").write_text(json.dumps(reading))
    return reading


def _release(release: dict[str, Any] | None) -> dict[str, Any] | None:
    if release is None:
        return None
    lines = [f"{one['sha256']}  {one['filename']}" for one in release["archives"]]
    return {"version": release["version"], "archives": lines}


def certify(index: FakeIndex, *words: str) -> int:
    """`peep certify inert …`."""
    return run(["certify", "-q", "-i", index.simple_url, *BY, NAME, *words])
