"""The gate: the only maker of a `VerifiedArchive`, from bytes that were hashed on their way in.

Nothing in this module looks inside an archive (promise 1). `HashingWriter` is the only maker of `ReceivedArchive`, and
`verify_archive` that of `VerifiedArchive`; an architecture test holds both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import BinaryIO

from peep.dataclass import dataclass
from peep.errors import BadArchive, FetchFailure, HashMismatch, HashMissing
from peep.formats.lfs_pointers import LARGEST_POINTER
from peep.formats.url_secrets import redacted, without_secret_parameters
from peep.formats.urls import without_credentials
from peep.model import (
    STRONG_ALGORITHMS,
    Candidate,
    Digest,
    PinnedRequirement,
    VerifiedArchive,
    listed_digest,
    listed_hashes,
)

HEAD_SIZE = LARGEST_POINTER
"""Bytes kept of the beginning of a body, to recognise a web page or a Git LFS pointer in a mismatch; never parsed as
an archive."""


@dataclass(frozen=True, slots=True)
class ReceivedArchive:
    """All the bytes of one answer, hashed. Nothing is known yet of whether anybody vouches for them."""

    file: BinaryIO
    """The private file that holds them, open for reading and writing."""
    digests: tuple[Digest, ...]
    size: int
    """Bytes received."""
    head: bytes
    """The first `HEAD_SIZE` bytes, for stories in reports."""
    content_type: str = ""
    content_encoding: str = ""


class HashingWriter:
    """Writes a body into a private file while hashing and counting it; memory stays flat whatever the size."""

    def __init__(self, file: BinaryIO, algorithms: Iterable[str]) -> None:
        """Take `file`, empty and private to this process; sha256 is always among the `algorithms` used."""
        self._file = file
        used = sorted({"sha256", *algorithms}.intersection(STRONG_ALGORITHMS))
        self._hashers = {name: hashlib.new(name) for name in used}
        self._head = b""
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        if len(self._head) < HEAD_SIZE:
            self._head += chunk[: HEAD_SIZE - len(self._head)]
        for hasher in self._hashers.values():
            hasher.update(chunk)
        self._file.write(chunk)
        self.size += len(chunk)

    def finish(self, *, content_type: str = "", content_encoding: str = "") -> ReceivedArchive:
        """Close the account: what came is complete."""
        self._file.flush()
        digests = tuple(Digest(name, hasher.hexdigest()) for name, hasher in self._hashers.items())
        return ReceivedArchive(self._file, digests, self.size, self._head, content_type, content_encoding)


Verdict = VerifiedArchive | HashMismatch | HashMissing | BadArchive | FetchFailure
"""An archive that may be used, or why its bytes may not."""


def verify_archive(candidate: Candidate, received: ReceivedArchive) -> Verdict:
    """Let `received` pass as the archive of `candidate`, if a digest of all its bytes is one that the pin lists.

    The rule is that of `listed_digest`. A file that a lock file names must also have the size stated there (PEP 751);
    one with the right digest and another size is a `BadArchive`: the lock file contradicts itself.
    """
    pin, filename = candidate.pin, candidate.file.filename
    sha256 = next(digest for digest in received.digests if digest.algorithm == "sha256")
    if not _has_hashes(pin, filename):
        return _without_hashes(candidate, received, sha256)
    digest = listed_digest(received.digests, pin, filename)
    if digest is None:
        from peep.archives.mismatch_diagnosis import cause_of_encoding, likely_cause  # noqa: PLC0415 - rare

        story = cause_of_encoding(received.content_encoding) or likely_cause(
            candidate, received.digests, received.size, received.head, received.content_type
        )
        return HashMismatch(candidate, received.digests, received.size, received.content_type, story)
    if candidate.exact_size not in {None, received.size}:
        size = f"is {received.size} bytes long, where the lock file says {candidate.exact_size}"
        return BadArchive(pin, filename, (size,))
    received.file.seek(0)
    return VerifiedArchive(
        pin,
        filename,
        candidate.kind,
        without_secret_parameters(without_credentials(candidate.file.url)),
        digest,
        sha256.hex,
        received.size,
        received.file,
    )


def _without_hashes(candidate: Candidate, received: ReceivedArchive, sha256: Digest) -> HashMissing | FetchFailure:
    """Nobody vouches: invite the user to vet the bytes, unless they are plainly not the file (THREATS N10)."""
    from peep.archives.mismatch_diagnosis import cause_of_encoding, suspicion  # noqa: PLC0415 - rare

    file = candidate.file
    doubt = suspicion(file, received.digests, received.size, received.head, received.content_type)
    if not doubt and not set(file.hashes).intersection(received.digests):
        doubt = cause_of_encoding(received.content_encoding)
    if doubt:
        return FetchFailure(candidate.pin, redacted(candidate.file.url), doubt)
    return HashMissing(candidate, sha256, received.size)


def algorithms_for(pin: PinnedRequirement) -> set[str]:
    """Give back the algorithms in which an archive for `pin` must be hashed to be compared."""
    return {digest.algorithm for digest in listed_hashes(pin)}.intersection(STRONG_ALGORITHMS) | {"sha256"}


def _has_hashes(pin: PinnedRequirement, filename: str) -> bool:
    """Whether the user vouches for anything; text that is no digest counts: it is a mismatch, never "no hash"."""
    return bool(listed_hashes(pin, filename) or pin.malformed_hashes)
