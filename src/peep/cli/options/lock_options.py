"""Words of `peep lock` and the project's settings -> the frozen options that the workflow reads."""

from __future__ import annotations

import os

from peep.cli.options.install_options import install_options
from peep.cli.options.parser import ParsedArguments, parse
from peep.cli.verb import Verb
from peep.dataclass import replace
from peep.errors import UsageError
from peep.formats.names import is_lock_path
from peep.formats.settings import Settings
from peep.locking.edges import Edge, UnreadableRequirement, parse_edge
from peep.locking.lock_paths import LockPaths, default_source, lock_paths, present_lock
from peep.locking.project_sources import Wanted, has_project
from peep.locking.settings import LockSettings
from peep.pipeline.locking.lock_file import read_present
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.options import SourceOptions
from peep.pipeline.settings import project_settings

_LARGEST_PROJECT = 1 << 22


def lock_options(parsed: ParsedArguments, verb: Verb) -> LockOptions:
    """Give back what was asked for: the command line, what a lock's own header says, the project's settings.

    Raises `UsageError` and `SettingsError`.
    """
    if output := _list_alone(parsed):
        return replace(options_for_file(parsed, verb, output), refresh_hashes=True, refreshes_alone=True)
    parsed = with_header(parsed, verb)
    paths = _paths(parsed)
    stated = project_settings(paths.files or (paths.output,))
    settings = lock_settings(parsed, stated)
    return LockOptions(
        install_options(parsed, verb=verb.name, sources=SourceOptions()),
        paths,
        settings,
        Wanted(
            settings.extras, settings.groups, all_extras=parsed.has("all-extras"), all_groups=parsed.has("all-groups")
        ),
        upgrade=parsed.has("upgrade"),
        upgraded=tuple(_upgraded(text) for text in parsed.values("upgrade-package")),
        refresh_hashes=parsed.has("refresh-hashes"),
        allows_pre_releases=parsed.has("pre"),
        is_check=parsed.has("check"),
        is_dry_run=parsed.has("dry-run"),
        is_offline=parsed.has("offline"),
        is_verified=parsed.has("verify"),
        emits_indexes=parsed.has("emit-index-url"),
        arguments=header_options(settings, parsed),
    )


def _list_alone(parsed: ParsedArguments) -> str:
    """Give back the list that `--refresh-hashes` is to refresh and nobody says how to make, '' for none.

    That is FILE of `-o FILE`; without `-o`, the lock in a folder where nothing is that could be locked.
    """
    if parsed.words or parsed.values("requirement") or not parsed.has("refresh-hashes"):
        return ""
    output = parsed.value("output-file") or ("" if source_here() else present_lock(os.path.isfile))
    is_alone = os.path.isfile(output) and read_present(output).arguments is None
    return output if is_alone else ""


def source_here() -> str:
    """Give back the source of the working folder, which counts where none is named; '' for none."""
    return default_source(os.path.exists, has_project=_has_project())


def options_for_file(parsed: ParsedArguments, verb: Verb, path: str) -> LockOptions:
    """Give back what a verb that works on one named file was asked for. Raises `UsageError` and `SettingsError`."""
    settings = lock_settings(parsed, project_settings((path,)))
    base = install_options(parsed, verb=verb.name, sources=SourceOptions())
    return LockOptions(
        base,
        LockPaths((), (), path),
        settings,
        Wanted(settings.extras, settings.groups),
        allows_pre_releases=parsed.has("pre"),
        is_check=parsed.has("check"),
        is_dry_run=parsed.has("dry-run"),
        is_offline=parsed.has("offline"),
        arguments=header_options(settings, parsed),
    )


def with_header(parsed: ParsedArguments, verb: Verb) -> ParsedArguments:
    """Complete `-o FILE` without sources by the command that FILE's header holds."""
    output = parsed.value("output-file")
    if not output or parsed.words or parsed.values("requirement") or not os.path.isfile(output):
        return parsed
    arguments = read_present(output, takes_edited=True).arguments
    if arguments is None:
        return parsed
    stated = parse(arguments, verb.options, verb=verb.name, environ={})
    if stated.has("output-file"):
        _refuse_belonging(output, stated.value("output-file") or "")
        parsed = replace(parsed, given=tuple(one for one in parsed.given if one.name != "output-file"))
    return replace(parsed, given=(*stated.given, *parsed.given), words=stated.words)


