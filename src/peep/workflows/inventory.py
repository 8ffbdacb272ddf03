"""`peep inventory` and `peep freeze --hashes`: installed projects and their archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

from peep import __version__
from peep.environment.installed import installed_projects, requirements_of
from peep.environment.scheme_paths import scheme_paths_of
from peep.errors import MissingExtra, PeepError
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.session import store_of_run, target_request
from peep.proof.inventory import InventoryEntry, inventory_of
from peep.target.discovery import discover_target
from peep.workflows.verify import held_still, refuse_planted


def inventory(options: InstallOptions, context: RunContext) -> tuple[InventoryEntry, ...]:
    """Every installed project of the target, sorted by name."""
    refuse_planted(options)
    with store_of_run(options.store, context) as store:
        target = discover_target(target_request(options.target), store)
    scheme_paths = scheme_paths_of(target)
    with held_still(scheme_paths, context.reporter):
        installed = installed_projects(scheme_paths.target)
        requires = {name: requirements_of(project).requires_dist for name, project in installed.items()}
    return inventory_of(installed, requires, target.markers)


def bill_of_materials(entries: Sequence[InventoryEntry], style: str, environ: Mapping[str, str]) -> str:
    """The inventory as `cyclonedx` or `spdx`, JSON in both cases; SOURCE_DATE_EPOCH, where set, is when it was made.

    Raises `PeepError` naming the extra when the library for it is not there.
    """
    try:
        write = _writer(style)
    except ImportError as error:
        raise MissingExtra(f"--format {style}", "inventory", error, "use --format json, which needs nothing") from error
    return write(entries, made_at(environ), __version__)


def _writer(style: str) -> Callable[[Sequence[InventoryEntry], datetime, str], str]:
    """Import the writer of a style with the library that it needs; raises ImportError where that is not there."""
    if style == "cyclonedx":
        from peep.proof.inventory_cyclonedx import cyclonedx_json  # noqa: PLC0415 - an extra

        return cyclonedx_json
    from peep.proof.inventory_spdx import spdx_json  # noqa: PLC0415 - an extra

    return spdx_json


def made_at(environ: Mapping[str, str]) -> datetime:
    """Now, or the time that SOURCE_DATE_EPOCH names, in UTC. Raises `PeepError` for text that is no number."""
    text = environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return datetime.now(timezone.utc)
    try:
        return datetime.fromtimestamp(int(text), timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise PeepError(f"SOURCE_DATE_EPOCH is {text!r}, which is no number of seconds since 1970") from error
