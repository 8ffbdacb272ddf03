"""An examination starts no program that somebody put into the environment as its interpreter."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from peep.errors import EnvironmentChangeError
from peep.proof.interpreter import refuse_planted_interpreter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="starters differ on Windows")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    home = tmp_path / "base" / "bin"
    home.mkdir(parents=True)
    (home / "python3.11").write_bytes(b"the interpreter")
    return home


@pytest.fixture
def environment(tmp_path: Path, base: Path) -> Path:
    scripts = tmp_path / "env" / "bin"
    scripts.mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {base}\nexecutable = {base / 'python3.11'}\n")
    return scripts


def test_a_link_out_of_the_environment_is_followed(environment: Path, base: Path):
    (environment / "python3").symlink_to(base / "python3.11")
    (environment / "python").symlink_to("python3")

    assert refuse_planted_interpreter(str(environment / "python")) is None


def test_a_copy_of_the_base_is_fine(environment: Path, base: Path):
    shutil.copy(base / "python3.11", environment / "python")

    assert refuse_planted_interpreter(str(environment / "python")) is None


def test_any_other_program_is_refused(environment: Path):
    (environment / "python").write_bytes(b"another program")
    (environment / "python3").symlink_to("python")

    for name in ("python", "python3"):
        with pytest.raises(EnvironmentChangeError, match="not started"):
            refuse_planted_interpreter(str(environment / name))


def test_an_original_inside_of_the_environment_vouches_for_nothing(environment: Path):
    (environment / "python").write_bytes(b"another program")
    (environment / "original").write_bytes(b"another program")
    text = f"home = {environment}\nexecutable = {environment / 'original'}\n"
    (environment.parent / "pyvenv.cfg").write_text(text)

    with pytest.raises(EnvironmentChangeError, match="not started"):
        refuse_planted_interpreter(str(environment / "python"))


def test_an_interpreter_that_is_no_virtual_environment_is_its_own_affair(base: Path):
    library = base.parent / "lib" / "python3.11"
    library.mkdir(parents=True)
    (library / "os.py").touch()

    assert refuse_planted_interpreter(str(base / "python3.11")) is None


def test_a_program_in_an_environment_that_lost_its_settings_is_refused(environment: Path):
    (environment / "python").write_bytes(b"#!/bin/sh")
    (environment.parent / "pyvenv.cfg").unlink()

    with pytest.raises(EnvironmentChangeError, match=r"neither a pyvenv\.cfg nor a standard library"):
        refuse_planted_interpreter(str(environment / "python"))
