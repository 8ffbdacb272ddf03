"""Conversion of parsed arguments into the frozen options of a run."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence

from peep.cli.options.argv import OptionUse
from peep.cli.options.parser import ParsedArguments
from peep.errors import UsageError
from peep.formats.names import is_lock_path
from peep.model import FormatControl
from peep.pipeline.options import (
    BuildOptions,
    BundleSource,
    GivenIndexes,
    InstallOptions,
    NetworkOptions,
    OutputOptions,
    SourceOptions,
    StoreOptions,
    TargetOptions,
)

_FOREIGN = ("platform", "abi", "implementation", "python-version")
_MOST = 1_000_000
"""More seconds, days or attempts than that are a slip of the keyboard."""
_FOLDER = r"\.{0,2}[/\\](?!.*--hash=)|\.{1,2}$"
"""A word that can mean nothing but a path without a hash."""
_VOUCHES = r"--hash=|[#&]sha(?:256|384|512)=|git\+"
"""In an argument: it says itself what it must be, so that no file is needed. What is wrong with it is found later."""


def install_options(
    parsed: ParsedArguments, *, verb: str = "install", sources: SourceOptions | None = None
) -> InstallOptions:
    """Everything that a verb which installs or fetches was asked for; raises `UsageError`.

    `sources` are given for verbs that know themselves what to read.
    """
    return InstallOptions(
        sources=source_options(parsed, verb) if sources is None else sources,
        bundle=bundle_source(parsed),
        indexes=_indexes(parsed),
        format_control=format_control(parsed.given),
        network=network_options(parsed),
        target=target_options(parsed),
        build=_build_options(parsed),
        store=store_options(parsed),
        output=output_options(parsed),
        is_isolated=parsed.has("isolated"),
        force_reinstall=parsed.has("force-reinstall"),
        ignore_installed=parsed.has("ignore-installed"),
        trust_installed=parsed.has("trust-installed"),
        check_dependencies=not parsed.has("no-check-dependencies"),
        refuse_malware=parsed.has("refuse-malware"),
        advisories=parsed.values("advisories"),
        allow_record_mismatch=parsed.values("allow-record-mismatch"),
        allow_file_conflict=parsed.values("allow-file-conflict"),
        compile=parsed.either("compile", "no-compile"),
        link_mode=parsed.value("link-mode"),
        require_examined=parsed.values("require-examined"),
        vetting=parsed.value("vetting"),
        dry_run=parsed.has("dry-run"),
        builds_anyway=parsed.has("with-builds"),
        report=parsed.value("report"),
        destination=parsed.value("dest") or parsed.value("wheel-dir"),
    )


def source_options(parsed: ParsedArguments, verb: str) -> SourceOptions:
    """Where the pins are; raises `UsageError` when there is no place at all to look up hashes."""
    locks = [word for word in parsed.words if is_lock_path(_without_extras(word)[0])]
    arguments = [word for word in parsed.words if word not in locks]
    for word in arguments:
        if word.endswith((".txt", ".in")) and os.path.isfile(word):
            raise UsageError(f"{word} is a file, not a requirement", f"did you mean: peep {verb} -r {word}")
    _refuse_other_locks(arguments)
    files = [_without_extras(file) for file in (*parsed.values("requirement"), *locks)]
    constraints = parsed.values("constraint")
    _check_files(parsed, [file for file, _ in files], constraints)
    editable = [f"-e {folder}" for folder in parsed.values("editable")]
    is_trusting = parsed.has("trust-local")
    folders = (*editable, *filter(_is_folder, arguments))
    if folders and not (files or is_trusting):
        hint = "to build it all the same, name a folder that it is in: --trust-local FOLDER"
        raise UsageError(f"{folders[0]}: no hash can vouch for a folder", hint)
    is_vouched_for = any(re.search(_VOUCHES, argument) for argument in arguments)
    if not (files or arguments or is_trusting) and parsed.value("bundle") and parsed.value("bundle-digest"):
        return SourceOptions()
    if not (files or is_trusting or is_vouched_for or (arguments and constraints)):
        if parsed.value("bundle") and not arguments:
            hint = "name the file that you vetted with -r, or give --bundle-digest"
            raise UsageError("--bundle alone: the bundle would vouch for itself", hint)
        raise UsageError(
            f"peep {verb} has nowhere to look up hashes",
            f"name a file, as in: peep {verb} -r requirements.txt; or a hash: peep {verb} 'NAME==1.0 --hash=sha256:…'",
        )
    return SourceOptions(
        requirement_files=tuple(file for file, _ in files),
        constraint_files=constraints,
        requirements=(*arguments, *editable),
        extras=(*parsed.values("extra"), *(extra for _, extras in files for extra in extras)),
        groups=parsed.values("group"),
    )


def bundle_source(parsed: ParsedArguments) -> BundleSource | None:
    """The bundle that `--bundle` names. Raises `UsageError` for a digest without one."""
    place, digest = parsed.value("bundle"), parsed.value("bundle-digest")
    if place is None and digest is not None:
        raise UsageError("--bundle-digest: no bundle is named", "name it with --bundle")
    return None if place is None else BundleSource(place, digest)


def _refuse_other_locks(arguments: Iterable[str]) -> None:
    for word in arguments:
        if word.endswith(".lock"):
            from peep.requirements.files import is_other_lock, lock_hint  # noqa: PLC0415 - for a failing run only

            if is_other_lock(word):
                raise UsageError(f"{word} is the lock file of another tool", lock_hint(word))


def _check_files(parsed: ParsedArguments, files: Sequence[str], constraints: Sequence[str]) -> None:
    """Refuse a name that is empty, and what only a lock file could answer where none is given."""
    if not (all(files) and all(constraints)):
        raise UsageError("an empty text names no requirements file", "is a variable of your shell unset?")
    for option in ("extra", "group"):
        names = parsed.values(option)
        if names and not any(is_lock_path(file) for file in files):
            hint = "it is not read from pyproject.toml: write it into a pylock.toml, or list its projects in a file"
            raise UsageError(f"--{option} {names[0]}: no lock file is given that could have this {option}", hint)


def _is_folder(argument: str) -> bool:
    return re.match(_FOLDER, argument) is not None and not os.path.isfile(argument.partition("#")[0])


def _without_extras(file: str) -> tuple[str, tuple[str, ...]]:
    """Split `pylock.toml[a,b]`, as pip reads it, into the file and its extras."""
    path, bracket, rest = file.partition("[")
    if bracket and rest.endswith("]") and is_lock_path(path):
        return path, tuple(extra.strip() for extra in rest[:-1].split(",") if extra.strip())
    return file, ()


def _indexes(parsed: ParsedArguments) -> GivenIndexes:
    return GivenIndexes(
        index_url=parsed.value("index-url"),
        extra_index_urls=parsed.values("extra-index-url"),
        find_links=parsed.values("find-links"),
        no_index=parsed.has("no-index"),
        trusted_hosts=parsed.values("trusted-host"),
    )


def format_control(given: Iterable[OptionUse]) -> FormatControl:
    """What `--no-binary` and `--only-binary` leave, in the order given, by pip's rules (`:none:` empties the set)."""
    control = FormatControl()
    for one in given:
        name, value = ("no-binary", ":all:") if one.name == "no-use-wheel" else (one.name, one.value or "")
        if name in {"no-binary", "only-binary"}:
            from peep.requirements.run_options import with_format  # noqa: PLC0415 - few runs have such an option

            control = with_format(control, f"--{name}", value)
    return control


