"""`peep mirror check`: a mirror compared with itself, on disk or as served, and its owners."""

from __future__ import annotations

from collections.abc import Iterator

from peep.dataclass import dataclass
from peep.http.transport import Transport
from peep.index.client import SimpleIndexes
from peep.locking.lock_paths import LockPaths
from peep.mirror.check import CheckedMirror, check_mirror
from peep.mirror.folder import MirrorFolder
from peep.mirror.ownership import Ownership, SourceKind, look_alikes
from peep.mirror.served_check import check_served
from peep.model import IndexOptions
from peep.pipeline.context import RunContext
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.locking.session import opened_lock
from peep.pipeline.options import InstallOptions
from peep.reporting import Reporter
from peep.workflows.install import STAGES


@dataclass(frozen=True, slots=True)
class CheckedMirrorAndNames:
    """What is wrong with files and owners, and what people should look at."""

    checked: CheckedMirror
    warnings: tuple[str, ...]


def check_folder(
    directory: str, base: InstallOptions, context: RunContext, *, asks_public: bool
) -> CheckedMirrorAndNames:
    """Compare everything in a mirror's folder; with `asks_public`, ask the indexes for the private names, too.

    Raises `MirrorError`, `UsageError`, and with `asks_public`, `TransportError` and `PackageIndexError`.
    """
    mirror = MirrorFolder(directory)
    checked, ownership = check_mirror(mirror, context.reporter), mirror.ownership()
    names = mirror.names()
    private = private_names(ownership, names)
    warnings = [
        f"{mine} and {other} look alike: make sure that nobody means the one and gets the other"
        for mine, other in look_alikes(private, names)
    ]
    warnings += _alike(checked)
    if asks_public:
        with opened_lock(LockOptions(base, LockPaths((), (), "")), context, STAGES) as session:
            warnings += public_names(ownership, private, session.network.transport(), context.reporter)
    return CheckedMirrorAndNames(checked, tuple(warnings))


def check_url(url: str, base: InstallOptions, context: RunContext) -> CheckedMirrorAndNames:
    """Compare a mirror as it is served at `url`. Raises `PeepError` for one that cannot be read at all."""
    with opened_lock(LockOptions(base, LockPaths((), (), "")), context, STAGES) as session:
        checked = check_served(url, session.network.transport())
        return CheckedMirrorAndNames(checked, tuple(_alike(checked)))


def _alike(checked: CheckedMirror) -> list[str]:
    return [
        f"{one} and {other} are the same archive to clients, and their bytes differ: take one off its page, "
        "or have nothing installed without hashes"
        for one, other in checked.twins
    ]


def private_names(ownership: Ownership, names: list[str]) -> list[str]:
    """Names that belong to a folder: those that its rules state, and those below its patterns that are here."""
    owned = {name for name in names if (owner := ownership.owner_of(name)) and owner.source.kind is SourceKind.FOLDER}
    return sorted(owned.union(ownership.private_names))


def public_names(ownership: Ownership, private: list[str], transport: Transport, reporter: Reporter) -> Iterator[str]:
    """Which private names the indexes have as well. Asking tells them the names."""
    for source in ownership.sources:
        if source.kind is not SourceKind.INDEX or source.url is None:
            continue
        index = SimpleIndexes(transport, IndexOptions((source.url,)), reporter)
        for name in private:
            if index.project(name):
                yield f"{name}: {source.name} has a project of this name, too: whoever asks there gets a stranger's"
