"""Every requirement that the listed projects don't meet among themselves, at once and with its chain."""

from __future__ import annotations

import pytest
from packaging.markers import default_environment

from peep.environment.dependencies import RequiringProject, check_dependencies, protected_projects
from peep.errors import ConflictingDependency, OmittedDependency
from peep.model import Location, PinnedRequirement

MARKERS = {**default_environment(), "python_version": "3.11", "sys_platform": "linux"}


def check(projects, extras=()):
    found = [RequiringProject(name, "1.0", requires) for name, requires in projects.items()]
    pins = [PinnedRequirement(name, name, "1.0", (Location("r", 1),), extras=tuple(wanted)) for name, wanted in extras]
    return check_dependencies(found, pins, MARKERS)


def test_omitted_dependencies_are_all_named_with_their_chains():
    found = check({"a": ["b"], "b": ["C.Missing>=2", "d"], "d": ["e (>=1)"], "lone": []})

    assert found == (
        OmittedDependency("c-missing", "C.Missing>=2", ("a", "b", "c-missing")),
        OmittedDependency("e", "e (>=1)", ("a", "b", "d", "e")),
    )


def test_conflicts():
    found = check({"a": ["b>=2", "c==1.0", "c<1.0", "d!=1.0; python_version >= '3'"], "b": [], "c": [], "d": []})

    assert found == (
        ConflictingDependency("b", "b>=2", "1.0", "a"),
        ConflictingDependency("c", "c<1.0", "1.0", "a"),
        ConflictingDependency("d", "d!=1.0; python_version >= '3'", "1.0", "a"),
    )


@pytest.mark.parametrize(
    "requirement",
    [
        'x; python_version < "3"',
        'x; extra == "test"',
        "x ; sys_platform == 'win32' and extra == 'test'",
        'x>=1; extra=="test"',
        'x; sys_platform == "win32" or extra == "test"',
    ],
)
def test_requirements_that_do_not_apply(requirement):
    assert check({"a": [requirement]}) == ()


@pytest.mark.parametrize(
    "requirement",
    ["x", "x[y]>=1,<2", "x (>=1)", 'x; python_version >= "3"', "x @ https://host.example/x.whl", "X~=1.0 ; os_name",
     "x >=1 ,<2", "x[y,z]", 'x; sys_platform == "linux" or extra == "t"', "x >= 1.*.*!"],
)  # fmt: skip
def test_requirements_that_apply(requirement):
    assert [(one.name, one.chain) for one in check({"a": [requirement]})] == [("x", ("a", "x"))]


def test_extras_of_pins_and_of_requirements_are_followed():
    projects = {
        "a": ["b[fast]"],
        "b": ['c; extra == "fast"', 'd; extra == "slow"'],
        "c": [],
        "e": ['f; extra=="Ünknown"'],
    }
    assert check(projects) == ()
    assert check({**projects, "c": ["gone"]})[0].chain == ("a", "b", "c", "gone")
    assert [one.name for one in check(projects, extras=[("b", ["slow"])])] == ["d"]


def test_circles_have_chains_too():
    assert check({"a": ["b"], "b": ["a", "gone"]})[0].chain == ("a", "b", "gone")


def test_pre_releases_and_versions_that_nobody_can_compare():
    def versions(requirement, version):
        projects = [RequiringProject("a", "1", [requirement]), RequiringProject("b", version, [])]
        return check_dependencies(projects, [], MARKERS)

    assert versions("b>=2.0a1", "2.0b3") == ()
    assert versions("b>=1", "2.0.dev1") == ()
    assert versions("b>=1", "2012j") == ()
    assert len(versions("b>=2.0", "2.0b3")) == 1


def test_what_sync_must_leave_for_peep_to_start_again():
    requires = {
        "peep": ["packaging", 'tomli; python_version < "3"', "rich>=1", 'x; extra == "fast"'],
        "rich": ["pygments"],
    }

    found = protected_projects(lambda name: requires.get(name, ()), MARKERS)
    assert found == {"peep", "pip", "packaging", "rich", "pygments"}
