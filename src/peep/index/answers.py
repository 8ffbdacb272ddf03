"""Answers of all configured sources about one project: what each offers, and which could not be asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from peep.dataclass import dataclass
from peep.errors import PackageIndexError, TransportError
from peep.formats.url_secrets import redacted
from peep.model import ProjectDetail

_VARIABLE = r"\$\{([A-Z0-9_]+)\}"
_AUTHORITY = r"://[^/?#]*@"
_MOST_PLACES = 5


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source that could not be asked for a project, or gave no answer that means anything."""

    source: str
    """The index or find-links place, without credentials."""
    error: TransportError | PackageIndexError

    @property
    def is_silent(self) -> bool:
        """No answer came at all: for other projects none is to be expected either."""
        return isinstance(self.error, TransportError) and self.error.status is None


@dataclass(frozen=True, slots=True)
class ProjectAnswers:
    """What is known of one project."""

    details: tuple[ProjectDetail, ...] = ()
    """In order of priority, of each source that has the project."""
    failures: tuple[SourceFailure, ...] = ()
    asked: tuple[str, ...] = ()
    """All sources that were asked, without credentials."""


def places_text(asked: Sequence[str]) -> str:
    """Say which sources were asked in vain, behind a sentence that says for what; '' where that is not known."""
    shown = ", ".join(asked[:_MOST_PLACES])
    more = f" and {len(asked) - _MOST_PLACES} more" if asked[_MOST_PLACES:] else ""
    return f" (asked: {shown}{more})" if asked else ""


def failure_of(location: str, error: TransportError | PackageIndexError) -> SourceFailure:
    """What asking the source at `location`, the URL as it is configured, came to."""
    error.hint = unset_variable_hint(location) or error.hint
    return SourceFailure(redacted(location), error)


def unset_variable_hint(url: str) -> str:
    """Name the variable that a URL still names, because it was not set where it should have been replaced.

    Of what stands in the place of a password nothing is shown, unless it is such a variable and nothing else.
    """
    if "${" not in url:
        return ""
    authority = re.search(_AUTHORITY, url)
    parts = re.split(r"[:@/]+", authority.group()) if authority else []
    alone = [found[1] for part in parts if (found := re.fullmatch(_VARIABLE, part))]
    outside = re.findall(_VARIABLE, url[: authority.start()] + url[authority.end() :] if authority else url)
    names = dict.fromkeys((*alone, *outside))
    if not names:
        return "a variable that its URL names as ${NAME} is not set" if re.search(_VARIABLE, url) else ""
    shown = " and ".join(f"${{{name}}}" for name in names)
    return f"set {shown}, which its URL names; variables are replaced in requirements files only"
