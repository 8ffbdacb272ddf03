"""Gate of `refuse-malware` for the backends that `--allow-build` names, and their tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from peep.model import PinnedRequirement
from peep.pipeline.audits.malware_gate import project_demands_it
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.requirements.pinned_set import Directive

RefuseMalware = Callable[[Sequence[PinnedRequirement]], None]
"""Raises `InstallRefused` for archives that are known malware, `CouldNotJudge` where that can't be known."""


def refuse_malware_in_builds(
    options: InstallOptions, sources: Sequence[str], directives: Iterable[Directive], context: RunContext
) -> RefuseMalware:
    """What is asked before a backend runs; it asks nothing unless a source, the list or the settings demand the gate.

    Raises `SettingsError` for settings that mean nothing.
    """
    is_demanded = any(one.option == "--refuse-malware" for one in directives) or project_demands_it(sources)

    def refuse(pins: Sequence[PinnedRequirement]) -> None:
        if is_demanded:
            # It takes as long to import as all of a lock that has nothing to do.
            from peep.pipeline.audits.malware_judgement import refuse_listed  # noqa: PLC0415

            refuse_listed(pins, options, sources, context)

    return refuse