def network_options(parsed: ParsedArguments) -> NetworkOptions:
    retries, timeout = parsed.value("retries"), parsed.value("timeout")
    return NetworkOptions(
        proxy=parsed.value("proxy"),
        use_proxy_variables=not parsed.has("no-proxy-env"),
        retries=None if retries is None else int(number(retries, "--retries")),
        timeout=None if timeout is None else number(timeout, "--timeout"),
        cert=parsed.value("cert"),
        client_cert=parsed.value("client-cert"),
        keyring_provider=parsed.value("keyring-provider"),
        may_ask=not parsed.has("no-input"),
        archives=parsed.value("archives"),
    )


def number(text: str, option: str) -> float:
    """The value of an option that wants seconds, days or attempts. Raises `UsageError` for what is none."""
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not 0 <= found < _MOST:
        raise UsageError(f"{option}: {text!r} is no number of at least 0")
    return found


def target_options(parsed: ParsedArguments) -> TargetOptions:
    """Which environment; raises `UsageError` for options that exclude each other."""
    is_for_user = parsed.either("user", "no-user")
    places = [f"--{name}" for name in ("target", "prefix") if parsed.has(name)] + ["--user"] * bool(is_for_user)
    if len(places) > 1:
        raise UsageError(f"{places[0]} and {places[1]} exclude each other")
    return TargetOptions(
        python=parsed.value("python"),
        target=parsed.value("target") or _nowhere(parsed),
        prefix=parsed.value("prefix"),
        root=parsed.value("root"),
        user=is_for_user,
        break_system_packages=parsed.has("break-system-packages"),
        require_virtualenv=parsed.has("require-virtualenv"),
        platforms=parsed.values("platform"),
        abis=parsed.values("abi"),
        implementation=parsed.value("implementation"),
        python_version=parsed.value("python-version"),
        ignore_requires_python=parsed.has("ignore-requires-python"),
    )


