"""`peep convert`: one lock file as another, every loss told, no install changed unasked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from packaging.utils import canonicalize_name

from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, RequirementsError, RequirementsErrors, UsageError
from peep.formats.documents import parse_toml
from peep.formats.names import is_lock_path
from peep.locking.conversion import (
    Written,
    convert,
    fill_from_pages,
    is_foreign_lock,
    is_read_only,
    lacks_urls,
    locked_packages,
    read_foreign_lock,
)
from peep.locking.kept_directives import moved_directives
from peep.locking.pylock_parts import taken_parts
from peep.locking.readers.locked import LockedPackage, Loss, ReadLock, Selection, UnreadableLock
from peep.locking.sources import Pages
from peep.model import Location
from peep.pipeline.locking.lock_file import PresentLock, read_present, read_text, write_lock
from peep.pipeline.locking.whole_list import WholeList, read_whole, whole_lock
from peep.pipeline.plain_reading import local_reading
from peep.requirements.decoding import decode
from peep.system.bounded import LISTS, read_file

_FORMATS = frozenset({"--no-binary", "--only-binary"})
"""Options that decide which of the listed files are installed."""


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """Everything that `peep convert` can be asked for."""

    source: str
    output: str
    selection: Selection = field(default_factory=Selection)
    allows_loss: bool = False
    annotates_files: bool = False


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """What was written, or why nothing was."""

    path: str
    is_written: bool
    packages: tuple[LockedPackage, ...]
    losses: tuple[Loss, ...]
    left_out: tuple[str, ...]
    """Groups and extras that were not asked for."""

    @property
    def refusals(self) -> tuple[Loss, ...]:
        return tuple(loss for loss in self.losses if loss.changes_install)


class ConversionContradictsItself(AssertionError):
    """What was written is not what was read: a bug, so nothing is kept of it."""


def convert_lock(options: ConvertOptions, open_pages: Callable[[], Pages]) -> ConvertResult:
    """Convert a lock file; `open_pages` is called where the output needs URLs that the input does not have.

    Raises `RequirementsErrors` for an input that cannot be read, `UsageError` for an output that is not written.
    """
    if is_read_only(options.output):
        reason = (
            f"{options.output} is not written: its own tool needs its project file for that, and would write it anew"
        )
        raise UsageError(reason, "write a requirements file, pylock.toml or Pipfile.lock")
    read, listed = read_input(options.source, options.selection)
    _refuse_unknown_parts(options, read)
    if is_lock_path(options.output) and lacks_urls(read.packages):
        read = fill_from_pages(read, open_pages())
    written = _convert(read, listed, options)
    result = ConvertResult(options.output, False, read.packages, written.losses, read.left_out)  # noqa: FBT003
    if any(loss.is_final or not options.allows_loss for loss in result.refusals):
        return result
    packages = _proved(written, read, options)
    write_lock(options.output, written.text.encode())
    return ConvertResult(options.output, True, packages, written.losses, read.left_out)  # noqa: FBT003


def _refuse_unknown_parts(options: ConvertOptions, read: ReadLock) -> None:
    """Raise `UsageError` for extras and groups that the input does not have, as far as it states them."""
    asked = {*options.selection.extras, *options.selection.groups}
    if not asked or not read.states_parts:
        return
    known = read_input(options.source, Selection())[0].left_out
    unknown = sorted(asked - set(map(canonicalize_name, (*known, *read.default_groups))))
    if unknown:
        hint = f"there are {', '.join(known)}" if known else "it has neither extras nor groups"
        raise UsageError(f"{options.source} has no part called {', '.join(unknown)}", hint)


def _convert(read: ReadLock, listed: WholeList, options: ConvertOptions) -> Written:
    """Write what was read; of what the lists say to peep, relative paths only into the folder that they are of."""
    kept: dict[tuple[str, str], None] = {}
    unkept: list[str] = []
    for path in listed.files:
        folders = [os.path.abspath(os.path.dirname(one)) for one in (path, options.output)]
        said = [one for one in listed.directives if one.location.path == path]
        moved, bound = moved_directives(said, to_other_folder=folders[0] != folders[1])
        kept.update(dict.fromkeys(moved))
        unkept += bound
    losses = tuple(Loss("", f"{line} (a path of another folder)", changes_install=True) for line in unkept)
    return convert(
        replace(read, losses=(*read.losses, *losses)),
        options.output,
        annotates_files=options.annotates_files,
        targets=listed.common_targets,
        directives=sorted(kept),
    )


def read_input(path: str, selection: Selection) -> tuple[ReadLock, WholeList]:
    """Read a lock of any format with all that it includes, and what it says besides its packages.

    Raises `RequirementsErrors`, `PeepError`.
    """
    if is_foreign_lock(path):
        try:
            content = read_file(path, LISTS, is_regular=False)
            return read_foreign_lock(decode(content, path).text, path, selection), WholeList(())
        except OSError as error:
            raise PeepError(f"{path} cannot be read: {error.strerror or error}") from error
        except UnreadableLock as error:
            raise RequirementsErrors([RequirementsError(Location(path, 0), str(error))]) from None
    if is_lock_path(path):
        present = read_present(path)
        listed = whole_lock(present, path)
        document = parse_toml(present.source.text)
        parts = taken_parts(document, present.pins, selection)
        found = _from_present(replace(present, pins=parts.pins))
        python, places = document.get("requires-python", ""), tuple(document.get("environments", ()))
        losses = (*parts.losses, *found.losses)
        defaults = tuple(document.get("default-groups", ()))
        return ReadLock(found.packages, losses, parts.left_out, python, places, default_groups=defaults), listed
    listed = read_whole(path, local_reading().read, {})
    read = locked_packages([pin for pin in listed.pins if not pin.is_open])
    return replace(read, losses=(*read.losses, *_unsaid(listed))), listed


def _unsaid(listed: WholeList) -> Iterator[Loss]:
    """What a requirements file says and its pins do not."""
    named = {str(pin.location) for pin in listed.pins}
    for folder in listed.folders:
        if folder.partition(": ")[0] not in named:
            yield Loss("", f"{folder} (a folder of this machine)", changes_install=True)
    for name in listed.option_lines:
        yield Loss("", f"{name}, which the installing run has to be given", changes_install=name in _FORMATS)


def _from_present(present: PresentLock) -> ReadLock:
    found = locked_packages(present.pins, present.files.values(), present.indexes)
    revisions = {name: revision for name, (_, revision) in present.commits.items()}
    packages = tuple(replace(one, requested_revision=revisions.get(one.name, "")) for one in found.packages)
    return replace(found, packages=packages)


def _proved(written: Written, read: ReadLock, options: ConvertOptions) -> tuple[LockedPackage, ...]:
    """Read the text back: the same names, versions, markers and hashes, but for what was told as lost.

    Gives back the packages that are in it.
    """
    if is_foreign_lock(options.output):
        again = read_foreign_lock(written.text, options.output, Selection())
    else:
        again = _from_present(read_text(written.text, options.output))
    lost = {loss.name for loss in written.losses if loss.name and loss.changes_install}
    if _essence(again.packages, lost) != _essence(read.packages, lost):
        raise ConversionContradictsItself(f"{options.output}: what was written is not what was read")
    there = {(one.name, one.version, one.url) for one in again.packages}
    return tuple(one for one in read.packages if (one.name, one.version, one.url) in there)


def _essence(packages: Sequence[LockedPackage], without: set[str]) -> list[tuple[str, ...]]:
    return sorted(
        (
            one.name,
            one.version,
            one.marker,
            one.url,
            one.subdirectory,
            *(sorted(str(file.digest) for file in one.files)),
        )
        for one in packages
        if one.name not in without
    )
