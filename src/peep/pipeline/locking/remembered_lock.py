"""Remembered lock: what a run was made of, and the digests of the pages that it asked for.

Where a later run is made of the same and every page is as it was, its answer is the file that is there. Pages are asked
for anew each time; archives have digests, and what they say of themselves does not change.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from peep import __version__
from peep.concurrency.thread_pool import MOST, TaskQueue, run_tasks
from peep.dataclass import dataclass, field
from peep.errors import PeepError
from peep.formats.documents import parse_json
from peep.formats.url_secrets import redacted
from peep.http.file_urls import path_of_file_url
from peep.locking.lock_plan import ReportedPin
from peep.locking.sources import Pages
from peep.model import IndexOptions
from peep.pipeline.locking.sources import ReadSources
from peep.store.wheels import Store

_KIND = "lock-run"
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class RememberedRun:
    """A run that left the files as they are."""

    pins: tuple[ReportedPin, ...]
    warnings: tuple[str, ...]
    tools: tuple[ReportedPin, ...] = ()
    """Of the build constraints."""
    tools_path: str = ""
    names: tuple[str, ...] = ()
    """Projects that were asked for."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """Digest of each page, by URL."""


@dataclass(slots=True)
class PagesSeen:
    """Pages that a run asked for."""

    names: dict[str, None] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    """By URL."""


def run_key(texts: Sequence[str], read: ReadSources, indexes: IndexOptions, contents: Sequence[bytes | None]) -> str:
    """Give back a digest of all that a run is made of: options, sources, indexes, the files that are there.

    '' where something counts whose changes cannot be seen.
    """
    folders = [_folder_state(url) for url in indexes.find_links]
    if None in folders:
        return ""
    roots = [
        (str(root.edge), root.edge.marker, str(root.location), root.origin, str(root.scopes), repr(root.direct))
        for root in read.sources.roots
    ]
    limits = [(str(one.edge), one.edge.marker, one.origin) for one in read.sources.constraints]
    vetted = [[str(one) for one in line.hashes] for line in read.sources.roots]
    vetted += [[str(one) for one in line.hashes] for line in read.sources.constraints]
    files = [hashlib.sha256(content).hexdigest() if content is not None else "" for content in contents]
    said = [(one.option, one.value) for one in read.directives]
    stated = [said, read.option_lines, read.line_end, read.extras, read.groups, repr(read.formats), read.pythons]
    stated.append(str(read.allows_pre_releases))
    urls = [redacted(url) for url in indexes.index_urls]
    value = [_FORMAT, __version__, list(texts), roots, limits, vetted, stated, urls, folders, files]
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _folder_state(url: str) -> list[tuple[str, int, int]] | None:
    """Give back names, sizes and times of a local folder; None for what is not one."""
    parts = urlsplit(url)
    path = path_of_file_url(url) if parts.scheme == "file" else url
    if parts.scheme not in {"", "file"}:
        return None
    try:
        with os.scandir(path) as entries:
            found = [(entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in entries]
    except OSError:
        return None
    return sorted(found)


def remember(store: Store, key: str, run: RememberedRun) -> None:
    """Keep a run for later ones."""
    pins, tools = ([_pin_values(pin) for pin in some] for some in (run.pins, run.tools))
    value = [pins, run.warnings, tools, run.tools_path, run.names, sorted(run.pages.items())]
    store.put_value(_KIND, key, json.dumps(value).encode())


def recalled(store: Store, key: str, open_pages: Callable[[dict[str, str]], Pages]) -> RememberedRun | None:
    """Give back the run of this key, if every page that it asked for is as it was; else None.

    `open_pages` gives what asks for pages, and fills the digests of those that it asked for.
    """
    kept = _decoded(store.get_value(_KIND, key))
    if kept is None:
        return None
    digests: dict[str, str] = {}
    pages = open_pages(digests)
    failed = threading.Event()
    tasks = TaskQueue()
    for name in kept.names:
        tasks.add(_task(pages, name, failed))
    run_tasks(tasks, threading.Event(), first=MOST)
    return kept if digests == kept.pages and not failed.is_set() else None


def _task(pages: Pages, name: str, failed: threading.Event) -> Callable[[], None]:
    def ask() -> None:
        try:
            pages.page(name)
        except PeepError:  # told by the run that asks again
            failed.set()

    return ask


def _decoded(kept: bytes | None) -> RememberedRun | None:
    try:
        pins, warnings, tools, tools_path, names, pages = parse_json(kept or b"")
        listed = tuple(map(_pin, pins))
        return RememberedRun(
            listed, tuple(warnings), tuple(map(_pin, tools)), str(tools_path), tuple(names), dict(pages)
        )
    except (ValueError, TypeError):
        return None


def _pin_values(pin: ReportedPin) -> Sequence[object]:
    return [pin.name, pin.version, pin.marker, pin.extras, pin.index, pin.hashes]


def _pin(values: Sequence[Any]) -> ReportedPin:
    name, version, marker, extras, index, hashes = values
    return ReportedPin(str(name), str(version), str(marker), tuple(extras), str(index), tuple(hashes))
