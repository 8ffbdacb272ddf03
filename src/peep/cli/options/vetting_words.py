"""Plain arguments and values of the vetting verbs: counted, split, and read as days."""

from __future__ import annotations

from datetime import date

from peep.cli.options.parser import ParsedArguments
from peep.errors import UsageError


def names_in(text: str | None) -> tuple[str, ...]:
    """Names with commas between them, sorted, each once."""
    return tuple(sorted({part.strip() for part in (text or "").split(",") if part.strip()}))


def words_after(parsed: ParsedArguments, *names: str, least: int | None = None) -> list[str]:
    """The plain arguments after the action; raises `UsageError` where they are not as many as `names`, or `least`."""
    action, *words = parsed.words
    if not (len(names) if least is None else least) <= len(words) <= len(names):
        wanted = " and ".join(names) or "no further argument"
        raise UsageError(f"peep vetting {action} wants {wanted}", "see: peep vetting --help")
    return words


def needed(parsed: ParsedArguments, option: str) -> str:
    """The value of an option that must be given. Raises `UsageError`."""
    value = parsed.value(option)
    if value is None or not value.strip():
        raise UsageError(f"peep vetting {parsed.words[0]} needs --{option}", "see: peep vetting --help")
    return value


def day(parsed: ParsedArguments, option: str) -> date:
    """A day as ISO 8601 writes it (YYYY-MM-DD). Raises `UsageError`."""
    text = needed(parsed, option)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--{option} {text}: is no day such as 2027-01-31") from None
