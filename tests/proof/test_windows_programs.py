"""Programs of Windows in the digest of an environment: without the place of their interpreter, as those of POSIX."""

from __future__ import annotations

import pytest

from peep.environment.launchers import checked_entry_points, launchers, rewritten_script
from peep.proof.digest import neutral_program


def test_a_windows_script_counts_the_same_in_folders_with_and_without_a_space():
    plain, spaced = r"C:\env\Scripts\python.exe", r"C:\Jo Doe\env\Scripts\python.exe"
    for python in (plain, spaced):
        script = rewritten_script(b"#!python\nimport x\n", python)
        assert neutral_program(script, python, "nowhere") == b"#!python\nimport x\n"


@pytest.mark.parametrize("section", ["console_scripts", "gui_scripts"])
def test_windows_launchers_count_the_same_wherever_their_interpreter_is(section: str):
    entries = checked_entry_points(f"[{section}]\nprog = m:f\n", "x.whl")
    neutral = set()
    for python in (r"C:\env\python.exe", r"D:\Jo Doe\python.exe"):
        ((_, content),) = launchers(entries, python, "win-amd64")
        neutral.add(neutral_program(content, python, "nowhere"))

    assert len(neutral) == 1
