from __future__ import annotations

import sys

import pytest
from packaging.pylock import Pylock

from peep.dataclass import replace
from peep.locking.candidates import CandidatePolicy
from peep.locking.listed_pins import known_pins
from peep.locking.lock_plan import HashPolicy
from peep.locking.lock_run import LockInputs
from peep.locking.make_lock import Lock, LockFormat, OutsideWorld, make_lock
from peep.locking.output.pylock import PylockStyle, UnreadableLock, lock_file_text, read_lock_file
from peep.locking.roots import Root, Scope
from peep.requirements.lock_selection import LockSelection
from peep.requirements.pylock import pins_from_pylock
from support.lock_world import LINUX, MAC, WINDOWS, LockWorld, Made, ids, root, roots, sha256_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def locked(projects, *given: Root, targets=(LINUX, MAC, WINDOWS), before="", **style) -> Lock:
    world = LockWorld(projects)
    read = read_lock_file(before, "pylock.toml") if before else None
    known = known_pins(read.pins) if read else {}
    inputs = LockInputs(tuple(ids(*targets)), given, known=known)
    wanted = PylockStyle(tuple(targets), known_files=read.files if read else {}, **style)
    form = LockFormat(
        lambda planned, solutions, _tools: lock_file_text(planned, solutions, wanted),
        lambda text: read_lock_file(text, "pylock.toml").pins,
        tells_extras=False,
    )
    return make_lock(inputs, OutsideWorld(world, world, world), HashPolicy(CandidatePolicy()), form)


CPYTHON = 'platform_python_implementation == "CPython"'
PROJECTS = {
    "app": {"1.0": ["colorama ; sys_platform == 'win32'", "lib"]},
    "colorama": {"0.4": Made(sdist="static")},
    "lib": {
        "2.0": Made(tags=["cp311-cp311-win_amd64"], requires_python=">=3.8"),
        "1.0": Made(tags=["py2.py3-none-any"]),
    },
    "tool": {"1.0": ["lib", "extra-lib"]},
    "extra-lib": {"1.0": []},
}


def test_it_is_a_valid_lock_file_with_a_marker_for_each_target():
    lock = locked(PROJECTS, *roots("app"))
    document = Pylock.from_dict(tomllib.loads(lock.text))
    assert [str(marker) for marker in document.environments or ()] == [
        f'python_version == "3.11" and sys_platform == "{name}" and platform_machine == "{machine}" and {CPYTHON}'
        for name, machine in (("darwin", "arm64"), ("linux", "x86_64"), ("win32", "AMD64"))
    ]
    assert str(document.requires_python) == ">=3.11"
    assert document.tool == {"peep": {"locked-for": sorted([LINUX, MAC, WINDOWS])}}
    assert [(one.name, str(one.version), str(one.marker or "")) for one in document.packages] == [
        ("app", "1.0", ""),
        ("colorama", "0.4", 'sys_platform == "win32"'),
        ("lib", "1.0", ""),
    ]
    app, colorama, _ = document.packages
    assert app.dependencies == [{"name": "colorama"}, {"name": "lib"}]
    assert colorama.sdist
    assert colorama.wheels
    assert dict(colorama.sdist.hashes) == {"sha256": sha256_of("colorama-0.4.tar.gz")}


def test_the_reader_of_install_gives_each_target_its_pins():
    lock = locked(PROJECTS, *roots("app"))
    for solution in lock.solutions:
        selection = LockSelection((), None)
        pinned = pins_from_pylock(lock.text.encode(), "pylock.toml", solution.group.markers, selection)
        assert {pin.name: pin.version for pin in pinned.pins} == {
            name: pin.candidate.release.text for name, pin in solution.pins.items()
        }


def test_what_only_an_extra_or_a_group_reaches_says_so():
    test = replace(root("tool", 2), scopes=(Scope("dependency_groups", "test"),))
    fast = replace(root("colorama", 3), scopes=(Scope("extras", "fast"),))
    lock = locked(PROJECTS, root("app"), test, fast, extras=("fast",), dependency_groups=("test",))
    markers = {one.name: str(one.marker or "") for one in Pylock.from_dict(tomllib.loads(lock.text)).packages}
    on_windows, elsewhere = 'sys_platform == "win32"', 'sys_platform != "win32"'
    assert markers == {
        "app": "",
        "colorama": f'{on_windows} or ({elsewhere} and "fast" in extras)',
        "extra-lib": '"test" in dependency_groups',
        "lib": "",
        "tool": '"test" in dependency_groups',
    }


def test_the_same_again_gives_the_same_bytes_whatever_a_mirror_calls_its_files():
    first = locked(PROJECTS, *roots("app"))
    mirrored = first.text.replace("https://index.example/simple/files/", "https://mirror.example/")
    assert locked(PROJECTS, *roots("app"), before=mirrored).text == mirrored


def test_files_that_the_index_offers_no_more_stay():
    first = locked(PROJECTS, *roots("colorama"))
    gone = {**PROJECTS, "colorama": {"0.4": Made()}}
    assert locked(gone, *roots("colorama"), before=first.text).text == first.text


def test_two_versions_of_a_project_are_told_apart_in_dependencies():
    projects = {"a": {"1.0": ["b"]}, "b": {"2.0": Made(tags=["cp311-cp311-manylinux_2_17_x86_64"]), "1.0": []}}
    lock = locked(projects, *roots("a"), targets=(LINUX, WINDOWS))
    first = Pylock.from_dict(tomllib.loads(lock.text)).packages[0]
    assert first.dependencies == [{"name": "b", "version": "1.0"}, {"name": "b", "version": "2.0"}]


@pytest.mark.parametrize("text", ["", "lock-version = '2.0'", "[[packages]]", "x = ", "lock-version = 1"])
def test_what_is_no_lock_file_is_refused(text):
    with pytest.raises(UnreadableLock, match=r"pylock\.toml: this is no lock file"):
        read_lock_file(text, "pylock.toml")