def _refuse_belonging(output: str, named: str) -> None:
    """Raise `UsageError` for a file whose header names another, or was written from another folder."""
    if os.path.realpath(output) == os.path.realpath(named):
        return
    again = f"peep lock -o {named}"
    here = os.path.abspath(output)
    folder = here.removesuffix(os.sep + os.path.normpath(named))
    if folder != here:
        raise UsageError(
            f"{output} was written from another folder", f"its paths are meant from there: in {folder}, {again}"
        )
    raise UsageError(f"{output} was written with {named}, which it belongs to", f"lock that: {again}")


def _paths(parsed: ParsedArguments) -> LockPaths:
    files, output = parsed.values("requirement"), parsed.value("output-file") or ""
    _refuse_unwritable(output)
    return lock_paths(parsed.words, files, output, os.path.exists, has_project=_has_project())


def refuse_standard_output(output: str) -> None:
    """Raise `UsageError` for `-o -`, which would be a file of that name."""
    if output == "-":
        raise UsageError("-o -: a lock is a file that the next run reads", "name it, as in: -o requirements.txt")


def _refuse_unwritable(output: str) -> None:
    """Raise `UsageError` for an output that no lock can be written to, before anything is asked for."""
    refuse_standard_output(output)
    folder = os.path.dirname(os.path.realpath(output))
    if output and not os.path.isdir(folder):
        raise UsageError(f"{output} cannot be written: there is no folder {os.path.dirname(output) or folder}")


def _has_project() -> bool:
    try:
        with open("pyproject.toml", encoding="utf-8") as file:
            return has_project(file.read(_LARGEST_PROJECT))
    except (OSError, UnicodeDecodeError):
        return False


def lock_settings(parsed: ParsedArguments, stated: Settings) -> LockSettings:
    """Put the command line's values over those of the settings; lists are replaced."""
    ages = parsed.values("min-age")
    for_projects = dict(age.split("=", 1) for age in ages if "=" in age)
    build_output = parsed.value("build-output") or stated.build_output
    if is_lock_path(build_output):
        raise UsageError(f"build-output {build_output}: build constraints are a requirements file", "name a .txt file")
    indexes = {one.name: one for one in stated.indexes}
    for text in parsed.values("index"):
        name, equals, url = text.partition("=")
        if not equals or name not in indexes:
            raise UsageError(f"--index: {text!r} is not NAME=URL with the name of an index of the settings")
        indexes[name] = replace(indexes[name], url=url)
    return LockSettings(
        targets=parsed.values("target") or stated.targets,
        min_age=next((age for age in reversed(ages) if "=" not in age), stated.min_age),
        min_age_for={**stated.min_age_for, **for_projects},
        hashes=parsed.value("hashes") or stated.hashes or "all",
        extras=parsed.values("extra") or stated.extras,
        groups=parsed.values("group") or stated.groups,
        constraints=parsed.values("constraint") or stated.constraints,
        only_binary=parsed.values("only-binary") or stated.only_binary,
        no_binary=parsed.values("no-binary") or stated.no_binary,
        annotate_files=parsed.has("annotate-files") or stated.annotate_files,
        build_output=build_output,
        allow_build=parsed.values("allow-build") or stated.allow_build,
        indexes=tuple(indexes[name] for name in sorted(indexes)),
    )


def header_options(settings: LockSettings, parsed: ParsedArguments) -> tuple[str, ...]:
    """Options that say what is locked, as the header of the file repeats them; none that has its default."""
    lists = {
        "constraint": settings.constraints,
        "extra": settings.extras,
        "group": settings.groups,
        "no-binary": settings.no_binary,
        "only-binary": settings.only_binary,
    }
    options = [f"--{name}={value}" for name, values in lists.items() for value in values]
    options += [f"--{name}" for name in ("all-extras", "all-groups", "emit-index-url", "pre") if parsed.has(name)]
    if settings.annotate_files:
        options.append("--annotate-files")
    if settings.build_output:
        options.append(f"--build-output={settings.build_output}")
    if settings.hashes != "all":
        options.append(f"--hashes={settings.hashes}")
    return tuple(options)


def _upgraded(text: str) -> Edge:
    try:
        edge = parse_edge(text)
    except UnreadableRequirement as error:
        raise UsageError(f"--upgrade-package: {error}", "write NAME, or NAME==VERSION") from None
    if edge.url or edge.marker or edge.extras:
        reason = "a URL, a marker or an extra does not belong there"
        raise UsageError(f"--upgrade-package: {text!r}: {reason}", "write NAME, or NAME==VERSION")
    return edge
