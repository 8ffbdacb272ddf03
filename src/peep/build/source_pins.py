"""Test for pins that name a source tree (a commit, a folder) instead of an archive."""

from __future__ import annotations

from peep.dataclass import replace
from peep.model import Commit, DirectUrl, FromIndex, LocalFolder, LockedFiles, PinnedRequirement, assert_never


def without_editing(pin: PinnedRequirement) -> PinnedRequirement:
    """The pin of a folder as one to be built and copied, not worked on in place; other pins as they are."""
    if isinstance(pin.source, LocalFolder) and pin.source.is_editable:
        return replace(pin, source=replace(pin.source, is_editable=False))
    return pin


def is_source_tree(pin: PinnedRequirement) -> bool:
    """Whether a pin names a repository or a folder, so that no archive is fetched for it."""
    match pin.source:
        case Commit() | LocalFolder():
            return True
        case FromIndex() | DirectUrl() | LockedFiles():
            return False
        case _ as never:
            assert_never(never)
