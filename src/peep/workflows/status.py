"""`peep status`: the place of a project in the circle: locked, examined, installed, proven, watched."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from peep.dataclass import dataclass, replace
from peep.errors import InstallRefused, PeepError
from peep.pipeline.context import RunContext
from peep.pipeline.last_proof import last_proof
from peep.pipeline.lock_file import read_present
from peep.pipeline.options import InstallOptions, SourceOptions, TargetOptions
from peep.pipeline.settings_place import settings_folder
from peep.reporting import SilentReporter
from peep.system.bounded import PROJECT_FILE, read_file
from peep.workflows.advisories_info import advisories_info
from peep.workflows.examine import ExamineOptions, examine
from peep.workflows.sync import difference

Known = TypeVar("Known")

LISTS = ("pylock.toml", "requirements.txt")
SOURCES = ("requirements.in", "pyproject.toml")
ENVIRONMENTS = (".venv", "venv")
STALE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment compared with the list, by what is recorded of its projects."""

    environment: str
    as_listed: int
    to_change: int
    proven: datetime | None = None
    """When `peep verify` last proved it, as far as this store knows, and nothing of it was replaced since."""


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
    listing: str | None = None
    """The file that lists the pins."""
    pins: int = 0
    targets: tuple[str, ...] = ()
    """For which `peep lock` wrote it; none: somebody else did."""
    installed: Installed | None = None
    environment: str | None = None
    """The environment that would be looked at."""
    examined: Examined | None = None
    advisories: datetime | None = None
    """As of when the fetched snapshot is."""
    faults: tuple[str, ...] = ()

    @property
    def is_project(self) -> bool:
        return self.listing is not None or self.source is not None


def status(context: RunContext) -> ProjectStatus:
    """Look at the project in the working folder. What cannot be found out is a fault; nothing is raised for it."""
    silent = replace(context, reporter=SilentReporter())
    faults: list[str] = []
    found = ProjectStatus(source=_source(""), listing=_first(LISTS), environment=_environment(context))
    found = replace(found, advisories=_or_fault(lambda: _advisories(silent), None, faults, is_told=False))
    if found.listing is None:
        return replace(found, faults=tuple(faults))
    listing = found.listing
    present = _or_fault(lambda: read_present(listing), None, faults)
    if present is None:
        return replace(found, faults=tuple(faults))
    found = replace(found, pins=len(present.pins), targets=present.targets)
    if found.environment is not None:
        place = found.environment
        found = replace(found, installed=_or_fault(lambda: _installed(listing, place, silent), None, faults))
    if os.path.isdir(os.path.join(settings_folder((listing,)), "vetting")):
        found = replace(found, examined=_or_fault(lambda: _examined(listing, silent), None, faults))
    return replace(found, faults=tuple(faults))


def next_command(found: ProjectStatus, now: datetime) -> str:
    """The command that takes the project one step further round."""
    if found.listing is None:
        return "peep lock --target here" if found.source else "peep help"
    listed = f"-r {found.listing}"
    place = found.environment or ".venv"
    if found.environment is None:
        return f"python3 -m venv --without-pip {place} && peep install --python {place} {listed}"
    if found.examined is not None and found.examined.examined < found.examined.archives:
        return f"peep examine {listed}"
    if found.installed is None or found.installed.to_change:
        return f"peep install --python {place} {listed}"
    if found.installed.proven is None:
        return f"peep verify --python {place} {listed}"
    if found.advisories is None or now - found.advisories > STALE:
        return "peep advisories fetch"
    return f"peep audit {listed}"


def _first(names: tuple[str, ...], folder: str = "") -> str | None:
    return next((name for name in names if os.path.isfile(os.path.join(folder, name))), None)


def _source(folder: str) -> str | None:
    """The file that requirements are written in: `requirements.in`, or a pyproject.toml with a `[project]` table."""
    found = _first(SOURCES, folder)
    if found != "pyproject.toml":
        return found
    try:
        content = read_file(os.path.join(folder, found), PROJECT_FILE)
    except OSError:
        return None
    return found if b"[project]" in content else None


def _environment(context: RunContext) -> str | None:
    local = next((name for name in ENVIRONMENTS if os.path.isfile(os.path.join(name, "pyvenv.cfg"))), None)
    return local or context.environ.get("VIRTUAL_ENV") or None


def _advisories(context: RunContext) -> datetime | None:
    return advisories_info(None, context, datetime.now(timezone.utc)).as_of


def _options(listing: str, environment: str | None = None) -> InstallOptions:
    options = InstallOptions(sources=SourceOptions(requirement_files=(listing,)))
    return replace(options, target=TargetOptions(python=environment)) if environment else options


def _installed(listing: str, environment: str, context: RunContext) -> Installed:
    found = difference(_options(listing, environment), context)
    changed = len(found.plan.missing) + len(found.plan.link) + len(found.plan.remove)
    return Installed(environment, len(found.plan.keep), changed, last_proof(found.target, context.environ))


def _examined(listing: str, context: RunContext) -> Examined:
    verdicts = [one.verdict for one in examine(ExamineOptions(_options(listing)), context).archives]
    examined = [one for one in verdicts if one.is_examined]
    excused = [one for one in examined if one.word.value == "excused"]
    return Examined(len(verdicts), len(examined), len(excused))


def _or_fault(find_out: Callable[[], Known], unknown: Known, faults: list[str], *, is_told: bool = True) -> Known:
    """What `find_out` gives; where it raises an error for users, `unknown`, and the error's first line as a fault."""
    try:
        return find_out()
    except InstallRefused as refused:
        told = f"{len(refused.problems)} listed requirements cannot be used"
    except PeepError as error:
        told = str(error).partition("\n")[0]
    if is_told:
        faults.append(told)
    return unknown
