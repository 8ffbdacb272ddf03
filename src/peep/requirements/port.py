"""Conversion of hash comments into `--hash` options and back; nothing else in a file changes.

What moves: the hash lines above a requirement become options of that requirement, remarks behind them stay as comment
lines. A hash line above a commented-out requirement moves onto that comment instead: it was vetted for what stands
there, and in pip's form it would otherwise vouch for the next requirement forever (THREATS R6). A hash line that no
option can carry (above `-e`, above an option, at the end of the file) stays where it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from peep.dataclass import dataclass, field, replace
from peep.errors import RequirementsError, RequirementsErrors
from peep.formats.names import normalised
from peep.model import Digest, HashForm, Location
from peep.requirements.decoding import PhysicalLine, line_end, physical_lines
from peep.requirements.directives import addresses_peep
from peep.requirements.file_parser import ParsedText, RequirementLine, commented_out, parse_text
from peep.requirements.hashes import hash_line, match_comment_line, parse_comment_hash
from peep.requirements.logical_lines import LogicalLine, comment_start, logical_lines
from peep.requirements.options import divide

_HASH_OPTION = re.compile(r"(?:^|(?<=\s))--hash(?:=|\s+)(['\"]?)[a-z0-9]+:[0-9A-Fa-f]+\1(?=[\s\\]|$)[ \t]*")
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Ported:
    """One requirement whose hashes were rewritten."""

    location: Location
    requirement: str
    hashes: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class PortedText:
    """A file's text in the other form, and what was rewritten in it (nothing: the text is as it was)."""

    text: str
    ported: tuple[Ported, ...]
    warnings: tuple[str, ...] = ()
    """Each with its place."""


def port_to_pip(text: str, path: str) -> PortedText:
    """Rewrite hash comments as `--hash` options; `path` is for messages.

    Raises `RequirementsErrors` for lines that mean nothing and for digests that are none, with nothing rewritten.
    """
    parsed = _parsed(text, path)
    requirements = _requirements(parsed)
    malformed = [wrong for line in requirements.values() for wrong in line.malformed_hashes]
    if malformed:
        raise RequirementsErrors([RequirementsError(w.location, f"the hash {w.text!r}: {w.reason}") for w in malformed])
    rewriter = _ToPip(path, requirements, line_end(text))
    return replace(
        _rewritten(text, rewriter), warnings=(*_still_true(parsed.warnings, rewriter.moved), *rewriter.moved)
    )


def port_to_comments(text: str, path: str) -> PortedText:
    """Rewrite `--hash` options as hash comments, which know sha256 only; `path` is for messages.

    Raises `RequirementsErrors` for lines that mean nothing and for hashes of another algorithm.
    """
    parsed = _parsed(text, path)
    ported = _rewritten(text, _ToComments(path, _requirements(parsed), line_end(text)))
    return replace(ported, warnings=parsed.warnings)


def _parsed(text: str, path: str) -> ParsedText:
    parsed = parse_text(text, path, {})
    if parsed.errors:
        raise RequirementsErrors(parsed.errors)
    return parsed


def _requirements(parsed: ParsedText) -> dict[int, RequirementLine]:
    return {entry.location.line: entry for entry in parsed.entries if isinstance(entry, RequirementLine)}


def _still_true(warnings: Sequence[str], moved: Sequence[str]) -> Iterator[str]:
    """Leave out what was said of the lines onto which hashes moved: those count for the next requirement no more."""
    places = tuple(one.partition(": ")[0] + ": " for one in moved)
    return (warning for warning in warnings if not warning.startswith(places))


class _Rewriter(Protocol):
    """Gives the new text of each line that is no comment, after that of the blanks and comments above it."""

    ported: list[Ported]
    errors: list[RequirementsError]

    def content(self, line: LogicalLine, above: list[LogicalLine]) -> Iterator[str]: ...


@dataclass(slots=True)
class _ToPip:
    path: str
    requirements: Mapping[int, RequirementLine]
    line_end: str
    ported: list[Ported] = field(default_factory=list)
    errors: list[RequirementsError] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    """Warnings, one for each commented-out requirement that was given the hashes above it."""

    def content(self, line: LogicalLine, above: list[LogicalLine]) -> Iterator[str]:
        requirement = self.requirements.get(line.number)
        if requirement is None or requirement.is_editable:
            yield from (other.text for other in (*above, line))
            return
        hashes: list[Digest] = []
        for other in above:
            found = match_comment_line(other.parts[0].text)
            if found:
                digest = parse_comment_hash(found["hash"], Location(self.path, other.number))
                hashes.extend([digest] if isinstance(digest, Digest) else ())
                yield from _remark(found, other)
            elif hashes and _stands_for_another(other.comment, requirement):
                yield self._onto_comment(other, hashes, requirement)
                hashes = []
            else:
                yield other.text
        listed = set(_option_hashes(line))
        new = [digest for digest in dict.fromkeys(hashes) if str(digest) not in listed]
        if hashes:
            self.ported.append(
                Ported(Location(self.path, line.number), requirement.written, tuple(dict.fromkeys(hashes)))
            )
        yield _with_options(line, new, self.line_end) if new else line.text

    def _onto_comment(self, line: LogicalLine, hashes: list[Digest], following: RequirementLine) -> str:
        part = line.parts[0]
        found = commented_out(line.comment)
        at = len(part.text) - len(part.text.lstrip()) + (found.end("requirement") if found else 0)
        options = "".join(f" {hash_line(digest, HashForm.OPTION)}" for digest in hashes)
        location = Location(self.path, line.number)
        self.ported.append(Ported(location, line.comment, tuple(hashes)))
        self.moved.append(
            f"{location}: the hash above this commented-out requirement stays with it, "
            f"and counts for {following.written} no more"
        )
        return part.text[:at] + options + part.text[at:] + part.end


