"""Cache of core metadata by its archive's sha256: it saves requests and decides nothing."""

from __future__ import annotations

import json
from typing import Protocol

from peep.formats.core_metadata import ProjectMetadata
from peep.formats.documents import parse_json

_KIND = "metadata"
_FORMAT = 1


class Memory(Protocol):
    """Remembers answers by kind and key, and may forget at any time; `store.wheels.Store` is one."""

    def get_value(self, kind: str, key: str) -> bytes | None: ...

    def put_value(self, kind: str, key: str, value: bytes) -> None: ...


class MetadataCache:
    """Metadata by archive; what is damaged counts as absent."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def get(self, sha256: str) -> ProjectMetadata | None:
        """Give back what the archive with this digest (lower-case hex) says of itself."""
        kept = self._memory.get_value(_KIND, f"{_FORMAT} {sha256}")
        if kept is None:
            return None
        try:
            name, version, requires, python, extras, is_static = parse_json(kept)
            return ProjectMetadata(name, version, tuple(requires), python, tuple(extras), bool(is_static))
        except (ValueError, TypeError):
            return None

    def put(self, sha256: str, metadata: ProjectMetadata) -> None:
        value = [
            metadata.name,
            metadata.version,
            metadata.requires_dist,
            metadata.requires_python,
            metadata.provides_extra,
            metadata.is_static,
        ]
        self._memory.put_value(_KIND, f"{_FORMAT} {sha256}", json.dumps(value, separators=(",", ":")).encode())
