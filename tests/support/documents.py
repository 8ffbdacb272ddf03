"""Pages of the documentation: fenced blocks, the commands in them, sessions, headings and links.

What a page holds besides its text:

    ```console                     a session: `$ COMMAND` lines, each with what it prints
    ```sh, yaml, dockerfile, ...   commands to copy; every `peep ...` in them is read by peep's own parser
    ```text, ```json, ```toml      no commands
    <!-- stage ... -->             what the page is played with (`support/document_stage.py`)
    <!-- play ... -->              a session that is played at that place, and not shown

A page with commands has a stage, and is played whole, block after block (`support/play_document.py`). In what a command
prints, `…` alone on a line stands for any lines, and within a line for any text.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.document_stage import PageStage, read_stage

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")
PAGES = sorted([*(ROOT / name for name in BESIDE), *(ROOT / "docs").rglob("*.md")])

WITHOUT_COMMANDS = frozenset({"", "json", "text", "toml", "requirements", "mermaid"})
"""Languages of blocks that hold none; a line of theirs that begins as a command does is a fault of the page."""

SESSIONS = frozenset({"console", "play"})

_FENCE = re.compile(r"^ *```([\w-]*)\s*$")
_OPERATORS = frozenset({"&&", "||", "|", ";", "&", "(", ")"})
_BEFORE_A_COMMAND = frozenset({"$", "*", "-", "run:", "entry:", "RUN", "then", "if", "!", "-m", *_OPERATORS})
_INTERPRETER = re.compile(r"(?:^|/)(?:python|pypy)[\d.]*$")
_MENTION = re.compile(r"(?:^|[\s`'\"=(;|&])(?:peep|python[\d.]*(?: -\w)* \S*peep\.pyz)\s+[a-z-]")
"""What looks like a call of peep."""
_FORMAT = re.compile(r"\bpeep [a-z ]+ \d+(?=[\"\s]|$)")
"""The first words of a file of peep's, such as `peep audits 1`."""
_PLACEHOLDERS = re.compile(r"<[^<>\n]+>|\[[^][\n]*\]|…")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language ('' for none; `play`: not shown), the number of its first line, its lines."""

    language: str
    number: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """The words of one call of peep, without its name, and the line it begins on."""

    number: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a session; `end` is the number of the line after its output."""

    number: int
    command: str
    output_begin: int
    end: int
    output: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    path: Path
    text: str
    blocks: tuple[Block, ...] = field(repr=False)

    @property
    def stage(self) -> PageStage | None:
        """What it is played with; None where nothing is."""
        return read_stage(self.text, self.path.name)


def read_page(path: Path) -> Page:
    text = path.read_text("utf-8")
    return Page(path, text, tuple(_blocks(text.splitlines())))


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    language: str | None = None
    begin = 0
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if language is None and (fence or line == "<!-- play"):
            language, begin = fence[1] if fence else "play", number + 1
        elif language is not None and (line == "-->" if language == "play" else fence):
            yield Block(language, begin, tuple(lines[begin - 1 : number - 1]))
            language = None
    if language is not None:
        raise ValueError(f"line {begin - 1}: the block does not end")


def steps(block: Block) -> Iterator[Step]:
    """The commands of a session with what they print; raises `ValueError` for what stands before the first."""
    position = 0
    while position < len(block.lines):
        if not block.lines[position].startswith("$ "):
            raise ValueError(f"line {block.number + position}: no command has begun")
        number, command, position = position, block.lines[position][2:], position + 1
        while command.endswith("\\"):
            command, position = f"{command[:-1]}{block.lines[position].strip()}", position + 1
        begin = position
        while position < len(block.lines) and not block.lines[position].startswith("$ "):
            position += 1
        printed = list(block.lines[begin:position])
        while printed and not printed[-1].strip():
            printed.pop()
        first, output_begin = block.number + number, block.number + begin
        yield Step(first, command, output_begin, output_begin + len(printed), tuple(printed))


def commands(block: Block) -> list[Command]:
    """Every call of peep in a block; raises `ValueError` for one that cannot be read."""
    found = []
    is_session = block.language in SESSIONS
    for number, line in [(step.number, step.command) for step in steps(block)] if is_session else logical_lines(block):
        calls = list(_calls(line))
        if len(calls) < len(_MENTION.findall(_without_remark(line))):
            raise ValueError(f"line {number}: a command that nothing here can read: {line}")
        found += [Command(number, words) for words in calls]
    return found