@dataclass(slots=True)
class _ToComments:
    path: str
    requirements: Mapping[int, RequirementLine]
    line_end: str
    ported: list[Ported] = field(default_factory=list)
    errors: list[RequirementsError] = field(default_factory=list)

    def content(self, line: LogicalLine, above: list[LogicalLine]) -> Iterator[str]:
        yield from (other.text for other in above)
        requirement = self.requirements.get(line.number)
        listed = set(_option_hashes(line)) if requirement and not requirement.is_editable else set()
        hashes = [digest for digest in requirement.hashes if str(digest) in listed] if requirement else []
        weak = [digest.algorithm for digest in hashes if digest.algorithm != "sha256"]
        if weak:
            reason = f"a hash comment cannot hold {weak[0]}, only sha256"
            self.errors.append(RequirementsError(Location(self.path, line.number), reason))
            return
        for digest in hashes:
            yield hash_line(digest, HashForm.COMMENT) + (line.parts[0].end or self.line_end)
        if hashes and requirement:
            self.ported.append(Ported(Location(self.path, line.number), requirement.written, tuple(hashes)))
            yield _without_options(line)
        else:
            yield line.text


def _rewritten(text: str, rewriter: _Rewriter) -> PortedText:
    pieces: list[str] = []
    above: list[LogicalLine] = []
    for line in logical_lines(physical_lines(text)):
        if not line.content:
            above.append(line)
            continue
        pieces.extend(rewriter.content(line, above))
        above = []
    pieces.extend(line.text for line in above)
    if rewriter.errors:
        raise RequirementsErrors(rewriter.errors)
    if not rewriter.ported:
        return PortedText(text, ())
    return PortedText("".join(pieces), tuple(rewriter.ported))


def _stands_for_another(comment: str, requirement: RequirementLine) -> bool:
    """Whether a comment is a requirement that was commented out, and not the one that follows it."""
    found = commented_out(comment)
    if found is None or found["name"] is None:
        return found is not None
    parsed = requirement.parsed
    return (normalised(found["name"]), found["version"]) != (normalised(parsed.name), parsed.version)


def _remark(found: re.Match[str], line: LogicalLine) -> Iterator[str]:
    """What stood behind a hash, as a comment of its own that can be taken for nothing else."""
    remark = found["remark"]
    if remark is None:
        return
    if match_comment_line(remark) or addresses_peep(remark):
        remark = f"# remark: {remark}"
    yield remark + line.parts[0].end


def _option_hashes(line: LogicalLine) -> list[str]:
    """The `--hash` values of a line, in lower case as `Digest` writes them."""
    return [value.lower() for name, value in divide(line.content).options if name == "--hash"]


def _with_options(line: LogicalLine, hashes: Sequence[Digest], line_end: str) -> str:
    """Append options to a requirement: each on a line of its own, a remark behind the requirement behind the last."""
    *before, last = line.parts
    # The line's own end: in a file of mixed ends another could join with what follows, CR and LF into one.
    line_end = line.parts[0].end or line_end
    options = [_INDENT + hash_line(digest, HashForm.OPTION) for digest in hashes]
    body, remark = _body_and_remark(last)
    if before and not body:
        # The line before ends in a backslash already, and what ends the requirement is a comment or nothing.
        inserted = "".join(f"{option} \\{line_end}" for option in options)
        return "".join(part.text + part.end for part in before) + inserted + last.text.rstrip("\\") + last.end
    first = "".join(part.text + part.end for part in before)
    joined = f" \\{line_end}".join([body, *options])
    return first + joined + (f"  {remark}" if remark else "") + last.end


def _without_options(line: LogicalLine) -> str:
    """Take the `--hash` options off a requirement, keeping its other lines, options and remark."""
    kept: list[PhysicalLine] = []
    remark = ""
    for part in line.parts:
        body, behind = _body_and_remark(part)
        remark = behind or remark
        rest = _HASH_OPTION.sub("", body).rstrip()
        if rest:
            kept.append(PhysicalLine(part.number, rest, part.end))
    end = line.parts[-1].end
    text = "".join(f"{part.text} \\{part.end}" for part in kept[:-1]) + kept[-1].text
    return (text if _means_the_same(text, line) else _rendered(line)) + (f"  {remark}" if remark else "") + end


def _body_and_remark(part: PhysicalLine) -> tuple[str, str]:
    at = comment_start(part.text)
    if at is None:
        return part.text.rstrip("\\").rstrip(), ""
    return part.text[:at].rstrip(), part.text[at:].strip()


def _means_the_same(text: str, line: LogicalLine) -> bool:
    """Whether a text edited by pattern still divides into what the line divided into, its hashes apart."""
    remaining = list(logical_lines(physical_lines(text)))
    wanted = divide(line.content)
    options = tuple(option for option in wanted.options if option[0] != "--hash")
    return len(remaining) == 1 and divide(remaining[0].content) == type(wanted)(wanted.requirement, options)


def _rendered(line: LogicalLine) -> str:
    """The line's content anew, for one whose options are written in a way that no pattern should edit."""
    divided = divide(line.content)
    others = [f"{name}={value}" if value else name for name, value in divided.options if name != "--hash"]
    return " ".join([divided.requirement, *(shlex.quote(option) for option in others)])
