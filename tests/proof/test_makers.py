"""Templates of scripts are recognised exactly, and only with what this environment can have filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.dataclass import replace
from peep.proof.maker_files import _libraries, standard_folders
from peep.proof.maker_table import known_fingerprints
from peep.proof.makers import is_written, values_for, venv_fingerprint
from support.pins import target

TEMPLATE = b'VIRTUAL_ENV="__VENV_DIR__"\nPATH="$VIRTUAL_ENV/__VENV_BIN_NAME__:$PATH"\nPS1="__VENV_PROMPT__${PS1:-}"\n'
SCRIPT = b'VIRTUAL_ENV="/srv/env"\nPATH="$VIRTUAL_ENV/bin:$PATH"\nPS1="(env) ${PS1:-}"\n'
VALUES = values_for(["/srv/env"], ["env"], "../lib/python3.12/site-packages", ())


def test_a_template_is_recognised_when_it_is_filled_in():
    assert is_written(SCRIPT, [venv_fingerprint(TEMPLATE)], VALUES)
    assert not is_written(SCRIPT, [venv_fingerprint(TEMPLATE + b"\n")], VALUES)
    assert not is_written(SCRIPT, [], VALUES)


@given(st.integers(0, len(SCRIPT) - 1), st.integers(1, 255))
def test_every_other_byte_is_noticed(position: int, difference: int):
    changed = bytearray(SCRIPT)
    changed[position] ^= difference

    assert not is_written(bytes(changed), [venv_fingerprint(TEMPLATE)], VALUES)
    assert not is_written(SCRIPT[:position], [venv_fingerprint(TEMPLATE)], VALUES)


@pytest.mark.parametrize("prompt", ["$(evil)", '"; evil; "', "`evil`", "a'; evil; '", "a\nevil"])
def test_a_prompt_that_is_a_command_is_not_taken_bare(prompt: str):
    values = values_for(["/srv/env"], [prompt], "../lib/python3.12/site-packages", ())
    script = SCRIPT.replace(b"(env)", f"({prompt})".encode())

    assert not is_written(script, [venv_fingerprint(TEMPLATE)], values)


def test_the_table_is_readable():
    for name in ("activate", "activate.csh", "activate.fish", "activate.nu", "activate.ps1", "activate_this.py"):
        assert len(known_fingerprints(name)) > 5
        assert all(len(one.sha256) == 64 for one in known_fingerprints(name))
    assert known_fingerprints("activate.evil") == ()


def test_folders_of_tcl_and_tk_are_found_beside_each_other(tmp_path: Path):
    base = tmp_path / "[base]"
    there = ("lib/tcl8.6", "lib/tk8", "share/tcltk/tcl9.0", "lib/x86_64-linux-gnu/tk8.6", "share/tk9")
    for inside in (*there, "lib/tclx", "lib/tk", "lib/tcl", "share/other", "lib/a/b/tcl8.6", "lib/xtcl8"):
        (base / inside).mkdir(parents=True)

    found = [path for path in _libraries(str(base)) if path.startswith(str(base))]

    assert sorted(found) == sorted(str(base / inside) for inside in there)


@pytest.mark.parametrize(
    ("root", "above"),
    [("/", {"/", "/lib", "/include"}), ("/srv/env", {"/srv/env", "/srv/env/lib", "/srv/env/include"})],
)
def test_folders_of_an_environment_end_at_its_root(root: str, above: set[str]):
    paths = {"data": root, "purelib": f"{root.rstrip('/')}/lib/site-packages", "platlib": "/usr/lib64/site-packages"}
    place = replace(target(), paths=paths)

    found = standard_folders(place)

    assert above <= found
    assert found >= set(paths.values())
    assert "/srv" not in found
