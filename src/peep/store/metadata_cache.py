"""Cache of core metadata by its archive's sha256: it saves requests and decides nothing."""

from __future__ import annotations

import json

from peep.formats.core_metadata import ProjectMetadata
from peep.formats.documents import parse_json
from peep.model import Memory

_KIND = "metadata"
_FORMAT = 1


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
