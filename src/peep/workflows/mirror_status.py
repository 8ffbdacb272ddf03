"""`peep mirror status`: what may be expected of a project (PEP 792)."""

from __future__ import annotations

from datetime import datetime, timezone

from peep.formats.names import normalised
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.changes import with_status
from peep.mirror.folder import MirrorError
from peep.mirror.outcome import MirrorOutcome
from peep.pipeline.mirrors.run import change, opened_mirror
from peep.reporting import Reporter


def set_status(directory: str, name: str, status: ProjectStatus, reason: str, reporter: Reporter) -> MirrorOutcome:
    """State the status of a project. A quarantined one offers no files until it is active again.

    Raises `MirrorError` for a project that the mirror does not have.
    """
    with opened_mirror(directory, "peep mirror status", reporter) as mirror:
        project = normalised(name)
        facts = mirror.facts(project)
        if facts is None:
            raise MirrorError(f"{directory}: has no project {project}")
        is_same = (facts.status, facts.status_reason) == (status, reason)
        after = facts if is_same else with_status(facts, status, reason, datetime.now(timezone.utc))
        return change(mirror, {project: facts}, [after])
