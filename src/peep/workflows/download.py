"""`peep download -r`: the archives that an install would take, verified, in a folder."""

from __future__ import annotations

from collections.abc import Sequence

from peep.archives.sdist import open_sdist
from peep.build.source_pins import is_source_tree
from peep.errors import ArchiveError, BadArchive, Problem, UnusableRequirement
from peep.model import PinnedRequirement, VerifiedArchive
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.problems import projects_by_requirements, refuse_if_any, requirement_problems
from peep.pipeline.save_archives import SavedFile, collected, publish, with_destination
from peep.pipeline.session import open_session
from peep.workflows.install import STAGES


def download(options: InstallOptions, context: RunContext) -> tuple[SavedFile, ...]:
    """Put every listed archive into `options.destination` (or the working directory), all or none.

    Raises `InstallRefused` with every problem of the run, before anything is in the folder.
    """
    options, destination = with_destination(options)
    with open_session(options, context, STAGES) as session:
        pinned = session.read_pins()
        with (
            session.store.in_use(),
            session.wheel_provider(pinned) as provider,
            collected([pin for pin in pinned.pins if not is_source_tree(pin)], provider, destination) as (
                collection,
                found,
            ),
        ):
            stated, bad = requirements_stated(collection.sdists)
            known = {**stated, **{name: wheel.requires_dist for name, wheel in collection.wheels.items()}}
            unmet = requirement_problems(session, pinned, projects_by_requirements(pinned.pins, known), provider)
            refuse_if_any([*pinned.unusable, *found, *bad, *without_archive(pinned.pins), *unmet])
            return publish(collection, destination)


def without_archive(pins: Sequence[PinnedRequirement]) -> list[Problem]:
    """Repositories and folders: there is nothing that could be kept as it came."""
    reason = "it names a repository or a folder, which comes as no archive; peep wheel makes one of it"
    return [UnusableRequirement(pin.location, str(pin), reason) for pin in pins if is_source_tree(pin)]


def requirements_stated(sdists: Sequence[VerifiedArchive]) -> tuple[dict[str, Sequence[str]], list[Problem]]:
    """Look into source archives as a build would, without running them, and let go of them.

    Gives back what those require that say so for good (PEP 643), by project name, and what is wrong.
    """
    stated: dict[str, Sequence[str]] = {}
    problems: list[Problem] = []
    for archive in sdists:
        pin = archive.pin
        with archive.file:
            try:
                with open_sdist(archive, name=pin.name, version=pin.version, from_index=pin.url is None) as contents:
                    metadata = None if pin.subdirectory else contents.static_metadata()
            except ArchiveError as error:
                problems.append(BadArchive(pin, archive.filename, error.problems, error.hint))
                continue
        stated[pin.name] = metadata.requires_dist if metadata else ()
    return stated, problems
