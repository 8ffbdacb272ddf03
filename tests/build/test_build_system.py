from __future__ import annotations

import pytest

from peep.build.build_system import BuildSystem, read_build_system
from peep.errors import BuildError

LEGACY = "setuptools.build_meta:__legacy__"


@pytest.mark.parametrize("pyproject", [None, b"", b"[tool.black]\nline-length = 79\n"])
def test_without_a_table_setuptools_builds_the_old_way(pyproject):
    assert read_build_system(pyproject, "x") == BuildSystem(("setuptools>=40.8.0",), LEGACY)


def test_a_table():
    text = b'[build-system]\nrequires = ["a>=1", "b"]\nbuild-backend = "a.api:x.y"\nbackend-path = [".", "tools/in"]\n'
    assert read_build_system(text, "x") == BuildSystem(("a>=1", "b"), "a.api:x.y", (".", "tools/in"))


def test_a_table_without_backend_is_legacy_with_its_own_requirements():
    assert read_build_system(b'[build-system]\nrequires = ["setuptools"]\n', "x") == BuildSystem(
        ("setuptools",), LEGACY
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[build-system]\nbuild-backend = 'a'\n", "without requires"),
        (b"[build-system]\nrequires = 'a'\n", "no list of strings"),
        (b"[build-system]\nrequires = [1]\n", "no list of strings"),
        (b"[build-system]\nrequires = ['a b c']\n", "'a b c'"),
        (b"build-system = 3\n", "no table"),
        (b"[build-system]\nrequires = []\nbuild-backend = 'a; import os'\n", "no object reference"),
        (b"[build-system]\nrequires = []\nbuild-backend = 'a:'\n", "no object reference"),
        (b"[build-system]\nrequires = []\nbackend-path = ['.']\n", "without a build-backend"),
        (b"not = = toml", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"a = " + b"[" * 100_000, "cannot be read"),
        (b"a = " + b"9" * 5_000, "cannot be read"),  # more digits than Python converts
    ],
)
def test_what_pep_518_does_not_allow_is_an_error(text, message):
    with pytest.raises(BuildError, match=message):
        read_build_system(text, "evil-1.0.tar.gz")


@pytest.mark.parametrize(
    "path", ["..", "../x", "a/../../x", "/etc", "C:\\x", "\\\\server\\x", "a\\..\\..\\b", "x\x00y"]
)
def test_t13_a_backend_path_out_of_the_tree_is_refused(path):
    quoted = path.replace("\\", "\\\\").replace("\x00", "\\u0000")
    text = f'[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["{quoted}"]\n'
    with pytest.raises(BuildError, match="leaves the source tree"):
        read_build_system(text.encode(), "evil-1.0.tar.gz")
