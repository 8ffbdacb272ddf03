"""Verb `peep bundle`."""

from __future__ import annotations

from peep.cli.options.bundle_options import CONTENTS, OTHERS, SOURCES
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, format_option
from peep.cli.verb import Section, Verb

VERB = Verb(
    name="bundle",
    usage=(
        "bundle create -r FILE [--target ID...] FOLDER",
        "bundle check BUNDLE [--digest DIGEST] [-r FILE] [--target ID...]",
        "bundle diff OLD NEW [-o DELTA.tar]",
        "bundle apply FOLDER DELTA.tar",
        "bundle pack FOLDER -o FILE.tar",
        "bundle unpack FILE.tar|URL FOLDER",
        "bundle push BUNDLE oci://HOST/REPOSITORY:TAG",
        "bundle pull oci://HOST/REPOSITORY[:TAG|@DIGEST] FOLDER",
    ),
    description=(
        "A bundle is a folder, or a tar of one, with every archive that some pins need. bundle.json lists all its "
        "files; its digest names the whole. `create` brings every archive that the files pin for the declared "
        "targets, and what building needs; it writes nothing unless all targets are complete. `check` compares every "
        "file and exits with 1 when one differs. `diff` tells what changed, and with -o writes what must be sent; "
        "`apply` brings that to the old bundle. `pack` writes a tar with the same bytes everywhere; `unpack` "
        "makes a folder of it, or of a bundle on a web server. `push` and `pull` "
        "go to a registry (extra: oci), and send or fetch only what is not there yet."
    ),
    examples=(
        ("peep bundle create -r requirements.txt vendor", "everything for this interpreter"),
        ("peep bundle check vendor", "is it whole?"),
        ("peep bundle pack vendor -o vendor.tar", "one file to carry"),
        ("peep bundle diff old.tar new -o delta.tar", "only what changed"),
    ),
    sections=(
        Section("What to carry (create)", CONTENTS),
        Section("Where from (create)", SOURCES),
        Section("Interpreter, store, network (create)", OTHERS),
        Section(
            "Options",
            (
                Option(
                    ("--digest",), "check, unpack: the digest that it must have", OptionKind.VALUE, "DIGEST",
                    has_variable=False,
                ),
                Option(("-o", "--output"), "diff, pack: write this tar", OptionKind.VALUE, "FILE", has_variable=False),
                *format_option("text", "json"),
            ),
        ),
        Section("General", GENERAL),
    ),
)  # fmt: skip


def run(parsed: ParsedArguments) -> int:
    """Do what the first word says; gives back the exit status. Raises `PeepError`."""
    from peep.cli.bundle_actions import run_action  # noqa: PLC0415 - help describes this verb without it

    return run_action(parsed, VERB.usage)
