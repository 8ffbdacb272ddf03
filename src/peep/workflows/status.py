"""`peep status`: the place of a project in the circle: locked, examined, installed, proven, watched."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from peep.dataclass import dataclass, replace
from peep.errors import InstallRefused, PeepError, RequirementsErrors
from peep.formats.project_files import FOREIGN_LOCKS
from peep.pipeline.audits.advisories_place import snapshot_path
from peep.pipeline.context import RunContext
from peep.pipeline.project_folder import bundle_in, environment_in, first_of, lists_in, project_above, source_in
from peep.pipeline.settings_place import settings_folder
from peep.system.clock import utc_day

if TYPE_CHECKING:
    from peep.pipeline.read_pins import Reading
    from peep.pipeline.vetting.listed_archives import Listing

Known = TypeVar("Known")

STALE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment compared with the list, by what is recorded of its projects."""

    environment: str
    as_listed: int
    to_change: int
    proven: datetime | None = None
    """When `peep verify` last proved it, as far as this store knows, and nothing of it was replaced since."""
    unlisted: int = 0
    """Projects that no pin names, beside peep, pip and what they need: `peep sync` would remove them."""


@dataclass(frozen=True, slots=True)
class Examined:
    """How many of the listed archives the records call examined."""

    archives: int
    examined: int
    excused: int


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """What is known of the project in a folder; what could not be found out is None, and its reason in `faults`."""

    source: str | None = None
    foreign_lock: str | None = None
    """Another tool's lock, where there is no list."""
    listing: str | None = None
    """The file that lists the pins."""
    others: tuple[str, ...] = ()
    """Further lists, which are not looked at."""
    is_readable: bool = True
    """Whether every line of the list means something."""
    pins: int = 0
    unusable: int = 0
    """Lines that nothing can be installed by: without a pin, without a hash."""
    targets: tuple[str, ...] = ()
    """For which `peep lock` wrote it; none: somebody else did."""
    unfulfilled: tuple[str, ...] = ()
    """Requirements of the source that the list does not fulfil, as written."""
    installed: Installed | None = None
    environment: str | None = None
    """The environment that would be looked at."""
    has_records: bool | None = False
    """None: not known, since the settings can't be read."""
    examined: Examined | None = None
    """None: there are no records, or they can't be read."""
    advisories: datetime | None = None
    """As of when the fetched snapshot is, by what is remembered of its fetching."""
    faults: tuple[str, ...] = ()
    above: str | None = None
    """Where there is nothing here: the folder above, in the same repository, that is a project."""
    is_bundle: bool = False

    @property
    def is_project(self) -> bool:
        return self.listing is not None or self.source is not None or self.foreign_lock is not None

    @property
    def is_unexamined(self) -> bool:
        """Whether there are records that do not cover all that is listed, or cannot be read."""
        if self.examined is None:
            return self.has_records is not False
        return self.examined.examined < self.examined.archives


def status(context: RunContext) -> ProjectStatus:
    """Look at the project in the working folder. What cannot be found out is a fault; nothing is raised for it.

    No server is asked, not even for a list that a list includes by URL.
    """
    faults: list[str] = []
    lists = lists_in(".")
    found = ProjectStatus(
        source=source_in("."),
        foreign_lock=None if lists else first_of(FOREIGN_LOCKS),
        listing=lists[0] if lists else None,
        environment=environment_in(".", context.environ),
        advisories=_or_fault(lambda: _advisories(context), None, []),
    )
    if not found.is_project:
        return replace(found, above=project_above(), is_bundle=bundle_in("."))
    if found.listing is not None:
        found = _with_list(found, lists, context, faults)
    return replace(found, faults=tuple(faults))


def next_command(found: ProjectStatus, now: datetime) -> str:
    """The command that takes the project one step further round."""
    if found.listing is None:
        return _first_command(found)
    listed = _named(found.listing)
    if not found.is_readable:
        return f"peep examine {listed}"  # it reads for all targets what the list includes, and tells all that is wrong
    if found.unusable or found.unfulfilled:
        return _lock_command(found)
    if not found.pins:
        return "peep help add" if found.source is None else _lock_command(found)
    if found.is_unexamined:
        return f"peep examine {listed}"
    return _environment_command(found, listed) or _watch_command(found, listed, now)


def _first_command(found: ProjectStatus) -> str:
    """Where there is no list yet."""
    if found.foreign_lock is not None:
        return f"peep convert {found.foreign_lock} -o pylock.toml"
    if found.source is not None:
        return "peep lock --target here"
    if found.above is not None:
        return f"cd {shlex.quote(found.above)} && peep"
    return "peep bundle check ." if found.is_bundle else "peep help"


def _lock_command(found: ProjectStatus) -> str:
    """Make the list anew: from its source, or, where it is its own source, as a lock beside it."""
    listing = found.listing or ""
    target = "" if found.targets else " --target here"
    if found.source is None:
        return f"peep lock --target here {shlex.quote(listing)} -o pylock.toml"
    output = "" if listing == "requirements.txt" else f" -o {shlex.quote(listing)}"
    return f"peep lock{target}{output}"


