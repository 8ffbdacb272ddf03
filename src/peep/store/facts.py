"""Small remembered facts as text, and back: no I/O.

A fact saves time and decides nothing: when it is missing or damaged, the caller finds it out anew. Its checksum covers
its kind and key too, so that a file under the wrong name is no fact either.
"""

from __future__ import annotations

import hashlib

_TITLE = b"peep fact 1 "


def key_digest(key: str) -> str:
    """sha256 (hex) of a key: any text may be one, and a file name comes of it."""
    return hashlib.sha256(key.encode()).hexdigest()


def rendered_fact(kind: str, key: str, value: bytes) -> bytes:
    """The content of the file that remembers `value`."""
    return b"%s%s\n%s" % (_TITLE, _checksum(kind, key, value), value)


def parsed_fact(text: bytes, kind: str, key: str) -> bytes | None:
    """The remembered value; None when the file is damaged or is about something else."""
    head, _, value = text.partition(b"\n")
    return value if head == _TITLE + _checksum(kind, key, value) else None


def _checksum(kind: str, key: str, value: bytes) -> bytes:
    hasher = hashlib.sha256()
    for part in (kind.encode(), key.encode(), value):
        hasher.update(b"%d\n" % len(part))
        hasher.update(part)
    return hasher.hexdigest().encode()
