"""Directives: peep's own options in comments, such as `# peep: --build-constraint build.txt`."""

from __future__ import annotations

import re

from peep.errors import PeepError
from peep.formats.names import is_name, normalised
from peep.model import Location
from peep.requirements.pinned_set import Directive

_DIRECTIVE = r"#\s*peep:\s*(?P<text>--.*)"

KNOWN: dict[str, bool | None] = {
    "--allow-file-conflict": True,
    "--allow-record-mismatch": True,
    "--build-constraint": True,
    "--build-path": True,
    "--build-requirement": True,
    "--bundle": True,
    "--locked-by": True,
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


def build_requirement(value: str) -> tuple[str, str]:
    """Read `NAME: REQUIREMENT`, what a project's build needs besides what it declares (PEP 508).

    Gives back the normalised name and the requirement's text. Raises `MalformedDirective`.
    """
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415 - few files say so

    from peep.formats.dependency_specifiers import read_requirement  # noqa: PLC0415 - as above

    name, colon, text = (part.strip() for part in value.partition(":"))
    if not colon or not text or not is_name(name):
        raise MalformedDirective(
            f"{value!r} does not say whose build needs what", "write --build-requirement NAME: REQUIREMENT"
        )
    try:
        read_requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise MalformedDirective(f"the build requirement {text!r} of {name} cannot be read: {reason}") from None
    return normalised(name), text


def addresses_peep(comment: str) -> bool:
    """Tell whether a comment (from its `#` on) is meant as a directive, known or not."""
    return re.match(_DIRECTIVE, comment) is not None


def parse_directive(comment: str, location: Location) -> Directive | None:
    """Read a comment (from its `#` on); None when it is not addressed to peep.

    Raises `MalformedDirective` for an unknown option and for a missing or superfluous value: a directive that is
    silently skipped could leave a file less strict, or less usable, than its writer believes.
    """
    found = re.match(_DIRECTIVE, comment)
    if found is None:
        return None
    text = found["text"].partition(" #")[0]
    option, _, value = re.sub(r"[=\s]\s*", " ", text.strip(), count=1).partition(" ")
    if option not in KNOWN:
        raise MalformedDirective(f"peep knows no directive {option}; it knows {', '.join(KNOWN)}")
    takes_value = KNOWN[option]
    if takes_value is not None and takes_value != bool(value.strip()):
        raise MalformedDirective(f"the directive {option} {'needs a' if takes_value else 'takes no'} value")
    if option == "--build-requirement":
        build_requirement(value)
    return Directive(option, value.strip(), location)
