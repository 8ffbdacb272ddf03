"""Options of `peep bundle create`: words and settings into what the workflow reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import (
    ARCHIVES,
    DECLARED_TARGETS,
    FORMATS,
    INDEX_PLACES,
    INTERPRETER,
    NETWORK,
    PROGRESS,
    STORE,
)
from peep.dataclass import replace
from peep.errors import UsageError
from peep.formats.names import is_lock_path
from peep.pipeline.options import SourceOptions

if TYPE_CHECKING:
    from peep.workflows.bundle_check import CheckOptions
    from peep.workflows.bundle_create import CreateOptions

CONTENTS = (
    Option(("-r", "--requirement"), "create, check: requirements, or a pylock.toml", OptionKind.LIST, "FILE"),
    Option(("-c", "--constraint"), "versions and hashes for what -r leaves open", OptionKind.LIST, "FILE"),
    Option(("--build-constraint",), "pins and hashes of what building may install", OptionKind.LIST, "FILE"),
    *DECLARED_TARGETS,
    Option(("--extra",), "with that extra of a pylock.toml", OptionKind.LIST, "NAME", has_variable=False),
    Option(("--group",), "with that dependency group of a pylock.toml", OptionKind.LIST, "NAME", has_variable=False),
    Option(("--from",), "a bundle or mirror that has archives already", OptionKind.LIST, "PLACE", has_variable=False),
    Option(("--no-peep",), "without peep.pyz", has_variable=False),
    Option(("--advisories",), "with that snapshot of advisories", OptionKind.VALUE, "FILE", has_variable=False),
    Option(("--provenance",), "with the provenance objects that indexes offer", has_variable=False),
    Option(("--try-builds",), "build for this interpreter, out of the bundle alone", has_variable=False),
    Option(("--require-sandbox",), "refuse to try builds where no sandbox can be had", is_peeps_own=True),
    Option(("--no-sandbox",), "try builds without a sandbox", is_peeps_own=True),
    Option(("--no-prune",), "keep archives that no target needs any more", has_variable=False),
    Option(("--no-check-dependencies",), "do not insist that what the projects require is listed", is_peeps_own=True),
)
SOURCES = (*ARCHIVES, *INDEX_PLACES, *FORMATS)
OTHERS = (*INTERPRETER, *STORE, *NETWORK, *PROGRESS)


def create_options(parsed: ParsedArguments, folder: str) -> CreateOptions:
    """What was asked for, the command line over the settings. Raises `UsageError` without input, `SettingsError`."""
    files = parsed.values("requirement")
    from peep.pipeline.settings import project_settings  # noqa: PLC0415 - help describes these options without it

    stated = project_settings(files)
    beside = os.path.dirname(stated.path)
    files = files or tuple(os.path.join(beside, path) for path in stated.bundle.requirements)
    tools = parsed.values("build-constraint") or tuple(
        os.path.join(beside, path) for path in stated.bundle.build_constraints
    )
    if not files:
        hint = "name it with -r, or in the settings: [tool.peep.bundle] requirements"
        raise UsageError("peep bundle create: no requirements or lock file is named", hint)
    sources = _sources(parsed, files)
    for name in ("extra", "group"):
        if parsed.values(name) and not any(map(is_lock_path, files)):
            raise UsageError(f"--{name} {parsed.values(name)[0]}: no lock file is named that could have it")
    base = install_options(parsed, verb="bundle create", sources=sources)
    from peep.workflows.bundle_create import CreateOptions  # noqa: PLC0415 - help describes the verb without it

    return CreateOptions(
        replace(
            base,
            target=replace(base.target, target=None),  # `--target` declares one here
            build=replace(base.build, constraint_files=tools),
            advisories=(),
        ),
        folder,
        parsed.values("target") or stated.targets,
        parsed.values("from"),
        stated.bundle.peep and not parsed.has("no-peep"),
        parsed.value("advisories") or _advisories(stated.bundle.advisories, beside),
        with_provenance=parsed.has("provenance"),
        tries_builds=parsed.has("try-builds"),
        prunes=not parsed.has("no-prune"),
    )


def _advisories(stated: str, beside: str) -> str | None:
    """What the settings say, a path meant from their folder."""
    if not stated:
        return None
    return stated if "://" in stated else os.path.join(beside, stated)


def _sources(parsed: ParsedArguments, files: tuple[str, ...]) -> SourceOptions:
    return SourceOptions(
        requirement_files=files,
        constraint_files=parsed.values("constraint"),
        extras=parsed.values("extra"),
        groups=parsed.values("group"),
    )


def check_options(parsed: ParsedArguments) -> CheckOptions | None:
    """What `peep bundle check` is to judge beside the files; None: nothing. Raises `UsageError`."""
    files, targets = parsed.values("requirement"), parsed.values("target")
    if not (files or targets):
        return None
    sources = _sources(parsed, files)
    base = install_options(parsed, verb="bundle check", sources=sources)
    from peep.workflows.bundle_check import CheckOptions  # noqa: PLC0415 - as above

    return CheckOptions(replace(base, target=replace(base.target, target=None)), targets)
