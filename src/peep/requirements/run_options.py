"""Options that requirements files state for a whole run, in pip's order.

Source: pip's documentation of `--index-url`, `--find-links`, `--no-binary` and their like.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from peep.dataclass import dataclass, field
from peep.errors import RequirementsError
from peep.formats.names import normalised
from peep.formats.url_secrets import redacted_place
from peep.model import FormatControl, IndexOptions
from peep.pip.features import FEATURES
from peep.requirements.file_parser import OptionLine

PathExists = Callable[[str], bool]
NO_INDEX_THERE = "neither an http(s) URL nor a folder that exists"
HOW_TO_NAME_AN_INDEX = "write the whole URL with its https://, or the path of a folder"


@dataclass(slots=True)
class RunOptions:
    """Gathers option lines, and what they amount to."""

    path_exists: PathExists
    format_control: FormatControl = field(default_factory=FormatControl)
    warnings: list[str] = field(default_factory=list)
    errors: list[RequirementsError] = field(default_factory=list)
    _index_url: str = ""
    _extra: list[str] = field(default_factory=list)
    _find_links: list[str] = field(default_factory=list)
    _trusted: list[str] = field(default_factory=list)
    _no_index: bool = False

    @property
    def index_options(self) -> IndexOptions:
        main = (self._index_url,) if self._index_url else ()
        return IndexOptions(
            index_urls=tuple(dict.fromkeys((*main, *self._extra))),
            find_links=tuple(dict.fromkeys(self._find_links)),
            no_index=self._no_index,
            trusted_hosts=tuple(dict.fromkeys(self._trusted)),
            keeps_default_index=not self._index_url,
        )

    def take_all(self, lines: Iterable[OptionLine]) -> None:
        for line in lines:
            self.take(line)

    def take(self, line: OptionLine) -> None:
        """Add one option line; what peep cannot honour becomes an error that names it."""
        match line.name:
            case "--index-url" | "--extra-index-url" if _is_local(line.value) and not self.path_exists(line.value):
                reason = f"{line.name}: {redacted_place(line.value)} is {NO_INDEX_THERE}"
                self.errors.append(RequirementsError(line.location, reason, HOW_TO_NAME_AN_INDEX))
            case "--index-url":
                self._index_url = line.value
            case "--extra-index-url":
                self._extra.append(line.value)
            case "--find-links":
                self._find_links.append(self._near(line))
            case "--trusted-host":
                self._trusted.append(line.value)
            case "--no-binary" | "--only-binary":
                self.format_control = with_format(self.format_control, line.name, line.value)
            case "--no-index":
                self._no_index = True
            case _:
                self._tell(line)

    def _tell(self, line: OptionLine) -> None:
        """What the user should know of an option without effect; nothing where peep always does so, or pins decide."""
        if line.name == "--no-require-hashes":
            self.errors.append(
                RequirementsError(
                    line.location, "--no-require-hashes cannot be honoured", "peep always requires hashes"
                )
            )
        elif line.name == "--use-feature" and line.value not in FEATURES:
            reason = f"--use-feature: {line.value!r} is none of {', '.join(FEATURES)}"
            self.errors.append(RequirementsError(line.location, reason, "features are pip's own; leave the line out"))
        elif line.name == "--use-feature":
            self.warnings.append(f"{line.location}: --use-feature {line.value} is pip's own; it is skipped")

    def _near(self, line: OptionLine) -> str:
        """A relative folder of links is meant from the file's folder if it exists there, else from the current one."""
        near = os.path.join(os.path.dirname(line.location.path), line.value)
        return near if _is_local(line.value) and self.path_exists(near) else line.value


def _is_local(place: str) -> bool:
    return "://" not in place and not place.startswith("file:")


def with_format(formats: FormatControl, option: str, value: str) -> FormatControl:
    """Apply one `--no-binary` or `--only-binary`: names separated by commas, `:all:`, or `:none:` to begin anew."""
    chosen, other = set(formats.no_binary), set(formats.only_binary)
    if option == "--only-binary":
        chosen, other = other, chosen
    for word in (part.strip() for part in value.split(",")):
        if word == ":all:":
            chosen, other = {":all:"}, set()
        elif word == ":none:":
            chosen = set()
        elif word:
            other.discard(normalised(word))
            chosen.add(normalised(word))
    if option == "--only-binary":
        chosen, other = other, chosen
    return FormatControl(frozenset(chosen), frozenset(other))
