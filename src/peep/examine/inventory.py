"""Inventory of compared archives: each file's content and origin, for an audit record's division."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from peep.examine.correspondence import Origin, Source, corresponding
from peep.examine.file_kinds import native_format
from peep.examine.release import ReleaseArchive, ReleaseFile
from peep.examine.types import ArchiveFiles
from peep.examine.view import ReleaseView, unit_key


def inventory_of(old: ReleaseView | None, new: ReleaseView) -> tuple[ArchiveFiles, ...]:
    """Every archive of both releases, those of the old one first."""
    before = tuple(_archives(old, "old")) if old is not None else ()
    return (*before, *_archives(new, "new"))


def _archives(view: ReleaseView, side: str) -> Iterator[ArchiveFiles]:
    for archive in view.release.archives:
        rows = _wheel_rows(view, archive) if archive.is_wheel else _sdist_rows(view, archive)
        yield ArchiveFiles(side, archive.filename, tuple(rows))


def _wheel_rows(view: ReleaseView, archive: ReleaseArchive) -> Iterator[tuple[str, str, str]]:
    sources = _sources(view, archive)
    for path, file in archive.files.items():
        origin = sources[path].origin.value if path in sources else _alone(archive, file)
        yield unit_key(path, in_wheel=True).path, file.sha256, origin


def _sources(view: ReleaseView, archive: ReleaseArchive) -> Mapping[str, Source]:
    """Where the files of a wheel come from; the main wheel's origins are known already."""
    sdist = view.release.sdist
    if archive is view.release.main_wheel or sdist is None:
        return view.sources
    return corresponding(archive, sdist, view.release.content)


def _alone(archive: ReleaseArchive, file: ReleaseFile) -> str:
    """The origin of a wheel's file where there is no sdist: what can be told without one, else ''."""
    if native_format(file.head):
        return Origin.COMPILED.value
    is_generated = not file.size or file.path.startswith(f"{archive.dist_info}/")
    return Origin.GENERATED.value if is_generated else ""


def _sdist_rows(view: ReleaseView, archive: ReleaseArchive) -> Iterator[tuple[str, str, str]]:
    """What is no unit of its own was folded into the wheel's file, or is generated."""
    folded = {source.path for source in view.sources.values() if source.origin is Origin.SAME}
    for path, file in archive.files.items():
        is_read = path in folded or unit_key(path, in_wheel=False) in view.units
        yield path, file.sha256, "" if is_read else Origin.GENERATED.value
