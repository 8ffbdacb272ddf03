"""Programs that a wheel brings to an environment, byte for byte: launchers and scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256

from peep.environment.launchers import checked_entry_points, launchers, rewritten_script
from peep.environment.mapping import data_file, rooted_paths
from peep.errors import StoredWheelsDamaged
from peep.model import StoredFile, StoredWheel, TargetEnvironment, record_hash

_PLAIN_NAME = r"[\w.+-]+"
"""One that a shell takes as it is, also between quotes."""


def program_files(
    wheel: StoredWheel, data: Sequence[StoredFile], target: TargetEnvironment
) -> Iterator[tuple[str, bytes]]:
    """Absolute path and content of each script of `.data/scripts` and of each entry point's launcher.

    `data`: the wheel's files of `.data`, as `installed_files` gives them.
    These are the only files that differ from one environment to the next: they name its interpreter. Raises
    `EnvironmentChangeError` for names that no program may have, `StoredWheelsDamaged` for a script in the store that is
    not what was put there.
    """
    paths = rooted_paths(target)
    python = named_interpreter(target)
    for file in data:
        mapped = data_file(wheel, file, paths)
        if mapped.scheme == "scripts":
            yield mapped.destination, rewritten_script(_checked_content(wheel, file), python)
    entries = checked_entry_points(wheel.entry_points, wheel.identity.filename)
    for name, content in launchers(entries, python, target.launcher_kind):
        yield os.path.join(paths["scripts"], name), content


def named_interpreter(target: TargetEnvironment) -> str:
    """The interpreter as programs name it: its path, or a bare name beside them where the environment may be moved."""
    folder, name = os.path.split(target.python)
    can_be_beside = target.is_relocatable and target.launcher_kind == "posix" and re.fullmatch(_PLAIN_NAME, name)
    is_beside = can_be_beside and os.path.realpath(folder) == os.path.realpath(target.paths["scripts"])
    return name if is_beside else target.python


def _checked_content(wheel: StoredWheel, file: StoredFile) -> bytes:
    """A stored script, compared with its digest: it is about to be written anew, past the linker's check."""
    try:
        with open(wheel.location(file), "rb") as stream:
            content = stream.read()
    except OSError:
        content = b""
    if record_hash(sha256(content).digest()) != file.record_hash:
        raise StoredWheelsDamaged([wheel.sha256], [f"{wheel.identity.filename}: {file.path}: written to, or missing"])
    return content
