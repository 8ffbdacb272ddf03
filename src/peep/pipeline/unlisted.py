"""Installed projects that no pin names, without peep, pip and what these two need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peep.environment.dependencies import protected_projects
from peep.environment.installed import requirements_of
from peep.environment.plan import unlisted_projects
from peep.model import InstalledProject, PinnedRequirement


def unlisted_not_needed(
    pins: Sequence[PinnedRequirement], installed: Mapping[str, InstalledProject], markers: Mapping[str, str]
) -> tuple[InstalledProject, ...]:
    """What `sync` removes, by name; `installed` is by normalised name, `markers` are those of the target."""
    protected = protected_projects(
        lambda name: requirements_of(installed[name]).requires_dist if name in installed else (), markers
    )
    return unlisted_projects(pins, installed, protected)
