"""Install plan: keep, link, missing, replace and remove, for pins and an environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from peep.dataclass import dataclass, replace
from peep.errors import EnvironmentChangedMeanwhile
from peep.formats.versions import PinnedVersion, VersionMatch
from peep.model import (
    Commit,
    Digest,
    InstalledProject,
    InstallPlan,
    LocalFolder,
    PinnedRequirement,
    PlannedWheel,
    Provenance,
    StoredWheel,
    listed_digest,
)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the user said about projects that are installed already."""

    force_reinstall: bool = False
    """`--force-reinstall`, `--ignore-installed`: nothing installed counts."""
    trust_installed: bool = False
    """`--trust-installed`: the right version is enough, whatever its origin."""


def plan_install(
    pins: Sequence[PinnedRequirement],
    installed: Mapping[str, InstalledProject],
    stored: Mapping[str, StoredWheel],
    origins: Mapping[str, Provenance] | None = None,
    options: PlanOptions | None = None,
) -> InstallPlan:
    """Sort the pins into what stays, what is linked from the store, and what must be fetched.

    `stored` holds, by name, the wheel in the store for a pin; `origins` what is known of that wheel's archive (its URL
    above all). An installed project stays only if its recorded archive is one that the pin lists.
    """
    chosen = options or PlanOptions()
    keep, replaced, notes = [], [], []
    link, missing = [], []
    for pin in pins:
        present = installed.get(pin.name)
        if present is not None and not chosen.force_reinstall and is_satisfied(pin, present, chosen):
            keep.append(present)
            continue
        if present is not None:
            replaced.append(present)
            notes += [] if chosen.force_reinstall else _replacement_notes(pin, present)
        wheel = stored.get(pin.name)
        if wheel is None:
            missing.append(pin)
        else:
            link.append(PlannedWheel(wheel, _origin(pin, wheel, (origins or {}).get(pin.name)), pin.is_requested))
    return InstallPlan(tuple(keep), tuple(link), tuple(missing), tuple(replaced), notes=tuple(notes))


def with_wheels(plan: InstallPlan, wheels: Iterable[PlannedWheel]) -> InstallPlan:
    """The plan once the missing wheels are in the store: what was fetched is linked with the rest."""
    arrived = tuple(wheels)
    names = {planned.wheel.identity.name for planned in arrived}
    still_missing = tuple(pin for pin in plan.missing if pin.name not in names)
    return replace(plan, link=(*plan.link, *arrived), missing=still_missing)


def _origin(pin: PinnedRequirement, wheel: StoredWheel, known: Provenance | None) -> Provenance:
    """PEP 710 wants a URL: where nobody remembers one, the pin's own, or the file name as a relative reference."""
    if known is not None:
        return known
    url = pin.url or wheel.identity.filename
    return Provenance(url, (Digest("sha256", wheel.sha256),), is_direct=pin.url is not None)


def is_satisfied(pin: PinnedRequirement, project: InstalledProject, options: PlanOptions) -> bool:
    """Whether an installed project is what the pin asks for.

    The digest of the archive it came from decides, for URLs as for versions; `trust_installed` restores the older
    rule, by which the version does.
    """
    if project.other_metadata:
        return False
    if is_proven(pin, project):
        # The vetted archive of another version than the pin's: the file contradicts itself, which fetching will show.
        return pin.version is None or PinnedVersion(pin).match(project.version) is not VersionMatch.NONE
    if not options.trust_installed:
        return False
    if pin.version is None:
        origin = project.provenance
        is_editable = isinstance(pin.source, LocalFolder) and pin.source.is_editable
        return origin is not None and (origin.url, origin.is_editable) == (pin.url, is_editable)
    return PinnedVersion(pin).match(project.version) is not VersionMatch.NONE


def is_proven(pin: PinnedRequirement, project: InstalledProject) -> bool:
    """Whether the recorded archive of an installed project is one whose digest the pin lists, or the pin's commit."""
    if project.provenance is None or project.provenance.is_editable:
        return False
    return listed_digest(project.provenance.hashes, pin) is not None or is_from_commit(pin, project.provenance)


def is_from_commit(pin: PinnedRequirement, origin: Provenance) -> bool:
    """Whether the very commit that a pin names is what was installed (PEP 610, `vcs_info`).

    A full commit is a digest of its content: to have installed it is to have installed what was vetted.
    """
    if not isinstance(pin.source, Commit) or origin.vcs_commit is None:
        return False
    if pin.source.subdirectory != origin.subdirectory:
        return False
    from peep.formats.url_secrets import redacted  # noqa: PLC0415 -- 5 ms for the few runs that have such a pin

    return redacted(pin.source.url) == f"git+{redacted(origin.url)}@{origin.vcs_commit}"


def _replacement_notes(pin: PinnedRequirement, present: InstalledProject) -> list[str]:
    """A line for every replacement that is not simply another version."""
    about = f"{present.name} {present.version}"
    if present.other_metadata:
        return [f"{about} is replaced: the environment holds metadata of several versions of it"]
    if present.provenance is not None and present.provenance.is_editable:
        return [f"{about} is replaced: it is an editable install"]
    if pin.version is None or PinnedVersion(pin).match(present.version) is VersionMatch.NONE:
        return []
    if present.provenance is None or not present.provenance.hashes:
        return [f"{about} is replaced: nothing tells which archive it was installed from"]
    return [f"{about} is replaced: the archive it was installed from is not one of those listed"]


def unlisted_projects(
    pins: Sequence[PinnedRequirement], installed: Mapping[str, InstalledProject], protected: Collection[str] = ()
) -> tuple[InstalledProject, ...]:
    """Installed projects that no pin names, by name; `protected` ones are spared: see `protected_projects`."""
    spared = {pin.name for pin in pins}.union(protected)
    return tuple(project for name, project in sorted(installed.items()) if name not in spared)


def refreshed(plan: InstallPlan, installed: Mapping[str, InstalledProject]) -> InstallPlan:
    """The plan for what is installed *now*, should another run have changed the environment meanwhile.

    What that run installed from the same archive is kept; what it installed from others is replaced; what is
    gone needs no removal. Raises `EnvironmentChangedMeanwhile` when a project that was to stay is not there any more.
    """
    for kept in plan.keep:
        if installed.get(kept.name) != kept:
            raise EnvironmentChangedMeanwhile(
                f"another program has changed {kept.name} {kept.version} in the meantime", "run the command again"
            )
    planned_away = {project.name: project for project in plan.replace}
    link, replaced, kept_now = [], [], []
    for planned in plan.link:
        present = installed.get(planned.wheel.identity.name)
        if present is not None and present != planned_away.get(present.name) and _is_from(planned, present):
            kept_now.append(present)
            continue
        link.append(planned)
        if present is not None:
            replaced.append(present)
    removed = tuple(project for project in plan.remove if installed.get(project.name) == project)
    return replace(plan, keep=(*plan.keep, *kept_now), link=tuple(link), replace=tuple(replaced), remove=removed)


def _is_from(planned: PlannedWheel, present: InstalledProject) -> bool:
    if planned.provenance is None or present.provenance is None or present.other_metadata:
        return False
    if planned.provenance.vcs_commit is not None:
        return planned.provenance == present.provenance
    return bool(set(planned.provenance.hashes) & set(present.provenance.hashes))
