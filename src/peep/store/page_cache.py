"""Cache of index pages by URL, compact, with what the server gave to revalidate them.

Of a page of a megabyte some tenth is kept: names, addresses without their common beginnings, digests, sizes, times,
versions of Python. Credentials are part of no key and no value.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from peep.dataclass import dataclass
from peep.formats.documents import parse_json
from peep.formats.file_columns import FileColumns, FileUrls
from peep.formats.url_secrets import holds_secret, holds_secret_parameter, redacted, redacted_in
from peep.model import Memory, ProjectDetail

_KIND = "page"
_HEAD = "page-head"
_FORMAT = 3
_MARKS_OF_SECRETS = (b"@", b"?", b"#", b"%")
"""Without one of these in it, no text holds a secret that `url_secrets` knows."""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as it came at `time`; `detail` None: the index did not have the project then."""

    detail: ProjectDetail | None
    etag: str = ""
    last_modified: str = ""
    time: float = 0.0
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class PageHead:
    """What tells whether a page has changed, without the page."""

    etag: str
    last_modified: str
    digest: str
    """Of what locking takes from the page; '' : the index did not have the project."""


class PageCache:
    """Pages by URL; what is damaged counts as absent."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def get(self, url: str) -> KeptPage | None:
        kept = self._memory.get_value(_KIND, f"{_FORMAT} {redacted(url)}")
        if kept is None:
            return None
        try:
            return _decoded(kept)
        except (ValueError, TypeError, StopIteration):
            return None

    def put(self, url: str, page: KeptPage) -> str:
        """Keep a page, unless it names secrets; gives back its digest, as `head` does."""
        key = f"{_FORMAT} {redacted(url)}"
        state = json.dumps([page.etag, page.last_modified, page.time]).encode()
        value = b"\n".join([state, *(_taken(page.detail) or (b"",))])  # once: a large page is copied for milliseconds
        digest = _digest_of(memoryview(value)[len(state) + 1 :])
        if _tells_secrets(url, page.detail, value):
            return digest
        self._memory.put_value(_KIND, key, value)
        head = json.dumps([page.etag, page.last_modified, digest])
        self._memory.put_value(_HEAD, key, head.encode("utf-8", "surrogatepass"))
        return digest

    def head(self, url: str) -> PageHead | None:
        """Give back what tells whether the kept page still holds."""
        try:
            etag, modified, digest = parse_json(self._memory.get_value(_HEAD, f"{_FORMAT} {redacted(url)}") or b"")
            return PageHead(str(etag), str(modified), str(digest))
        except (ValueError, TypeError):
            return None


def _tells_secrets(url: str, detail: ProjectDetail | None, kept: bytes) -> bool:
    """Whether a secret stands in the URL of a page, where none may follow the host, or in what the page says (N20)."""
    if holds_secret_parameter(url.encode("utf-8", "replace")):
        return True
    if detail is None or not any(mark in kept for mark in _MARKS_OF_SECRETS):  # one look instead of thousands
        return False
    files = FileColumns.of(detail.files, detail.index)
    said = (detail.status_reason, *dict.fromkeys(filter(None, files.yanked)))
    return any(redacted_in(text) != text for text in said) or _hold_secrets(files.urls)


def _hold_secrets(urls: FileUrls) -> bool:
    together = urls.start + "".join(urls.rests)
    return any(mark in together for mark in "@?#") and any(map(holds_secret, urls))


def page_digest(detail: ProjectDetail | None) -> str:
    """Give back a sha256 of all that locking takes from a page, '' for none."""
    return _digest_of(b"\n".join(_taken(detail)))


def _digest_of(taken: bytes | memoryview) -> str:
    return hashlib.sha256(taken).hexdigest() if taken else ""


def _taken(detail: ProjectDetail | None) -> list[bytes]:
    """What locking takes from a page, column by column, without the ends of lines; nothing of one that is not there.

    First a line of JSON, and behind it the columns of plain texts, a line each: that is many times faster than JSON.
    """
    if detail is None:
        return []
    files = FileColumns.of(detail.files, detail.index)
    written = [_written(column) for column in (files.filenames, files.urls.rests, *files.columns)]
    names = [detail.name, detail.index, detail.status, detail.status_reason, files.urls.start, len(files)]
    head = json.dumps([*names, [other for other, _ in written]], separators=(",", ":"), ensure_ascii=False)
    return [head.encode("utf-8", "surrogatepass"), *(lines for _, lines in written if lines is not None)]


_HAS_NONE = ""


def _written(column: list[Any]) -> tuple[list[Any] | str | None, bytes | None]:
    """A column as lines, with None before them, or `_HAS_NONE` if an empty line stands for None and not for a text.

    One that is no such column, as something in it is no text of one line: itself, and no lines.
    """
    has_none = None in column and "" not in column
    try:
        lines = "\n".join(["" if one is None else one for one in column] if has_none else column)
    except TypeError:
        return column, None
    if lines.count("\n") != len(column) - 1:
        return column, None
    return _HAS_NONE if has_none else None, lines.encode("utf-8", "surrogatepass")


def _decoded(kept: bytes) -> KeptPage:
    state, _, taken = kept.partition(b"\n")
    etag, last_modified, time = parse_json(state)
    if not taken:
        return KeptPage(None, etag, last_modified, time)
    first, *lines = taken.decode("utf-8", "surrogatepass").split("\n")
    name, index, status, reason, start, count, others = parse_json(first)
    starts = iter(range(0, len(lines), count or 1))
    columns: list[list[Any]] = []
    for other in others:
        column = other if isinstance(other, list) else lines[(place := next(starts)) : place + count]
        columns.append([one or None for one in column] if other == _HAS_NONE else column)
    filenames, urls, *rest = columns
    files = FileColumns(filenames, FileUrls(start, urls), rest, index, [""] * count)
    return KeptPage(ProjectDetail(name, files, index, status, reason), etag, last_modified, time)
