"""Free texts that end up in shared files: no password or token may stand in them (THREATS N18)."""

from __future__ import annotations

from peep.cli.options.parser import ParsedArguments
from peep.errors import UsageError
from peep.formats.url_secrets import redacted_to_share


def refuse_secrets(parsed: ParsedArguments, *options: str) -> None:
    """Raise `UsageError` for texts with a password in a URL: they would stand in files that are shared."""
    for option in options:
        for text in parsed.values(option):
            if redacted_to_share(text) != text:
                reason = f"--{option} holds a URL with a password or a token, and would be written to a shared file"
                raise UsageError(reason, "write the URL without it")
