"""Likely causes of a hash mismatch, from facts about the answer and the index."""

from __future__ import annotations

from peep.formats.lfs_pointers import LARGEST_POINTER, lfs_pointer
from peep.model import ArchiveKind, Candidate, Digest, IndexFile, listed_digest

_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<!--", b"<?xml")
_WHEEL_PARTS_WITH_BUILD = 6
_PULL = "run `git lfs pull` where the file comes from"


def is_web_page(head: bytes, content_type: str) -> bool:
    """Whether a body is a page for people: by its first bytes, or by its type where those are no archive's."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_PAGE_STARTS):
        return True
    is_archive = head.startswith((b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")) or head[257:262] == b"ustar"
    return content_type.lower().startswith(("text/html", "application/xhtml")) and not is_archive


def suspicion(file: IndexFile, received: tuple[Digest, ...], size: int, head: bytes, content_type: str = "") -> str:
    """Say what makes it unlikely that the bytes are those of `file`, or give back ''; reason enough not to vet them."""
    if size <= LARGEST_POINTER and lfs_pointer(head):
        return f"it is a Git LFS pointer and not the file that it stands for: {_PULL}"
    return _story_of_answer(file, size, head, content_type) or _story_of_lie(file, received)


def likely_cause(
    candidate: Candidate, received: tuple[Digest, ...], size: int, head: bytes, content_type: str = ""
) -> str:
    """Give back one sentence without a full stop that explains a mismatch, or '' when nothing is known."""
    return (
        _story_of_listed_pointer(candidate, size, head)
        or suspicion(candidate.file, received, size, head, content_type)
        or _story_of_unusable_file(candidate)
        or _story_of_kind(candidate)
    )


def _story_of_listed_pointer(candidate: Candidate, size: int, head: bytes) -> str:
    pointer = lfs_pointer(head) if size <= LARGEST_POINTER else None
    if pointer and listed_digest([Digest("sha256", pointer.sha256)], candidate.pin, candidate.file.filename):
        return f"it is a Git LFS pointer whose oid is the hash that you list: {_PULL}"
    return ""


def cause_of_encoding(encoding: str) -> str:
    """Explain a body that the server compressed on the way, asked not to (THREATS N8)."""
    if encoding.lower() in {"", "identity"}:
        return ""
    return f"the server sent the body encoded (Content-Encoding: {encoding}), so these are not the file's own bytes"


def _story_of_answer(file: IndexFile, size: int, head: bytes, content_type: str) -> str:
    if is_web_page(head, content_type):
        stated = f" (Content-Type: {content_type})" if content_type else ""
        return (
            f"a web page came instead of an archive{stated}: "
            "perhaps a login page, a proxy or a captive portal stands in between"
        )
    if size == 0:
        return "the answer was empty"
    if file.size is not None and size < file.size:
        return f"only {size:,} of the {file.size:,} bytes came that the index states: the download was cut short"
    if file.size is not None and size > file.size:
        return f"{size:,} bytes came where the index states {file.size:,}: this is not the file that the index lists"
    return ""


def _story_of_lie(file: IndexFile, received: tuple[Digest, ...]) -> str:
    """The index's own statement is no proof of anything (THREATS N1), but it tells where the change happened."""
    known = {digest.algorithm: digest for digest in received}
    comparable = [digest for digest in file.hashes if digest.algorithm in known]
    if comparable and all(known[digest.algorithm] != digest for digest in comparable):
        return "the bytes are not even those that the index lists: they were changed on the server or on the way"
    return ""


def _story_of_unusable_file(candidate: Candidate) -> str:
    for file in candidate.offered:
        if file is not candidate.file and listed_digest(file.hashes, candidate.pin, file.filename):
            why = next((one for one in candidate.rejections if one.filename == file.filename), None)
            if why is not None and why.other_version is not None:
                return f"the hash of {file.filename} is listed: perhaps the version was changed, and the hash was not"
            objection = why.objection if why is not None and why.objection else "was not chosen"
            return f"the file that you vetted, {file.filename}, is still offered, but {objection}"
    return ""


def _story_of_kind(candidate: Candidate) -> str:
    """A file was added to the release after it was vetted (the most common harmless reason), or nothing fits at all."""
    if not candidate.pin.hashes:
        return ""
    others = [file for file in candidate.offered if file is not candidate.file]
    parts = candidate.file.filename.removesuffix(".whl").split("-")
    if candidate.kind is ArchiveKind.WHEEL and len(parts) == _WHEEL_PARTS_WITH_BUILD:
        return f"the wheel carries the build tag {parts[2]}: perhaps a new build of the same version was uploaded"
    algorithms = {digest.algorithm for digest in candidate.pin.hashes}
    unknown = [file for file in others if not any(digest.algorithm in algorithms for digest in file.hashes)]
    if candidate.kind is ArchiveKind.WHEEL and any(not file.filename.endswith(".whl") for file in unknown):
        return (
            "this is a wheel; if you vetted the source archive, somebody put a wheel of the same version on the index"
        )
    if candidate.file.hashes and not unknown:
        return "the hashes that you list are those of another version, or the vetted file was taken away or replaced"
    return ""
