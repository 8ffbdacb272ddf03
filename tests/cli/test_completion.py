"""Completion, asked of a real shell where there is one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from peep.cli.output.completion import bash_script, fish_script, zsh_script
from peep.cli.verb_places import PIPS_VERBS
from peep.cli.verb_table import peeps_verbs

ASK_BASH = """
source {script}
COMP_WORDS=({words})
COMP_CWORD={position}
_peep_completion
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed_by_bash(words: list[str], folder: Path) -> list[str]:
    program = folder / "peep"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m peep "$@"\n')
    program.chmod(0o755)
    script = folder / "peep.bash"
    script.write_text(bash_script(peeps_verbs(), PIPS_VERBS))
    quoted = " ".join(f"'{word}'" for word in [str(program), *words])
    ask = ASK_BASH.format(script=script, words=quoted, position=len(words))
    result = subprocess.run(["bash", "--norc", "-c", ask], capture_output=True, text=True, check=True, env=os.environ)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ins"], ["install", "inspect"]),
        (["unin"], ["uninstall"]),
        (
            ["install", "--req"],
            ["--requirement", "--require-examined", "--require-sandbox", "--require-virtualenv", "--require-venv"],
        ),
        (["-q", "hash", "--for"], ["--format"]),
        (["hash", "--format", ""], ["comment", "pip", "json"]),
        (["install", "--link-mode", "c"], ["clone", "copy"]),
        (["install", "requ"], []),
    ],
)
def test_bash_completes_peeps_words(words: list[str], expected: list[str], tmp_path: Path):
    assert sorted(completed_by_bash(words, tmp_path)) == sorted(expected)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_pip_completes_its_own(tmp_path: Path):
    completed = completed_by_bash(["list", "--outd"], tmp_path)
    assert "--outdated" in completed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_verb_and_option_is_in_every_script(shell: str):
    make = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}[shell]
    script = make(peeps_verbs(), PIPS_VERBS)
    assert re.findall("@[A-Z]+@", script) == []
    for verb in peeps_verbs():
        assert verb.name in script
    for name in PIPS_VERBS:
        assert name in script
    assert ("-l link-mode" if shell == "fish" else "--link-mode") in script
    assert "no-use-pep517" not in script


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_shells_accept_their_scripts(shell: str, tmp_path: Path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    script = tmp_path / "script"
    make = {"zsh": zsh_script, "fish": fish_script}[shell]
    script.write_text(make(peeps_verbs(), PIPS_VERBS))
    subprocess.run([shell, "-n", str(script)], check=True)
