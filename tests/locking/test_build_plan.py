"""Tools of builds: chosen by a second solve, in as few versions as the builds allow."""

from __future__ import annotations

import pytest

from peep.locking.build_judge import BuildJudge
from peep.locking.build_plan import BuildTools, BuildWorld, UnbuildableSdist, merged_tools, sdists_of, solve_builds
from peep.locking.candidates import CandidatePolicy
from peep.locking.completeness import JudgedPin
from peep.locking.lock_run import LockInputs, solve_all
from peep.locking.page_archives import PageArchives
from peep.locking.release_facts import ReleaseFacts
from peep.locking.sources import StatedBuild, Unreadable
from peep.target.declared import declared_target
from support.lock_world import LINUX, WINDOWS, LockWorld, Made, ids, roots


class Builds:
    """Implements `SdistBuilds`: what each archive states, and what its backend asks for once it may."""

    def __init__(self, stated: dict[str, StatedBuild | Unreadable], asks: dict[str, tuple[str, ...]] | None = None):
        self._stated = stated
        self._asks = asks or {}

    def stated(self, release, file):
        del file
        return self._stated[release.project]

    def may_be_asked(self, project):
        return project in self._asks

    def asked(self, release, file, requires):
        del file, requires
        return self._asks[release.project]


SDIST = Made(tags=(), sdist="static")


def tools_of(projects, builds: Builds, *texts: str, targets=(LINUX,)) -> tuple[BuildTools, LockWorld]:
    world = LockWorld(projects)
    inputs = LockInputs(tuple(ids(*targets)), tuple(roots(*texts)))
    found = solve_all(inputs, world, world)
    assert not found.failures
    return solve_builds(sdists_of(found.solutions), inputs, BuildWorld(world, world, builds)), world


def pins(found: BuildTools) -> list[str]:
    return [f"{one.name}=={one.version}{' ; ' + one.marker if one.marker else ''}" for one in merged_tools(found.sets)]


def test_tools_with_all_that_they_require():
    projects = {"a": {"1.0": SDIST}, "saw": {"1.0": [], "2.0": ["oil"]}, "oil": {"1.0": []}}
    found, _ = tools_of(projects, Builds({"a": StatedBuild(("saw",))}), "a")
    assert pins(found) == ["oil==1.0", "saw==2.0"]


def test_only_targets_that_build_get_tools():
    wheel_for_linux = Made(tags=("cp311-cp311-manylinux_2_17_x86_64",), sdist="static")
    projects = {
        "a": {"1.0": wheel_for_linux},
        "b": {"1.0": SDIST},
        "saw": {"2.0": Made(tags=("cp311-cp311-win_amd64",))},
        "oil": {"1.0": []},
    }
    builds = Builds({"a": StatedBuild(("saw",)), "b": StatedBuild(("oil",))})
    found, _ = tools_of(projects, builds, "a", "b", targets=(LINUX, WINDOWS))
    assert pins(found) == ["oil==1.0", 'saw==2.0 ; sys_platform == "win32"']


def test_one_version_for_all_where_that_is_possible_and_else_few():
    versions = {version: [] for version in ("1.0", "2.0", "3.0")}
    projects = {name: {"1.0": SDIST} for name in ("a", "b", "c")} | {"saw": versions}
    stated = {"a": StatedBuild(("saw",)), "b": StatedBuild(("saw<3",)), "c": StatedBuild(("saw",))}
    assert pins(tools_of(projects, Builds(stated), "a", "b", "c")[0]) == ["saw==2.0"]
    stated["c"] = StatedBuild(("saw>=3",))
    found, world = tools_of(projects, Builds(stated), "a", "b", "c")
    assert pins(found) == ["saw==2.0", "saw==3.0"]
    listed = [JudgedPin("saw", version) for version in ("2.0", "3.0")]
    judge = BuildJudge(listed, (), PageArchives(world, world, ReleaseFacts(CandidatePolicy())))
    target = declared_target(ids(LINUX)[0])
    assert [judge.lacks(one, target) for one in stated.values()] == [(), (), ()]
    assert judge.lacks(StatedBuild(("saw==1.0", "oil")), target) == ("saw==1.0 (listed: 3.0, 2.0)", "oil")


def test_an_old_setuptools_needs_wheel_and_a_backend_gets_what_it_asks_for():
    projects = {"a": {"1.0": SDIST}, "setuptools": {"69.0": [], "80.0": []}, "wheel": {"0.45": []}, "oil": {"1.0": []}}
    old = StatedBuild(("setuptools<70",), uses_setuptools=True)
    assert pins(tools_of(projects, Builds({"a": old}), "a")[0]) == ["setuptools==69.0", "wheel==0.45"]
    new = StatedBuild(("setuptools",), uses_setuptools=True)
    asking = Builds({"a": new}, {"a": ("oil>=1",)})
    found, _ = tools_of(projects, asking, "a")
    assert pins(found) == ["oil==1.0", "setuptools==80.0"]
    assert found.needs["a-1.0.tar.gz"].requires == ("setuptools", "oil>=1")
    assert found.warnings == ()


def test_a_tool_without_a_wheel_is_built_too():
    projects = {"a": {"1.0": SDIST}, "saw": {"1.0": SDIST}, "oil": {"1.0": []}}
    builds = Builds({"a": StatedBuild(("saw",)), "saw": StatedBuild(("oil",))})
    found, world = tools_of(projects, builds, "a")
    assert pins(found) == ["oil==1.0", "saw==1.0"]
    archives = PageArchives(world, world, ReleaseFacts(CandidatePolicy()), builds)
    judge = BuildJudge([JudgedPin("saw", "1.0")], (), archives)
    lacking = judge.lacks(StatedBuild(("saw",)), declared_target(ids(LINUX)[0]))
    assert lacking == ("oil (to build saw-1.0.tar.gz)",)


def test_what_cannot_be_had_or_read():
    projects = {"a": {"1.0": SDIST}, "saw": {"1.0": []}}
    found, _ = tools_of(projects, Builds({"a": StatedBuild(("saw>2",))}), "a")
    assert [fact.child for failure in found.failures for fact in failure.facts] == ["saw"]
    for stated in (
        Unreadable("a-1.0.tar.gz", "cannot be built: no pyproject.toml"),
        StatedBuild(("no requirement!",)),
        StatedBuild(("saw @ https://files.example/saw-1.0.tar.gz",)),
    ):
        with pytest.raises(UnbuildableSdist, match=r"a-1\.0\.tar\.gz"):
            tools_of(projects, Builds({"a": stated}), "a")
