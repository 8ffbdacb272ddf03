"""`peep mirror init`: an empty mirror, with a commented `mirror.toml` for people to complete."""

from __future__ import annotations

import os

from peep.mirror.folder import MirrorError, MirrorFolder
from peep.mirror.layout import ROOT_MANIFEST
from peep.mirror.outcome import MirrorOutcome
from peep.mirror.repair import repair

_SETTINGS = b"""\
# Who owns which names of this mirror. `peep mirror` reads it; it belongs into version control, and is not published.
#
# Exactly one source owns a name. An exact name beats a pattern; two patterns that overlap, or one name twice, are
# errors. A pattern of yours owns names that do not exist yet: nobody outside can put a project under them.
format = 1

# Your own archives, put in by: peep mirror add DIR ARCHIVE --source ours
[[source]]
name = "ours"
kind = "folder"
owns = []                       # as in: ["billing", "acme-*"]; a star at the end only

# What is brought from another index, by: peep mirror sync DIR -r requirements.txt
# [[source]]
# name = "public"
# kind = "index"
# url = "https://index.example/simple/"
# owns = "listed"               # each name that a list names and no other source owns
"""


def init_mirror(directory: str) -> MirrorOutcome:
    """Begin a mirror. Raises `MirrorError` for a folder that is one, with nothing touched."""
    mirror = MirrorFolder(directory)
    if os.path.lexists(mirror.place(ROOT_MANIFEST)):
        raise MirrorError(f"{directory}: is a mirror already")
    with mirror.held("peep mirror init"):
        repair(mirror)
        written = mirror.begin(_SETTINGS)
    return MirrorOutcome(written.serial, pages=written.pages)
