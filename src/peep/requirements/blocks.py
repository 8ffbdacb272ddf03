"""One project's block of a requirements file replaced, or appended: no other byte of the file changes.

A block is what stands for one pin: its hash comments, its line with all continuations, and the `# file` comments below.
Extras, marker, other options, remarks and `# via` comments of the line stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from peep.dataclass import dataclass
from peep.errors import RequirementsErrors
from peep.formats.names import normalised
from peep.model import Digest, HashForm
from peep.requirements.decoding import PhysicalLine, line_end, physical_lines
from peep.requirements.file_parser import RequirementLine, parse_text
from peep.requirements.hashes import hash_line, match_comment_line
from peep.requirements.logical_lines import LogicalLine, logical_lines
from peep.requirements.options import divide

_VERSION = re.compile(r"(===?)(\s*)([A-Za-z0-9._!+-]+)")
_FILE_COMMENT = re.compile(r"[ \t]*# file \S+[ \t]*")
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class NewPin:
    """What a block is to say."""

    name: str
    """As it is written where the project is new."""
    version: str
    hashes: tuple[Digest, ...]
    filenames: tuple[tuple[Digest, str], ...] = ()
    """Names to put below (`# file NAME`), for files whose lists of hashes have them."""
    note: str = ""
    """A comment to put above, without its `#`; it replaces the one that begins with the same words and the name."""


Choose = Callable[[RequirementLine], NewPin | None]
"""Gives what a requirement's block is to say, None where it stays."""


def replace_blocks(text: str, path: str, choose: Choose) -> str:
    """Rewrite the blocks for which `choose` gives a new pin; `path` is for messages.

    Raises `RequirementsErrors` for lines that mean nothing, with nothing rewritten.
    """
    lines = _requirements(text, path)
    form = file_form(lines.values())
    pieces: list[str] = []
    above: list[LogicalLine] = []
    new: NewPin | None = None
    physical = physical_lines(text)
    for line in logical_lines(physical):
        if not line.content:
            if new is None or not _is_file_comment(line):
                above.append(line)
                new = None
            continue
        requirement = lines.get(line.number)
        new = choose(requirement) if requirement is not None else None
        if requirement is None or new is None:
            pieces.extend(one.text for one in (*above, line))
        else:
            had_names = _has_file_comments(physical, line)
            pieces.append(_block(requirement, line, above, new, _Form(requirement.hash_form or form, had_names)))
        above = []
    pieces.extend(one.text for one in above)
    return "".join(pieces)


def append_block(text: str, path: str, new: NewPin) -> str:
    """Add a pin at the end, in the form that the file's other pins have. Raises as `replace_blocks`."""
    form = file_form(_requirements(text, path).values())
    end = line_end(text)
    start = text if not text or text.endswith(("\n", "\r")) else text + end
    if form is HashForm.COMMENT:
        comments = [hash_line(digest, form) for digest in sorted(new.hashes, key=str)]
        return start + "".join(f"{one}{end}" for one in [*comments, f"{new.name}=={new.version}"])
    options = [hash_line(digest, HashForm.OPTION) for digest in sorted(new.hashes, key=str)]
    return start + f" \\{end}".join([f"{new.name}=={new.version}", *(f"{_INDENT}{one}" for one in options)]) + end


def file_form(lines: Iterable[RequirementLine]) -> HashForm:
    """Give back the form that most hashes of a file have; the option form where there are none."""
    counts = Counter(line.hash_form for line in lines if line.hash_form is not None)
    return HashForm.COMMENT if counts[HashForm.COMMENT] > counts[HashForm.OPTION] else HashForm.OPTION


@dataclass(frozen=True, slots=True)
class _Form:
    hashes: HashForm
    names_files: bool


def _requirements(text: str, path: str) -> dict[int, RequirementLine]:
    parsed = parse_text(text, path, {})
    if parsed.errors:
        raise RequirementsErrors(parsed.errors)
    return {entry.location.line: entry for entry in parsed.entries if isinstance(entry, RequirementLine)}


def _block(
    requirement: RequirementLine, line: LogicalLine, above: Sequence[LogicalLine], new: NewPin, form: _Form
) -> str:
    end = line.parts[0].end or line.parts[-1].end or "\n"
    hashes = sorted(new.hashes, key=str)
    comments = [hash_line(digest, HashForm.COMMENT) + end for digest in hashes if form.hashes is HashForm.COMMENT]
    if new.note:
        comments.insert(0, f"# {new.note}{end}")
        above = [one for one in above if not _is_former_note(one, new)]
    written = list(_above(above, comments))
    divided = divide(line.content)
    others = [f"{name}={value}" if value else name for name, value in divided.options if name != "--hash"]
    text = " ".join([_repinned(divided.requirement, requirement, new), *others])
    indent = _indent(line)
    options = [indent + hash_line(digest, HashForm.OPTION) for digest in hashes if form.hashes is HashForm.OPTION]
    remark = f"  {line.comment}" if line.comment else ""
    body = f" \\{end}".join([text, *options]) + remark + line.parts[-1].end
    names = dict(new.filenames) if form.names_files else {}
    files = [f"{indent}# file {names[digest]}{end}" for digest in hashes if digest in names]
    return "".join([*written, body, *files])


def _above(above: Sequence[LogicalLine], comments: Sequence[str]) -> Iterator[str]:
    """Give back what stood above, the new hash comments in the place of the old ones, else next to the requirement."""
    are_written = False
    for one in above:
        if match_comment_line(one.parts[0].text):
            if not are_written:
                yield from comments
                are_written = True
            continue
        yield one.text
    if not are_written:
        yield from comments


def _repinned(text: str, requirement: RequirementLine, new: NewPin) -> str:
    """Change the version in a requirement's text, and nothing else of it."""
    if requirement.parsed.version is None or normalised(requirement.parsed.name) != normalised(new.name):
        return f"{new.name}=={new.version}"
    head, semicolon, marker = text.partition(";")
    changed = _VERSION.sub(lambda found: f"=={found[2]}{new.version}", head, count=1)
    return changed + semicolon + marker


def _is_former_note(line: LogicalLine, new: NewPin) -> bool:
    """Whether a comment is such a note of another version: `# WORDS: NAME VERSION`."""
    words = new.note.rpartition(" ")[0]
    return bool(words) and line.is_comment and line.parts[0].text.strip().rpartition(" ")[0] == f"# {words}"


def _indent(line: LogicalLine) -> str:
    for part in line.parts[1:]:
        if "--hash" in part.text:
            return part.text[: len(part.text) - len(part.text.lstrip())] or _INDENT
    return _INDENT


def _is_file_comment(line: LogicalLine) -> bool:
    return line.is_comment and _FILE_COMMENT.fullmatch(line.parts[0].text) is not None


def _has_file_comments(physical: Sequence[PhysicalLine], line: LogicalLine) -> bool:
    """Whether the line right below a block names a file."""
    below = physical[line.parts[-1].number : line.parts[-1].number + 1]
    return bool(below) and _FILE_COMMENT.fullmatch(below[0].text) is not None
