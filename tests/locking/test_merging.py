from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from peep.locking.candidates import CandidatePolicy
from peep.locking.group_judge import Admission
from peep.locking.lock_run import LockInputs, solve_all
from peep.locking.marker_atoms import MarkerJudge
from peep.locking.merging import MergedPin, merge
from peep.locking.solution import TargetSolution
from support.examples import examples
from support.lock_world import LINUX, LINUX_12, LINUX_13, MAC, WINDOWS, LockWorld, Made, ids, roots

THREE = (LINUX, MAC, WINDOWS)


def solved(projects, texts: Sequence[str], targets: Sequence[str]) -> tuple[TargetSolution, ...]:
    world = LockWorld(projects)
    inputs = LockInputs(tuple(ids(*targets)), tuple(roots(*texts)), policy=CandidatePolicy(), admission=Admission())
    found = solve_all(inputs, world, world)
    assert not found.failures
    return found.solutions


def lines(projects, texts: Sequence[str], targets: Sequence[str] = THREE) -> dict[str, str]:
    return {f"{pin.name}=={pin.version}": pin.marker for pin in merge(solved(projects, texts, targets))}


def in_group(merged: Sequence[MergedPin], markers: Mapping[str, str]) -> dict[str, str]:
    judge = MarkerJudge(markers)
    holding = [pin for pin in merged if judge.holds(pin.marker)]
    assert len({pin.name for pin in holding}) == len(holding)
    return {pin.name: str(pin.version) for pin in holding}


def test_a_misspelt_marker_counts_as_it_is_written_and_tells_no_targets_apart():
    stated = ["b ; implementation_name != 'PyPy' and python_version < '3.12'", "c ; sys_platform == 'windows'"]
    projects = {"a": {"1.0": stated}, "b": {"1.0": []}, "c": {"1.0": []}}
    targets = ("pp310-manylinux_2_28_x86_64", LINUX, LINUX_13)
    assert lines(projects, ["a"], targets) == {"a==1.0": "", "b==1.0": 'python_version < "3.12"'}


def test_what_every_target_has_carries_no_marker():
    assert lines({"a": {"1.0": ["b ; python_version >= '3.8'"]}, "b": {"1.0": []}}, ["a"]) == {
        "a==1.0": "",
        "b==1.0": "",
    }


def test_a_stated_marker_is_kept():
    projects = {"a": {"1.0": ["b ; platform_system == 'Windows'"]}, "b": {"1.0": ["c"]}, "c": {"1.0": []}}
    assert lines(projects, ["a"]) == {
        "a==1.0": "",
        "b==1.0": 'platform_system == "Windows"',
        "c==1.0": 'platform_system == "Windows"',
    }


def test_a_marker_is_made_where_wheels_decide():
    projects = {"a": {"2.0": Made(tags=["cp311-cp311-manylinux_2_17_x86_64"]), "1.0": []}}
    assert lines(projects, ["a"], [LINUX, WINDOWS]) == {
        "a==1.0": 'sys_platform == "win32"',
        "a==2.0": 'sys_platform == "linux"',
    }


def test_a_version_that_serves_all_is_preferred_to_the_newest():
    projects = {"a": {"2.0": Made(tags=["cp311-cp311-win_amd64"]), "1.0": []}}
    assert lines(projects, ["a"], [LINUX, WINDOWS]) == {"a==1.0": ""}


def test_the_newest_python_is_solved_first_and_does_not_hold_others_back():
    projects = {"a": {"2.0": Made(requires_python=">=3.12"), "1.0": Made(requires_python=">=3.8")}}
    assert lines(projects, ["a"], [LINUX, LINUX_12, LINUX_13]) == {
        "a==1.0": 'python_version < "3.12"',
        "a==2.0": 'python_version >= "3.12"',
    }


