"""Runs of `peep vetting excuse`, `object`, `trust`, `attest` and `fmt`, and their output."""

from __future__ import annotations

import os
from collections import Counter

from peep.cli.options.install_options import install_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.shared_texts import refuse_secrets
from peep.cli.options.vetting_words import day, names_in, needed, words_after
from peep.cli.output.console import Console
from peep.cli.output.text import counted
from peep.cli.output.vetting_text import attested_line, subject_name
from peep.errors import UsageError
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions


def excuse_listed(parsed: ParsedArguments, console: Console) -> int:
    """Excuse what is listed and unexamined; 1 where something listed cannot be excused. Raises `PeepError`."""
    from peep.workflows.vetting_excuse import ExcuseOptions, excuse  # noqa: PLC0415 - help needs none of it

    refuse_secrets(parsed, "why", "by")
    words_after(parsed)
    if not parsed.values("requirement"):
        raise UsageError("peep vetting excuse wants the files that list what is excused", "name them: -r FILE")
    sources = SourceOptions(
        requirement_files=parsed.values("requirement"), constraint_files=parsed.values("constraint")
    )
    done = excuse(
        ExcuseOptions(
            install_options(parsed, sources=sources),
            day(parsed, "until"),
            needed(parsed, "why"),
            names_in(parsed.value("criteria")),
            parsed.value("by"),
            parsed.value("vetting"),
        ),
        RunContext.of_process(console),
    )
    for one in done.objected:
        who = ", ".join(f"{found.source or found.by}: {found.why}" for found in one.objections)
        console.error(f"{subject_name(one.subject)} was not excused, for somebody objects ({who})")
    for subject in done.without_digest:
        console.error(f"{subject_name(subject)} was not excused: records name archives by sha256, list that")
    told = f"{counted(len(done.subjects), 'archive')} excused until {done.until}"
    console.note(f"{done.folder}/excused.toml: {told}" if done.subjects else "nothing is left to excuse")
    return 1 if done.objected or done.without_digest else 0


def object_to_one(parsed: ParsedArguments, console: Console) -> int:
    """Record a violation. Raises `PeepError`."""
    from peep.workflows.vetting_object import ObjectOptions, object_to  # noqa: PLC0415 - as above

    refuse_secrets(parsed, "why", "by")
    name, what = words_after(parsed, "a project", "a version, a range or a sha256")
    options = ObjectOptions(name, what, needed(parsed, "why"), by=parsed.value("by"), vetting=parsed.value("vetting"))
    if criteria := names_in(parsed.value("criteria")):
        options = ObjectOptions(name, what, options.why, criteria, options.by, options.vetting)
    done = object_to(options, os.environ)
    for note in done.notes:
        console.warning(note)
    aim = done.violation.versions or ", ".join(str(line) for line in done.violation.archives)
    console.note(f"{done.folder}/audits.toml: objects to {done.violation.project} {aim}")
    return 0


def trust_one(parsed: ParsedArguments, console: Console) -> int:
    """Print the table for the policy. Raises `PeepError`."""
    from peep.workflows.vetting_trust import TrustOptions, trust  # noqa: PLC0415 - as above

    refuse_secrets(parsed, "why", "by")
    name, publisher = words_after(parsed, "a project", "a publisher")
    options = TrustOptions(
        name,
        publisher,
        day(parsed, "since"),
        day(parsed, "until"),
        needed(parsed, "why"),
        names_in(parsed.value("criteria")),
        parsed.value("vetting"),
    )
    console.result(trust(options).rstrip("\n"))
    return 0


def attest_some(parsed: ParsedArguments, console: Console) -> int:
    """Verify attestations; 1 where one is wrong, or a publisher changed or is gone. Raises `PeepError`."""
    from peep.workflows.vetting_attest import AttestOptions, attest  # noqa: PLC0415 - as above

    sources = SourceOptions(
        requirement_files=parsed.values("requirement"), constraint_files=parsed.values("constraint")
    )
    options = AttestOptions(
        install_options(parsed, sources=sources),
        tuple(parsed.words[1:]),
        parsed.value("vetting"),
        use_sandbox=not parsed.has("no-sandbox"),
    )
    if not options.use_sandbox:
        console.warning("attestations are verified without a sandbox (--no-sandbox)")
    done = attest(options, RunContext.of_process(console))
    for one in done.archives:
        (console.error if one.is_wrong else console.result)(attested_line(one))
    counts = Counter(one.status.value for one in done.archives)
    told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    console.note(f"{done.folder}/published.toml: {told or 'nothing is listed'}")
    return 1 if any(one.is_wrong for one in done.archives) else 0


def format_records(parsed: ParsedArguments, console: Console) -> int:
    """Write the canonical form; under `--check` 1 where that would change a byte. Raises `PeepError`."""
    from peep.workflows.vetting_fmt import fmt  # noqa: PLC0415 - as above

    words_after(parsed)
    is_check = parsed.has("check")
    done = fmt(parsed.value("vetting"), check=is_check)
    for name in done.changed:
        console.result(f"{done.folder}/{name}: " + ("is not in canonical form" if is_check else "rewritten"))
    return 1 if is_check and done.changed else 0
