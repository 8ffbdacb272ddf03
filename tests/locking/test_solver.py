from __future__ import annotations

import pytest
from packaging.version import Version

from peep.locking.candidates import CandidatePolicy
from peep.locking.derivation import NoSolution, sentence
from peep.locking.edges import parse_edge
from peep.locking.group_judge import Admission, KnownPin, ViewSources
from peep.locking.group_view import GroupView
from peep.locking.marker_atoms import UnreadableMarker, canonical_marker
from peep.locking.release_facts import ReleaseFacts
from peep.locking.roots import Constraint
from peep.locking.solution import TargetSolution, Unsolvable
from peep.locking.solver import solve
from peep.locking.target_groups import joint_groups
from peep.model import Digest, Location
from support.lock_world import LINUX, MUSL, WINDOWS, LockWorld, Made, ids, roots, sha256_of


def answer(projects, *texts, target=LINUX, constraints=(), **changes):
    targets = (target,) if isinstance(target, str) else target
    (group,) = joint_groups(ids(*targets))
    world = projects if isinstance(projects, LockWorld) else LockWorld(projects)
    sources = ViewSources(
        world,
        world,
        ReleaseFacts(changes.get("policy", CandidatePolicy())),
        changes.get("admission", Admission()),
        changes.get("known", {}),
        expect=changes.get("expect", lambda *_: None),
    )
    view = GroupView(group, sources, changes.get("preferred", {}))
    limits = [Constraint(parse_edge(text), Location("limits.txt", 1), "-c limits.txt") for text in constraints]
    return solve(view, roots(*texts), limits)


def pins(projects, *texts, **changes):
    found = answer(projects, *texts, **changes)
    assert isinstance(found, TargetSolution), sentence(found)
    return {name: pin.candidate.release.text for name, pin in found.pins.items()}


def refusal(projects, *texts, **changes):
    found = answer(projects, *texts, **changes)
    assert isinstance(found, Unsolvable)
    return sentence(found)


def test_the_newest_version_that_everything_allows_is_chosen():
    projects = {"app": {"1.0": ["lib<2"], "0.9": []}, "lib": {"2.0": [], "1.5": [], "1.4": []}}
    assert pins(projects, "app", "lib!=1.5") == {"app": "1.0", "lib": "1.4"}


def test_an_older_version_is_taken_where_the_newest_conflicts():
    projects = {"app": {"2.0": ["lib>=3"], "1.0": ["lib"]}, "lib": {"3.0": [], "2.0": []}}
    assert pins(projects, "app", "lib<3") == {"app": "1.0", "lib": "2.0"}


