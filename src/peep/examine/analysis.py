"""Analysis in the sandboxed child: two releases opened and compared, answered for in a line of JSON.

Nothing of an archive runs here: files are decompressed, decoded, parsed and compared. The order comes as an argument,
the answer goes to standard output behind `ANSWER`; standard error leads nowhere.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from peep.errors import ArchiveError
from peep.examine.answer import ANSWER
from peep.examine.comparison import Habits, compare
from peep.examine.habits import PackingHabits, sdist_habits, wheel_habits
from peep.examine.metadata import read_fields
from peep.examine.release import Release, ReleaseArchive
from peep.examine.types import Comparison, encoded

_RECURSION = 3_000
MEGABYTE = 1 << 20

OrderedArchive = tuple[str, str, str]
"""(file name, path inside, role): `wheel` for the one to compare, `other-wheel`, `sdist`."""


def main() -> None:
    """Carry out the order in `sys.argv[-1]`."""
    order: dict[str, Any] = json.loads(sys.argv[-1])
    warnings.simplefilter("ignore")  # what the parser thinks of escapes in strangers' files
    sys.setrecursionlimit(_RECURSION)
    gc.disable()  # a fifth of the time, and trees are in no circle: they go when the last reference does
    _limit_itself(order["limits"])
    answer = answer_to(order)
    os.write(1, ANSWER.encode("ascii"))
    text = json.dumps(answer, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    view = memoryview(text + b"\n")
    while view:
        view = view[os.write(1, view) :]


def _limit_itself(limits: Mapping[str, int]) -> None:
    """Bounds that the kernel holds: processor time, memory, no files, no processes."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        for name, wanted in limits.items():
            kind = getattr(resource, name, None)
            if kind is not None:
                _, hard = resource.getrlimit(kind)
                value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
                resource.setrlimit(kind, (value, value))


def answer_to(order: Mapping[str, Any]) -> dict[str, Any]:
    """The comparison, or why there is none; raises nothing that an archive can cause."""
    try:
        return {"comparison": encoded(_comparison(order))}
    except ArchiveError as error:
        return {"refused": [error.filename, list(error.problems)]}
    except MemoryError:
        return {"failed": "memory"}


def _comparison(order: Mapping[str, Any]) -> Comparison:
    old, new = order.get("old"), order["new"]
    with ExitStack() as stack:
        before = stack.enter_context(Release()) if old is not None else None
        after = stack.enter_context(Release(before))
        habits_before = _opened(before, old or (), stack) if before is not None else (None, None)
        habits_after = _opened(after, new, stack)
        return compare(
            before,
            after,
            (habits_before, habits_after),
            order.get("object_format", ""),
            with_inventory=order.get("inventory", False),
        )


def _opened(release: Release, archives: Sequence[OrderedArchive], stack: ExitStack) -> Habits:
    for filename, path, role in archives:
        file = stack.enter_context(open(path, "rb"))  # noqa: SIM115 - the stack closes it
        if role == "sdist":
            release.add_sdist(filename, file)
        else:
            release.add_wheel(filename, file, is_main=role == "wheel")
    by_role = {role: (filename, path) for filename, path, role in archives}
    wheel = _wheel_habits(release, by_role["wheel"][1]) if "wheel" in by_role else None
    return wheel, _sdist_habits(release, *by_role["sdist"]) if "sdist" in by_role else None


def _wheel_habits(release: Release, path: str) -> PackingHabits:
    wheel = release.main_wheel
    assert wheel is not None  # noqa: S101 - it was opened
    with open(path, "rb") as file:
        return wheel_habits(
            file,
            read_fields(_content(release, wheel, f"{wheel.dist_info}/WHEEL")),
            _metadata_version(_content(release, wheel, f"{wheel.dist_info}/METADATA")),
        )


def _sdist_habits(release: Release, filename: str, path: str) -> PackingHabits:
    sdist = release.sdist
    assert sdist is not None  # noqa: S101 - it was opened
    with open(path, "rb") as file:
        return sdist_habits(file, filename, _metadata_version(_content(release, sdist, "PKG-INFO")), release.sdist_tar)


def _content(release: Release, archive: ReleaseArchive, path: str) -> bytes | None:
    file = archive.files.get(path)
    return release.content(file.sha256) if file is not None else None


def _metadata_version(content: bytes | None) -> str:
    return "".join(read_fields(content).get("metadata-version", ("none",))[:1])
