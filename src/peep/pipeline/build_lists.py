"""Lists of build constraints of a run: those of the command line, and those that its files name."""

from __future__ import annotations

from collections.abc import Sequence

from peep.build.tool_choice import Listed
from peep.model import PinnedRequirement
from peep.pipeline.session import Session
from peep.requirements.files import build_lists_of, parse_requirements_files
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.pins import pinned_choices


def listed_for_builds(session: Session, pinned: PinnedSet, others: Sequence[PinnedRequirement] = ()) -> Listed:
    """What builds may use: what the build constraints list, and of `others` what those do not name.

    Raises `RequirementsErrors` for a list that can't be read, `PeepError` for a local one that a remote file names.
    """
    paths = list(dict.fromkeys((*session.options.build.constraint_files, *build_lists_of(pinned.directives))))
    files = parse_requirements_files(paths, session.reading.read, session.context.environ)
    return pinned_choices(files, session.target.markers, others)
