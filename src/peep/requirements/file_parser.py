"""Parser of one requirements file: requirements with hashes, options, includes, directives.

Source: pip's requirements file format and hash-checking mode; the original peep for hash comments. Every bad line is
collected, none is raised, so that a user sees all of them at once (promise 3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from peep.dataclass import dataclass, field
from peep.errors import PeepError, RequirementsError
from peep.formats.url_secrets import AMBIGUOUS, PERCENT_ENCODE, is_ambiguous_in, is_ambiguous_place
from peep.model import Digest, HashForm, Location, MalformedHash
from peep.requirements.decoding import physical_lines
from peep.requirements.directives import parse_directive
from peep.requirements.expansion import expand, expand_urls
from peep.requirements.hashes import looks_like_hash_comment, match_comment_line, parse_comment_hash, parse_option_hash
from peep.requirements.logical_lines import LogicalLine, logical_lines
from peep.requirements.options import REMOVED, DividedLine, divide
from peep.requirements.pinned_set import Directive
from peep.requirements.requirement_text import RequirementText, parse_editable_text, parse_requirement_text

_CONFLICT = r"(?:<{7}|>{7}|\|{7})(?:\s|$)|={7}\s*$"
_CONFLICT_SIGNS = ("<<<<<<<", ">>>>>>>", "|||||||", "=======")
_COMMENTED_OUT = (
    r"(?P<requirement>#+\s*(?:-e\s+)?(?:"
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[^\[\]]*\])?\s*===?\s*(?P<version>[\w.!+-]+)"
    r"|[^\s#]+#egg=[^\s#]+))\s*(?:[;#\\].*|--hash.*)?"
)
COMMAND_LINE = "command line"
"""The path of what was no file."""

_AS_CONSTRAINT = "a constraint is a name with a version, or a name @ a URL; list the rest as a requirement"
_FORMAT_OPTIONS = frozenset({"--no-binary", "--only-binary"})
_PLACES = frozenset({"--index-url", "--extra-index-url"})
_REQUIREMENT_OPTIONS = frozenset({"--hash", "--config-settings"})


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One requirement with all that its line, and the hash comments above it, say."""

    location: Location
    written: str
    """As the file has it, without options: for messages. It may hold credentials."""
    parsed: RequirementText
    hashes: tuple[Digest, ...] = ()
    malformed_hashes: tuple[MalformedHash, ...] = ()
    hash_form: HashForm | None = None
    """None when the line lists no hash at all."""
    is_constraint: bool = False
    is_editable: bool = False
    config_settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OptionLine:
    """An option that stands for the whole run, by its full name."""

    name: str
    value: str
    location: Location


@dataclass(frozen=True, slots=True)
class Include:
    """A `-r` or `-c` line; `path` as written, variables replaced."""

    path: str
    is_constraint: bool
    location: Location


Entry = RequirementLine | OptionLine | Include


@dataclass(frozen=True, slots=True)
class ParsedText:
    """All that one text holds, in its order, and all that is wrong with it."""

    entries: tuple[Entry, ...]
    directives: tuple[Directive, ...]
    warnings: tuple[str, ...]
    errors: tuple[RequirementsError, ...]


def parse_text(text: str, path: str, environ: Mapping[str, str], *, is_constraint: bool = False) -> ParsedText:
    """Parse a decoded requirements file (or, with `is_constraint`, a constraints file) named `path`.

    For `COMMAND_LINE` the text is one requirement argument, whose locations have line 0.
    """
    reader = _Reader(path, environ, is_constraint)
    for line in logical_lines(physical_lines(text)):
        reader.read(line)
    reader.end()
    return ParsedText(tuple(reader.entries), tuple(reader.directives), tuple(reader.warnings), tuple(reader.errors))


def commented_out(comment: str) -> re.Match[str] | None:
    """Recognise a requirement that was commented out; groups `requirement`, `name` and `version` (None for a URL)."""
    return re.fullmatch(_COMMENTED_OUT, comment)


