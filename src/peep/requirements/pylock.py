"""Lock files (`pylock.toml`, PEP 751) into pins; their reader is imported when there is one."""

from __future__ import annotations

import os
from collections.abc import Mapping

from peep.requirements.lock_selection import LockSelection
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.sources import Accepted

_PLAIN = LockSelection()
_NOTHING_ACCEPTED = Accepted()


def pins_from_pylock(
    content: bytes,
    path: str,
    markers: Mapping[str, str],
    selection: LockSelection = _PLAIN,
    accepted: Accepted = _NOTHING_ACCEPTED,
) -> PinnedSet:
    """Decide what a lock file pins for the target whose PEP 508 environment is `markers`.

    `path` is where the file is (a path or URL): relative paths of archives are meant from there. Entries without a
    hash (vcs, directory) come back in `unusable`, unless `accepted` allows them. Raises `RequirementsErrors`.
    """
    # The reader needs TOML, tags and specifiers, which a run without a lock file should not load.
    from peep.requirements.pylock_reader import LockReader  # noqa: PLC0415

    return LockReader(path, markers, selection, accepted).read(content)


def every_pin_of_pylock(content: bytes, path: str) -> PinnedSet:
    """Give back what a lock file pins for whatever target, folders included; moving revisions are in `unusable`.

    Raises `RequirementsErrors`.
    """
    from peep.requirements.pylock_reader import LockReader  # noqa: PLC0415 - as above

    everywhere = os.path.abspath(os.sep)  # that a folder is listed is not to say that it would be installed
    accepted = Accepted(repository_commits=True, local_projects=(everywhere,))
    return LockReader(path, {}, _PLAIN, accepted).read_all(content)
