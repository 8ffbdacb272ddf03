"""Words of a command line -> the options and the plain arguments among them, taken apart as `optparse` does.

What pip's users type means the same here: `-rFILE`, `-qr FILE`, `--requirement=FILE`, unambiguous abbreviations, a file
named `-r`, `--`. `optparse` itself takes 3 ms to import and to be told of a hundred options, a tenth of what uv takes
for a whole run; a test holds both to the same answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from peep.cli.option import Kind, Option
from peep.dataclass import dataclass
from peep.errors import UsageError

_HASH = Option(("--hash",), kind=Kind.LIST)


@dataclass(frozen=True, slots=True)
class Given:
    """One occurrence of an option: `value` is None for flags; `source` is the word or the variable it came by."""

    name: str
    value: str | None
    source: str


class DividedWords:
    """`given` and `plain`, each in order. Raises `UsageError` for what is no option of `verb`, and a missing value."""

    def __init__(self, words: Sequence[str], options: Sequence[Option], verb: str) -> None:
        self.given: list[Given] = []
        self.plain: list[str] = []
        """A `--hash` is part of the argument before it."""
        self._rest = deque(words)
        self._options = {name: option for option in options for name in option.names}
        if "--requirement" in self._options:
            self._options["--hash"] = _HASH
        self._verb = verb
        while self._rest:
            self._take(self._rest.popleft())

    def _take(self, word: str) -> None:
        if word == "--":
            self.plain += self._rest
            self._rest.clear()
        elif word.startswith("--"):
            self._take_long(word)
        elif word.startswith("-") and word != "-":
            self._take_letters(word)
        else:
            self.plain.append(word)

    def _take_long(self, word: str) -> None:
        start, equals, value = word.partition("=")
        name = self._full_name(start)
        if self._options[name].takes_value:
            self._add(name, value if equals else self._next_word(name))
        elif equals:
            raise self._wrong(f"{name} option does not take a value")
        else:
            self._add(name, None)

    def _take_letters(self, word: str) -> None:
        """`-qrFILE`: flags, then perhaps an option whose value is the rest of the word or the next one."""
        for position, letter in enumerate(word[1:], start=2):
            name = f"-{letter}"
            if name not in self._options:
                raise self._wrong(f"no such option: {name}")
            if self._options[name].takes_value:
                self._add(name, word[position:] or self._next_word(name))
                return
            self._add(name, None)

    def _full_name(self, start: str) -> str:
        if start in self._options:
            return start
        possible = sorted(name for name in self._options if name.startswith(start))
        if len(possible) > 1:
            raise self._wrong(f"ambiguous option: {start} ({', '.join(possible)}?)")
        if not possible:
            raise self._wrong(f"no such option: {start}", self._likely(start))
        return possible[0]

    def _likely(self, misspelt: str) -> str:
        from difflib import get_close_matches  # noqa: PLC0415 - for slips of the keyboard only

        near = get_close_matches(misspelt, [name for name in self._options if name.startswith("--")], n=1, cutoff=0.75)
        return f"did you mean {near[0]}? " if near else ""

    def _next_word(self, name: str) -> str:
        if not self._rest:
            raise self._wrong(f"{name} option requires 1 argument")
        return self._rest.popleft()

    def _add(self, name: str, value: str | None) -> None:
        option = self._options[name]
        if option is not _HASH:
            self.given.append(Given(option.name, value, name))
        elif self.plain:
            self.plain[-1] += f" --hash={value}"
        else:
            example = "flask==3.1.0 --hash=sha256:…"
            raise self._wrong(f"--hash belongs after the requirement that it vouches for, as in: {example}")

    def _wrong(self, text: str, likely: str = "") -> UsageError:
        return UsageError(text, f"{likely}see: peep {self._verb} --help")
