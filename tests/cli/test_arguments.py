"""Words and variables -> options: pip's spelling, pip's variables, and refusal by name."""

from __future__ import annotations

import os

import pytest

from peep.cli.options.install_options import install_options
from peep.cli.options.option import OptionKind, OptionSupport
from peep.cli.options.parser import parse
from peep.cli.verbs.install import VERB
from peep.errors import UsageError
from peep.model import FormatControl
from peep.pipeline.options import InstallOptions
from peep.transaction.link_modes import LinkMode


def options(*words: str, **environ: str) -> InstallOptions:
    return install_options(parse(words, VERB.options, verb="install", environ=environ))


@pytest.mark.parametrize(
    "words", [("-r", "f"), ("-rf",), ("--requirement=f",), ("--requirement", "f"), ("-qr", "f"), ("-qrf",)]
)
def test_every_spelling_of_r(words: tuple[str, ...]):
    assert options(*words).sources.requirement_files == ("f",)


def test_a_file_may_be_named_r_and_a_dash_is_standard_input():
    assert options("-r", "-r", "-r", "-").sources.requirement_files == ("-r", "-")


def test_files_keep_their_order_and_variables_come_first():
    given = options("-r", "b", "-r", "c", PIP_REQUIREMENT="a")
    assert given.sources.requirement_files == ("a", "b", "c")


@pytest.mark.parametrize(
    ("words", "requirements"),
    [
        (("flask==1 --hash=sha256:aa",), ("flask==1 --hash=sha256:aa",)),
        (("flask==1", "--hash=sha256:aa", "--hash", "sha256:bb"), ("flask==1 --hash=sha256:aa --hash=sha256:bb",)),
        (("a==1", "--hash=sha256:aa", "b==2", "--hash=sha256:bb"), ("a==1 --hash=sha256:aa", "b==2 --hash=sha256:bb")),
    ],
)
def test_requirement_arguments_carry_their_hashes(words: tuple[str, ...], requirements: tuple[str, ...]):
    assert options(*words).sources.requirements == requirements


@pytest.mark.parametrize(
    ("word", "files", "extras"),
    [
        ("pylock.toml", ("pylock.toml",), ()),
        ("./sub/pylock.dev.toml", ("./sub/pylock.dev.toml",), ()),
        ("pylock.toml[a, b]", ("pylock.toml",), ("a", "b")),
    ],
)
def test_lock_files_are_plain_arguments(word: str, files: tuple[str, ...], extras: tuple[str, ...]):
    sources = options(word).sources
    assert (sources.requirement_files, sources.extras, sources.requirements) == (files, extras, ())


def test_r13_other_names_are_requirements():
    sources = options("-r", "f", "pylock..toml").sources
    assert (sources.requirement_files, sources.requirements) == (("f",), ("pylock..toml",))


def test_a_constraints_file_may_hold_the_hashes():
    sources = options("-c", "constraints.txt", "flask").sources
    assert (sources.requirements, sources.constraint_files) == (("flask",), ("constraints.txt",))


@pytest.mark.parametrize("words", [("-r", ""), ("-r", "f", "-c", ""), ("-c", "", "flask")])
def test_a_file_has_a_name(words: tuple[str, ...]):
    with pytest.raises(UsageError, match="names no requirements file"):
        options(*words)


@pytest.mark.parametrize(
    ("words", "environ", "told"),
    [
        (("-r", "f", "--group", "dev"), {}, "--group dev"),
        (("-r", "f", "--extra", "a"), {}, "--extra a"),
        (("-r", "f"), {"PIP_GROUP": "dev"}, "--group dev"),
    ],
)
def test_extras_and_groups_without_a_lock_file_are_not_ignored(
    words: tuple[str, ...], environ: dict[str, str], told: str
):
    with pytest.raises(UsageError, match=f"^{told}: no lock file"):
        options(*words, **environ)
    assert options(*words, "pylock.toml", **environ).sources.requirement_files == ("f", "pylock.toml")


@pytest.mark.parametrize("words", [(), ("flask",), ("flask==1",), ("-c", "constraints.txt")])
def test_nowhere_to_look_up_hashes(words: tuple[str, ...]):
    with pytest.raises(UsageError, match="nowhere to look up hashes"):
        options(*words)


