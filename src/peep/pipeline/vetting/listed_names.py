"""File names of listed archives: records name them for people, lists hold digests alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from peep.dataclass import replace
from peep.errors import PeepError
from peep.index.client import PackageIndex
from peep.reporting import Reporter
from peep.store.wheels import Store
from peep.vetting.assembly import Vetting
from peep.vetting.known_versions import known_filenames
from peep.vetting.verdicts import Subject


def named_subjects(
    subjects: Iterable[Subject],
    vetting: Vetting,
    store: Store,
    reporter: Reporter,
    open_index: Callable[[], PackageIndex] | None = None,
) -> tuple[Subject, ...]:
    """`subjects` with file names: from the listing, the records, the store, else the index, where it may be asked.

    What nobody can name is called after its project and version: the digest says which archive it is. Records may have
    such a name from a run that asked nobody; it gives way to a better one.
    """
    names = known_filenames(vetting)
    known = [
        replace(one, filename=one.filename or recorded_name(one, names) or _stored(one, store)) for one in subjects
    ]
    nameless = {one.name for one in known if not one.filename}
    offered = _offered(sorted(nameless), open_index, reporter) if open_index is not None else {}
    return tuple(replace(one, filename=one.filename or offered.get(one.key) or _made_up(one)) for one in known)


def recorded_name(subject: Subject, names: Mapping[str, str]) -> str:
    """The name in `names` (by sha256) of an archive; '' for one that is none, or that a run made up."""
    name = names.get(subject.key, "")
    return "" if name == _made_up(subject) else name


def _stored(subject: Subject, store: Store) -> str:
    wheel = store.get(subject.key) if subject.key and not subject.is_commit else None
    return wheel.identity.filename if wheel is not None else ""


def _offered(projects: Sequence[str], open_index: Callable[[], PackageIndex], reporter: Reporter) -> dict[str, str]:
    """File names by sha256, as the indexes state them: for people only."""
    found: dict[str, str] = {}
    for project in projects:
        try:
            details = open_index().project(project)
        except PeepError as error:
            reporter.warning(f"the names of archives of {project} are not known: {error}")
            continue
        for detail in details:
            for file in detail.files:
                found.update({digest.hex: file.filename for digest in file.hashes if digest.algorithm == "sha256"})
    return found


def _made_up(subject: Subject) -> str:
    return f"{subject.name}-{subject.version}" if subject.version else subject.name
