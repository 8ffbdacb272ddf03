"""`peep lock`."""

from __future__ import annotations

from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import (
    DECLARED_TARGETS,
    FORMATS,
    GENERAL,
    INDEX_PLACES,
    INTERPRETER,
    MIN_AGE,
    NETWORK,
    OFFLINE,
    PROGRESS,
    PROJECT_PARTS,
    STORE,
    format_option,
)
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.pipeline.context import RunContext

WHAT = (
    Option(("-r", "--requirement"), "read FILE, as if it were named without -r", OptionKind.LIST, "FILE"),
    Option(("-c", "--constraint"), "limits on versions of what else is required", OptionKind.LIST, "FILE"),
    Option(("-o", "--output-file"), "write FILE: pylock.toml, or else a requirements file", OptionKind.VALUE, "FILE"),
    *DECLARED_TARGETS,
    *PROJECT_PARTS,
    Option(("--all-extras",), "with all extras", has_variable=False),
)

WHICH = (
    Option(("-U", "--upgrade"), "forget all locked versions", has_variable=False),
    Option(("-P", "--upgrade-package"), "forget that one; ==VERSION names the next", OptionKind.LIST, "NAME"),
    *MIN_AGE,
    Option(("--pre",), "pre-releases count as others do"),
    Option(("--hashes",), "list all files, or those of the targets", OptionKind.VALUE, "WHICH", ("all", "targets")),
    Option(("--refresh-hashes",), "hashes of kept versions are today's", is_peeps_own=True),
    Option(("--verify",), "download every usable file and hold it against what the index states", is_peeps_own=True),
    Option(("--emit-index-url",), "write the indexes in force into the file", has_variable=False),
    Option(("--annotate-files",), "name the file of each hash in a comment", is_peeps_own=True),
    Option(
        ("--build-output",),
        "where build constraints go; default: build-constraints.txt beside the output",
        OptionKind.VALUE,
        "FILE",
        has_variable=False,
    ),
    Option(
        ("--allow-build",),
        "let the build backend of NAME say what it needs, in the sandbox",
        OptionKind.LIST,
        "NAME",
        is_peeps_own=True,
    ),
    Option(("--check",), "write nothing; 1 if a run would change the file", is_peeps_own=True),
    Option(("--dry-run",), "write nothing; tell what would change"),
)

WHERE_FROM = (
    *OFFLINE,
    Option(("--index",), "another URL for an index of the settings", OptionKind.LIST, "NAME=URL", has_variable=False),
    *INDEX_PLACES,
    *FORMATS,
)

VERB = Verb(
    name="lock",
    usage=("lock [OPTIONS] [SOURCE...] [-o FILE]",),
    description=(
        "Reads what a project requires, chooses a version of everything for each declared target, and writes one file "
        "that holds exactly those, with the hashes of all their files. Versions that the file has already stay, unless "
        "they are to be upgraded. The text is read back as an installer would, for each target, before it is written."
        "\n\n"
        "Nothing of an archive is executed, and nothing is examined: hashes are those that the index states."
    ),
    examples=(
        ("peep lock", "requirements.in, or pyproject.toml, into requirements.txt"),
        ("peep lock --target cp312-manylinux_2_28_x86_64 --target cp312-win_amd64", "one file for both"),
        ("peep lock --upgrade-package django", "the newest django, and what that forces"),
        ("peep lock --check", "in CI: 1 where the file is not what lock would write"),
    ),
    sections=(
        Section("What to lock", WHAT),
        Section("Which versions", WHICH),
        Section("Where from", WHERE_FROM),
        Section("Interpreter", INTERPRETER),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL)),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Make the lock; 1 when `--check` finds a difference. Raises `PeepError`."""
    from peep.cli.options.lock_options import lock_options  # noqa: PLC0415 - help must not cost this
    from peep.cli.output.lock_output import tell, tell_refusal  # noqa: PLC0415 - as above
    from peep.locking.derivation import NoSolution  # noqa: PLC0415 - as above
    from peep.workflows.lock import lock  # noqa: PLC0415 - as above

    options = lock_options(parsed, VERB)
    with Console(options.base.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        if options.paths.were_chosen:
            console.note(f"locking {' '.join(options.paths.files)} into {options.paths.output}")
        try:
            result = lock(options, RunContext.of_process(console))
        except NoSolution as refused:
            if options.base.output.format != "json":
                raise
            return tell_refusal(refused, options, console)
        tell(result, options, console)
    return 1 if options.is_check and result.is_different else 0
