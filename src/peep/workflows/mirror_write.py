"""`peep mirror write`: every page anew, after an edit of `mirror.toml`, or with other views."""

from __future__ import annotations

from collections.abc import Mapping

from peep.errors import InstallRefused, Problem
from peep.mirror.check import owner_faults
from peep.mirror.facts import ProjectFacts
from peep.mirror.layout import MIRROR_SETTINGS, View
from peep.mirror.outcome import MirrorOutcome
from peep.pipeline.mirrors.run import opened_mirror
from peep.reporting import Reporter

_MOST_REMEMBERED = 250_000
"""Files whose facts are kept from the first look at all of them to the second, some 700 bytes each."""


def write_mirror(directory: str, wanted: Mapping[View, bool | None], reporter: Reporter) -> MirrorOutcome:
    """Render all pages; `wanted` says which views there shall be, None: as before.

    Raises `InstallRefused` with every project that `mirror.toml` gives to another source than its facts do.
    """
    with opened_mirror(directory, "peep mirror write", reporter) as mirror:
        ownership, settings = mirror.ownership(), mirror.place(MIRROR_SETTINGS)
        kept = 0
        known: dict[str, ProjectFacts] = {}
        faults: list[Problem] = []
        for facts in mirror.all_facts():
            faults += owner_faults(facts, ownership, settings)
            kept += len(facts.files)
            reporter.worked("projects read")
            if kept <= _MOST_REMEMBERED:
                known[facts.name] = facts
        if faults:
            raise InstallRefused(tuple(faults))
        present = mirror.manifest().views
        views = [view for view in View if (view in present if wanted.get(view) is None else wanted[view])]
        written = mirror.write_all(views, known)
    return MirrorOutcome(written.serial, written.projects, written.pages, kept=kept)
