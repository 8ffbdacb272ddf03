"""Verb `peep install`."""

from __future__ import annotations

from peep.cli.install_command import report_result
from peep.cli.options.install_options import install_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.sections import MEANS, WHERE_FROM
from peep.cli.options.tables import (
    CHANGES,
    FOREIGN_TARGET,
    GENERAL,
    PROGRESS,
    REMOVED_FROM_PIP,
    SOURCES,
    TARGET,
    format_option,
)
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb

SECTIONS = (
    Section("What to install", SOURCES),
    Section("Where to", TARGET),
    Section("Which files", FOREIGN_TARGET),
    WHERE_FROM,
    Section("How", CHANGES),
    *MEANS,
    Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL, *REMOVED_FROM_PIP)),
)

VERB = Verb(
    name="install",
    usage=(
        "install [OPTIONS] -r FILE [-r FILE...]",
        "install [OPTIONS] pylock.toml",
        "install [OPTIONS] 'NAME==VERSION --hash=sha256:...'",
    ),
    description=(
        "Fetches every archive that the files list, verifies all of them against the hashes in the files, and only "
        "then changes the environment, all at once. Nothing is installed that is not listed, and nothing whose "
        "hash is not.\n\n"
        "What is recorded as installed from a listed archive stays. Whether its files are still those of the archive "
        "is not looked at: `peep verify` does that, and `peep verify --fix` puts them back."
    ),
    examples=(
        ("peep install -r requirements.txt", "into the environment that peep runs in"),
        ("peep install --python .venv -r requirements.txt", "into a virtual environment"),
        ("peep install --dry-run -r requirements.txt", "verify, and tell what would change"),
        ("peep install --target lib -r requirements.txt", "into a folder to put on sys.path"),
        ("cat requirements.txt | peep install -r -", "from standard input"),
        ("peep install ./pylock.toml --group dev", "from a lock file, with its group dev"),
    ),
    sections=SECTIONS,
)


def run(parsed: ParsedArguments) -> int:
    """Install what was asked for; gives back the exit status. Raises `PeepError`."""
    options = install_options(parsed, verb=VERB.name)
    with Console(options.output, is_data=options.report == "-") as console:
        for warning in parsed.warnings:
            console.warning(warning)
        from peep.workflows.install import install  # noqa: PLC0415 - help describes this verb without running it

        return report_result(options, console, install)
