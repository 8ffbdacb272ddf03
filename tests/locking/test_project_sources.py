from __future__ import annotations

import pytest

from peep.locking.project_sources import Wanted, from_pyproject, from_setup_cfg, has_project
from peep.locking.roots import Scope

TEXT = """\
[project]
name = "App"
requires-python = ">=3.10"
dependencies = [
    "flask>=3",
    "colorama ; sys_platform == 'win32'",
]

[project.optional-dependencies]
Fast = ["orjson"]
slow = ["simplejson", "app[fast]"]

[dependency-groups]
test = ["pytest", {include-group = "base"}]
base = ["coverage"]
"""


def shown(found):
    return [(str(root.edge), root.edge.marker, str(root.location), root.scopes) for root in found.sources.roots]


def test_dependencies_have_their_lines():
    found = from_pyproject(TEXT, "pyproject.toml", Wanted())
    assert found.sources.errors == ()
    assert found.requires_python == ">=3.10"
    assert shown(found) == [
        ("flask>=3", "", "pyproject.toml:5", ()),
        ("colorama", 'sys_platform == "win32"', "pyproject.toml:6", ()),
    ]
    assert found.sources.roots[0].origin == "App (pyproject.toml)"


def test_extras_and_groups_are_scopes():
    found = from_pyproject(TEXT, "pyproject.toml", Wanted(extras=("fast",), groups=("test",)))
    assert (found.extras, found.groups) == (("fast",), ("test",))
    assert shown(found)[2:] == [
        ("orjson", "", "pyproject.toml:10", (Scope("extras", "fast"),)),
        ("pytest", "", "pyproject.toml:14", (Scope("dependency_groups", "test"),)),
        ("coverage", "", "pyproject.toml:15", (Scope("dependency_groups", "test"),)),
    ]


def test_an_extra_of_the_project_itself_is_followed():
    found = from_pyproject(TEXT, "pyproject.toml", Wanted(extras=("slow",)))
    assert [str(root.edge) for root in found.sources.roots[2:]] == ["simplejson", "orjson"]
    assert {root.scopes for root in found.sources.roots[2:]} == {(Scope("extras", "slow"),)}


def test_extras_that_lead_to_each_other_end():
    text = '[project]\nname = "a"\n[project.optional-dependencies]\nx = ["a[y]"]\ny = ["a[x]", "b"]\n'
    found = from_pyproject(text, "pyproject.toml", Wanted(all_extras=True))
    assert found.sources.errors == ()
    assert {str(root.edge) for root in found.sources.roots} == {"b"}


@pytest.mark.parametrize(
    ("text", "wanted", "told"),
    [
        ("x = ", Wanted(), "pyproject.toml:1: this is no TOML"),
        ("[build-system]\n", Wanted(), "pyproject.toml:0: there is no [project]"),
        ("[project]\nname='a'\ndynamic=['dependencies']\n", Wanted(), "pyproject.toml:3: dependencies are dynamic"),
        (TEXT, Wanted(extras=("nope",)), "there is no extra nope"),
        (TEXT, Wanted(groups=("nope",)), "there is no dependency group nope"),
        ("[project]\nname='a'\ndependencies = 'b'\n", Wanted(), "pyproject.toml:3: project.dependencies is no list"),
        ("[project]\nname='a'\ndependencies = ['b c']\n", Wanted(), "pyproject.toml:3: 'b c' is no requirement"),
        (
            "[project]\nname='a'\ndependencies = ['b @ file:///srv/b-1.0.zip']\n",
            Wanted(),
            "pyproject.toml:3: a lock of local archives is not made",
        ),
        (
            "[project]\nname='a'\ndependencies = ['b @ https://user:secret@files.example/b-1.0.zip']\n",
            Wanted(),
            "pyproject.toml:3: the URL of b holds a credential",
        ),
        (
            "[project]\nname='a'\ndependencies = ['b @ hg+https://code.example/b@tip']\n",
            Wanted(),
            "pyproject.toml:3: of version control systems peep knows git only",
        ),
        (
            "[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n",
            Wanted(groups=("a",)),
            "pyproject.toml:2: the group a cannot be read: Cyclic",
        ),
    ],
)
def test_what_cannot_be_locked_is_told(text, wanted, told):
    errors = from_pyproject(text, "pyproject.toml", wanted).sources.errors
    assert any(told.replace(":0:", ":") in str(error) for error in errors), errors


def test_a_root_may_name_a_commit_or_an_archive():
    lines = ["b @ git+https://code.example/b@main#subdirectory=x", "c @ https://files.example/c-1.0.zip"]
    roots = from_pyproject(f"[project]\nname='a'\ndependencies = {lines}\n", "pyproject.toml", Wanted()).sources.roots
    assert [(root.edge.name, root.direct.url, root.direct.subdirectory) for root in roots] == [
        ("b", "git+https://code.example/b@main", "x"),
        ("c", "https://files.example/c-1.0.zip", ""),
    ]


def test_a_setup_cfg_is_read_as_far_as_it_is_static():
    text = "[metadata]\nname = app\n[options]\npython_requires = >=3.8\ninstall_requires =\n  flask>=3\n  six # why\n"
    text += "[options.extras_require]\nfast =\n  orjson; python_version > '3.8'\n"
    found = from_setup_cfg(text, "setup.cfg", Wanted(all_extras=True))
    assert found.sources.errors == ()
    assert [(str(one[0]), one[2]) for one in shown(found)] == [
        ("flask>=3", "setup.cfg:6"),
        ("six", "setup.cfg:7"),
        ("orjson", "setup.cfg:10"),
    ]
    assert (found.requires_python, found.extras) == (">=3.8", ("fast",))
    broken = from_setup_cfg("install_requires", "setup.cfg", Wanted(extras=("x",)))
    assert "this is no configuration file" in str(broken.sources.errors[0])


@pytest.mark.parametrize(("text", "truth"), [(TEXT, True), ("[tool.x]\n", False), ("x = ", False), ("", False)])
def test_a_project_is_known_by_its_table(text, truth):
    assert has_project(text) is truth
