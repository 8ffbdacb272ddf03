"""Words are taken apart as `optparse`, and so pip, takes them apart: held to it word by word."""

from __future__ import annotations

import optparse
from collections import Counter
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.cli.catalogue import peeps_verbs, verb_named
from peep.cli.option import Option
from peep.cli.words import DividedWords
from peep.errors import UsageError

INSTALL, CHECK = verb_named("install"), verb_named("check-wheel")
NAMES = sorted(name for option in INSTALL.options for name in option.names)
PLAIN = ["flask==1", "./folder", "-", "--", "", "a=b"]


class Oracle(optparse.OptionParser):
    """The standard library's parser, told of the same options."""

    def __init__(self, options: tuple[Option, ...]) -> None:
        super().__init__(add_help_option=False)
        self.found: list[tuple[str, str | None, str]] = []
        if any(option.name == "requirement" for option in options):
            self.add_option("--hash", action="callback", callback=self.attach, type="string")
        for option in options:
            kind: Any = "string" if option.takes_value else None
            self.add_option(*option.names, dest=option.name, action="callback", callback=self.remember, type=kind)

    def error(self, msg: str) -> NoReturn:
        raise UsageError(msg)

    def remember(self, option: optparse.Option, spelled: str, value: str | None, _: object) -> None:
        self.found.append((str(option.dest), value, spelled))

    def attach(self, _option: object, _spelled: str, value: str, parser: optparse.OptionParser) -> None:
        if not parser.largs:
            raise UsageError("--hash belongs after the requirement that it vouches for")
        parser.largs[-1] += f" --hash={value}"


def told_by_optparse(words: list[str], options: tuple[Option, ...]) -> object:
    oracle = Oracle(options)
    try:
        plain = oracle.parse_args(list(words))[1]
    except UsageError as error:
        return str(error)
    return oracle.found, plain


def told(words: list[str], options: tuple[Option, ...]) -> object:
    try:
        divided = DividedWords(words, options, "install")
    except UsageError as error:
        return str(error).partition(", as in:")[0]
    return [(one.name, one.value, one.source) for one in divided.given], divided.plain


def spellings() -> st.SearchStrategy[str]:
    """Names whole, cut short, with values, and clusters of letters."""
    names = st.sampled_from([*NAMES, "--hash", "--no-such"])
    cut = st.builds(lambda name, size: name[: max(2, len(name) - size)], names, st.integers(0, 12))
    valued = st.builds(lambda name, value: f"{name}={value}", cut, st.sampled_from(["", "x", "-r", "a=b"]))
    clusters = st.text("qvrUefcix=-", min_size=1, max_size=5).map(lambda letters: f"-{letters}")
    return st.one_of(names, cut, valued, clusters, st.sampled_from(PLAIN))


@settings(max_examples=400, deadline=None)
@given(st.lists(spellings(), max_size=6))
def test_the_same_words_mean_the_same_as_to_optparse(words: list[str]):
    for verb in (INSTALL, CHECK):
        assert told(words, verb.options) == told_by_optparse(words, verb.options)


@pytest.mark.parametrize("name", [*NAMES, "--hash"])
def test_every_name_is_known_to_both_whole_and_cut_short(name: str):
    for size in range(len(name)):
        for words in ([f"{name[:-size] if size else name}", "x"], [f"{name[:-size] if size else name}=x"], [name]):
            assert told(["p", *words], INSTALL.options) == told_by_optparse(["p", *words], INSTALL.options)


@pytest.mark.parametrize("verb", peeps_verbs(), ids=lambda verb: verb.name)
def test_no_spelling_names_two_options(verb):
    names = Counter(name for option in verb.options for name in option.names)

    assert {name: count for name, count in names.items() if count > 1} == {}