def _nowhere(parsed: ParsedArguments) -> str | None:
    """For a dry run with another interpreter's files, which no environment here could hold: a folder that is empty.

    It lies below a file, so that nobody can have made it.
    """
    is_foreign = any(map(parsed.has, _FOREIGN))
    is_placed = any(map(parsed.has, ("prefix", "root", "user")))
    return os.path.join(sys.executable, "dry-run") if parsed.has("dry-run") and is_foreign and not is_placed else None


def _build_options(parsed: ParsedArguments) -> BuildOptions:
    if parsed.has("require-sandbox") and parsed.has("no-sandbox"):
        raise UsageError("--require-sandbox and --no-sandbox exclude each other")
    return BuildOptions(
        constraint_files=parsed.values("build-constraint"),
        isolation=not parsed.has("no-build-isolation"),
        config_settings=tuple(_setting(text) for text in parsed.values("config-settings")),
        require_sandbox=parsed.has("require-sandbox"),
        use_sandbox=not parsed.has("no-sandbox"),
        trust_local=parsed.values("trust-local"),
        requirements=tuple(_build_requirement(text) for text in parsed.values("build-requirement")),
        visible_folders=parsed.values("build-path"),
    )


def _build_requirement(text: str) -> str:
    from peep.requirements.directives import MalformedDirective, build_requirement  # noqa: PLC0415 - few runs have one

    try:
        build_requirement(text)
    except MalformedDirective as error:
        raise UsageError(f"--build-requirement: {error}", error.hint) from None
    return text


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"--config-settings: {text!r} is not of the form KEY=VALUE")
    return key, value


def store_options(parsed: ParsedArguments) -> StoreOptions:
    cache = parsed.value("cache-dir")
    return StoreOptions(
        folder=parsed.value("store") or (os.path.join(cache, "peep") if cache else None),
        is_kept=not parsed.has("no-cache-dir"),
    )


def output_options(parsed: ParsedArguments, default_format: str = "text") -> OutputOptions:
    progress_bar = parsed.value("progress-bar") or "auto"
    return OutputOptions(
        quiet=parsed.count("quiet"),
        verbose=parsed.count("verbose"),
        format=parsed.value("format") or default_format,
        # pip once had several looks of its bar
        progress_bar=progress_bar if progress_bar in {"auto", "off", "raw"} else "on",
        color=not (parsed.has("no-color") or os.environ.get("NO_COLOR")),  # no-color.org: any text but an empty one
        log=parsed.value("log"),
    )
