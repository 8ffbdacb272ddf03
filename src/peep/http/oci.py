"""OCI registries: manifests by tag or digest, blobs by digest, all compared with their digests.

Source: OCI distribution specification 1.1. The adapter goes through the library `oras` (extra `oci`), which knows
tokens and credential helpers, and is imported only when a registry is asked.
"""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, BinaryIO, Protocol

from peep.dataclass import dataclass
from peep.errors import MissingExtra, PeepError, UsageError
from peep.formats.url_secrets import redacted_start

_REFERENCE = re.compile(
    r"oci://(?P<host>[A-Za-z0-9.-]+(?::\d+)?)/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_THIS_MACHINE = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3})(?::\d+)?")
_REACH = "check the address, the network and the proxy"
_PIECE = 1 << 18
_SECONDS = 60
"""Without a byte from the registry."""
_PAUSES = (0.2, 1.0)
_LARGEST_MANIFEST = 64 << 20


class RegistryError(PeepError):
    """A registry that refuses, does not answer, or gives other bytes than those of the digest."""


@dataclass(frozen=True, slots=True)
class OciReference:
    """`oci://HOST/REPOSITORY[:TAG][@sha256:HEX]`."""

    host: str
    """With a port, where one was written."""
    repository: str
    tag: str = ""
    digest: str = ""
    """`sha256:HEX`, or ''."""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"oci://{self.host}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse_reference(text: str) -> OciReference:
    """Read a reference; the host is always written out, none is assumed. Raises `UsageError`."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text[:200]!r} names no place in a registry", "write oci://HOST/REPOSITORY:TAG")
    return OciReference(found["host"], found["repository"], found["tag"] or "", found["digest"] or "")


class OciRepository(Protocol):
    """One repository of a registry. `digest` is always `sha256:HEX`."""

    def manifest(self, reference: str, media_type: str) -> bytes | None:
        """The bytes of a manifest by tag or digest; None when there is none. Raises `RegistryError`."""

    def put_manifest(self, reference: str, content: bytes, media_type: str) -> None:
        """Store a manifest under a tag. Raises `RegistryError`, also when it is kept under another digest."""

    def has_blob(self, digest: str) -> bool:
        """Whether the repository holds a blob already. Raises `RegistryError`."""

    def put_blob(self, digest: str, content: BinaryIO) -> None:
        """Store a blob, read from the start. Raises `RegistryError`."""

    def blob(self, digest: str, size: int) -> Iterator[bytes]:
        """The content of a blob of `size` bytes, in pieces.

        Raises `RegistryError`; as soon as more bytes come, and at the end if they are not those of the digest.
        """


def digest_of(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


def compared(pieces: Iterator[bytes], digest: str, size: int, place: str) -> Iterator[bytes]:
    """Hand on the pieces of a blob, and raise `RegistryError` at their end unless their digest is `digest`.

    What goes on after `size` bytes is not read to its end, which may never come.
    """
    hasher = sha256()
    for piece in pieces:
        hasher.update(piece)
        size -= len(piece)
        if size < 0:
            raise RegistryError(f"{place}: gave more bytes than {digest} has")
        yield piece
    if f"sha256:{hasher.hexdigest()}" != digest:
        raise RegistryError(f"{place}: gave other bytes than those of {digest}")


def open_repository(reference: OciReference) -> OciRepository:
    """The repository that a reference names; without TLS on this machine only.

    Credentials are those that other clients of registries keep. Raises `UsageError` where the library is missing.
    """
    try:
        from oras.client import OrasClient  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra(f"{reference}: speaking to a registry", "oci", error) from None
    client = OrasClient(hostname=reference.host, insecure=bool(_THIS_MACHINE.fullmatch(reference.host)))
    client.session.request = partial(client.session.request, timeout=_SECONDS)
    return OrasRepository(reference, client)


@dataclass(frozen=True, slots=True)
class OrasRepository:
    """A repository that the library `oras` speaks to."""

    reference: OciReference
    _client: Any

    @property
    def _place(self) -> str:
        return f"oci://{self.reference.host}/{self.reference.repository}"

    def _container(self) -> Any:
        return self._client.get_container(f"{self.reference.host}/{self.reference.repository}")

    def _asked(self, url: str, method: str, **more: Any) -> Any:
        """An answer of any status. Raises `RegistryError` when none comes after a few attempts.

        The library's own attempts take two minutes, and would send a body that was read already.
        """
        ask = inspect.unwrap(type(self._client).do_request)
        for pause in (*_PAUSES, None):
            try:
                self._client.auth.load_configs(self._container())
                return ask(self._client, f"{self._client.prefix}://{url}", method, **more)
            except (OSError, ValueError) as error:  # requests' errors are OSErrors; the library's own are ValueErrors
                if pause is None or isinstance(error, ValueError):
                    raise RegistryError(f"{self._place}: {_told(error)}", _REACH) from error
                time.sleep(pause)
                if hasattr(more.get("data"), "seek"):
                    more["data"].seek(0)
        raise AssertionError("unreachable")

    def _refuse(self, answer: Any, what: str) -> None:
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
            raise RegistryError(f"{self._place}: {what}: the registry answered {answer.status_code}")

    def manifest(self, reference: str, media_type: str) -> bytes | None:
        url = self._container().manifest_url(reference)
        answer = self._asked(url, "GET", headers={"Accept": media_type}, stream=True)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        self._refuse(answer, f"the manifest {reference}")
        content: bytes = answer.raw.read(_LARGEST_MANIFEST + 1, decode_content=True)
        answer.close()
        if len(content) > _LARGEST_MANIFEST:
            raise RegistryError(f"{self._place}: the manifest {reference} is larger than {_LARGEST_MANIFEST} bytes")
        if reference.startswith("sha256:") and digest_of(content) != reference:
            raise RegistryError(f"{self._place}: gave another manifest than {reference}: {digest_of(content)}")
        return content

    def put_manifest(self, reference: str, content: bytes, media_type: str) -> None:
        url = self._container().manifest_url(reference)
        answer = self._asked(url, "PUT", data=content, headers={"Content-Type": media_type})
        self._refuse(answer, f"the manifest {reference}")
        kept = answer.headers.get("Docker-Content-Digest", digest_of(content))
        if kept != digest_of(content) or self.manifest(reference, media_type) != content:
            raise RegistryError(f"{self._place}: the registry changed the manifest that it was given", "use another")

    def has_blob(self, digest: str) -> bool:
        answer = self._asked(self._container().get_blob_url(digest), "HEAD")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return False
        self._refuse(answer, digest)
        return True

    def put_blob(self, digest: str, content: BinaryIO) -> None:
        """In one request after the one that opens the upload; the body is streamed from the file."""
        container = self._container()
        begun = self._asked(container.upload_blob_url(), "POST", headers={"Content-Length": "0"})
        self._refuse(begun, digest)
        session = self._client._get_location(begun, container)  # noqa: SLF001 - resolves what the specification leaves open
        if not session:
            raise RegistryError(f"{self._place}: the registry named no place to send {digest} to")
        url = session.partition("://")[2]
        headers = {"Content-Type": "application/octet-stream"}
        content.seek(0)
        answer = self._asked(f"{url}{'&' if '?' in url else '?'}digest={digest}", "PUT", data=content, headers=headers)
        self._refuse(answer, digest)

    def blob(self, digest: str, size: int) -> Iterator[bytes]:
        answer = self._asked(self._container().get_blob_url(digest), "GET", stream=True)
        self._refuse(answer, digest)
        return compared(self._pieces(answer), digest, size, self._place)

    def _pieces(self, answer: Any) -> Iterator[bytes]:
        with _closing(answer.close):
            try:
                yield from answer.iter_content(_PIECE)
            except OSError as error:
                raise RegistryError(f"{self._place}: {_told(error)}", _REACH) from error


@contextmanager
def _closing(close: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    finally:
        close()


def _told(error: BaseException) -> str:
    """What the system says, where it is the cause; the library's own words name its objects, and are long."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return f"does not answer: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return redacted_start(str(error).partition("\n")[0].strip(), 300)
