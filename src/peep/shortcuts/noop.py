"""No-op detection: a run that has nothing to do, recognised in milliseconds.

After a run that left an environment exactly as the files ask, peep remembers the bytes of every input (requirements
files, the recorded provenance of every project) and the signature of everything else that it looked at. When the same
command comes again and all of that is still so, the answer is still "nothing to do". Any difference, and any damage to
what was remembered, only means that the run takes the long way (docs/performance.md).

This module is imported before anything else: it may import nothing that costs time.
"""

import os
import time

from peep.shortcuts.fingerprint import content, metadata_names, run_key
from peep.store.key_value_cache import key_digest, parsed_fact
from peep.store.location import known_store_root, risk_of_others
from peep.system.file_signature import signature

TYPE_CHECKING = False  # what `typing` calls so, without importing it
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

KIND = "settled"
ALWAYS = (0, 1 << 62)
"""Moments between which a record holds whose answer does not depend on time."""


class NoopRecord:
    """What a run saw: everything that its outcome depended on.

    `summary` is what it told the user; `contents` maps paths of files to their bytes; `signatures` maps paths to their
    signature; `folders` maps site-packages folders to the names of the metadata folders in them; `absent` names paths
    that must not exist (the journal of an interrupted run). It holds from the first of `moments` until before the
    second, in seconds since 1970-01-01 in UTC: what was examined may be so for a time only, and advisories grow old.
    """

    __slots__ = ("absent", "contents", "folders", "moments", "signatures", "summary")

    def __init__(
        self,
        summary: str,
        contents: "Mapping[str, bytes]",
        signatures: "Mapping[str, bytes]",
        folders: "Mapping[str, bytes]",
        absent: "Sequence[str]" = (),
        moments: tuple[int, int] = ALWAYS,
    ) -> None:
        self.summary = summary
        self.contents = contents
        self.signatures = signatures
        self.folders = folders
        self.absent = tuple(absent)
        self.moments = moments

    def still_holds(self) -> bool:
        """Whether the world looks as it did."""
        first, end = self.moments
        return (
            first <= time.time() < end
            and all(signature(path) == seen for path, seen in self.signatures.items())
            and all(metadata_names(path) == seen for path, seen in self.folders.items())
            and all(content(path) == seen for path, seen in self.contents.items())
            and not any(os.path.lexists(path) for path in self.absent)
        )


def load(words: "Sequence[str]", environ: "Mapping[str, str]") -> str | None:
    """Give back what to tell the user when this very command has nothing to do; None when that is not certain."""
    root = known_store_root(environ)
    if root is None or risk_of_others(root):
        return None
    key = run_key(words, environ)
    digest = key_digest(key)
    text = content(os.path.join(root, "remembered-v1", KIND, digest[:2], digest))
    value = parsed_fact(text, KIND, key) if text else None
    snapshot = parsed(value) if value else None
    return snapshot.summary if snapshot and snapshot.still_holds() else None


def nothing_to_do(count: int, examined: str = "", skipped: int = 0) -> str:
    """What a run says that found `count` projects, all as listed; `examined`: what it says of examined archives.

    `skipped` lines have markers that do not hold.
    """
    told = f"nothing to do: {count} {'project is' if count == 1 else 'projects are'} as listed"
    return (f"{told}; {examined}" if examined else told) + not_here(skipped)


def not_here(skipped: int) -> str:
    """The end of a summary: how many listed requirements are not for this target; '' for none."""
    return f"; {skipped} {'line does' if skipped == 1 else 'lines do'} not apply here" if skipped else ""


def rendered(snapshot: NoopRecord) -> bytes:
    """A snapshot as bytes: counted lists of length-prefixed fields."""
    return b"".join(
        [
            _list([_encoded(snapshot.summary)]),
            _mapping(snapshot.contents),
            _mapping(snapshot.signatures),
            _mapping(snapshot.folders),
            _list([_encoded(path) for path in snapshot.absent]),
            _list([b"%d" % moment for moment in snapshot.moments]),
        ]
    )


def parsed(value: bytes) -> NoopRecord | None:
    """Bytes as a snapshot; None when they mean nothing."""
    try:
        lists: list[list[bytes]] = []
        position = 0
        while position < len(value):
            fields, position = _read_list(value, position)
            lists.append(fields)
        (summary,), contents, signatures, folders, absent, (first, end) = lists
        return NoopRecord(
            _decoded(summary),
            _read_mapping(contents),
            _read_mapping(signatures),
            _read_mapping(folders),
            [_decoded(path) for path in absent],
            (int(first), int(end)),
        )
    except ValueError:
        return None


def _mapping(pairs: "Mapping[str, bytes]") -> bytes:
    return _list([field for path, value in pairs.items() for field in (_encoded(path), value)])


def _read_mapping(fields: list[bytes]) -> dict[str, bytes]:
    paths = [_decoded(path) for path in fields[::2]]
    return dict(zip(paths, fields[1::2], strict=True))


def _list(fields: "Iterable[bytes]") -> bytes:
    parts = list(fields)
    sizes = b" ".join(b"%d" % len(part) for part in parts)
    return b"%s\n%s" % (sizes, b"".join(parts))


def _read_list(value: bytes, position: int) -> tuple[list[bytes], int]:
    end = value.index(b"\n", position)
    sizes = [int(word) for word in value[position:end].split()]
    position = end + 1
    fields = []
    for size in sizes:
        fields.append(value[position : position + size])
        position += size
    return fields, position


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(field: bytes) -> str:
    return field.decode("utf-8", "surrogatepass")
