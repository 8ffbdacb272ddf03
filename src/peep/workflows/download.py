"""`peep download -r`: the archives that an install would take, verified, in a folder."""

from __future__ import annotations

from peep.workflows.gathering import SavedFile, check_requirements, gathered, hand_over, with_destination
from peep.workflows.options import InstallOptions
from peep.workflows.session import opened
from peep.workflows.surroundings import Surroundings


def download(options: InstallOptions, surroundings: Surroundings) -> tuple[SavedFile, ...]:
    """Put every listed archive into `options.destination` (or the working directory), all or none.

    Raises `InstallRefused` with every problem of the run, before anything is in the folder.
    """
    options, destination = with_destination(options)
    with opened(options, surroundings) as session:
        pinned = session.read_pins()
        with (
            session.store.held(),
            session.supplier(pinned) as supplier,
            gathered(pinned, supplier, destination) as (gathering, problems),
        ):
            for archive in gathering.sdists:
                archive.file.close()
            check_requirements(session, pinned, gathering, problems)
            problems.raise_if_any()
            return hand_over(gathering, destination)
