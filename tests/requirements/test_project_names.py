"""Names of local projects, read from their files without running any of them."""

from __future__ import annotations

import pytest

from peep.requirements.project_names import stated_name


def name_in(**files):
    contents = {name.replace("__", "."): text.encode() for name, text in files.items()}
    return stated_name(contents.get)


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "Foo.Bar"\ndynamic = ["version"]\n',
        '[tool.poetry]\nname = "Foo.Bar"\n',
        '[tool.flit.metadata]\nmodule = "foo"\ndist-name = "Foo.Bar"\n',
    ],
)
def test_a_table_of_pyproject(text):
    assert name_in(pyproject__toml=text) == "Foo.Bar"


def test_setuptools_configuration():
    assert name_in(pyproject__toml="[build-system]\nrequires = []\n", setup__cfg="[metadata]\nname = foo\n") == "foo"
    assert name_in(setup__cfg="[metadata]\nname = %(x)s\n", setup__py="setup(name='foo')") == "foo"


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("from setuptools import setup\nsetup(name='foo', version='1')", "foo"),
        ("import setuptools as s\ns.setup(**more, name='foo')", "foo"),
        ("raise SystemExit(setup(name='foo'))", "foo"),
        ("pattern = '\\d'\nsetup(name='foo')", "foo"),
        ("NAME = 'foo'\nsetup(name=NAME)", ""),
        ("def setup(name='foo'): pass", ""),
        ("setup(name=b'foo')", ""),
        ("setup(name='-e x')", ""),
        ("setup(", ""),
        ("\0", ""),
        ("(" * 5000, ""),
    ],
)
def test_a_script_is_read_and_never_run(script, name):
    assert name_in(setup__py=script) == name


@pytest.mark.parametrize(
    "text", ["[project", "project = 3", "[project]\nname = 3", "tool = []", "[project]\nname = 'a b'", "\ufeff"]
)
def test_damaged_files_state_nothing(text):
    assert name_in(pyproject__toml=text, setup__cfg="[metadata\n") == ""
    assert stated_name({"pyproject.toml": b"\xff\xfe"}.get) == ""
