"""JSON form of the simple API (PEP 691, with PEPs 700 and 792)."""

from __future__ import annotations

from collections.abc import Mapping

from peep.errors import PackageIndexError
from peep.formats.documents import parse_json
from peep.index.links import LinkBase, digest_of, safe_filename
from peep.index.pages import PageSource, ParsedPage, check_version, project_status, reject_other_project
from peep.model import MOST_BYTES, Digest, IndexFile, ProjectDetail

_LONGEST_NAME = 100


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


def parse_links_json(body: bytes, url: str, index: str) -> tuple[tuple[IndexFile, ...], tuple[str, ...]]:
    """The files that a find-links place at `url` lists, of whatever project, and warnings.

    Raises `PackageIndexError` as `parse_project_json` does.
    """
    answer = _load(body, index)
    if "files" not in answer and isinstance(answer.get("projects"), list):
        reason = "answered with the list of an index's projects, which names no files"
        raise PackageIndexError(index, reason, "give it as --extra-index-url, or name the page of a project")
    return _files(answer, url, index)


def _files(answer: Mapping[str, object], url: str, index: str) -> tuple[tuple[IndexFile, ...], tuple[str, ...]]:
    """The files of an answer that came from `url`, without those that break the rules, of which a warning tells."""
    meta = answer.get("meta")
    version = meta.get("api-version") if isinstance(meta, dict) else None
    warnings = check_version(str(version) if version is not None else None, index)
    entries = answer.get("files")
    if not isinstance(entries, list):
        raise PackageIndexError(index, "answered with JSON that lists no files (PEP 691)")
    base = LinkBase(url)
    shared: dict[str, str] = {}
    read = [_file(entry, base, index, shared) for entry in entries]
    files = tuple(file for file in read if file is not None)
    if len(files) < len(read):
        name = answer.get("name")
        of = f" of {name[:_LONGEST_NAME]}" if isinstance(name, str) else ""
        warnings += (f"{index} lists {len(read) - len(files)} malformed files{of}, left out",)
    return files, warnings


def _load(body: bytes, index: str) -> Mapping[str, object]:
    try:
        answer = parse_json(body, is_checked=False)
    except ValueError as error:
        raise PackageIndexError(index, f"answered with broken JSON ({error})") from None
    if not isinstance(answer, dict):
        raise PackageIndexError(index, "answered with JSON that is no object (PEP 691)")
    return answer


def _file(entry: object, base: LinkBase, index: str, shared: dict[str, str]) -> IndexFile | None:
    """One entry of `files`; None when it names no file that could be fetched.

    Versions of Python are taken from `shared`: files of a project state the same few.
    """
    if not isinstance(entry, dict):
        return None
    filename, link = entry.get("filename"), entry.get("url")
    if not isinstance(filename, str) or not isinstance(link, str):
        return None
    url = base.resolve(link)
    if not url or safe_filename(filename) is None:
        return None
    size, python = entry.get("size"), _text(entry.get("requires-python"))
    return IndexFile(  # by position: a page has thousands of files, and names would double the time of each
        filename,
        url,
        _hashes(entry.get("hashes")),
        size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < MOST_BYTES else None,
        _text(entry.get("upload-time")),
        python if python is None else shared.setdefault(python, python),
        _yanked(entry.get("yanked")),
        index,
        _sidecar(entry),
        _provenance(entry, base),
    )


def _provenance(entry: Mapping[str, object], base: LinkBase) -> str:
    """PEP 740: a URL, or null."""
    stated = entry.get("provenance")
    return (base.resolve(stated) or "") if isinstance(stated, str) else ""


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


def _sidecar(entry: Mapping[str, object]) -> tuple[Digest, ...] | None:
    """PEP 714: `core-metadata`, or else the older name; a table of digests, or true where there are none."""
    stated = entry.get("core-metadata", entry.get("dist-info-metadata"))
    if isinstance(stated, dict):
        return _hashes(stated)
    return () if stated is True else None


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
