"""Lists of build constraints of a run: those of the command line, and those that its files name."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.build.tool_choice import Listed
from peep.model import PinnedRequirement
from peep.pipeline.session import Session
from peep.requirements.files import is_url, parse_requirements_files
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.pins import pinned_choices


def listed_for_builds(session: Session, pinned: PinnedSet, others: Sequence[PinnedRequirement] = ()) -> Listed:
    """What builds may use: what the build constraints list, and of `others` what those do not name.

    Raises `RequirementsErrors` for a list that can't be read.
    """
    directed = [
        _beside(directive.location.path, directive.value)
        for directive in pinned.directives
        if directive.option == "--build-constraint"
    ]
    paths = list(dict.fromkeys((*session.options.build.constraint_files, *directed)))
    files = parse_requirements_files(paths, session.reading.read, session.context.environ)
    return pinned_choices(files, session.target.markers, others)


def _beside(path: str, value: str) -> str:
    """A file that a directive names, meant from the folder of the file that it stands in."""
    return value if is_url(value) or is_url(path) else os.path.join(os.path.dirname(path), value)
