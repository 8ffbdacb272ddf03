"""Core metadata as JSON ("JSON-compatible metadata", PEP 566)."""

from __future__ import annotations

from email.message import Message
from email.parser import Parser
from textwrap import dedent

_MULTIPLE_USE = frozenset(
    {
        "classifier",
        "dynamic",
        "import_name",
        "import_namespace",
        "license_file",
        "obsoletes",
        "obsoletes_dist",
        "platform",
        "project_url",
        "provides",
        "provides_dist",
        "provides_extra",
        "requires",
        "requires_dist",
        "requires_external",
        "supported_platform",
    }
)
"""Fields that the core metadata specification (2.5) lets come several times."""


def core_metadata_json(metadata: bytes) -> dict[str, str | list[str]]:
    """METADATA -> values by field name, in lower case and with underscores.

    Fields that may come several times are lists, and so are keywords; the body is the description. Bytes that are not
    UTF-8 are replaced: this is for reading, and decides nothing.
    """
    message: Message = Parser().parsestr(metadata.decode("utf-8", "replace"))
    result: dict[str, str | list[str]] = {}
    for field in dict.fromkeys(name.lower() for name in message):
        key = field.replace("-", "_")
        values = [_unfolded(str(value)) for value in message.get_all(field, [])]
        if key == "keywords":
            result[key] = _keywords(values[0])
        else:
            result[key] = values if key in _MULTIPLE_USE else values[0]
    body = message.get_payload()
    if isinstance(body, str) and body:
        result["description"] = body
    return result


def _unfolded(value: str) -> str:
    """Later lines of a value are indented, by eight spaces as a rule."""
    return dedent(" " * 8 + value) if "\n" in value else value


def _keywords(text: str) -> list[str]:
    """Commas separate them, in old metadata spaces do."""
    return [word.strip() for word in text.split(",")] if "," in text else text.split()
