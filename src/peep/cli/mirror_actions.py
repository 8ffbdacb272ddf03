"""Actions of `peep mirror`: words and options -> the workflow -> what is told of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peep.cli.options.install_options import install_options
from peep.cli.options.lock_options import lock_settings
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.shared_texts import refuse_secrets
from peep.cli.output.mirror_output import (
    checked_json,
    checked_line,
    outcome_json,
    outcome_lines,
    published_json,
    published_line,
)
from peep.cli.output.text import counted, escape_controls
from peep.dataclass import dataclass, field
from peep.errors import Problem, UsageError
from peep.formats.names import is_lock_path
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.layout import MIRROR_SETTINGS, View
from peep.mirror.outcome import MirrorOutcome
from peep.mirror.publish import PublishOptions
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions
from peep.pipeline.settings import project_settings
from peep.requirements.files import is_url
from peep.workflows.mirror_add import MirrorAddOptions, add_archives
from peep.workflows.mirror_check import check_folder, check_url
from peep.workflows.mirror_init import init_mirror
from peep.workflows.mirror_prune import prune_mirror
from peep.workflows.mirror_publish import publish_mirror
from peep.workflows.mirror_server_config import mirror_server_config
from peep.workflows.mirror_status import set_status
from peep.workflows.mirror_sync import SyncOptions, sync_mirror
from peep.workflows.mirror_write import write_mirror
from peep.workflows.mirror_yank import yank_files, yanked_release

DEFAULT_AGE = "30d"
DEFAULT_LISTEN = "127.0.0.1:8080"
_LAST_LINE = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Told:
    """What a verb has to say."""

    lines: Sequence[str]
    value: Mapping[str, Any]
    problems: Sequence[Problem] = ()
    warnings: Sequence[str] = ()
    last_line: str = _LAST_LINE
    """Under `problems`."""


Run = Callable[[Sequence[str], ParsedArguments, RunContext], Told]


@dataclass(frozen=True, slots=True)
class Action:
    """One verb below `peep mirror`."""

    run: Run
    fewest: int
    """Words after it."""
    most: int | None
    """None: any number."""
    options: frozenset[str] = field(default_factory=frozenset)
    """Names of options, of those that `peep mirror` has for itself, that mean something to it."""


def _changed(outcome: MirrorOutcome) -> Told:
    return Told(list(outcome_lines(outcome)), outcome_json(outcome))


def _init(words: Sequence[str], _parsed: ParsedArguments, _context: RunContext) -> Told:
    settings = os.path.join(words[0], MIRROR_SETTINGS)
    what = f"{settings} stays as it is" if os.path.lexists(settings) else settings
    outcome = init_mirror(words[0])
    made = f"made an empty mirror: {what}, {counted(outcome.pages, 'page')}; serial {outcome.serial}"
    following = f"next: say in {settings} who owns which names;"
    then = "      then peep mirror add, or peep mirror sync"
    return Told([escape_controls(made), escape_controls(following), then], outcome_json(outcome))


def _sync(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    lists = (*parsed.values("requirement"), *(word for word in words[1:] if is_lock_path(word)))
    if others := [word for word in words[1:] if not is_lock_path(word)]:
        raise UsageError(f"peep mirror sync takes no such argument: {others[0]}", "lists are named with -r")
    if not lists:
        raise UsageError("peep mirror sync wants lists", "as in: peep mirror sync DIR -r requirements.txt")
    if parsed.has("all-files") and parsed.has("target"):
        raise UsageError("--all-files and --target exclude each other", "--all-files brings files for every target")
    options = SyncOptions(
        install_options(parsed, verb="mirror", sources=SourceOptions()),
        lock_settings(parsed, project_settings(lists)),
        lists,
        parsed.values("build-constraint"),
        all_files=parsed.has("all-files"),
        transfer=parsed.values("transfer"),
    )
    return _changed(sync_mirror(words[0], options, context))


def _add(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    source, bundle = parsed.value("source"), parsed.value("bundle")
    if bundle is None and (source is None or not words[1:]):
        raise UsageError(
            "peep mirror add wants archives, and their source", "as in: peep mirror add DIR ARCHIVE… --source ours"
        )
    if bundle is not None and (source is not None or words[1:]):
        raise UsageError("--bundle brings all archives of a bundle; mirror.toml tells their owners", "name it alone")
    options = MirrorAddOptions(
        tuple(words[1:]), source or "", bundle, parsed.value("bundle-digest"), parsed.values("transfer")
    )
    return _changed(add_archives(words[0], options, context.reporter))


def _reason(parsed: ParsedArguments) -> str | None:
    """The value of --reason, which stands on pages and screens. Raises `UsageError` for what cannot be printed."""
    refuse_secrets(parsed, "reason")
    reason = parsed.value("reason")
    if reason is not None and not reason.isprintable():
        raise UsageError(f"--reason: {reason[:60]!a} holds something that cannot be printed", "write one line of text")
    return reason


def _yank(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    reason = _reason(parsed)
    if parsed.has("undo") == (reason is not None):
        raise UsageError("peep mirror yank wants --reason TEXT, or --undo", "a yank without a reason: --reason ''")
    release = yanked_release(words[1], words[2] if words[2:] else None)
    return _changed(yank_files(words[0], release, reason, context.reporter))


def _status(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    known = {status.value: status for status in ProjectStatus}
    if words[2] not in known:
        raise UsageError(f"{words[2]!r} is no status", f"known: {', '.join(known)}")
    return _changed(set_status(words[0], words[1], known[words[2]], _reason(parsed) or "", context.reporter))


def _write(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    wanted = {view: parsed.either(view.value, f"no-{view.value}") for view in View}
    return _changed(write_mirror(words[0], wanted, context.reporter))


def _check(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    base = install_options(parsed, verb="mirror", sources=SourceOptions())
    if is_url(words[0]):
        if parsed.has("ask-public"):
            raise UsageError("--ask-public: mirror.toml, which says what is private, is never published", "check DIR")
        found = check_url(words[0], base, context)
    else:
        found = check_folder(words[0], base, context, asks_public=parsed.has("ask-public"))
    faults = found.checked.faults
    lines = [] if faults else [checked_line(found)]
    return Told(lines, checked_json(found), faults, found.warnings, "The mirror is not as it should be.")


def _prune(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    base = install_options(parsed, verb="mirror", sources=SourceOptions())
    age = parsed.value("older-than") or DEFAULT_AGE
    return _changed(prune_mirror(words[0], parsed.values("requirement"), age, base, context))


def _publish(words: Sequence[str], parsed: ParsedArguments, context: RunContext) -> Told:
    options = PublishOptions(
        files_only=parsed.has("files-only"),
        is_single_publisher=parsed.has("single-publisher"),
        reporter=context.reporter,
    )
    published = publish_mirror(words[0], words[1], options)
    last_line = "The projects of these files stay as they were there; everything else was published."
    return Told([published_line(published)], published_json(published), published.problems, last_line=last_line)


def _server_config(words: Sequence[str], parsed: ParsedArguments, _context: RunContext) -> Told:
    listen = parsed.value("listen") or DEFAULT_LISTEN
    text = mirror_server_config(words[0], parsed.value("root") or ".", listen)
    return Told([text.rstrip("\n")], {"server": words[0], "text": text})


ACTIONS: Mapping[str, Action] = {
    "init": Action(_init, 1, 1),
    "sync": Action(_sync, 1, None, frozenset({"requirement", "target", "build-constraint", "all-files", "transfer"})),
    "add": Action(_add, 1, None, frozenset({"source", "bundle", "bundle-digest", "transfer"})),
    "yank": Action(_yank, 2, 3, frozenset({"reason", "undo"})),
    "status": Action(_status, 3, 3, frozenset({"reason"})),
    "write": Action(_write, 1, 1, frozenset({"json-root", "no-json-root", "flat", "no-flat"})),
    "check": Action(_check, 1, 1, frozenset({"ask-public"})),
    "prune": Action(_prune, 1, 1, frozenset({"requirement", "older-than"})),
    "publish": Action(_publish, 2, 2, frozenset({"files-only", "single-publisher"})),
    "server-config": Action(_server_config, 1, 1, frozenset({"root", "listen"})),
}
CHANGING = frozenset({"init", "sync", "add", "yank", "status", "write", "prune"})
