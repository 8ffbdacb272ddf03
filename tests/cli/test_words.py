"""What words of a command line mean, and what is said about those that mean nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.cli.options.argv import OptionUse, split
from peep.cli.verb_table import peeps_verbs, verb_module
from peep.errors import UsageError

INSTALL = verb_module("install").VERB
NAMES = sorted(name for option in INSTALL.options for name in option.names)


def told(*words: str, verb: str = "install") -> tuple[list[tuple[str, str | None]], list[str]]:
    """Names and values of options, and the plain arguments."""
    options, plain = split(words, verb_module(verb).VERB.options, verb)
    return [(one.name, one.value) for one in options], plain


def refused(*words: str, verb: str = "install") -> tuple[str, str]:
    """The error and its hint."""
    with pytest.raises(UsageError) as caught:
        split(words, verb_module(verb).VERB.options, verb)
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["-r", "f"], [("requirement", "f")]),
        (["-rf"], [("requirement", "f")]),
        (["-r=f"], [("requirement", "=f")]),
        (["-qUr", "f"], [("quiet", None), ("upgrade", None), ("requirement", "f")]),
        (["-qqrUf"], [("quiet", None), ("quiet", None), ("requirement", "Uf")]),
        (["--requirement", "-q"], [("requirement", "-q")]),
        (["--requirement", "--"], [("requirement", "--")]),
        (["--requirement="], [("requirement", "")]),
        (["--requirement", ""], [("requirement", "")]),
        (["--config-settings=a=b=c"], [("config-settings", "a=b=c")]),
        (["--requirement=a", "-q", "-r", "b"], [("requirement", "a"), ("quiet", None), ("requirement", "b")]),
    ],
)
def test_options_and_their_values(words: list[str], options: list[tuple[str, str | None]]):
    assert told(*words) == (options, [])
    assert told("first", *words, "last") == (options, ["first", "last"])


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        (["flask==1", "-q", "six==1"], ["flask==1", "six==1"]),
        (["-", "-q", "", "a=b"], ["-", "", "a=b"]),
        (["-q", "--", "-q", "--", "--no-such"], ["-q", "--", "--no-such"]),
        (["-q", "flask==1", "--", "-r"], ["flask==1", "-r"]),
        (["a==1", "-q", "--hash", "x", "b==2", "--hash=y", "--has=z"], ["a==1 --hash=x", "b==2 --hash=y --hash=z"]),
    ],
)
def test_plain_arguments(words: list[str], plain: list[str]):
    assert told(*words) == ([("quiet", None)], plain)


@pytest.mark.parametrize(
    ("beginning", "name"),
    [("--qui", "quiet"), ("--dry", "dry-run"), ("--forc", "force-reinstall"), ("--upgrade", "upgrade")],
)
def test_a_beginning_that_only_one_option_has_is_enough(beginning: str, name: str):
    """And a whole name is that option's, though others begin with it."""
    assert told(beginning) == ([(name, None)], [])


def test_an_option_is_told_as_it_was_spelled_and_a_beginning_in_full():
    options, _ = split(["-q", "--dry", "-rf"], INSTALL.options, "install")

    assert options == [
        OptionUse("quiet", None, "-q"),
        OptionUse("dry-run", None, "--dry-run"),
        OptionUse("requirement", "f", "-r"),
    ]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--requirem=f"], "ambiguous option: --requirem (--requirement, --requirements-from-script?)"),
        (["-r"], "-r option requires 1 argument"),
        (["-qr"], "-r option requires 1 argument"),
        (["f", "--requirement"], "--requirement option requires 1 argument"),
        (["--dry=yes"], "--dry-run option does not take a value"),
        (["-qX"], "no such option: -X"),
        (["-q-"], "no such option: --"),
        (["--no-such-option"], "no such option: --no-such-option"),
    ],
)
def test_what_is_no_option_is_named(words: list[str], error: str):
    assert refused(*words) == (error, "see: peep install --help")


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("--requirments", "--requirement"),
        ("--requirments=f", "--requirement"),
        ("--index_url", "--index-url"),
        ("--hsah=sha256:aa", "--hash"),
        ("--upgrad-strategy", "--upgrade-strategy"),
    ],
)
def test_a_misspelt_option_is_asked_about(misspelt: str, meant: str):
    error, hint = refused("flask==1", misspelt)

    assert error == f"no such option: {misspelt.partition('=')[0]}"
    assert hint == f"did you mean {meant}? see: peep install --help"


def test_a_hash_needs_an_argument_before_it():
    example = "flask==3.1.0 --hash=sha256:…"

    assert refused("-q", "--hash=sha256:aa", "flask==1") == (
        f"--hash belongs after the requirement that it vouches for, as in: {example}",
        "see: peep install --help",
    )


def test_a_verb_without_requirements_takes_no_hash():
    error, hint = refused("demo.whl", "--hash=sha256:aa", verb="check-wheel")

    assert error == "no such option: --hash"
    assert hint.endswith("see: peep check-wheel --help")


@pytest.mark.parametrize("verb", peeps_verbs(), ids=lambda verb: verb.name)
def test_every_spelling_of_every_verb_means_its_option(verb):
    """Also where one is the beginning of another; no two options share one."""
    for option in verb.options:
        for name in option.names:
            value = "x" if option.takes_value else None
            words = [name] if value is None else [name, value]

            assert split(words, verb.options, verb.name) == ([OptionUse(option.name, value, name)], [])


def spellings() -> st.SearchStrategy[str]:
    """Names whole, cut short, with values, and clusters of letters."""
    names = st.sampled_from([*NAMES, "--hash", "--no-such"])
    cut = st.builds(lambda name, size: name[: max(2, len(name) - size)], names, st.integers(0, 12))
    valued = st.builds(lambda name, value: f"{name}={value}", cut, st.sampled_from(["", "x", "-r", "a=b"]))
    clusters = st.text("qvrUefcix=-", min_size=1, max_size=5).map(lambda letters: f"-{letters}")
    return st.one_of(names, cut, valued, clusters, st.text())


@given(st.lists(spellings(), max_size=6))
def test_whatever_is_typed_is_understood_or_refused_with_a_way_on(words: list[str]):
    hint = "see: peep install --help"
    names: set[str] = set()
    try:
        names = {f"--{one.name}" for one in split(words, INSTALL.options, "install")[0]}
    except UsageError as error:
        hint = error.hint

    assert hint.endswith("see: peep install --help")
    assert names <= set(NAMES)


@given(st.lists(spellings(), max_size=6))
def test_nothing_after_two_dashes_is_an_option(words: list[str]):
    assert told("-q", "--", *words) == ([("quiet", None)], words)