def test_index_options_of_variables_and_words():
    given = options(
        "-r", "f", "--extra-index-url", "https://c.example/", "-i", "https://d.example/",
        PIP_INDEX_URL="https://a.example/", PIP_EXTRA_INDEX_URL="https://b.example/ https://e.example/",
    ).indexes  # fmt: skip
    assert given.index_url == "https://d.example/"
    assert given.extra_index_urls == ("https://b.example/", "https://e.example/", "https://c.example/")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--no-binary", ":all:"), FormatControl(frozenset({":all:"}), frozenset())),
        (("--no-binary", "Foo_Bar,baz"), FormatControl(frozenset({"foo-bar", "baz"}), frozenset())),
        (("--no-binary=a", "--only-binary=a"), FormatControl(frozenset(), frozenset({"a"}))),
        (("--only-binary=:all:", "--no-binary=a"), FormatControl(frozenset({"a"}), frozenset({":all:"}))),
        (("--no-binary=a", "--no-binary=:none:"), FormatControl()),
        (("--no-use-wheel",), FormatControl(frozenset({":all:"}), frozenset())),
    ],
)
def test_format_control_in_the_order_given(words: tuple[str, ...], expected: FormatControl):
    assert options("-r", "f", *words).format_control == expected


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("PIP_NO_INDEX", "1", "no_index", True),
        ("PIP_NO_INDEX", "false", "no_index", False),
        ("PIP_TRUSTED_HOST", "a b", "trusted_hosts", ("a", "b")),
        ("PIP_FIND_LINKS", "a b", "find_links", ("a", "b")),
        ("PIP_PYPI_URL", "https://x.example/", "index_url", "https://x.example/"),
    ],
)
def test_variables_of_indexes(variable: str, value: str, name: str, expected: object):
    assert getattr(options("-r", "f", **{variable: value}).indexes, name) == expected


def test_pips_odd_variables():
    """Options that pip stores as false are switched on by false; the cache is off with either value."""
    assert options("-r", "f", PIP_NO_BUILD_ISOLATION="0").build.isolation is False
    assert options("-r", "f", PIP_NO_BUILD_ISOLATION="1").build.isolation is True
    assert options("-r", "f", PIP_NO_CACHE_DIR="0").store.is_kept is False
    assert options("-r", "f", PIP_NO_CACHE_DIR="1").store.is_kept is False
    assert options("-r", "f").store.is_kept is True


def test_peeps_own_variables_and_isolation():
    assert options("-r", "f", PEEP_LINK_MODE="copy").link_mode == "copy"
    assert options("-r", "f", PIP_LINK_MODE="copy").link_mode is None
    assert options("-r", "f", "--isolated", PEEP_LINK_MODE="copy", PIP_TARGET="x").target.target is None
    assert options("-r", "f", PIP_TARGET="").target.target is None
    assert options("-r", "f", PEEP_STORE="/s").store.folder is None  # the store's own default