def _environment_command(found: ProjectStatus, listed: str) -> str:
    """Install and prove; '' when that is done."""
    place = shlex.quote(found.environment or ".venv")
    install = f"peep install --python {place} {listed}"
    if found.environment is None:
        return f"python3 -m venv --without-pip {place} && {install}"
    if found.installed is None:
        return f"python3 -m venv --clear --without-pip {place} && {install}"
    if found.installed.to_change:
        return install
    return f"peep verify --python {place} {listed}" if found.installed.proven is None else ""


def _watch_command(found: ProjectStatus, listed: str, now: datetime) -> str:
    is_fresh = found.advisories is not None and now - found.advisories <= STALE
    return f"peep audit {listed}" if is_fresh else "peep advisories fetch"


def _named(listing: str) -> str:
    return f"-r {shlex.quote(listing)}"


def _with_list(found: ProjectStatus, lists: tuple[str, ...], context: RunContext, faults: list[str]) -> ProjectStatus:
    from peep.pipeline.plain_reading import local_reading  # noqa: PLC0415 - only where there is a list
    from peep.pipeline.vetting.listed_archives import listing_of  # noqa: PLC0415 - likewise

    listing = lists[0]
    reading = local_reading()
    known = _or_fault(lambda: listing_of((listing,), (), reading.read, context.environ), None, faults)
    others = tuple(path for path in lists[1:] if path not in reading.contents)
    if known is None:
        return replace(found, others=others, is_readable=False)
    pins = {(one.pin.name, one.pin.version or one.pin.url): one.pin for one in known.archives}
    found = replace(
        found,
        others=others,
        pins=len(pins),
        unusable=len(known.unusable),
        targets=tuple(dict.fromkeys(one.value for one in known.directives if one.option == "--locked-for")),
        unfulfilled=_or_fault(lambda: _unfulfilled(found.source, known, reading, context), (), faults),
        has_records=_or_fault(lambda: _has_records(listing, known), None, faults),
    )
    if found.has_records:
        found = replace(found, examined=_or_fault(lambda: _examined(listing, known), None, faults))
    place = found.environment
    if place is None:
        return found
    return replace(found, installed=_or_fault(lambda: _installed(listing, place, reading, context), None, faults))


def _unfulfilled(source: str | None, known: Listing, reading: Reading, context: RunContext) -> tuple[str, ...]:
    from peep.pipeline.source_drift import unfulfilled  # noqa: PLC0415 - only where there is a source

    if source is None:
        return ()
    return unfulfilled(source, [one.pin for one in known.archives], reading.read, context.environ)


def _has_records(listing: str, known: Listing) -> bool:
    """Whether there is a folder of records, or one is named that must be there."""
    from peep.pipeline.settings import project_settings  # noqa: PLC0415 - with what it brings along

    is_named = any(one.option == "--vetting" for one in known.directives) or project_settings((listing,)).vetting
    return bool(is_named) or os.path.isdir(os.path.join(settings_folder((listing,)), "vetting"))


def _examined(listing: str, known: Listing) -> Examined:
    from peep.pipeline.vetting.listed_verdicts import listed_verdicts  # noqa: PLC0415 - only where there are records

    verdicts = listed_verdicts(known, (listing,), utc_day())
    examined = [one for one in verdicts if one.is_examined]
    return Examined(len(verdicts), len(examined), sum(one.word.value == "excused" for one in examined))


def _installed(listing: str, environment: str, reading: Reading, context: RunContext) -> Installed:
    from peep.pipeline.compared_environment import compared_environment  # noqa: PLC0415 - only where there is one

    one = compared_environment(listing, environment, reading, context.environ)
    return Installed(environment, one.as_listed, one.to_change, one.proven, one.unlisted)


def _advisories(context: RunContext) -> datetime | None:
    """As of when the snapshot is: as remembered of its fetching, or, where somebody brought it, as it says itself."""
    path = snapshot_path(context.environ)
    if not os.path.exists(path):
        return None
    from peep.advisories.lookup import stated_age  # noqa: PLC0415 - with what it brings along

    if (stated := stated_age(path)) is not None:
        return stated
    from peep.workflows.advisories_info import advisories_info  # noqa: PLC0415 - reads all of it

    return advisories_info(path, context).as_of


def _or_fault(find_out: Callable[[], Known], unknown: Known, faults: list[str]) -> Known:
    """What `find_out` gives; where it raises an error for users, `unknown`, and the error's first line as a fault."""
    try:
        return find_out()
    except InstallRefused as refused:
        faults.append(f"{len(refused.problems)} listed requirements cannot be used")
    except RequirementsErrors as errors:
        count = len(errors.errors) + len(errors.also)
        first = str((*errors.errors, *errors.also)[0])
        faults.append(first if count == 1 else f"{first} (and {count - 1} more)")
    except PeepError as error:
        faults.append(str(error).partition("\n")[0])
    except OSError as error:
        faults.append(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return unknown