@dataclass(slots=True)
class _HashComments:
    """The hash lines read since the last line that was neither blank nor comment."""

    found: list[Digest | MalformedHash] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    crossed: Location | None = None
    """A commented-out requirement that stood below some of them (THREATS R6)."""

    @property
    def digests(self) -> list[Digest]:
        return [entry for entry in self.found if isinstance(entry, Digest)]

    @property
    def malformed(self) -> tuple[MalformedHash, ...]:
        return tuple(entry for entry in self.found if isinstance(entry, MalformedHash))


class _Reader:
    """Takes logical lines one by one and keeps what they say."""

    def __init__(self, path: str, environ: Mapping[str, str], is_constraint: bool) -> None:
        self.entries: list[Entry] = []
        self.directives: list[Directive] = []
        self.warnings: list[str] = []
        self.errors: list[RequirementsError] = []
        self._path = path
        self._environ = environ
        self._is_constraint = is_constraint
        self._comments = _HashComments()

    def read(self, line: LogicalLine) -> None:
        location = Location(self._path, 0 if self._path == COMMAND_LINE else line.number)
        try:
            if line.comment:
                self._read_comment(line, location)
            if line.content:
                comments, self._comments = self._comments, _HashComments()
                self._read_content(line, location, comments)
        except RequirementsError as error:
            self.errors.append(error)
        except PeepError as error:
            self.errors.append(RequirementsError(location, str(error), error.hint))

    def end(self) -> None:
        self._warn_unused(self._comments, "the end of the file")

    def _read_comment(self, line: LogicalLine, location: Location) -> None:
        hash_line = match_comment_line(line.parts[0].text) if line.is_comment else None
        if hash_line:
            self._comments.found.append(parse_comment_hash(hash_line["hash"], location))
            self._comments.lines.append(location.line)
            return
        if looks_like_hash_comment(line.comment):
            where = "behind a requirement" if line.content else "in this spelling"
            self.warnings.append(
                f"{location}: an ordinary comment that looks like a hash; {where} it counts for nothing. "
                "A hash line reads: # sha256: …"
            )
        elif self._comments.found and line.is_comment and commented_out(line.comment):
            self._comments.crossed = location
        directive = parse_directive(line.comment, location)
        if directive:
            self.directives.append(directive)

    def _read_content(self, line: LogicalLine, location: Location, comments: _HashComments) -> None:
        self._refuse_unreadable(line, location)
        divided = divide(line.content)
        options = self._without_removed(divided, location)
        if divided.requirement:
            self._add_requirement(divided.requirement, options, location, comments)
        elif any(name == "--editable" for name, _ in options):
            self._add_editable(options, location, comments)
        else:
            self._warn_unused(comments, f"the option at {location}")
            self._add_options(options, location)

    def _refuse_unreadable(self, line: LogicalLine, location: Location) -> None:
        text = line.parts[0].text
        if text.startswith(_CONFLICT_SIGNS) and re.match(_CONFLICT, text):
            raise RequirementsError(location, "a merge conflict was committed here", "resolve it, then vet the result")
        if not line.content.isascii():
            strange = next(character for character in line.content if not character.isascii())
            raise RequirementsError(
                location,
                f"the character U+{ord(strange):04X} stands outside a comment",
                "write requirements and options in ASCII; a URL can hold it percent-encoded",
            )
        if line.fault:
            raise RequirementsError(location, line.fault, "move the comment to a line of its own")

    def _without_removed(self, divided: DividedLine, location: Location) -> list[tuple[str, str]]:
        kept = []
        for name, value in divided.options:
            if name in REMOVED:
                self.warnings.append(f"{location}: pip has removed the option {name}; it is skipped")
            else:
                kept.append((name, value))
        return kept

    def _add_requirement(
        self, text: str, options: list[tuple[str, str]], location: Location, comments: _HashComments
    ) -> None:
        for name, value in options:
            if name in _FORMAT_OPTIONS:
                # pip's option parser applies these to the whole run wherever they stand; real files rely on it.
                self.entries.append(OptionLine(name, value, location))
            elif name not in _REQUIREMENT_OPTIONS:
                raise RequirementsError(
                    location, f"{name} has no effect on a requirement's line", "give it a line of its own"
                )
        meant = expand_urls(text, self._environ)
        _refuse_ambiguous(meant)
        parsed = parse_requirement_text(meant)
        self._refuse_as_constraint(parsed)
        listed = [parse_option_hash(value) for name, value in options if name == "--hash"]
        self._warn_crossed(comments)
        self.warnings.extend(f"{location}: {remark}" for remark in parsed.remarks)
        hashes = dict.fromkeys((*comments.digests, *listed, *parsed.hashes))
        form = HashForm.OPTION if listed or parsed.hashes else HashForm.COMMENT if comments.found else None
        settings = [_setting(value) for name, value in options if name == "--config-settings"]
        self.entries.append(
            RequirementLine(
                location,
                text,
                parsed,
                tuple(hashes),
                comments.malformed,
                hash_form=form,
                is_constraint=self._is_constraint,
                config_settings=tuple(settings),
            )
        )

    def _refuse_as_constraint(self, parsed: RequirementText) -> None:
        """Raise `PeepError` for what pip does not take as a constraint, either.

        pip refuses extras, too, but only when it resolves; the files of others have them, where they mean nothing.
        """
        if self._is_constraint and not parsed.name:
            raise PeepError("a requirement without a name is not allowed as a constraint", _AS_CONSTRAINT)

    def _add_editable(self, options: list[tuple[str, str]], location: Location, comments: _HashComments) -> None:
        if self._is_constraint:
            raise RequirementsError(location, "an editable requirement is not allowed as a constraint", _AS_CONSTRAINT)
        written = [value for name, value in options if name == "--editable"]
        strange = [name for name, _ in options if name not in ("--editable", "--config-settings")]
        if len(written) > 1 or strange:
            what = strange[0] if strange else "a second -e"
            raise RequirementsError(location, f"{what} cannot stand on the line of an editable requirement")
        meant = expand(written[0], self._environ)
        _refuse_ambiguous(meant)
        parsed = parse_editable_text(meant)
        settings = [_setting(value) for name, value in options if name == "--config-settings"]
        self.entries.append(
            RequirementLine(
                location,
                f"-e {written[0]}",
                parsed,
                tuple(dict.fromkeys(comments.digests)),
                comments.malformed,
                hash_form=HashForm.COMMENT if comments.found else None,
                is_constraint=self._is_constraint,
                is_editable=True,
                config_settings=tuple(settings),
            )
        )

    def _add_options(self, options: list[tuple[str, str]], location: Location) -> None:
        if any(name == "--hash" for name, _ in options):
            raise RequirementsError(
                location,
                "--hash stands on a line without a requirement",
                "the line before it has lost its backslash; without it that requirement would list fewer hashes",
                is_stray_hash=True,
            )
        included = [name for name, _ in options if name in ("--requirement", "--constraint")]
        if len(included) > 1:
            raise RequirementsError(location, "only one -r or -c may stand on a line; pip would skip the others")
        for name, value in options:
            value = expand(value, self._environ)  # noqa: PLW2901 - the value as it is meant
            _refuse_ambiguous(value, is_place=name in _PLACES)
            if name in ("--requirement", "--constraint"):
                self.entries.append(Include(value, name == "--constraint", location))
            else:
                self.entries.append(OptionLine(name, value, location))

    def _warn_crossed(self, comments: _HashComments) -> None:
        if comments.crossed:
            self.warnings.append(
                f"{comments.crossed}: the hash above this commented-out requirement counts for the next one; "
                "delete it unless that is meant"
            )

    def _warn_unused(self, comments: _HashComments, what: str) -> None:
        for number in comments.lines:
            self.warnings.append(f"{self._path}:{number}: this hash belongs to no requirement; {what} follows it")


def _refuse_ambiguous(text: str, *, is_place: bool = False) -> None:
    """Raise `PeepError`, without the text, for a URL whose password nobody can tell from its path (THREATS N19)."""
    if "@" in text and (is_ambiguous_in(text) or (is_place and is_ambiguous_place(text))):
        raise PeepError(AMBIGUOUS, PERCENT_ENCODE)


def _setting(value: str) -> tuple[str, str]:
    key, equals, setting = value.partition("=")
    if not equals or not key:
        raise PeepError(f"--config-settings {value!r} is not of the form key=value")
    return key, setting
