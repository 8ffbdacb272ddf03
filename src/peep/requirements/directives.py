"""Directives: peep's own options in comments, such as `# peep: --build-constraint build.txt`."""

from __future__ import annotations

import re

from peep.errors import PeepError
from peep.model import Location
from peep.requirements.pinned_set import Directive

_DIRECTIVE = re.compile(r"#\s*peep:\s*(?P<text>--.*)")

KNOWN: dict[str, bool | None] = {
    "--allow-record-mismatch": True,
    "--build-constraint": True,
    "--bundle": True,
    "--locked-for": True,
    "--no-check-dependencies": False,
    "--refuse-malware": False,
    "--require-examined": None,
    "--require-sandbox": False,
    "--trust-local": True,
    "--vetting": True,
}
"""Each directive, and whether it takes a value; None: it may."""


class MalformedDirective(PeepError):
    """A comment that speaks to peep and says nothing it knows."""


def addresses_peep(comment: str) -> bool:
    """Tell whether a comment (from its `#` on) is meant as a directive, known or not."""
    return _DIRECTIVE.match(comment) is not None


def parse_directive(comment: str, location: Location) -> Directive | None:
    """Read a comment (from its `#` on); None when it is not addressed to peep.

    Raises `MalformedDirective` for an unknown option and for a missing or superfluous value: a directive that is
    silently skipped could leave a file less strict, or less usable, than its writer believes.
    """
    found = _DIRECTIVE.match(comment)
    if found is None:
        return None
    text = found["text"].partition(" #")[0]
    option, _, value = re.sub(r"[=\s]\s*", " ", text.strip(), count=1).partition(" ")
    if option not in KNOWN:
        raise MalformedDirective(f"peep knows no directive {option}; it knows {', '.join(KNOWN)}")
    takes_value = KNOWN[option]
    if takes_value is not None and takes_value != bool(value.strip()):
        raise MalformedDirective(f"the directive {option} {'needs a' if takes_value else 'takes no'} value")
    return Directive(option, value.strip(), location)
