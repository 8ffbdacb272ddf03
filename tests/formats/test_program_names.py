"""Names that stand in the place of an environment's programs: the quick look answers as the patterns do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats import program_names
from peep.formats.program_names import protected_program, replaced_program

PIECES = (
    "python", "PyPy", "graalpy", "w", "3", ".12", "td", ".exe", ".PY", "activate", "deActivate", "activate_this", ".",
    ".fish", "._pth", "pyvenv.cfg", "PYBUILDDIR.txt", "modules/", "setup.local", "\u017fetup.local", "\u212a", "\n",
    "pybu\u0131lddir.txt", "pybu\u0130lddir.txt", "x",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("python3.12", "interpreter"),
        ("PYTHONW.EXE", "interpreter"),
        ("pypy3", "interpreter"),
        ("Activate.ps1", "activation script"),
        ("deactivate", "activation script"),
        ("activate_this.py", "activation script"),
        ("python311._pth", "interpreter settings"),
        ("PyVenv.cfg", "interpreter settings"),
        ("Modules/Setup.local", "interpreter settings"),
        ("flask", ""),
        ("python-config", ""),
        ("activator", ""),
        ("setup.local", ""),
    ],
)
def test_what_a_name_stands_in_the_place_of(name: str, what: str):
    assert protected_program(name) == what


@given(st.lists(st.sampled_from(PIECES), max_size=4).map("".join))
def test_the_quick_look_answers_as_the_patterns_do(name: str):
    is_interpreter = re.fullmatch(program_names._INTERPRETER, name)
    is_activation = re.fullmatch(program_names._ACTIVATION, name)
    replaced = "interpreter" if is_interpreter else "activation script" if is_activation else ""

    assert replaced_program(name) == replaced
    is_steering = re.fullmatch(program_names._STEERING, name)
    assert protected_program(name) == ("interpreter settings" if is_steering else replaced)
