"""Every command in README and docs/, read by peep's own parser without being run."""

from __future__ import annotations

import pytest

from peep.cli.verb import Verb
from peep.cli.verb_table import peeps_verbs
from peep.errors import PeepError
from peep.formats.documents import parse_toml
from peep.formats.settings import SettingsText, read_settings
from peep.model import Location
from peep.requirements.directives import MalformedDirective, parse_directive
from support.documents import (
    PAGES,
    ROOT,
    Block,
    commands,
    directives,
    inline_commands,
    is_free_of_commands,
    mentions,
    read_page,
)
from support.parse_commands import complaints_about

NAMES = {path.relative_to(ROOT).as_posix(): path for path in PAGES}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_one_that_peep_has(name: str):
    page = read_page(NAMES[name])
    complaints = [one for block in page.blocks for one in complaints_about_block(block)]
    for words in inline_commands(page.text):
        complaints += [f"`peep {' '.join(words)}`: {one}" for one in complaints_about(words, is_whole=False)]

    assert complaints == []


def complaints_about_block(block: Block) -> list[str]:
    if is_free_of_commands(block):
        return [f"line {block.number}: a command in a block of {block.language}: {line}" for line in mentions(block)]
    try:
        found = commands(block)
    except ValueError as error:
        return [str(error)]
    return [f"line {command.number}: {one}" for command in found for one in complaints_about(command.words)]


def test_every_directive_is_one_that_peep_reads():
    complaints = []
    for name, path in NAMES.items():
        for text in directives(read_page(path).text):
            try:
                parse_directive(text, Location(name, 1))
            except MalformedDirective as error:
                if not str(error).endswith("needs a value"):  # in a sentence it may stand without
                    complaints.append(f"{name}: {text}: {error}")

    assert complaints == []


def test_every_block_of_toml_can_be_read_and_settings_are_peeps():
    complaints = []
    for name, path in NAMES.items():
        for block in read_page(path).blocks:
            try:
                read_toml(block)
            except (PeepError, ValueError) as error:
                complaints.append(f"{name}, line {block.number}: {error}")

    assert complaints == []


def read_toml(block: Block) -> None:
    """Raise `ValueError` or `PeepError` for a block of TOML that is none, or holds settings that mean nothing."""
    text = "\n".join(block.lines)
    if block.language == "toml" and "[tool.peep" in text:
        read_settings(SettingsText("pyproject.toml", text), None)
    elif block.language == "toml":
        parse_toml(text)


@pytest.mark.parametrize("verb", peeps_verbs(), ids=lambda verb: verb.name)
def test_every_example_in_a_help_text_is_a_command_that_peep_has(verb: Verb):
    examples = Block("sh", 1, tuple(command for command, _ in verb.examples))

    assert complaints_about_block(examples) == []
    assert len(commands(examples)) == len(verb.examples) - examples.lines.count("peep")


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("sh", "peep instal -r requirements.txt"),
        ("sh", "peep install --requirements-file requirements.txt"),
        ("sh", "peep lock --hashes some"),
        ("sh", "peep lock --target cp312"),
        ("sh", "peep bundle made vendor"),
        ("sh", "peep hash"),
        ("sh", "cd /srv && python3 -I tools/peep.pyz verfy"),
        ("sh", "PEEP_STORE=/store python3 -m peep embed --into peep.pyz"),
        ("yaml", "- run: peep audit --formt github"),
        ("sh", "sudo -u app peep install -r requirements.txt"),  # nothing here reads what sudo runs
        ("sh", 'peep vetting object web --why "no end'),
        ("", "peep verify --all-of-it"),
        ("text", "peep verify"),
        ("console", "$ peep verify --all-of-it"),
        ("console", "proven: a line before any command"),
    ],
)
def test_a_command_that_is_wrong_is_noticed(language: str, line: str):
    assert complaints_about_block(Block(language, 1, (line,)))
