"""A verified wheel that lives in memory: what the store and the environment see of `archives`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence

from peep.errors import ArchiveError
from peep.model import WheelEntry, WheelIdentity
from support.wheels import Content, file_stem, wheel_filename, wheel_members

_PIECE = 1 << 16


class MemoryWheel:
    """Implements `model.WheelContents`. `lying` members yield their bytes and then raise, as a wrong RECORD does."""

    def __init__(
        self,
        name: str,
        version: str = "1.0",
        *,
        files: Mapping[str, Content] | None = None,
        requires: Sequence[str] = (),
        entry_points: Mapping[str, Mapping[str, str]] | None = None,
        metadata: Sequence[str] = (),
        executable: Collection[str] = (),
        lying: Collection[str] = (),
    ) -> None:
        self.members = wheel_members(
            name, version, files=files, requires=requires, entry_points=entry_points, metadata=metadata
        )
        self._identity = WheelIdentity(
            name=name,
            version=version,
            filename=wheel_filename(name, version),
            dist_info=f"{file_stem(name)}-{version}.dist-info",
            root_is_purelib=True,
            tags=("py3-none-any",),
        )
        self._executable = executable
        self._lying = lying

    @property
    def identity(self) -> WheelIdentity:
        return self._identity

    @property
    def sha256(self) -> str:
        """Of the members rather than of an archive: equal contents, equal digest."""
        parts = (f"{path}\0{len(content)}\0".encode() + content for path, content in sorted(self.members.items()))
        return hashlib.sha256(b"".join(parts)).hexdigest()

    @property
    def entries(self) -> tuple[WheelEntry, ...]:
        return tuple(self._entry(path) for path in sorted(self.members))

    def _entry(self, path: str) -> WheelEntry:
        content = self.members[path]
        digest = "" if path.endswith(".dist-info/RECORD") else hashlib.sha256(content).hexdigest()
        return WheelEntry(path, len(content), digest, path in self._executable)

    def chunks(self, entry: WheelEntry) -> Iterator[bytes]:
        content = self.members[entry.path]
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]
        if entry.path in self._lying:
            raise ArchiveError(self._identity.filename, [f"{entry.path} is not what RECORD says"])

    def read(self, path: str) -> bytes:
        return self.members[path]
