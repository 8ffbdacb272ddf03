"""`peep sync`: install what the files list, and remove what they do not."""

from __future__ import annotations

from peep.dataclass import dataclass
from peep.environment.dependencies import protected_projects
from peep.environment.installed import installed_projects, requirements_of
from peep.environment.plan import plan_install, plan_sync
from peep.errors import InstallRefused
from peep.model import InstallPlan, TargetEnvironment
from peep.pipeline.context import Surroundings
from peep.pipeline.options import InstallOptions
from peep.pipeline.result import Outcome
from peep.pipeline.session import Session, opened, plan_options
from peep.requirements.pinned_set import PinnedSet
from peep.workflows.install import install


@dataclass(frozen=True, slots=True)
class Difference:
    """What an environment has otherwise than the files list; found without network."""

    plan: InstallPlan
    """`missing` are the pins to be installed, whether the store has their wheels or not."""
    target: TargetEnvironment


def sync(options: InstallOptions, surroundings: Surroundings, *, include_all: bool = False) -> Outcome:
    """As `install`, and unlisted projects go in the same transaction: peep, pip and what they need only if asked to."""

    def with_removals(plan: InstallPlan, session: Session, pinned: PinnedSet) -> InstallPlan:
        return synced(plan, session, pinned, include_all=include_all)

    return install(options, surroundings, with_removals)


def synced(plan: InstallPlan, session: Session, pinned: PinnedSet, *, include_all: bool) -> InstallPlan:
    """The plan with the removal of what no pin names."""
    installed = installed_projects(session.target)
    protected = protected_projects(
        lambda name: requirements_of(installed[name]).requires_dist if name in installed else (), session.target.markers
    )
    return plan_sync(plan, pinned.pins, installed, protected, include_all=include_all)


def difference(options: InstallOptions, surroundings: Surroundings, *, include_all: bool = False) -> Difference:
    """What `sync` would change. Raises `InstallRefused` for lines that can't be used."""
    with opened(options, surroundings) as session:
        pinned = session.read_pins()
        if pinned.unusable:
            raise InstallRefused(pinned.unusable)
        installed = installed_projects(session.target)
        plan = plan_install(pinned.pins, installed, {}, options=plan_options(options))
        return Difference(synced(plan, session, pinned, include_all=include_all), session.target)
