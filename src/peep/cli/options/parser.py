"""Parser of command lines and environment variables, against a table of options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.cli.options.argv import OptionUse, split
from peep.cli.options.option import Option, OptionKind, OptionSupport
from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.formats.url_secrets import AMBIGUOUS, PERCENT_ENCODE, is_ambiguous_in, is_ambiguous_place

_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_PLACES = frozenset({"archives", "index-url", "extra-index-url", "proxy"})
"""Options that name a server, with or without a scheme."""
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class ParsedArguments:
    """What was given: variables first, then the command line, each in order; `words` are the plain arguments."""

    given: tuple[OptionUse, ...]
    words: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        return any(one.name == name for one in self.given)

    def count(self, name: str) -> int:
        return sum(1 for one in self.given if one.name == name)

    def value(self, name: str) -> str | None:
        """The last value given, or None."""
        return next((one.value for one in reversed(self.given) if one.name == name), None)

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(one.value for one in self.given if one.name == name and one.value is not None)

    def either(self, positive: str, negative: str) -> bool | None:
        """Of an option and its opposite: True, False, or None when neither was given; the last one wins."""
        names = [one.name for one in self.given if one.name in {positive, negative}]
        return names[-1] == positive if names else None


def parse(words: Sequence[str], options: Sequence[Option], *, verb: str, environ: Mapping[str, str]) -> ParsedArguments:
    """Sort out the words after the verb; raises `UsageError` naming every option that can't be honoured.

    `environ` gives the `PIP_*` and `PEEP_*` variables; under `--isolated` they do not count.
    """
    from_words, plain = split(words, options, verb)
    is_isolated = any(one.name == "isolated" for one in from_words)
    given = [*([] if is_isolated else from_variables(options, environ)), *from_words]
    by_name = {option.name: option for option in options}
    _check(given, by_name, verb)
    _refuse_ambiguous_urls(given, plain)
    return ParsedArguments(
        given=tuple(one for one in given if by_name[one.name].standing is OptionSupport.HONOURED),
        words=tuple(plain),
        warnings=tuple(_obsolete(given, by_name)),
    )


def from_variables(options: Iterable[Option], environ: Mapping[str, str]) -> Iterator[OptionUse]:
    """What the variables of `options` give; empty ones give nothing; `UsageError` for text that is no boolean."""
    for option in options:
        for variable in option.variables:
            text = environ.get(variable, "")
            if text and option.name != "help":
                yield from _from_variable(option, variable, text)


def _from_variable(option: Option, variable: str, text: str) -> Iterator[OptionUse]:
    if option.kind is OptionKind.LIST:
        for part in text.split():
            yield OptionUse(option.name, part, variable)
    elif option.kind is OptionKind.VALUE or (option.kind is OptionKind.OPTIONAL and text.lower() not in _TRUE | _FALSE):
        yield OptionUse(option.name, text, variable)
    elif option.kind is OptionKind.COUNT and text.isdecimal():
        for _ in range(int(text)):
            yield OptionUse(option.name, None, variable)
    elif _boolean(text, variable) is not option.is_inverted or option.name == "no-cache-dir":
        # pip: PIP_NO_CACHE_DIR disables the cache with either value, because both were once in use
        yield OptionUse(option.name, "" if option.kind is OptionKind.OPTIONAL else None, variable)


def _boolean(text: str, variable: str) -> bool:
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise UsageError(f"{variable}: {text!r} is neither yes nor no", "say 1 or 0")


def _check(given: Iterable[OptionUse], by_name: Mapping[str, Option], verb: str) -> None:
    for one in given:
        option = by_name[one.name]
        if option.standing is OptionSupport.REFUSED:
            raise UsageError(f"peep {verb} can't honour {one.source}: {option.help}")
        if option.choices and one.value not in option.choices:
            raise UsageError(f"{one.source}: {one.value!r} is none of {', '.join(option.choices)}")


def _refuse_ambiguous_urls(given: Iterable[OptionUse], plain: Iterable[str]) -> None:
    """Raise `UsageError`, without the URL, for one whose password nobody can tell from its path (THREATS N19)."""
    for one in given:
        value = one.value or ""
        if one.name == "commit" and not value.startswith("git+"):
            value = f"git+{value}"  # as it is understood: an @ before the commit belongs to such a URL
        if "@" in value and (is_ambiguous_in(value) or (one.name in _PLACES and is_ambiguous_place(value))):
            raise UsageError(f"{one.source}: {AMBIGUOUS}", PERCENT_ENCODE)
    for word in plain:
        if is_ambiguous_in(word):
            raise UsageError(f"a URL on the command line: {AMBIGUOUS}", PERCENT_ENCODE)


def _obsolete(given: Iterable[OptionUse], by_name: Mapping[str, Option]) -> Iterator[str]:
    for one in given:
        option = by_name[one.name]
        if option.standing is OptionSupport.OBSOLETE:
            yield f"{one.source} is skipped: {option.help or 'pip has removed it, and it has no meaning any more'}"
