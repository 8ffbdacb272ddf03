"""Packing habits: the tool, system and user that made an archive. A stolen token does not bring them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import islice
from typing import BinaryIO

from peep.archives.packing_traits import tar_traits, zip_traits
from peep.archives.random_access import file_size, read_at
from peep.dataclass import dataclass
from peep.examine.types import Habit, Hit
from peep.formats.literal_secrets import told

_GZIP_SYSTEMS = {0: "FAT", 3: "Unix", 7: "Macintosh", 11: "NTFS", 255: "unknown"}
_ZIP_SYSTEMS = {0: "FAT", 3: "Unix", 10: "NTFS", 19: "macOS"}
_ZIP_METHODS = {0: "stored", 8: "deflated"}
_TAR_MAGICS = {b"ustar\x0000": "ustar", b"ustar  \0": "GNU"}
_MOST_CHANGED = 3
"""So many habits changed at once, or one that never changes by itself, are worth a look; a metadata version counts once
for both archives."""
_STEADY = frozenset({"zip create system", "zip method"})
_MOST_SHOWN = 4
_LONGEST = 300
"""Characters of one owner's or tool's name: an archive may state a megabyte."""
SDIST_MEMBERS = 501
"""Members whose headers are looked at."""


@dataclass(frozen=True, slots=True)
class PackingHabits:
    """Properties of one archive by name, in words."""

    archive: str
    """`wheel` or `sdist`."""
    properties: Mapping[str, str]


def wheel_habits(file: BinaryIO, wheel_fields: Mapping[str, tuple[str, ...]], metadata_version: str) -> PackingHabits:
    """Read the headers of a wheel that the strict reader accepted. `wheel_fields`: those of its WHEEL."""
    members = list(zip_traits(read_at(file), file_size(file)))
    return PackingHabits(
        "wheel",
        {
            "generator": _name_only("; ".join(wheel_fields.get("generator", ()))),
            "zip create system": _all({_ZIP_SYSTEMS.get(one.system, str(one.system)) for one in members}),
            "zip create version": _all({str(one.version) for one in members}),
            "zip method": _all({_ZIP_METHODS.get(one.method, str(one.method)) for one in members}),
            "zip modes": _all({oct(one.mode) for one in members if not one.is_folder}),
            "metadata version": metadata_version,
        },
    )


def _name_only(generator: str) -> str:
    """`setuptools (80.0)` -> `setuptools`: its version changes with every update of the tool.

    `bdist_wheel` is what setuptools called itself before it made wheels without the project `wheel` (70.1).
    """
    name = (generator.replace("(", " ").split() or [""])[0]
    return "setuptools" if name == "bdist_wheel" else name


def sdist_habits(
    file: BinaryIO, filename: str, metadata_version: str, unpacked: BinaryIO | None = None
) -> PackingHabits:
    """Read the headers of a source archive that the strict reader accepted; `unpacked`: its tar file, decompressed."""
    properties = {"metadata version": metadata_version, "suffix": "".join(filename.rpartition(".tar")[1:]) or "zip"}
    file.seek(0)
    head = file.read(10)
    if head.startswith(b"\x1f\x8b") and len(head) == 10:  # noqa: PLR2004 - RFC 1952, section 2.3
        flags, extra, system = head[3], head[8], head[9]
        properties["gzip flags"] = f"{flags} {extra}"
        properties["gzip system"] = _GZIP_SYSTEMS.get(system, str(system))
        properties["gzip time"] = "none" if struct.unpack_from("<L", head, 4)[0] == 0 else "stated"
    if not filename.lower().endswith(".zip"):
        properties.update(_tar_properties(unpacked or file))
    return PackingHabits("sdist", properties)


def _tar_properties(file: BinaryIO) -> dict[str, str]:
    members = list(islice(tar_traits(read_at(file)), SDIST_MEMBERS))
    return {
        "owner": _all({one.owner for one in members}),
        "tar modes": _all({oct(one.mode) for one in members if one.mode is not None}),
        "tar format": "pax" if any(one.has_records for one in members) else "ustar or GNU",
    }


def _all(values: set[str]) -> str:
    shown = [told(value, _LONGEST) for value in sorted(values)[:_MOST_SHOWN]]
    return ", ".join(shown) + (f" and {len(values) - len(shown)} more" if len(values) > len(shown) else "")


def changed_habits(old: PackingHabits | None, new: PackingHabits | None) -> list[Habit]:
    """What is not as it was, where both releases have such an archive."""
    if old is None or new is None:
        return []
    return [
        Habit(new.archive, name, old.properties[name], value)
        for name, value in new.properties.items()
        if name in old.properties and old.properties[name] != value
    ]


def habit_hits(changed: list[Habit]) -> list[Hit]:
    """`made-differently`: so many habits changed, or one that never does by itself."""
    kinds = {habit.what if habit.what == "metadata version" else (habit.archive, habit.what) for habit in changed}
    if len(kinds) < _MOST_CHANGED and not any(habit.what in _STEADY for habit in changed):
        return []
    text = "; ".join(f"{habit.archive} {habit.what}: {habit.old} -> {habit.new}" for habit in changed)
    return [Hit("made-differently", "", 0, text, "metadata")]
