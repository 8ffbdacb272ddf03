"""Verb `peep mirror`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from peep.cli.options.install_options import output_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import FORMATS, GENERAL, INTERPRETER, NETWORK, PROGRESS, STORE, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb, prints_json
from peep.errors import InstallRefused, PeepError, UsageError
from peep.pipeline.context import RunContext

if TYPE_CHECKING:
    from peep.cli.mirror_actions import Action, Told


def _flag(name: str, text: str) -> Option:
    return Option((name,), text, has_variable=False)


def _value(name: str, text: str, metavar: str) -> Option:
    return Option((name,), text, OptionKind.VALUE, metavar, has_variable=False)


def _list(text: str, metavar: str, *names: str) -> Option:
    return Option(names, text, OptionKind.LIST, metavar, has_variable=False)


_OWN = (
    _list("sync, prune: a list of pins and hashes", "FILE", "-r", "--requirement"),
    _list("sync: for that INTERPRETER-PLATFORM, or here", "ID", "--target"),
    _flag("--all-files", "sync: every listed file, for whatever target"),
    _list("sync: pins and hashes of what builds use", "FILE", "--build-constraint"),
    _value("--source", "add: the source of mirror.toml that they are of", "NAME"),
    _value("--bundle", "add: everything in a bundle, a folder or tar", "PLACE"),
    _value("--bundle-digest", "add: the digest that it must have", "DIGEST"),
    _list("add, sync: NAME may get another owner than it had", "NAME", "--transfer"),
    _value("--reason", "yank, status: why", "TEXT"),
    _flag("--undo", "yank: not any more"),
    _flag("--json-root", "write: a second index, json/, for hosts that cannot choose"),
    _flag("--no-json-root", "write: no second index"),
    _flag("--flat", "write: one page with every file, for --find-links"),
    _flag("--no-flat", "write: no such page"),
    _flag("--ask-public", "check: ask the indexes whether they have private names; that tells them the names"),
    _value("--older-than", "prune: remove what is off its page that long (30d)", "AGE"),
    _flag("--files-only", "publish: archives alone, without pages"),
    _flag("--single-publisher", "publish: nobody else does, so no conditions are needed"),
    _value("--root", "server-config: the mirror's folder", "DIR"),
    _value("--listen", "server-config: 127.0.0.1:8080, or another", "HOST:PORT"),
)

VERB = Verb(
    name="mirror",
    usage=(
        "mirror init DIR",
        "mirror sync DIR -r FILE... [--target ID]... [--all-files]",
        "mirror add DIR ARCHIVE... --source NAME",
        "mirror add DIR --bundle BUNDLE",
        "mirror yank DIR NAME==VERSION [FILENAME] --reason TEXT",
        "mirror status DIR NAME archived|quarantined|deprecated|active",
        "mirror write DIR [--json-root] [--flat]",
        "mirror check DIR|URL [--ask-public]",
        "mirror prune DIR [-r FILE]... [--older-than AGE]",
        "mirror publish DIR s3://...|gs://...|az://...|FOLDER",
        "mirror server-config nginx|caddy [--root DIR] [--listen HOST:PORT]",
    ),
    description=(
        "A mirror is a folder that any web server, CDN or object store turns into an index for pip, uv and peep. "
        "`sync` brings what lists pin, verified, all of it or nothing. `add` puts in archives of your own. mirror.toml "
        "says which source owns which names: nobody outside can slip a project under one of yours. `yank` and `status` "
        "state what may be expected; `prune` takes off the pages what no list names, and removes it later. `publish` "
        "sends what is not there yet, beside any number of other publishers.\n\n"
        "docs/mirrors.md: a private index in ten minutes."
    ),
    examples=(
        ("peep mirror sync index -r requirements.txt --all-files", "everything that the list names"),
        ("peep mirror add index dist/*.whl --source ours", "and what you built"),
        ("peep mirror check https://index.example/", "does the server serve it as clients want it?"),
    ),
    sections=(
        Section("Options", (*_OWN, *format_option("text", "json"))),
        Section("Which files", (*FORMATS, *INTERPRETER)),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *GENERAL)),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Do what the first word says; gives back the exit status. Raises `PeepError`."""
    from peep.cli.mirror_actions import ACTIONS  # noqa: PLC0415 - help must not cost this

    name, *words = parsed.words or ("",)
    if name not in ACTIONS:
        raise UsageError(f"peep mirror wants one of {', '.join(ACTIONS)}", "see: peep mirror --help")
    action = ACTIONS[name]
    _check_words(name, words, parsed, action)
    output = output_options(parsed)
    with Console(output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        told = _done(name, words, parsed, RunContext.of_process(console), action)
        for warning in told.warnings:
            console.warning(warning)
        _tell(told, console, is_json=output.format == "json")
    return 1 if told.problems or told.value.get("problems") else 0


def _check_words(name: str, words: list[str], parsed: ParsedArguments, action: Action) -> None:
    """Refuse words that are missing or too many, and options that mean nothing to the action."""
    usage = next(line for line in VERB.usage if line.startswith(f"mirror {name} "))
    if len(words) < action.fewest or (action.most is not None and len(words) > action.most):
        raise UsageError(f"peep mirror {name} wants other words than these", f"as in: peep {usage}")
    if not all(words):
        raise UsageError(f"peep mirror {name}: an empty text names nothing", "is a variable of your shell unset?")
    own = {option.name for option in _OWN}
    for one in parsed.given:
        if one.name in own and one.name not in action.options:
            raise UsageError(f"peep mirror {name} has no option --{one.name}", f"as in: peep {usage}")


def _done(name: str, words: list[str], parsed: ParsedArguments, context: RunContext, action: Action) -> Told:
    """What the action came to; a refusal is told with the keys that all runs of it have."""
    from peep.cli.mirror_actions import CHANGING, Told  # noqa: PLC0415 - as above
    from peep.cli.output.failures import print_error  # noqa: PLC0415 - as above
    from peep.cli.output.incompleteness import fault_json, fault_line  # noqa: PLC0415 - as above
    from peep.cli.output.mirror_output import outcome_json  # noqa: PLC0415 - as above
    from peep.cli.output.problem_json import problems_of  # noqa: PLC0415 - as above
    from peep.workflows.mirror_sync import IncompleteLists  # noqa: PLC0415 - as above

    empty: Mapping[str, Any] = outcome_json(None) if name in CHANGING else {}
    try:
        return action.run(words, parsed, context)
    except InstallRefused as refused:
        return Told((), empty, refused.problems)
    except IncompleteLists as incomplete:
        lines = [f"{fault.target}: {fault_line(fault)}" for fault in incomplete.faults]
        value = {**empty, "problems": [fault_json(fault) for fault in incomplete.faults]}
        return Told([*lines, f"Nothing was changed. hint: {incomplete.hint}"], value)
    except PeepError as error:
        if isinstance(error, UsageError) or not prints_json(VERB, parsed):
            raise
        print_error(error)
        return Told((), empty, problems_of(error))


def _tell(told: Told, console: Console, *, is_json: bool) -> None:
    from peep.cli.output.problem_json import problems_as_json  # noqa: PLC0415 - as above
    from peep.cli.output.reports import report_text  # noqa: PLC0415 - as above

    if is_json:
        problems = problems_as_json(told.problems) if told.problems else {}
        console.result(json.dumps({**told.value, **problems}, indent=2))
        return
    if told.problems:
        console.result(report_text(told.problems, console.width, told.last_line))
    if told.lines:
        console.result("\n".join(told.lines))