def test_releases_behind_those_that_are_turned_down_are_expected_and_no_others():
    releases = {f"{number}.0": ["lib>=2"] for number in range(9, 3, -1)}
    projects = {"app": {**releases, "3.0": ["lib"], "2.0": [], "1.0": []}, "lib": {"2.0": [], "1.0": []}}
    expected = []
    assert pins(projects, "app", "lib<2", expect=lambda release, _: expected.append(release.text)) == {
        "app": "3.0",
        "lib": "1.0",
    }
    assert expected[:3] == ["7.0", "6.0", "5.0"]  # one after the second that was looked at, two after the third
    assert {*expected} == {f"{number}.0" for number in range(1, 8)}
    assert pins({"app": {"2.0": [], "1.0": []}}, "app", expect=lambda *_: 1 // 0) == {"app": "2.0"}


def test_an_extra_brings_its_requirements_and_pins_its_project():
    projects = {
        "gamma": {"3.0": Made(["delta", "fast ; extra == 'fast'"], extras=["fast"]), "2.0": Made()},
        "delta": {"1.0": []},
        "fast": {"1.0": []},
    }
    assert pins(projects, "gamma") == {"delta": "1.0", "gamma": "3.0"}
    found = answer(projects, "gamma[fast]")
    assert list(found.pins) == ["delta", "fast", "gamma"]
    assert found.pins["gamma"].extras == ("fast",)


def test_an_edge_that_is_true_without_the_extra_is_not_the_extras():
    projects = {"a": {"1.0": Made(["b ; extra == 'x' or python_version >= '3'"], extras=["x"])}, "b": {"1.0": []}}
    found = answer(projects, "a[x]")
    assert [requirer.extra for requirer in found.requirers if requirer.child == "b"] == [""]


def test_an_extra_that_is_not_there_is_told():
    found = answer({"a": {"1.0": []}}, "a[nope]")
    assert found.warnings == ("a 1.0 has no extra called nope",)


def test_markers_are_those_of_the_target():
    projects = {"a": {"1.0": ["colorama ; sys_platform == 'win32'"]}, "colorama": {"0.4": []}}
    assert pins(projects, "a") == {"a": "1.0"}
    assert pins(projects, "a", target=WINDOWS) == {"a": "1.0", "colorama": "0.4"}


def test_a_release_without_a_usable_file_is_passed_over():
    projects = {
        "a": {
            "3.0": Made(tags=["cp313-cp313-manylinux_2_28_x86_64"]),
            "2.0": Made(tags=["cp311-cp311-win_amd64"]),
            "1.5": Made(requires_python=">=3.12"),
            "1.4": Made(requires_python=">=3.12", page_requires_python=""),
            "1.0": Made(tags=["cp311-cp311-manylinux_2_17_x86_64"]),
        }
    }
    assert pins(projects, "a") == {"a": "1.0"}


def test_a_joint_group_needs_a_file_for_each_member_and_takes_all_requirements():
    glibc, musl = "cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-musllinux_1_2_x86_64"
    projects = {
        "a": {
            "2.0": Made(tags=[glibc]),
            "1.0": Made(tags=[glibc, musl], requires_by_tag={glibc: ["b"], musl: ["b", "c"]}),
        },
        "b": {"1.0": []},
        "c": {"1.0": []},
    }
    found = answer(projects, "a", target=(LINUX, MUSL))
    assert {name: pin.candidate.release.text for name, pin in found.pins.items()} == {
        "a": "1.0",
        "b": "1.0",
        "c": "1.0",
    }
    assert any("its wheels differ" in warning for warning in found.warnings)
    assert pins(projects, "a") == {"a": "2.0"}


def test_a_joint_group_without_a_common_version_names_its_ids():
    projects = {
        "a": {
            "2.0": Made(tags=["cp311-cp311-manylinux_2_17_x86_64"]),
            "1.0": Made(tags=["cp311-cp311-musllinux_1_2_x86_64"]),
        }
    }
    told = refusal(projects, "a", target=(LINUX, MUSL))
    assert f"no version of a suits {LINUX}, {MUSL}" in told
    assert f"2.0 has no file for {MUSL}" in told
    assert f"1.0 has no file for {LINUX}" in told


def test_yanked_releases_are_for_those_who_name_them():
    projects = {"a": {"2.0": Made(yanked="broken"), "1.0": []}}
    assert pins(projects, "a") == {"a": "1.0"}
    admission = Admission(exact={"a": frozenset({Version("2.0")})})
    found = answer(projects, "a==2.0", admission=admission)
    assert found.pins["a"].candidate.release.text == "2.0"
    assert found.warnings == ("a 2.0 was yanked: broken",)
    assert "2.0 was yanked: broken" in refusal(projects, "a>1.0")


def test_pre_releases_need_a_word():
    projects = {"a": {"2.0rc1": [], "1.0": []}, "only": {"0.1a1": []}}
    assert pins(projects, "a", "only") == {"a": "1.0", "only": "0.1a1"}
    assert pins(projects, "a", policy=CandidatePolicy(allows_pre_releases=True)) == {"a": "2.0rc1"}
    assert pins(projects, "a>=2.0rc1", admission=Admission(pre_releases=frozenset({"a"}))) == {"a": "2.0rc1"}
    assert "2.0rc1 is a pre-release, which nothing asks for" in refusal(projects, "a>1.0")


def test_a_source_archive_serves_when_its_metadata_is_static():
    projects = {"a": {"1.0": Made(["b"], tags=(), sdist="static")}, "b": {"1.0": []}}
    found = answer(projects, "a")
    assert list(found.pins) == ["a", "b"]


def test_a_dynamic_source_archive_makes_way_for_an_older_version():
    projects = {"a": {"2.0": Made(tags=(), sdist="dynamic"), "1.0": []}}
    assert pins(projects, "a") == {"a": "1.0"}
    told = refusal(projects, "a>=2")
    assert "only a-2.0.tar.gz fits" in told


def test_a_direct_url_in_metadata_is_refused_by_name():
    projects = {"a": {"1.0": ["evil @ https://evil.example/evil-1.0.tar.gz"]}}
    assert "1.0 requires evil by a direct URL" in refusal(projects, "a")


def test_a_direct_url_behind_an_extra_is_refused_only_with_the_extra():
    projects = {"a": {"1.0": Made(["evil @ https://evil.example/evil-1.0.tar.gz ; extra == 'x'"], extras=["x"])}}
    assert pins(projects, "a") == {"a": "1.0"}
    assert isinstance(answer(projects, "a[x]"), Unsolvable)


def test_a_kept_pin_is_preferred_and_only_its_listed_files_count():
    tags = ["cp311-cp311-manylinux_2_17_x86_64", "py3-none-any"]
    projects = {"a": {"2.0": [], "1.0": Made(tags=tags)}}
    listed = Digest("sha256", sha256_of("a-1.0-py3-none-any.whl"))
    known = {"a": (KnownPin("a", Version("1.0"), "", (listed,)),)}
    found = answer(projects, "a", known=known)
    assert found.pins["a"].candidate.release.text == "1.0"
    assert [one.file.filename for _, one in found.pins["a"].candidate.files] == ["a-1.0-py3-none-any.whl"]
    assert pins(projects, "a>1", known=known) == {"a": "2.0"}


def test_what_groups_before_chose_is_preferred():
    assert pins({"a": {"2.0": [], "1.0": []}}, "a", preferred={"a": Version("1.0")}) == {"a": "1.0"}


def test_constraints_limit_and_bring_nothing():
    projects = {"a": {"1.0": ["b"]}, "b": {"2.0": [], "1.0": []}, "c": {"1.0": []}}
    assert pins(projects, "a", constraints=["b<2", "c==1.0"]) == {"a": "1.0", "b": "1.0"}
    told = refusal(projects, "a", constraints=["b>5"])
    assert "limits.txt:1 requires b>5" in told
    assert "a 1.0 (requirements.in:1) requires b" in told


def test_a_conflict_names_requirers_versions_and_lines():
    projects = {"left": {"1.0": ["common<2"]}, "right": {"1.0": ["common>=2"]}, "common": {"1.0": [], "2.0": []}}
    assert refusal(projects, "left", "right", target=WINDOWS) == (
        "no version of common suits cp311-win_amd64: left 1.0 (requirements.in:1) requires common<2, "
        "and right 1.0 (requirements.in:2) requires common>=2"
    )


def test_a_conflict_far_from_the_sources_names_the_chain():
    projects = {"app": {"1.0": ["mid"]}, "mid": {"1.0": ["common<2"]}, "common": {"1.0": [], "2.0": []}}
    assert refusal(projects, "app", "common>=2") == (
        f"no version of common suits {LINUX}: requirements.in:2 requires common>=2, "
        "and mid 1.0 (required by app (requirements.in:1)) requires common<2"
    )


def test_an_unknown_project_is_named_with_what_asks_for_it():
    assert refusal({"a": {"1.0": ["ghost"]}}, "a") == (
        f"no version of ghost suits {LINUX}: no index has it, and a 1.0 (requirements.in:1) requires ghost"
    )


def test_an_open_marker_counts_as_true_and_is_told():
    projects = {"a": {"1.0": ["b ; platform_release >= '5'"]}, "b": {"1.0": []}}
    found = answer(projects, "a")
    assert list(found.pins) == ["a", "b"]
    assert found.warnings == ('a requires b where platform_release >= "5", which no target says: taken as true',)


def test_boundaries_between_micro_versions_are_noted():
    projects = {
        "a": {"1.0": ["b ; python_full_version < '3.11.3'"], "0.9": Made(requires_python=">=3.11.7")},
        "b": {"1.0": Made(requires_python="!=3.11.5")},
    }
    assert answer(projects, "a").thresholds == {3, 5, 6}


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")])
def test_the_order_of_sources_changes_nothing(order):
    projects = {
        "a": {"2.0": ["x<2"], "1.0": ["x"]},
        "b": {"2.0": ["x>=2"], "1.0": ["x"]},
        "c": {"1.0": ["a", "b"]},
        "x": {"3.0": [], "2.0": [], "1.0": []},
    }
    assert pins(projects, *order) == {"a": "2.0", "b": "1.0", "c": "1.0", "x": "1.0"}


def test_cycles_end():
    projects = {"a": {"1.0": ["b"]}, "b": {"1.0": ["a"]}}
    assert pins(projects, "a") == {"a": "1.0", "b": "1.0"}
    extras = {"a": {"1.0": Made(["a[y] ; extra == 'x'", "a[x] ; extra == 'y'", "b ; extra == 'y'"], extras="xy")}}
    assert pins({**extras, "b": {"1.0": []}}, "a[x]") == {"a": "1.0", "b": "1.0"}


def old_sdists(number, **others):
    return {"lib": {**{f"2.{minor}": Made(tags=(), sdist="dynamic") for minor in range(number)}, **others}}


def test_few_dynamic_sdists_are_looked_into_before_a_project_is_refused():
    world = LockWorld(old_sdists(30))
    told = sentence(answer(world, "lib"))
    assert world.asked == [f"lib-2.{minor}.tar.gz" for minor in range(29, 19, -1)]
    assert "2.29 only lib-2.29.tar.gz fits, and its metadata is not static" in told
    assert "; 2.20 to 2.28 would have to be built as well; " in told
    assert told.endswith(
        "2.0 to 2.19, with source archives alone as well, not looked into: require lib<=2.19 to have that done"
    )


def test_a_static_sdist_behind_many_dynamic_ones_is_found_by_the_requirement_that_the_refusal_names():
    projects = old_sdists(20)
    projects["lib"]["2.3"] = Made(tags=(), sdist="static")
    assert "2.0 to 2.9, with" in refusal(projects, "lib")
    assert pins(projects, "lib<=2.9") == {"lib": "2.3"}


def test_a_conflict_of_extras_names_them():
    projects = {"a": {"1.0": Made(["c<2 ; extra == 'x'", "c>=2 ; extra == 'y'"], extras="xy")}, "c": {"1": [], "2": []}}
    told = refusal(projects, "a[x,y]")
    assert "a[x] 1.0 (requirements.in:1) requires c<2, and a[y] 1.0 (requirements.in:1) requires c>=2" in told


def test_a_wheel_behind_many_dynamic_sdists_is_found():
    projects = old_sdists(30, **{"1.2": Made(tags=(), sdist="static"), "1.1": Made(sdist="dynamic"), "1.0": Made()})
    assert pins(projects, "lib") == {"lib": "1.1"}


def test_a_static_sdist_behind_a_few_dynamic_ones_is_found():
    assert pins(old_sdists(9, **{"1.2": Made(tags=(), sdist="static")}), "lib") == {"lib": "1.2"}


def test_a_release_whose_marker_no_target_can_judge_is_passed_over():
    projects = {"a": {"2.0": ["b ; os_name == 'nt' and python_version ~= '3'"], "1.0": []}, "b": {"1.0": []}}
    assert pins(projects, "a") == {"a": "1.0"}
    assert refusal(projects, "a>=2") == (
        f"no version of a suits {LINUX}: requirements.in:1 requires a>=2; 2.0 holds metadata that means nothing: "
        'the comparison python_version ~= "3" in a marker means nothing (PEP 508)'
    )


def test_what_later_micro_versions_alone_can_use_is_told_with_what_to_declare():
    found = answer({"a": {"1.0": Made(requires_python=">=3.11.5")}}, "a")
    assert "require a where python_full_version >= '3.11.5', or declare one version, such as cp3.11.5-…" in (
        NoSolution([found]).hint
    )
    assert not NoSolution([answer({"a": {"1.0": Made(requires_python=">=3.13")}}, "a")]).hint


@pytest.mark.parametrize("marker", ["os_name ~= 'x'", "'a' == 'b'", "sys_platform == 'x' or extra ~= '1.0'"])
def test_a_comparison_without_an_answer_is_no_marker(marker):
    with pytest.raises(UnreadableMarker, match="in a marker means nothing"):
        canonical_marker(marker)


@pytest.mark.parametrize("marker", ["python_version ~= '3.9'", "python_version > 'x'", "platform_release >= '5'"])
def test_one_with_an_answer_is(marker):
    assert canonical_marker(marker) == marker.replace("'", '"')
