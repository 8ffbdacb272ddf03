"""`file:` URLs as responses: for file indexes and local requirements, never reached by redirect."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes, urlsplit

from peep.dataclass import dataclass, field
from peep.errors import TransportError

PIECE = 64 * 1024


def path_of_file_url(url: str) -> str:
    """The path that a `file:` URL names (RFC 8089), decoded once.

    Raises `TransportError` when it names another host, or holds a NUL.
    """
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"} and os.name != "nt":
        raise TransportError(url, "a file URL cannot name another host", "write file:///path")
    if os.name == "nt":
        import urllib.request  # noqa: PLC0415 - knows drives and shares; heavy, wanted on Windows only

        share = f"//{parts.netloc}" if parts.netloc not in {"", "localhost"} else ""
        return urllib.request.url2pathname(share + parts.path)
    path = os.fsdecode(unquote_to_bytes(parts.path))  # as the names on disk, whatever their encoding
    if "\0" in path:
        raise TransportError(url, "a path cannot hold a NUL")
    return path


def file_url(path: str) -> str:
    """The `file:` URL of `path`, which is made absolute first."""
    absolute = os.path.abspath(path)
    if os.name == "nt":
        import urllib.request  # noqa: PLC0415 - as above

        return "file:" + urllib.request.pathname2url(absolute)
    return "file://" + quote(os.fsencode(absolute))


@dataclass(frozen=True, slots=True)
class FileResponse:
    """A local file as a `Response`: status 200 and its bytes, or 404 and none."""

    status: int
    url: str
    file: BinaryIO | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials_from: str = ""

    def chunks(self) -> Iterator[bytes]:
        try:
            while self.file is not None and (piece := self.file.read(PIECE)):
                yield piece
        except OSError as error:
            raise TransportError(self.url, f"cannot be read ({error.strerror})") from error

    def read(self, limit: int) -> bytes:
        content = b""
        try:
            content = self.file.read(limit + 1) if self.file is not None else b""
        except OSError as error:
            raise TransportError(self.url, f"cannot be read ({error.strerror})") from error
        if len(content) > limit:
            raise TransportError(self.url, f"the file is longer than {limit} bytes")
        return content


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A regular file in a folder: its name and its size in bytes."""

    name: str
    size: int


def is_folder(path: str) -> bool:
    return os.path.isdir(path)


def is_file(path: str) -> bool:
    return os.path.isfile(path)


def files_in_folder(path: str) -> tuple[FolderEntry, ...]:
    """The regular files in a folder (links to files count), sorted by name; none when there is no such folder.

    Raises `TransportError` when it may not be read.
    """
    try:
        with os.scandir(path) as entries:
            files = [FolderEntry(entry.name, entry.stat().st_size) for entry in entries if entry.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise TransportError(file_url(path), f"cannot be listed ({error.strerror})") from error
    return tuple(sorted(files, key=lambda entry: entry.name))


@contextmanager
def open_file_url(url: str) -> Iterator[FileResponse]:
    """Open what `url` names. Raises `TransportError` for folders, devices and what may not be read."""
    path = path_of_file_url(url)
    try:
        file = open(path, "rb", opener=_open_without_waiting)  # noqa: SIM115 - closed below
    except (FileNotFoundError, NotADirectoryError):
        yield FileResponse(404, url)
        return
    except OSError as error:
        raise TransportError(url, f"cannot be read ({error.strerror})") from error
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise TransportError(url, "is not a regular file")
        yield FileResponse(200, url, file, {"content-length": str(found.st_size)})


def _open_without_waiting(path: str, flags: int) -> int:
    """A FIFO without a writer must not hold the run up."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
