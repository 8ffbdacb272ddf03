"""`peep certify`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.shared_texts import refuse_secrets
from peep.cli.options.tables import GENERAL, INDEXES, NETWORK, SOURCES, STORE, VETTING
from peep.cli.options.vetting_words import names_in
from peep.cli.output.console import Console
from peep.cli.output.text import counted, is_at_terminal
from peep.cli.verb import Section, Verb
from peep.errors import UsageError, VettingError
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions

if TYPE_CHECKING:
    from peep.examine.types import Hit
    from peep.pipeline.vetting.certified_version import CertifyOptions
    from peep.vetting.records import Answer, Audit, Criterion
    from peep.workflows.certify import Certified, People

OWN = (
    VETTING,
    Option(("--from",), "what was read: a reading that a review page saved", OptionKind.VALUE, "READING"),
    Option(("--since",), "what it was compared with; else the nearest examined", OptionKind.VALUE, "VERSION"),
    Option(("--full",), "all of it was read, not what changed", is_peeps_own=True),
    Option(("--criteria",), "what you vouch for, with commas; else what the policy demands", OptionKind.VALUE, "NAMES"),
    Option(("--by",), "who read it, instead of git's user", OptionKind.VALUE, "NAME", is_peeps_own=True),
    Option(("--notes",), "state that all was read, with a remark", OptionKind.VALUE, "TEXT", is_peeps_own=True),
    Option(("--skipped",), "paths that were not read, such as tests/**", OptionKind.LIST, "PATTERN", is_peeps_own=True),
    Option(("--answer",), "to a stop signal: 'RULE PATH=TEXT'", OptionKind.LIST, "ANSWER", is_peeps_own=True),
    Option(("--machine",), "a program read it: its name and model", OptionKind.VALUE, "TOOL", is_peeps_own=True),
    Option(("--wheel",), "without -r: the wheel of that tag or file name", OptionKind.VALUE, "TAG|FILE"),
    Option(("--add",), "add archives that need no reading to your audit record", is_peeps_own=True),
    Option(("--no-sandbox",), "open the archives without a sandbox", is_peeps_own=True),
)

VERB = Verb(
    name="certify",
    usage=(
        "certify [OPTIONS] -r FILE NAME VERSION",
        "certify [OPTIONS] --from READING.json [-r FILE] NAME VERSION",
        "certify [OPTIONS] --add -r FILE NAME VERSION",
    ),
    description=(
        "Writes an audit record into vetting/audits.toml: who read the archives of this version, what they vouch for, "
        "and since which examined version. The archives are those that the files list, else those that peep diff "
        "shows. On a terminal your editor opens, with the sentence that you answer for; elsewhere --notes says that "
        "you do. Excuses of the same archives go.\n\n"
        "--from takes what a review page saved (peep diff --html), and compares the archives anew: nothing is recorded "
        "while a file that can run is unread and no --skipped names it, or while a new stop signal has no --answer. "
        "On a terminal you are asked for the answers."
    ),
    examples=(
        ("peep certify --from idna-3.20.reading.json idna 3.20", "what the review page marked as read was read"),
        ("peep certify -r requirements.txt idna 3.20", "what changed since the nearest examined version was read"),
        ("peep certify -r requirements.txt idna 3.20 --full --notes 'no surprises'", "all of it was read"),
        ("peep certify -r requirements.txt idna 3.20 --criteria safe-to-deploy", "for more than the policy demands"),
    ),
    sections=(
        Section("What was read", (*SOURCES, *OWN)),
        Section("Where from", INDEXES),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", GENERAL),
    ),
    wants="project and version",
)

_NAME_AND_VERSION = 2


def run(parsed: ParsedArguments) -> int:
    """Write the record; 0 when its archives are examined by it, else 1. Raises `PeepError`, nothing written.

    Who skips files says so, and is told what the policy thinks of it: such a record is no failure.
    """
    from peep.workflows.certify import certify  # noqa: PLC0415 - help describes the verb without it

    options = _options(parsed)
    with Console(options.run.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        if not options.use_sandbox:
            console.warning("archives are opened without a sandbox (--no-sandbox)")
        context = RunContext.of_process(console)
        done = _extended(options, context) if parsed.has("add") else certify(options, context, _people(parsed))
        for line in _lines(done):
            console.note(line)
        for criterion in done.lacking:
            console.warning(f"the record stands, and yet nothing is examined for {criterion} by it: see peep examine")
    return 1 if done.lacking and not options.skipped else 0


def _options(parsed: ParsedArguments) -> CertifyOptions:
    from peep.pipeline.readings import reading_at  # noqa: PLC0415 - as above
    from peep.pipeline.vetting.certified_version import CertifyOptions  # noqa: PLC0415 - as above

    refuse_secrets(parsed, "notes", "by", "answer", "skipped", "machine")
    if len(parsed.words) != _NAME_AND_VERSION:
        raise UsageError("peep certify wants a project and a version", f"usage: peep {VERB.usage[0]}")
    if parsed.has("full") and parsed.value("since") is not None:
        raise UsageError("--full and --since exclude each other")
    place = parsed.value("from")
    if parsed.has("add") and place is not None:
        raise UsageError("--add and --from exclude each other", "what was read makes a record of its own")
    sources = SourceOptions(
        requirement_files=parsed.values("requirement"), constraint_files=parsed.values("constraint")
    )
    return CertifyOptions(
        install_options(parsed, verb=VERB.name, sources=sources),
        name=parsed.words[0],
        version=parsed.words[1],
        criteria=names_in(parsed.value("criteria")),
        by=parsed.value("by"),
        notes=parsed.value("notes"),
        since=parsed.value("since"),
        is_full=parsed.has("full"),
        reading=reading_at(place, "--from") if place is not None else None,
        wheel=parsed.value("wheel"),
        skipped=parsed.values("skipped"),
        answers=tuple(_answer(text) for text in parsed.values("answer")),
        machine=parsed.value("machine"),
        vetting=parsed.value("vetting"),
        use_sandbox=not parsed.has("no-sandbox"),
    )


def _people(parsed: ParsedArguments) -> People:
    from peep.workflows.certify import NOBODY, People  # noqa: PLC0415 - as above

    return People(_stated, _asked) if is_at_terminal() and not parsed.has("no-input") else NOBODY


def _asked(hit: Hit) -> str:
    """What the person at the terminal says to a stop signal; '' where they say nothing."""
    from peep.formats.visible_text import visible  # noqa: PLC0415 - as above
    from peep.pipeline.vetting.audit_ground import told_signal  # noqa: PLC0415 - as above

    print(visible(told_signal(hit)))
    try:
        return input("  why is that right? ")
    except EOFError:
        return ""


def _extended(options: CertifyOptions, context: RunContext) -> Certified:
    from peep.workflows.certify import add_archives  # noqa: PLC0415 - as above

    return add_archives(options, context)


def _answer(text: str) -> Answer:
    from peep.vetting.records import Answer  # noqa: PLC0415 - as above

    signal, equals, why = text.partition("=")
    rule, _, path = signal.strip().partition(" ")
    if not (equals and rule and why.strip()):
        raise UsageError(f"--answer: {text!r} is not of the form 'RULE PATH=TEXT'")
    return Answer(rule, path.strip(), "", why.strip())


def _stated(audit: Audit, criteria: Mapping[str, Criterion]) -> str:
    """Ask in the editor."""
    from peep.system.editor import EditorFailed, edited  # noqa: PLC0415 - as above
    from peep.vetting.statement import notes_in, text_to_edit  # noqa: PLC0415 - as above

    try:
        text = edited(text_to_edit(audit, criteria), os.environ)
    except EditorFailed as error:
        raise VettingError(f"{error}; nothing was recorded", "state it by --notes TEXT instead") from error
    return notes_in(text, audit)


def _lines(done: Certified) -> list[str]:
    audit = done.audit
    since = f" since {', '.join(line.filename for line in audit.since)}" if audit.since else ""
    archives = counted(len(audit.archives), "archive")
    first = (
        f"{done.folder}/audits.toml: {audit.project} {audit.version}, {archives}{since}, {', '.join(audit.criteria)}"
    )
    return [first, *done.notes]