def test_two_terms_where_one_is_not_enough():
    targets = [LINUX, LINUX_12, WINDOWS, "cp312-win_amd64"]
    tags = ["cp311-cp311-win_amd64", "cp312-cp312-manylinux_2_17_x86_64"]
    crossed = {
        "a": {"2.0": Made(tags=tags), "1.0": Made(tags=["cp311-cp311-manylinux_2_17_x86_64", "cp312-cp312-win_amd64"])}
    }
    assert lines(crossed, ["a"], targets) == {
        "a==1.0": '(python_version < "3.12" and sys_platform == "linux") or '
        '(python_version >= "3.12" and sys_platform == "win32")',
        "a==2.0": '(python_version < "3.12" and sys_platform == "win32") or '
        '(python_version >= "3.12" and sys_platform == "linux")',
    }


def test_a_micro_version_gets_its_own_witness():
    projects = {"a": {"1.0": ["async-timeout ; python_full_version < '3.11.3'"]}, "async-timeout": {"4.0": []}}
    assert lines(projects, ["a"], [LINUX]) == {"a==1.0": "", "async-timeout==4.0": 'python_full_version < "3.11.3"'}


def test_a_threshold_in_a_source_is_kept():
    assert lines({"x": {"1.0": []}}, ["x ; python_full_version >= '3.11.4'"], [LINUX]) == {
        "x==1.0": 'python_full_version >= "3.11.4"'
    }


def test_an_exact_target_has_no_witness():
    projects = {"a": {"1.0": ["b ; python_full_version < '3.11.3'"]}, "b": {"4.0": []}}
    assert lines(projects, ["a"], ["cp3.11.4-win_amd64"]) == {"a==1.0": ""}
    assert lines(projects, ["a"], ["cp3.11.1-win_amd64"]) == {"a==1.0": "", "b==4.0": ""}


def test_extras_that_differ_stand_apart():
    projects = {
        "a": {"1.0": Made(["fast ; extra == 'fast'"], extras=["fast"])},
        "b": {"1.0": ["a[fast] ; sys_platform == 'win32'"]},
        "fast": {"1.0": []},
    }
    merged = merge(solved(projects, ["a", "b"], THREE))
    assert [(pin.name, pin.extras, pin.marker) for pin in merged] == [
        ("a", (), 'sys_platform != "win32"'),
        ("a", ("fast",), 'sys_platform == "win32"'),
        ("b", (), ""),
        ("fast", (), 'sys_platform == "win32"'),
    ]


NAMES = ["a", "b", "c", "d", "e"]
MARKERS = [
    "",
    "; sys_platform == 'win32'",
    "; python_version < '3.12'",
    "; python_full_version >= '3.11.4' and os_name == 'posix'",
    "; platform_machine != 'arm64' or python_version == '3.13'",
]
TAGS = ["py3-none-any", "cp311-cp311-win_amd64", "cp312-cp312-manylinux_2_17_x86_64", "py3-none-macosx_11_0_arm64"]


@st.composite
def made_releases(draw):
    names = draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    requires = [f"{name} {draw(st.sampled_from(['', '<2', '>=2']))} {draw(st.sampled_from(MARKERS))}" for name in names]
    tags = draw(st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True))
    python = draw(st.sampled_from(["", "", ">=3.12", ">=3.11.2"]))
    return Made(requires, tags=tags, requires_python=python)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.fixed_dictionaries(
        {name: st.fixed_dictionaries({"2.0": made_releases(), "1.0": made_releases()}) for name in NAMES}
    )
)
def test_pins_read_back_are_each_targets_own(projects):
    world = LockWorld(projects)
    targets = tuple(ids(LINUX, MAC, WINDOWS, LINUX_13, LINUX_12))
    inputs = LockInputs(targets, tuple(roots("a", "b ; sys_platform != 'darwin'")))
    found = solve_all(inputs, world, world)
    merged = merge(found.solutions)
    for solution in found.solutions:
        own = {name: pin.candidate.release.text for name, pin in solution.pins.items()}
        assert in_group(merged, solution.group.markers) == own
