"""JSON form of the simple API (PEP 691, with PEPs 700 and 792)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from peep.errors import PackageIndexError
from peep.formats.documents import parse_json
from peep.formats.file_columns import FileColumns, FileUrls, digests_text
from peep.index.links import LinkBase, digest_of, refused_link, safe_filenames, sha256_texts
from peep.index.pages import PageSource, ParsedPage, check_version, project_status, reject_other_project
from peep.model import MOST_BYTES, Digest, IndexFile, ProjectDetail

_LONGEST_NAME = 100
_TEXT_OR_NONE = {str, type(None)}


def parse_project_json(body: bytes, source: PageSource) -> ParsedPage:
    """The project that `body`, the answer to a request for `source`, describes.

    Single entries that break the rules are left out with a warning. Raises `PackageIndexError` when the whole is no
    answer of the simple API, of another major version, or about another project.
    """
    answer = _load(body, source.index)
    files, warnings = _files(answer, source.url, source.index)
    name = answer.get("name")
    reject_other_project(source, name if isinstance(name, str) else None, files)
    status, reason = _status(answer.get("project-status"))
    return ParsedPage(ProjectDetail(source.project, files, source.index, status, reason), warnings)


def parse_links_json(body: bytes, url: str, index: str) -> tuple[Sequence[IndexFile], tuple[str, ...]]:
    """The files that a find-links place at `url` lists, of whatever project, and warnings.

    Raises `PackageIndexError` as `parse_project_json` does.
    """
    answer = _load(body, index)
    if "files" not in answer and isinstance(answer.get("projects"), list):
        reason = "answered with the list of an index's projects, which names no files"
        raise PackageIndexError(index, reason, "give it as --extra-index-url, or name the page of a project")
    return _files(answer, url, index)


def _files(answer: Mapping[str, object], url: str, index: str) -> tuple[Sequence[IndexFile], tuple[str, ...]]:
    """The files of an answer that came from `url`, without those that break the rules, of which a warning tells."""
    meta = answer.get("meta")
    version = meta.get("api-version") if isinstance(meta, dict) else None
    warnings = check_version(str(version) if version is not None else None, index)
    entries = answer.get("files")
    if not isinstance(entries, list):
        raise PackageIndexError(index, "answered with JSON that lists no files (PEP 691)")
    files = _columns(entries, LinkBase(url), index)
    if len(files) < len(entries):
        name = answer.get("name")
        of = f" of {name[:_LONGEST_NAME]}" if isinstance(name, str) else ""
        warnings += (f"{index} lists {len(entries) - len(files)} malformed files{of}, left out",)
    return files, warnings


def _load(body: bytes, index: str) -> Mapping[str, object]:
    try:
        answer = parse_json(body, is_checked=False)
    except ValueError as error:
        raise PackageIndexError(index, f"answered with broken JSON ({error})") from None
    if not isinstance(answer, dict):
        raise PackageIndexError(index, "answered with JSON that is no object (PEP 691)")
    return answer


def _columns(entries: Sequence[object], base: LinkBase, index: str) -> FileColumns:
    """The entries that name a file that could be fetched.

    Column by column: a page has thousands of entries, and what all have in common is seen in one look.
    """
    tables = [entry for entry in entries if isinstance(entry, dict)]
    filenames = safe_filenames(_values(tables, "filename"))
    start, urls = base.resolve_from(_values(tables, "url"))
    if not (all(filenames) and all(urls)):
        kept = [place for place, (name, url) in enumerate(zip(filenames, urls, strict=True)) if name and url]
        filenames, urls = [filenames[place] for place in kept], [urls[place] for place in kept]
        tables = [tables[place] for place in kept]
    columns: list[list[Any]] = [
        _digests(_values(tables, "hashes")),
        _sizes(_values(tables, "size")),
        _texts(_values(tables, "upload-time")),
        _texts(_values(tables, "requires-python")),
        [None if one is False else _yanked(one) for one in _values(tables, "yanked")],
        _sidecars([table.get("core-metadata", table.get("dist-info-metadata")) for table in tables]),
    ]
    provenance = _provenance(_values(tables, "provenance"), base)
    return FileColumns(filenames, FileUrls(start, urls), columns, index, provenance)


def _values(tables: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """What each states under `key`, None where it is nothing."""
    try:
        return list(map(itemgetter(key), tables))  # two thirds of the time, where all state something
    except KeyError:
        return [table.get(key) for table in tables]


def _sizes(stated: list[Any]) -> list[int | None]:
    is_usual = set(map(type, stated)) == {int} and min(stated) >= 0 and max(stated) < MOST_BYTES
    return stated if is_usual else [_size(one) for one in stated]


def _size(stated: object) -> int | None:
    is_size = isinstance(stated, int) and not isinstance(stated, bool) and 0 <= stated < MOST_BYTES
    return stated if is_size else None  # type: ignore[return-value]


def _provenance(stated: Sequence[object], base: LinkBase) -> list[str]:
    """PEP 740: URLs, or null."""
    links = [link for link in stated if isinstance(link, str)]
    if not links:
        return [""] * len(stated)
    resolved = iter(base.resolve_all(links))
    return [(next(resolved) or refused_link(link)) if isinstance(link, str) else "" for link in stated]


def _digests(stated: Sequence[object]) -> list[str]:
    known = sha256_texts(stated)
    return [digests_text(_hashes(table)) for table in stated] if known is None else known


def _hashes(stated: object) -> tuple[Digest, ...]:
    if not isinstance(stated, dict):
        return ()
    return tuple(
        [
            digest
            for algorithm, text in stated.items()
            if isinstance(text, str) and (digest := digest_of(algorithm, text)) is not None
        ]
    )


def _sidecars(stated: Sequence[object]) -> list[str | None]:
    """PEP 714: `core-metadata`, or else the older name; a table of digests, or true where there are none."""
    texts = iter(_digests([one for one in stated if isinstance(one, dict)]))
    return [next(texts) if isinstance(one, dict) else "" if one is True else None for one in stated]


def _texts(values: list[Any]) -> list[str | None]:
    is_usual = set(map(type, values)) <= _TEXT_OR_NONE and "" not in values
    return values if is_usual else [_text(one) for one in values]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _yanked(value: object) -> str | None:
    """PEP 691: "If present, this key may be either an arbitrary string, or a boolean"; truthy means yanked."""
    if isinstance(value, str):
        return value or None
    return "" if value is True else None


def _status(value: object) -> tuple[str, str]:
    if not isinstance(value, dict):
        return "active", ""
    return project_status(value.get("status")), _text(value.get("reason")) or ""
