"""Settings of a lock: what the command line and the project's settings say together."""

from __future__ import annotations

from collections.abc import Mapping

from peep.dataclass import dataclass, field
from peep.formats.settings import IndexSetting


@dataclass(frozen=True, slots=True)
class LockSettings:
    """Keys of `[tool.peep]` that `lock` and `add` obey; the command line's values are already in their places."""

    targets: tuple[str, ...] = ()
    min_age: str = ""
    min_age_for: Mapping[str, str] = field(default_factory=dict)
    hashes: str = "all"
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    only_binary: tuple[str, ...] = ()
    no_binary: tuple[str, ...] = ()
    annotate_files: bool = False
    build_output: str = ""
    allow_build: tuple[str, ...] = ()
    indexes: tuple[IndexSetting, ...] | None = None
    """None: the settings were not looked into."""
