"""`peep wheel -r`: like `download`, with wheels built from the sdists among the archives."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from dataclasses import replace

from peep.archives.sdist import DEFAULT_MTIME
from peep.build.normalise import normalise_wheel
from peep.model import StoredWheel
from peep.store.layout import FILES
from peep.workflows.builds import Builds
from peep.workflows.gathering import Gathering, SavedFile, check_requirements, gathered, hand_over, with_destination
from peep.workflows.options import InstallOptions
from peep.workflows.session import opened
from peep.workflows.surroundings import Surroundings


def wheel(options: InstallOptions, surroundings: Surroundings) -> tuple[SavedFile, ...]:
    """Put a wheel of every listed project into `options.destination` (or the working directory), all or none.

    Raises `InstallRefused` with every problem before anything is built, and `BuildError`.
    """
    options, destination = with_destination(options)
    with opened(options, surroundings) as session:
        pinned = session.read_pins()
        with (
            session.store.held(),
            session.supplier(pinned) as supplier,
            gathered(pinned, supplier, destination) as (gathering, problems),
        ):
            builds = Builds(session, pinned, supplier)
            problems.found += builds.plan(gathering.sdists)
            problems.raise_if_any()
            for built in builds.run():
                _replace_sdist(gathering, built.wheel)
            check_requirements(session, pinned, gathering, problems)
            problems.raise_if_any()
            return hand_over(gathering, destination)


def _replace_sdist(gathering: Gathering, built: StoredWheel) -> None:
    """Put a built wheel where its sdist was."""
    name, filename = built.identity.name, built.identity.filename
    content = packed(built)
    os.unlink(os.path.join(gathering.folder, gathering.saved[name].filename))
    with open(os.path.join(gathering.folder, filename), "xb") as file:
        file.write(content)
    digest = hashlib.sha256(content).hexdigest()
    gathering.wheels[name] = built
    gathering.saved[name] = replace(
        gathering.saved[name], filename=filename, sha256=digest, size=len(content), is_built=True
    )


def packed(stored: StoredWheel) -> bytes:
    """A stored wheel as an archive, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for file in stored.files:
            entry = zipfile.ZipInfo(file.path)
            entry.external_attr = (0o100755 if file.is_executable else 0o100644) << 16
            with open(os.path.join(stored.root, FILES, *file.path.split("/")), "rb") as content:
                archive.writestr(entry, content.read())
    return normalise_wheel(stored.identity.filename, buffer.getvalue(), DEFAULT_MTIME)
