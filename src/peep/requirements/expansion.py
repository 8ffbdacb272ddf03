"""Expansion of `${VARIABLE}`, inside URLs and option values only, after the line was divided.

Source: pip's requirements file format, "Using environment variables" (upper-case letters, digits, underscore). pip
replaces before it divides the line, so that a variable can smuggle in an option; here it cannot (THREATS R10).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from peep.errors import PeepError

# Compiled when a file has a variable; few have.
_VARIABLE = r"\$\{([A-Z0-9_]+)\}"
_URL_WORD = r"\S*://\S*"
_UNSAFE = r"[\s\x00-\x20\x7f]|[^\x00-\x7f]"


class UnsafeVariable(PeepError):
    """A variable whose value would be more than part of a URL or value. Never shows the value: it may be a secret."""


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Replace each variable that is set and not empty; the others stay as written, as in pip.

    Raises `UnsafeVariable` for a value that holds white space, control characters or anything beyond ASCII.
    """

    def value_of(found: re.Match[str]) -> str:
        value = environ.get(found.group(1), "")
        if re.search(_UNSAFE, value):
            raise UnsafeVariable(f"the value of ${{{found.group(1)}}} holds characters that no URL may hold")
        return value or found.group()

    return re.sub(_VARIABLE, value_of, text) if "${" in text else text


def expand_urls(text: str, environ: Mapping[str, str]) -> str:
    """Replace variables in those words of a requirement that are URLs, and nowhere else."""
    if "${" not in text:
        return text
    return re.sub(_URL_WORD, lambda found: expand(found.group(), environ), text)
