"""Environment compared with a list by its records, without network and without a session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from peep.dataclass import dataclass
from peep.environment.installed import installed_projects
from peep.environment.plan import plan_install
from peep.errors import InstallRefused
from peep.pipeline.last_proof import last_proof
from peep.pipeline.options import SourceOptions
from peep.pipeline.read_pins import Reading, name_of_project, read_pins
from peep.pipeline.unlisted import unlisted_not_needed
from peep.reporting import SilentReporter
from peep.requirements.sources import Accepted
from peep.store.layout import NoHomeFolderError, store_root
from peep.store.wheels import Store
from peep.target.discovery import TargetRequest, discover_target


@dataclass(frozen=True, slots=True)
class ComparedEnvironment:
    """How many projects are as listed, how many pins are not installed so, and how many projects no pin names."""

    as_listed: int
    to_change: int
    unlisted: int
    proven: datetime | None


def compared_environment(
    listing: str, environment: str, reading: Reading, environ: Mapping[str, str]
) -> ComparedEnvironment:
    """Compare; `environment` is an interpreter or a folder.

    Raises `InstallRefused` for lines that can't be used, `RequirementsErrors`, and what finding a target raises.
    """
    try:
        store = Store(store_root(environ), SilentReporter())
    except NoHomeFolderError:
        store = None
    target = discover_target(TargetRequest(python=environment), store)
    accepted = Accepted(repository_commits=True, local_projects=(), project_name=name_of_project)
    pinned = read_pins(SourceOptions(requirement_files=(listing,)), target, reading, environ, accepted)
    if pinned.unusable:
        raise InstallRefused(pinned.unusable)
    installed = installed_projects(target)
    plan = plan_install(pinned.pins, installed, {})
    unlisted = unlisted_not_needed(pinned.pins, installed, target.markers)
    proven = last_proof(target, environ) if store is not None else None
    return ComparedEnvironment(len(plan.keep), len(plan.missing) + len(plan.link), len(unlisted), proven)
