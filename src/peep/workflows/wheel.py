"""`peep wheel -r`: like `download`, with wheels built from the sdists among the archives."""

from __future__ import annotations

import io
import zipfile
from contextlib import closing
from hashlib import sha256

from peep.archives.sdist import DEFAULT_MTIME
from peep.build.normalise import normalise_wheel
from peep.build.source_pins import is_source_tree, without_editing
from peep.errors import ArchiveError, StoredWheelsDamaged
from peep.model import HashForm, StoredWheel
from peep.pipeline.attempts import attempts
from peep.pipeline.audits.malware_gate import refuse_known_malware
from peep.pipeline.builds import Builds
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import WheelProvider
from peep.pipeline.options import InstallOptions
from peep.pipeline.problems import projects_by_requirements, refuse_if_any, requirement_problems
from peep.pipeline.save_archives import ArchiveCollection, SavedFile, collected, publish, with_destination
from peep.pipeline.session import Session, open_session
from peep.pipeline.vetting.run_gate import open_run_gate
from peep.pipeline.vetting.used_archives import Used
from peep.requirements.pinned_set import PinnedSet
from peep.workflows.install import STAGES


def wheel(options: InstallOptions, context: RunContext) -> tuple[SavedFile, ...]:
    """Put a wheel of every listed project into `options.destination` (or the working directory), all or none.

    Raises `InstallRefused` with every problem before anything is built, and `BuildError`.
    """
    options, destination = with_destination(options)
    with open_session(options, context, STAGES) as session:
        pinned = session.read_pins()
        refuse_known_malware(session, pinned)
        with session.store.in_use(), session.wheel_provider(pinned) as provider:
            for attempt in attempts(session):
                with attempt:
                    made = _made(session, pinned, provider, destination)
        return made


def _made(session: Session, pinned: PinnedSet, provider: WheelProvider, destination: str) -> tuple[SavedFile, ...]:
    examined = open_run_gate(session, pinned)
    allowed, unexamined = examined.worth_fetching(pinned.pins)
    forms = {pin.name: pin.hash_form for pin in pinned.pins}
    trees = [without_editing(pin) for pin in allowed if is_source_tree(pin)]
    pins = [pin for pin in allowed if not is_source_tree(pin)]
    with (
        collected(pins, provider, destination, keeps_sdists=False) as (collection, found),
        closing(Builds(session, pinned, provider, examined)) as builds,
    ):
        unbuildable = builds.plan(collection.sdists, trees)
        used = Used(wheels=[*collection.wheels.values()], sdists=collection.sdists, trees=trees)
        unexamined += examined.problems(used)
        known = {**builds.stated_requirements(), **_requirements(collection)}
        unmet = requirement_problems(session, pinned, projects_by_requirements(pinned.pins, known), provider)
        refuse_if_any([*pinned.unusable, *found, *unbuildable, *unexamined, *unmet])
        for built in builds.run():
            one = built.wheel
            collection.take_built(one, packed(one), forms.get(one.identity.name, HashForm.OPTION))
        projects = projects_by_requirements(pinned.pins, _requirements(collection))
        refuse_if_any(requirement_problems(session, pinned, projects, provider))
        return publish(collection, destination)


def _requirements(collection: ArchiveCollection) -> dict[str, tuple[str, ...]]:
    return {name: one.requires_dist for name, one in collection.wheels.items()}


def packed(stored: StoredWheel) -> bytes:
    """A built wheel as an archive: the very bytes that it came into the store from, and by whose digest it is kept.

    Raises `StoredWheelsDamaged` when they are not.
    """
    filename = stored.identity.filename
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for file in stored.files:
            entry = zipfile.ZipInfo(file.path)
            entry.external_attr = (0o100755 if file.is_executable else 0o100644) << 16
            with open(stored.location(file), "rb") as opened_file:
                archive.writestr(entry, opened_file.read())
    try:
        content = normalise_wheel(filename, buffer.getvalue(), DEFAULT_MTIME)
    except ArchiveError as error:
        raise StoredWheelsDamaged([stored.sha256], [str(error)]) from error
    if sha256(content).hexdigest() != stored.sha256:
        raise StoredWheelsDamaged([stored.sha256], [f"{filename}: its files are not those that were built"])
    return content
