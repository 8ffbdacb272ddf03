"""`peep vetting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from peep.cli import vetting_actions, vetting_import_actions
from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, INDEXES, NETWORK, SOURCES, STORE, VETTING
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.errors import UsageError
from peep.pipeline.options import SourceOptions

OWN = (
    VETTING,
    Option(("--until",), "excuse, trust: the first day on which it no longer counts", OptionKind.VALUE, "DATE"),
    Option(("--since",), "trust: from which day on", OptionKind.VALUE, "DATE"),
    Option(("--why",), "excuse, object, trust: the reason", OptionKind.VALUE, "TEXT", is_peeps_own=True),
    Option(
        ("--criteria",), "excuse, object, trust: for what, with commas", OptionKind.VALUE, "NAMES", is_peeps_own=True
    ),
    Option(
        ("--by",), "excuse, object: who says so, instead of git's user", OptionKind.VALUE, "NAME", is_peeps_own=True
    ),
    Option(("--accept",), "import, update: the sha256 of what you looked at", OptionKind.VALUE, "SHA256"),
    Option(("--signed-by",), "import: an identity of vetting/allowed_signers", OptionKind.LIST, "IDENTITY"),
    Option(("--map",), "import: what a criterion of theirs means here: THEIRS=OURS,OURS", OptionKind.LIST, "NAMES"),
    Option(("--exclude",), "import: projects whose audit records do not count", OptionKind.LIST, "NAME"),
    Option(("--no-sandbox",), "attest: verify without a sandbox", is_peeps_own=True),
    Option(("--check",), "fmt: change nothing; 1 when there is something to change", is_peeps_own=True),
)

VERB = Verb(
    name="vetting",
    usage=(
        "vetting import [OPTIONS] NAME SOURCE",
        "vetting update [OPTIONS] [NAME]",
        "vetting excuse [OPTIONS] -r FILE --until DATE --why TEXT",
        "vetting object [OPTIONS] NAME VERSION|RANGE|SHA256 --why TEXT",
        "vetting trust NAME PUBLISHER --since DATE --until DATE --why TEXT",
        "vetting attest [OPTIONS] -r FILE [NAME...]",
        "vetting attest [OPTIONS] NAME VERSION",
        "vetting fmt [--check]",
    ),
    description=(
        "`import` takes the audit records of somebody else, from a URL, a file or git+URL@COMMIT#path, pinned by "
        "digest; `update` fetches them again. Both show what changes and ask; without a terminal, --accept names the "
        "digest. `excuse` lets every listed archive pass that nobody examined, until a day at most a year ahead. "
        "`object` records that a version or an archive must not be used. `attest` verifies the attestations that an "
        "index has of the archives, and keeps in published.toml who published them from which commit; a publisher that "
        "changed, or that is gone, is told, and the status is 1. `trust` prints a table for policy.toml. `fmt` writes "
        "the records in their canonical form."
    ),
    examples=(
        ("peep vetting excuse -r requirements.txt --until 2027-01-31 --why legacy", "to begin with"),
        ("peep vetting import partner https://partner.example/audits.toml", "what do others say?"),
        ("peep vetting update partner", "and what do they say by now?"),
        ("peep vetting object ctx '>=0.2,<0.3' --why 'sends the environment away'", "never these"),
        ("peep vetting attest -r requirements.txt", "who published what is listed?"),
        ("peep vetting fmt --check", "in continuous integration"),
    ),
    sections=(
        Section("Options", (*SOURCES, *OWN)),
        Section("Where from", INDEXES),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", GENERAL),
    ),
)


_ACTIONS: Mapping[str, Callable[[ParsedArguments, Console], int]] = {
    "import": vetting_import_actions.import_one,
    "update": vetting_import_actions.update_some,
    "excuse": vetting_actions.excuse_listed,
    "object": vetting_actions.object_to_one,
    "trust": vetting_actions.trust_one,
    "attest": vetting_actions.attest_some,
    "fmt": vetting_actions.format_records,
}


def run(parsed: ParsedArguments) -> int:
    """Do what the first word says. Raises `PeepError`."""
    action = parsed.words[0] if parsed.words else ""
    if action not in _ACTIONS:
        raise UsageError(f"peep vetting wants one of {', '.join(_ACTIONS)}", "see: peep vetting --help")
    options = install_options(parsed, sources=SourceOptions())
    with Console(options.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        return _ACTIONS[action](parsed, console)
