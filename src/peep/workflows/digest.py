"""`peep digest`: one sha256 for all that is installed. Needs neither store nor network."""

from __future__ import annotations

from peep.environment.scheme_paths import scheme_paths_of
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.session import opened_store, target_request
from peep.proof.digest import EnvironmentDigest, environment_digest
from peep.target.discovery import discover_target
from peep.transaction.apply import recover
from peep.workflows.verify import held_still, refuse_planted, require_there


def digest(options: InstallOptions, context: RunContext) -> EnvironmentDigest:
    """Hash what is installed in the target. Raises `EnvironmentChangeError` for what can't be read or is not there."""
    refuse_planted(options)
    with opened_store(options.store, context) as store:
        target = discover_target(target_request(options.target), store)
    require_there(target)
    if repaired := recover(target, context.reporter):
        context.reporter.note(repaired)
    scheme_paths = scheme_paths_of(target)
    with held_still(scheme_paths, context.reporter):
        return environment_digest(scheme_paths)