def inline_commands(text: str) -> Iterator[list[str]]:
    """Every call of peep that stands in back quotes within the text."""
    prose = re.sub(r"^ *```.*?^ *```$|<!--.*?-->", "", text, flags=re.MULTILINE | re.DOTALL)
    for quoted in re.findall(r"`([^`]+)`", prose):
        yield from ([word.rstrip(",") for word in words] for words in _calls(quoted.replace("\n", " ")))


def directives(text: str) -> list[str]:
    """Every directive of a requirements file that stands on a line of a page or in back quotes, from its `#` on."""
    return re.findall(r"^ *(# peep: .*)$", text, re.MULTILINE) + re.findall(r"`(# peep: [^`…]+)`", text)


def is_free_of_commands(block: Block) -> bool:
    return block.language in WITHOUT_COMMANDS


def mentions(block: Block) -> list[str]:
    """The lines of a block that begin as a call of peep does."""
    return [line for line in block.lines if re.match(r"(\$ )?peep [a-z-]+( |$)", _FORMAT.sub("", line))]


def logical_lines(block: Block) -> Iterator[tuple[int, str]]:
    gathered, begin = "", block.number
    for number, line in enumerate(block.lines, start=block.number):
        begin = begin if gathered else number
        gathered += line.rstrip().removesuffix("\\").strip() + " "
        if not line.rstrip().endswith("\\"):
            yield begin, gathered.strip()
            gathered = ""
    if gathered:
        yield begin, gathered.strip()


def _without_remark(line: str) -> str:
    return re.sub(r"(?:^|\s)#.*$", "", _FORMAT.sub("", line))


def _calls(line: str) -> Iterator[tuple[str, ...]]:
    """The words of each call of peep in a line of shell, YAML or a Dockerfile."""
    try:
        plain = re.sub(r'"\$\((peep [^()"]*)\)"', r" ( \1 ) ", _PLACEHOLDERS.sub("", _without_remark(line)))
        lexer = shlex.shlex(plain, posix=True, punctuation_chars="&|;()")
        lexer.whitespace_split, lexer.commenters = True, ""
        words = list(lexer)
    except ValueError:  # an apostrophe of plain text
        return
    begins = [number + 1 for number in range(len(words)) if _names_peep(words, number)]
    for begin in begins:
        taken = words[begin:]
        end = next((number for number, word in enumerate(taken) if word in _OPERATORS or word[0] in "<>"), len(taken))
        if taken[:1] and re.match(r"[a-z-]", taken[0]):
            yield tuple(taken[:end])


def _names_peep(words: Sequence[str], position: int) -> bool:
    """Whether the word at `position` names peep as what is to run, and not as an argument."""
    name = words[position].rpartition("/")[2]
    before = words[position - 1] if position else ""
    if name == "peep":
        return not before or before in _BEFORE_A_COMMAND or re.fullmatch(r"\w+=.*", before) is not None
    return name == "peep.pyz" and (
        not before or before in {*_BEFORE_A_COMMAND, "-I", "-S"} or _INTERPRETER.search(before) is not None
    )


def anchors(text: str) -> set[str]:
    """The names that headings of a page can be linked by, as the usual hosts make them."""
    found: set[str] = set()
    plain = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+ +(.*?)\s*$", plain, re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        kept = "".join(one for one in shown.lower() if one in " -_" or unicodedata.category(one)[0] in "LN")
        slug, count = kept.replace(" ", "-"), 0
        while (slug if not count else f"{slug}-{count}") in found:
            count += 1
        found.add(slug if not count else f"{slug}-{count}")
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', plain))


def links(text: str) -> list[tuple[str, str]]:
    """Path and anchor, either may be '', of every link and image of a page to somewhere within the project."""
    plain = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)[^)]*\)", plain) + re.findall(r'\b(?:src|srcset|href)="([^"]+)"', plain)
    within = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    return [(path, anchor) for path, _, anchor in (target.partition("#") for target in within)]
