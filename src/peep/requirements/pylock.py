"""Lock files (`pylock.toml`, PEP 751): the selection of extras and groups."""

from __future__ import annotations

from collections.abc import Mapping

from peep.dataclass import dataclass
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.sources import Accepted


@dataclass(frozen=True, slots=True)
class LockSelection:
    """What to take of a lock file beside its plain packages; `groups` None means its own default groups."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None


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
