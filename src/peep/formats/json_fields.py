"""Members of a JSON document with their types checked: of the format's kind, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.canonical_json import JsonValue
from peep.model import MOST_BYTES
from peep.pins import is_digest

Word = TypeVar("Word", bound=Enum)


class ManifestError(PeepError):
    """A document that is not of its format; the message reads on after the file's name ("has …", "is …")."""


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object, asked for its members by key; `what` names it in messages."""

    values: Mapping[str, JsonValue]
    what: str

    @classmethod
    def of(cls, value: JsonValue, what: str) -> Fields:
        if not isinstance(value, Mapping):
            raise ManifestError(f"has {_shown(value)} where {what} should be an object")
        return cls(value, what)

    def _value(self, key: str) -> JsonValue:
        if key not in self.values:
            raise ManifestError(f"lacks {key!r} in {self.what}")
        return self.values[key]

    def _wrong(self, key: str, kind: str) -> ManifestError:
        return ManifestError(f"has {_shown(self.values[key])} as {key!r} in {self.what}, which should be {kind}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, str) and value and value.isprintable():
            return value
        self._value(key)
        raise self._wrong(key, "a printable text")

    def require(self, key: str, expected: str) -> None:
        """The text that says which format this is."""
        if (stated := self.text(key)) != expected:
            raise ManifestError(f"is of the {key} {stated[:60]!r}, and {expected!r} is what is understood here")

    def optional_text(self, key: str) -> str | None:
        return None if self.values.get(key, "") is None else self.text(key)

    def count(self, key: str) -> int:
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST_BYTES:
            raise self._wrong(key, "a number of bytes")
        return value

    def flag(self, key: str) -> bool:
        value = self._value(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def reason(self, key: str) -> str | None:
        """False: None; a text, perhaps empty, as it is."""
        value = self._value(key)
        if value is False:
            return None
        if not isinstance(value, str):
            raise self._wrong(key, "false or a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A sorted list of texts, each once."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(key, "a list of texts")
        texts = [one for one in value if isinstance(one, str)]
        if texts != sorted(set(texts)):
            raise self._wrong(key, "sorted, and hold nothing twice")
        return tuple(texts)

    def ordered_texts(self, key: str) -> tuple[str, ...]:
        """A list of texts in an order that means something."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(key, "a list of texts")
        return tuple(one for one in value if isinstance(one, str))

    def objects(self, key: str) -> list[Fields]:
        value = self._value(key)
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return [Fields.of(one, f"entry {number} of {key!r}") for number, one in enumerate(value, start=1)]

    def optional_object(self, key: str) -> Fields | None:
        value = self._value(key)
        return None if value is None else Fields.of(value, f"{key!r} in {self.what}")


def hex_digest(text: str) -> str:
    """A sha256 in lower-case hex."""
    if not is_digest(text):
        raise ManifestError(f"has {text[:80]!r} where a sha256 should be, in 64 lower-case hexadecimal digits")
    return text


def known_word(words: type[Word], text: str) -> Word:
    """One of an enumeration's words."""
    try:
        return words(text)
    except ValueError:
        known = ", ".join(str(word.value) for word in words)
        raise ManifestError(f"has {text[:80]!r} where one of {known} should be") from None


def _shown(value: JsonValue) -> str:
    return repr(value)[:60]
