"""`peep audit --python`: the environment to audit, found and read without executing anything of it."""

from __future__ import annotations

from peep.advisories.roster import PinTable, Subject
from peep.environment.installed import installed_projects
from peep.environment.scheme_paths import scheme_paths_of
from peep.model import TargetEnvironment
from peep.pipeline.audits.audited_pins import environment_subject
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.session import opened_store, target_request
from peep.target.discovery import discover_target
from peep.workflows.verify import held_still, refuse_planted, require_there


def discovered(options: InstallOptions, context: RunContext) -> TargetEnvironment:
    """The environment that the options mean, as `peep verify` finds it; raises what finding one raises."""
    refuse_planted(options)
    with opened_store(options.store, context) as store:
        return discover_target(target_request(options.target), store)


def installed_subject(target: TargetEnvironment, table: PinTable, context: RunContext) -> Subject:
    """Everything that is installed, as a subject whose pins are in `table`."""
    require_there(target)
    scheme_paths = scheme_paths_of(target)
    with held_still(scheme_paths, context.reporter):
        installed = installed_projects(scheme_paths.target)
    return environment_subject(installed, scheme_paths.target.paths["data"], table)
