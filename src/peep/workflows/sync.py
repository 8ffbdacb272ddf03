"""`peep sync`: install what the files list, and remove what they do not."""

from __future__ import annotations

from peep.dataclass import dataclass, replace
from peep.environment.installed import installed_projects
from peep.environment.plan import plan_install, unlisted_projects
from peep.errors import InstallRefused
from peep.model import InstalledProject, InstallPlan, TargetEnvironment
from peep.pipeline.attempts import attempts
from peep.pipeline.audits.malware_gate import refuse_known_malware
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.result import InstallResult
from peep.pipeline.session import Session, open_session, plan_options
from peep.pipeline.unlisted import unlisted_not_needed
from peep.requirements.pinned_set import PinnedSet
from peep.workflows.install import STAGES, install_pins, make_ready, warn_of_foreign_lists


@dataclass(frozen=True, slots=True)
class Difference:
    """What an environment has otherwise than the files list; found without network."""

    plan: InstallPlan
    """`missing` are the pins to be installed, whether the store has their wheels or not."""
    target: TargetEnvironment
    skipped: int = 0
    """Listed requirements whose markers do not hold."""


def sync(options: InstallOptions, context: RunContext, *, include_all: bool = False) -> InstallResult:
    """As `install`, and unlisted projects go in the same transaction: peep, pip and what they need only if asked to."""
    with open_session(options, context, STAGES) as session:
        make_ready(session)
        pinned = session.read_pins()
        warn_of_foreign_lists(session, pinned)
        refuse_known_malware(session, pinned)
        with session.store.in_use(), session.wheel_provider(pinned) as provider:
            for attempt in attempts(session):
                with attempt:
                    unlisted = removals(session, pinned, include_all=include_all)
                    result = install_pins(session, pinned, provider, unlisted)
        return result


def removals(session: Session, pinned: PinnedSet, *, include_all: bool) -> tuple[InstalledProject, ...]:
    """Installed projects that no pin names; peep, pip and what they need are spared, unless `include_all`."""
    installed = installed_projects(session.target)
    if include_all:
        return unlisted_projects(pinned.pins, installed)
    return unlisted_not_needed(pinned.pins, installed, session.target.markers)


def difference(options: InstallOptions, context: RunContext, *, include_all: bool = False) -> Difference:
    """What `sync` would change. Raises `InstallRefused` for lines that can't be used."""
    with open_session(options, context, STAGES) as session:
        pinned = session.read_pins()
        if pinned.unusable:
            raise InstallRefused(pinned.unusable)
        unlisted = removals(session, pinned, include_all=include_all)
        installed = installed_projects(session.target)
        plan = plan_install(pinned.pins, installed, {}, options=plan_options(options))
        return Difference(replace(plan, remove=unlisted), session.target, len(pinned.skipped))
