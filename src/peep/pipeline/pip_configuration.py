"""pip's configuration as the last answer to what the command line left open."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping

from peep.dataclass import replace
from peep.errors import UsageError
from peep.model import FormatControl
from peep.pip.options import PipDefaults, pip_defaults
from peep.pip.options_cache import PipMemory
from peep.pipeline.options import BuildOptions, InstallOptions, SourceOptions, TargetOptions

_NOTHING_CHOSEN = FormatControl()


def configured_pip(options: InstallOptions, environ: Mapping[str, str], folder: str) -> Callable[[], PipDefaults]:
    """A function that asks pip for its effective options, once; `folder` is where the answer may be remembered.

    The pip of the interpreter that runs peep is asked first, then one on PATH. Without any, the function raises
    `UsageError`, unless the options name an index or rule one out.
    """
    answers: list[PipDefaults] = []

    def ask() -> PipDefaults:
        if not answers:
            answers.append(_asked(options, environ, folder))
        return answers[0]

    return ask


def _asked(options: InstallOptions, environ: Mapping[str, str], folder: str) -> PipDefaults:
    variables = _without_configuration(environ) if options.is_isolated else environ
    if _knows_all(options, variables):
        return PipDefaults(())
    from peep.system.processes import run  # noqa: PLC0415 - nobody is asked where all is known

    on_path = (shutil.which(name, path=environ.get("PATH")) for name in ("python3", "python"))
    pythons = [python for python in (sys.executable, *on_path) if python]
    try:
        return pip_defaults(pythons, variables, run, PipMemory(folder))
    except UsageError:
        if _names_a_source(options):
            return PipDefaults(())
        raise


def _names_a_source(options: InstallOptions) -> bool:
    return bool(options.indexes.index_url or options.indexes.no_index or options.indexes.find_links)


def _knows_all(options: InstallOptions, variables: Mapping[str, str]) -> bool:
    """Whether pip has nothing to tell: it was told to read no file, and its variables were read with the options.

    The documentation of pip gives `PIP_CONFIG_FILE` that meaning when it is `os.devnull`.
    """
    reads_no_file = variables.get("PIP_CONFIG_FILE") == os.devnull
    return reads_no_file and bool(options.indexes.index_url or options.indexes.no_index)


def _without_configuration(environ: Mapping[str, str]) -> dict[str, str]:
    """`--isolated`: pip's variables and files count for nothing."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PIP_")}
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def completed(options: InstallOptions, pip: PipDefaults) -> InstallOptions:
    """The options of the command line, with pip's configuration for what they leave open."""
    control = options.format_control
    return replace(
        options,
        sources=_sources(options.sources, pip),
        target=_target(options.target, pip),
        build=_build(options.build, pip),
        format_control=pip.format_control if control == _NOTHING_CHOSEN else control,
    )


def _sources(given: SourceOptions, pip: PipDefaults) -> SourceOptions:
    constraints = dict.fromkeys((*_texts(pip, "constraints"), *given.constraint_files))
    return replace(given, constraint_files=tuple(constraints))


def _target(given: TargetOptions, pip: PipDefaults) -> TargetOptions:
    checked = replace(
        given,
        require_virtualenv=given.require_virtualenv or bool(pip.values.get("require_venv")),
        break_system_packages=given.break_system_packages or bool(pip.values.get("override_externally_managed")),
        ignore_requires_python=given.ignore_requires_python or bool(pip.values.get("ignore_requires_python")),
    )
    if given.target or given.prefix or given.root or given.user:
        return checked
    return replace(
        checked,
        target=_text(pip, "target_dir"),
        prefix=_text(pip, "prefix_path"),
        root=_text(pip, "root_path"),
        user=given.user is None and bool(pip.values.get("use_user_site")),
    )


def _build(given: BuildOptions, pip: PipDefaults) -> BuildOptions:
    files = dict.fromkeys((*_texts(pip, "build_constraints"), *given.constraint_files))
    return replace(given, constraint_files=tuple(files))


def _text(pip: PipDefaults, name: str) -> str | None:
    value = pip.values.get(name)
    return value if isinstance(value, str) and value else None


def _texts(pip: PipDefaults, name: str) -> tuple[str, ...]:
    value = pip.values.get(name)
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()
