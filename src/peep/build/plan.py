"""Build plans and the key of a build, as values."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence

from peep.archives.sdist_metadata import read_static_metadata
from peep.build.build_system import BuildSystem, read_build_system
from peep.build.hooks import ConfigSettings
from peep.build.normalise import VERSION
from peep.build.requirements import BuildNeed, foreseen_needs
from peep.build.source_trees import SourceTree
from peep.build.tool_choice import Listed
from peep.build.toolchains import Toolchains
from peep.dataclass import dataclass, field
from peep.errors import BuildError, Problem
from peep.formats.names import normalised
from peep.formats.versions import same_version
from peep.model import PinnedRequirement, StoredWheel, TargetEnvironment, WheelIdentity
from peep.system.sandbox import Isolation, SandboxLimits


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What the user decided about builds."""

    isolation: Isolation = Isolation.NONE
    use_build_environment: bool = True
    """False under `--no-build-isolation`: what the target has installed is used."""
    config_settings: tuple[tuple[str, str], ...] = ()
    limits: SandboxLimits = field(default_factory=SandboxLimits)
    steering: Mapping[str, str] = field(default_factory=dict)
    """`variables.steering_variables` of the user's environment."""
    toolchains: Toolchains = field(default_factory=Toolchains)
    """The user's programs, and the folders that builds may see."""
    withheld: frozenset[str] = frozenset()
    """Names of the user's other variables, which builds do not get."""
    further_needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`--build-requirement`: normalised project name -> what its build needs besides, as PEP 508 texts."""


@dataclass(frozen=True, slots=True)
class PlannedBuild:
    """A source tree and who is going to build it."""

    tree: SourceTree
    system: BuildSystem
    subdirectory: str
    """Where the project lies in the tree; '' for the top."""
    requires_dist: tuple[str, ...] | None
    """What the wheel will require, where the tree says so for good (PEP 643)."""
    further_needs: tuple[str, ...] = ()
    """What the user says that it needs besides what it declares."""

    @property
    def name(self) -> str:
        """The project's normalised name; for a local project that was given without one, its label."""
        return self.tree.pin.name or self.tree.label

    def needs(self, texts: Iterable[str]) -> list[BuildNeed]:
        return [BuildNeed(self.tree.label, text, (self.name,)) for text in texts]

    def static_needs(self, listed: Listed) -> list[BuildNeed]:
        """Everything that can be known without running code."""
        requires = (*self.system.requires, *self.further_needs)
        return self.needs((*requires, *foreseen_needs(self.system.backend, requires, listed)))


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What is to be built, build requirements included, and everything that keeps that from starting.

    `builds` has a build by the `tool_key` of its pin; a listed project of which builds use another archive by another
    text.
    """

    builds: Mapping[str, PlannedBuild]
    problems: tuple[Problem, ...] = ()


def inspect_tree(tree: SourceTree) -> PlannedBuild:
    """Read what a source tree says of its build; runs none of its code.

    Raises `ArchiveError` and `BuildError` for an archive or a pyproject.toml that breaks the rules.
    """
    subdirectory = checked_subdirectory(tree.pin.subdirectory, tree.label)
    prefix = f"{subdirectory}/" if subdirectory else ""
    pyproject, setup, information = tree.read((f"{prefix}pyproject.toml", f"{prefix}setup.py", f"{prefix}PKG-INFO"))
    if subdirectory and not tree.has_folder(subdirectory):
        raise BuildError(f"there is no folder {subdirectory!r} in it", subject=tree.label)
    system = read_build_system(pyproject, tree.label)
    if pyproject is None and setup is None:
        raise BuildError("has neither pyproject.toml nor setup.py, so that nobody can build it", subject=tree.label)
    for path in system.backend_path:
        inside = posixpath.normpath(prefix + path)
        if inside != "." and not tree.has_folder(inside):
            raise BuildError(f"backend-path {path!r} is no folder of the source tree", subject=tree.label)
    metadata = read_static_metadata(information if tree.is_sdist else None, pyproject)
    return PlannedBuild(tree, system, subdirectory, metadata.requires_dist if metadata else None)


def checked_subdirectory(subdirectory: str | None, where: str) -> str:
    """A `subdirectory=` (PEP 508 URLs, PEP 751) as a relative path inside the tree (THREATS T16); '' for none."""
    if not subdirectory:
        return ""
    parts = posixpath.normpath(subdirectory).split("/")
    if subdirectory.startswith("/") or ".." in parts or "\\" in subdirectory or ":" in parts[0]:
        raise BuildError(f"the subdirectory {subdirectory!r} leaves the source tree", subject=where)
    return "" if parts == ["."] else "/".join(parts)


def merged_settings(*settings: Iterable[tuple[str, str]]) -> ConfigSettings:
    """`-C` settings as PEP 517 backends get them: a key given several times holds a list (as in pip)."""
    merged: dict[str, str | list[str]] = {}
    for key, value in (pair for pairs in settings for pair in pairs):
        present = merged.get(key)
        if present is None:
            merged[key] = value
        elif isinstance(present, str):
            merged[key] = [present, value]
        else:
            present.append(value)
    return merged


def build_key(
    build: PlannedBuild, settings: BuildSettings, target: TargetEnvironment, tools: Mapping[str, StoredWheel]
) -> str:
    """Text of everything that goes into a build and is known before it runs. Equal keys: equal wheels."""
    return json.dumps(
        {
            "format": VERSION,
            "source": build.tree.key,
            "subdirectory": build.subdirectory,
            "python": [*target.version, target.implementation, target.base_prefix, *target.tags[:1]],
            "settings": [*settings.config_settings, *build.tree.pin.config_settings],
            "isolation": settings.isolation.value,
            "steering": dict(settings.steering),
            **({"folders": settings.toolchains.folders} if settings.toolchains.folders else {}),
            "tools": digests(tools),
        },
        sort_keys=True,
    )


def digests(tools: Mapping[str, StoredWheel]) -> dict[str, str]:
    return {name: wheel.sha256 for name, wheel in tools.items()}


def wrong_identity(identity: WheelIdentity, pin: PinnedRequirement, tags: Sequence[str]) -> str:
    """Why a built wheel is not what was asked for; '' when it is."""
    if pin.name and normalised(identity.name) != pin.name:
        return f"it made a wheel of {identity.name}, not of {pin.written_name}"
    if pin.version is not None and not same_version(identity.version, pin.version):
        return f"it made a wheel of version {identity.version}, not {pin.version}"
    if tags and not set(identity.tags).intersection(tags):
        return f"it made {identity.filename}, which does not fit this interpreter"
    return ""