def test_the_store_lies_where_an_option_says():
    assert options("-r", "f", "--store", "s", "--cache-dir", "c").store.folder == "s"
    assert options("-r", "f", "--cache-dir", "c").store.folder == os.path.join("c", "peep")
    assert options("-r", "f", PIP_CACHE_DIR="c").store.folder is None  # where pip keeps pages and wheels of its own


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--timeout", "soon"), "--timeout: 'soon' is no number"),
        (("--timeout", "-1"), "--timeout: '-1' is no number"),
        (("--retries", "nan"), "--retries: 'nan' is no number"),
        (("-C", "novalue"), "--config-settings: 'novalue' is not of the form KEY=VALUE"),
        (("--link-mode", "magic"), "--link-mode: 'magic' is none of clone"),
        (("--user", "--target", "x"), "--target and --user exclude each other"),
        (("--no-sandbox", "--require-sandbox"), "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: tuple[str, ...], text: str):
    with pytest.raises(UsageError) as caught:
        options("-r", "f", *words)
    assert text in str(caught.value)


def test_a_folder_alone_needs_someone_who_trusts_it():
    for words in (("-e", "."), (".",), ("./lib/x",), ("/lib/x",), ("..",)):
        with pytest.raises(UsageError, match="no hash can vouch for a folder") as caught:
            options(*words)
        assert "--trust-local FOLDER" in caught.value.hint
    with pytest.raises(UsageError, match="nowhere to look up hashes"):
        options("flask==3.1.0")
    assert options("./x.whl --hash=sha256:00").sources.requirements == ("./x.whl --hash=sha256:00",)
    trusting = options("--trust-local", ".", "--trust-local", "lib", "-e", ".", "lib/x")
    assert trusting.build.trust_local == (".", "lib")
    assert trusting.sources.requirements == ("lib/x", "-e .")
    assert options("-e", ".", PEEP_TRUST_LOCAL=".").build.trust_local == (".",)
    assert options("-r", "f", "-e", ".").sources.requirements == ("-e .",)  # a directive of f may trust it


@pytest.mark.parametrize("argument", ["a @ git+https://host.example/a@1", "https://host.example/a.whl#sha256=1"])
def test_an_argument_that_says_what_it_must_be_needs_no_file(argument: str):
    assert options(argument).sources.requirements == (argument,)


REFUSED = [option for option in VERB.options if option.standing is OptionSupport.REFUSED]


@pytest.mark.parametrize("option", REFUSED, ids=lambda option: option.name)
def test_what_peep_cannot_honour_is_refused_by_name(option):
    words = [option.names[0], *(["x"] if option.takes_value else [])]
    with pytest.raises(UsageError, match=f"can't honour {option.names[0]}: ") as caught:
        options("-r", "f", *words)
    assert str(caught.value).endswith(option.help)


OBSOLETE = [option for option in VERB.options if option.standing is OptionSupport.OBSOLETE]


@pytest.mark.parametrize("option", OBSOLETE, ids=lambda option: option.name)
def test_what_pip_has_removed_is_skipped_with_a_warning_that_names_it(option):
    for name in option.names:
        words = [name, *([*option.choices, "x"][:1] if option.takes_value else []), "-r", "f"]
        parsed = parse(words, VERB.options, verb="install", environ={})
        [warning] = parsed.warnings
        assert warning.startswith(f"{name} is skipped: ")
        assert install_options(parsed) == options("-r", "f")


def test_what_peep_always_does_changes_nothing():
    implied = [option for option in VERB.options if option.standing is OptionSupport.IMPLIED]
    assert implied
    for option in implied:
        words = [option.names[-1], *(["1"] if option.takes_value else [])]
        assert options("-r", "f", *words) == options("-r", "f")


def test_no_name_is_given_to_two_options():
    names = [name for option in VERB.options for name in option.names]
    assert len(names) == len(set(names))
    assert all(option.help or option.standing is not OptionSupport.HONOURED for option in VERB.options)
    assert all(option.metavar for option in VERB.options if option.kind in {OptionKind.VALUE, OptionKind.LIST})


def test_everything_at_once():
    given = options(
        "-r", "f", "--dry-run", "--report", "-", "-U", "-I", "--force-reinstall", "--trust-installed",
        "--no-check-dependencies", "--allow-record-mismatch", "Foo", "--no-compile", "-qq", "-v",
        "--build-constraint", "b", "-C", "a=1", "-C", "a=2", "--require-sandbox", "--store", "s",
        "--proxy", "http://p.example", "--timeout", "2.5", "--retries", "3", "--python", "/p", "--root", "/r",
        "--progress-bar", "pretty", "--root-user-action", "ignore", "--no-warn-script-location", "--format", "json",
    )  # fmt: skip
    assert given.dry_run
    assert given.report == "-"
    assert given.ignore_installed
    assert given.force_reinstall
    assert given.trust_installed
    assert not given.check_dependencies
    assert given.allow_record_mismatch == ("Foo",)
    assert given.compile is False
    assert (given.output.quiet, given.output.verbose, given.output.format) == (2, 1, "json")
    assert given.output.progress_bar == "on"
    assert given.build.constraint_files == ("b",)
    assert given.build.config_settings == (("a", "1"), ("a", "2"))
    assert given.build.require_sandbox
    assert given.store.folder == "s"
    assert (given.network.proxy, given.network.timeout, given.network.retries) == ("http://p.example", 2.5, 3)
    assert (given.target.python, given.target.root) == ("/p", "/r")


def test_every_way_to_link_that_is_offered_is_one():
    offered = next(option for option in VERB.options if option.name == "link-mode").choices
    assert {*offered, "auto"} == {mode.value for mode in LinkMode}


def test_the_last_of_user_and_its_opposite_counts():
    assert options("-r", "f").target.user is None
    assert options("-r", "f", "--user").target.user is True
    assert options("-r", "f", "--no-user", PIP_USER="1").target.user is False
    assert options("-r", "f", "-t", "lib", "--no-user", PIP_USER="1").target.target == "lib"
