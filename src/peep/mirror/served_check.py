"""Self-check of a mirror as a server serves it: types, pages, sidecars, digests.

Which types clients take was tried out: another type than these makes pip skip an index, or uv fail
(docs/decisions/0110-no-negotiation-by-default.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus

from peep.dataclass import dataclass
from peep.errors import TransportError
from peep.formats.json_fields import ManifestError
from peep.formats.simple_pages import HTML_PAGE, HTML_TYPE, JSON_PAGE, JSON_TYPE
from peep.http.transport import Transport
from peep.mirror.check import CheckedMirror, MirrorFault
from peep.mirror.facts import LARGEST_FACTS, ProjectFacts, parse_facts
from peep.mirror.folder import MirrorError
from peep.mirror.layout import (
    LARGEST_ROOT_MANIFEST,
    ROOT_MANIFEST,
    RootManifest,
    facts_path,
    parse_root_manifest,
    project_pages,
    root_pages,
    stored_paths,
)
from peep.mirror.twins import twins
from peep.place_faults import FileState, MirrorFileFault, NotOwned

_WISHES = f"{JSON_TYPE}, {HTML_TYPE};q=0.2, text/html;q=0.01"
"""As pip asks."""
_TYPES = {JSON_PAGE: (JSON_TYPE,), HTML_PAGE: ("text/html", HTML_TYPE)}
_LARGEST_PAGE = 256 << 20
_LARGEST_FILE = 8 << 30
_SIMPLE = "/simple"


@dataclass(frozen=True, slots=True)
class _Answer:
    content_type: str
    sha256: str
    content: bytes


def check_served(url: str, transport: Transport) -> CheckedMirror:
    """Look at everything below `url`, the mirror's root or its `simple/`.

    Raises `MirrorError` where no mirror is, and `TransportError` for a server that does not answer.
    """
    base = url.rstrip("/").removesuffix(_SIMPLE) + "/"
    visit = _Visit(base, transport)
    manifest = visit.manifest()
    faults: list[MirrorFault] = []
    files = 0
    alike: list[tuple[str, str]] = []
    faults += visit.page("simple/", root_pages(manifest.projects or {}, ()))
    for name, digest in sorted((manifest.projects or {}).items()):
        facts = visit.facts(name, digest)
        if isinstance(facts, MirrorFileFault):
            faults.append(facts)
            continue
        files += len(facts.files)
        alike += twins(facts)
        faults += visit.page(f"simple/{name}/", project_pages(facts, ()))
        faults += visit.stored(facts)
    return CheckedMirror(
        manifest.serial, len(manifest.projects or {}), files, tuple(sorted(faults, key=_order)), tuple(alike)
    )


def _order(fault: MirrorFault) -> tuple[str, bool]:
    return fault.path, isinstance(fault, NotOwned)


class _Visit:
    """One look at a server."""

    def __init__(self, base: str, transport: Transport) -> None:
        self._base = base
        self._transport = transport

    def manifest(self) -> RootManifest:
        answer = self._answer(ROOT_MANIFEST, LARGEST_ROOT_MANIFEST)
        if answer is None:
            raise MirrorError(f"{self._base}: is no mirror: it has no {ROOT_MANIFEST}")
        try:
            return parse_root_manifest(answer.content)
        except ManifestError as error:
            raise MirrorError(f"{self._base}{ROOT_MANIFEST}: {error}") from None

    def facts(self, name: str, digest: str) -> ProjectFacts | MirrorFileFault:
        path = facts_path(name)
        answer = self._answer(path, LARGEST_FACTS)
        if answer is None:
            return MirrorFileFault(path, FileState.MISSING)
        if answer.sha256 != digest:
            reason = f"{ROOT_MANIFEST} lists other facts; a publication may be under way"
            return MirrorFileFault(path, FileState.CHANGED, reason)
        try:
            return parse_facts(answer.content)
        except ManifestError as error:
            return MirrorFileFault(path, FileState.CHANGED, str(error))

    def page(self, path: str, pages: dict[str, bytes]) -> Iterator[MirrorFileFault]:
        """Ask as clients do, by the folder; what comes must be one of the two pages, under its own type."""
        answer = self._answer(path, _LARGEST_PAGE, _WISHES)
        if answer is None:
            yield MirrorFileFault(path, FileState.MISSING)
            return
        expected = {name.rpartition("/")[2]: content for name, content in pages.items()}
        kind = next((kind for kind, content in expected.items() if content == answer.content), None)
        if kind is None:
            yield MirrorFileFault(path, FileState.CHANGED, "is not what the facts say")
        elif answer.content_type not in _TYPES[kind]:
            reason = f"{kind} is served as {answer.content_type or 'nothing'}; clients want {' or '.join(_TYPES[kind])}"
            yield MirrorFileFault(path, FileState.CHANGED, reason)

    def stored(self, facts: ProjectFacts) -> Iterator[MirrorFileFault]:
        for path, digest in stored_paths(facts).items():
            answer = self._answer(path, _LARGEST_FILE, keep=False)
            if answer is None:
                yield MirrorFileFault(path, FileState.MISSING)
            elif answer.sha256 != digest:
                yield MirrorFileFault(path, FileState.CHANGED, f"what is served has sha256:{answer.sha256}")

    def _answer(self, path: str, limit: int, accept: str = "*/*", *, keep: bool = True) -> _Answer | None:
        """What the server sends, None for 404 and 403 (of a store that may not be listed)."""
        url = self._base + path.replace("+", "%2B")
        with self._transport.get(url, {"Accept": accept, "Accept-Encoding": "identity"}) as response:
            if response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
                return None
            if response.status != HTTPStatus.OK:
                raise TransportError(url, f"the server answered {response.status}", status=response.status)
            hasher, pieces, size = sha256(), [], 0
            for piece in response.chunks():
                size += len(piece)
                if size > limit:
                    raise TransportError(url, f"the body is larger than {limit:,} bytes")
                hasher.update(piece)
                if keep:
                    pieces.append(piece)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return _Answer(media_type, hasher.hexdigest(), b"".join(pieces))
