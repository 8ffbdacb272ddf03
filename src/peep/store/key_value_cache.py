"""Key-value cache of small facts, as text and back.

A fact saves time and decides nothing: when it is missing or damaged, the caller finds it out anew. Its checksum covers
its kind and key too, so that a file under the wrong name is no fact either.
"""

try:
    # What `hashlib` hands out, without the 2 ms that loading OpenSSL takes: every run begins with a fact.
    from _blake2 import blake2b
except ImportError:  # another implementation of Python, or one whose blake2 comes from OpenSSL
    from hashlib import blake2b

_TITLE = b"peep fact 2 "
_SIZE = 32


def key_digest(key: str) -> str:
    """blake2b of a key, 64 hex digits: any text may be one, and a file name comes of it."""
    return blake2b(_encoded(key), digest_size=_SIZE).hexdigest()


def rendered_fact(kind: str, key: str, value: bytes) -> bytes:
    """The content of the file that remembers `value`."""
    return head_of_fact(kind, key, value) + value


def head_of_fact(kind: str, key: str, value: bytes) -> bytes:
    """What stands before `value` in the file that remembers it."""
    return b"%s%s\n" % (_TITLE, _checksum(kind, key, value))


def parsed_fact(text: bytes, kind: str, key: str) -> bytes | None:
    """The remembered value; None when the file is damaged or is about something else."""
    head, _, value = text.partition(b"\n")
    return value if head == _TITLE + _checksum(kind, key, value) else None


def _checksum(kind: str, key: str, value: bytes) -> bytes:
    hasher = blake2b(digest_size=_SIZE)
    for part in (_encoded(kind), _encoded(key), value):
        hasher.update(b"%d\n" % len(part))
        hasher.update(part)
    return hasher.hexdigest().encode()


def _encoded(text: str) -> bytes:
    """Keys hold paths, and paths may hold what is no Unicode."""
    return text.encode("utf-8", "surrogatepass")
