"""Finding the verb and who runs it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from peep.cli.main import GENERAL_OPTIONS_WITH_VALUE, implied_verb, split_verb
from peep.cli.options.tables import GENERAL, INTERPRETER, NETWORK
from peep.cli.verb_places import PIPS_VERBS, SHARED_VERBS, VERBS
from peep.cli.verb_table import module_for, peeps_verbs
from support.scenario_run import peep_command


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["install", "-r", "f"], ("install", ["-r", "f"])),
        (["-q", "install", "-r", "f"], ("install", ["-q", "-r", "f"])),
        (["--python", "x", "list"], ("list", ["--python", "x"])),
        (["--proxy=http://p", "hash", "install"], ("hash", ["--proxy=http://p", "install"])),
        (["--version"], (None, ["--version"])),
        ([], (None, [])),
    ],
)
def test_the_verb_is_the_first_plain_word(words: list[str], expected: tuple[str | None, list[str]]):
    assert split_verb(words) == expected


def test_no_words_ask_where_a_project_stands_and_elsewhere_for_help(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert implied_verb([]) == "help"
    (tmp_path / "requirements.txt").touch()
    assert implied_verb([]) == "status"


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        (["-h"], "help"),
        (["-q", "--help"], "help"),
        (["-V"], "version"),
        (["--help", "--version"], "version"),
        (["--no-such-option"], ""),
        (["--python"], ""),
    ],
)
def test_options_alone_are_pips_unless_they_ask_for_help_or_the_version(words: list[str], verb: str):
    assert implied_verb(words) == verb
    assert (verb == "version" or module_for(verb, []) is not None) == (verb != "")


def name_of(module):
    assert module is not None
    return module.VERB.name


@pytest.mark.parametrize("verb", ["download", "wheel"])
@pytest.mark.parametrize(
    "words",
    [
        ["-r", "f"],
        ["-rf"],
        ["-qr", "f"],
        ["-vvr", "f"],
        ["--requirement", "f"],
        ["--requirement=f"],
        ["--requirem=f"],
        ["--trust-local", "."],
        ["--trust-local=."],
    ],
)
def test_what_reads_requirements_files_never_goes_to_pip(verb: str, words: list[str]):
    assert name_of(module_for(verb, ["x", *words])) == verb


@pytest.mark.parametrize(
    "words", [["flask"], ["-dr", "flask"], ["--require-hashes", "flask"], ["-w", "dir", "--report"]]
)
def test_what_reads_none_is_pips(words: list[str]):
    assert module_for("download", words) is None


def test_a_variable_may_name_the_requirements_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_REQUIREMENT", "requirements.txt")
    assert name_of(module_for("download", [])) == "download"


@pytest.mark.parametrize("option", ["--powershell", "-p"])
def test_completion_that_only_pip_has_is_pips(option: str):
    assert module_for("completion", [option]) is None
    assert name_of(module_for("completion", ["--bash"])) == "completion"


@pytest.mark.parametrize("verb", [*PIPS_VERBS, "no-such-verb"])
def test_other_verbs_are_pips(verb: str):
    assert module_for(verb, []) is None


def test_every_verb_describes_itself_within_eighty_columns():
    verbs = peeps_verbs()
    assert {verb.name for verb in verbs} == {*VERBS, *SHARED_VERBS}
    assert {verb.name for verb in verbs}.isdisjoint(PIPS_VERBS)
    for verb in verbs:
        lines = verb.help().split("\n")
        assert lines[0].startswith(f"Usage: peep {verb.name}")
        assert "Examples:" in lines
        assert verb.examples
        assert [line for line in lines if len(line) > 80] == []
        assert set(GENERAL) <= set(verb.options)


def test_nothing_is_imported_before_the_verb_is_known():
    """A run with nothing to do must not pay for what only other runs need."""
    script = "import sys; import peep.cli.main; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {script}"],
                            capture_output=True, text=True, check=True).stdout.split()  # fmt: skip
    heavy = {"argparse", "dataclasses", "enum", "inspect", "optparse", "peep.errors", "peep.model", "re", "typing"}
    assert heavy.isdisjoint(loaded)
    assert "peep.cli.main" in loaded


def test_general_options_may_stand_before_the_verb_with_their_values():
    """What pip allows there must not make a value pass for the verb."""
    names = {name for one in (*GENERAL, *NETWORK, *INTERPRETER) if one.takes_value for name in one.names}
    assert names <= GENERAL_OPTIONS_WITH_VALUE
    for name in names:
        assert split_verb([name, "value", "install"]) == ("install", [name, "value"])
        assert split_verb([f"{name}=value", "install"]) == ("install", [f"{name}=value"])


@pytest.mark.skipif(os.name == "nt", reason="redirections of a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_not_matter(closed: str, tmp_path: Path):
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, symlinks=True)
    (tmp_path / "none.txt").write_text("six==1.17.0 ; os_name == 'none'\n")
    words = [*peep_command(), "install", "--no-index", "--python", str(environment), "-r", str(tmp_path / "none.txt")]
    for _ in range(2):  # the second time from memory
        ran = subprocess.run(["sh", "-c", f"{shlex.join(words)} {closed}"], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, "")
