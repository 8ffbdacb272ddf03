from __future__ import annotations

from peep.formats.core_metadata import ProjectMetadata
from peep.formats.target_ids import parse_target_id
from peep.locking.candidates import CandidatePolicy
from peep.locking.completeness import (
    Judged,
    JudgedPin,
    Kind,
    NoArchive,
    TargetArchive,
    Verdict,
    complete_targets,
    judge,
)
from peep.locking.page_archives import PageArchives
from peep.locking.release_facts import ReleaseFacts
from peep.locking.sources import StatedBuild
from peep.model import Digest, Location
from peep.target.declared import declared_target
from support.lock_world import LINUX, WINDOWS, LockWorld, Made, sha256_of


class Archives:
    """Each pin's requirements, by name; a text instead: there is no file, and why."""

    def __init__(self, **known) -> None:
        self.known = known

    def chosen(self, pin, _target):
        known = self.known[pin.name]
        if isinstance(known, str):
            return NoArchive(known, ((f"{pin.name}.whl", "is for another platform"),))
        if isinstance(known, TargetArchive):
            return known
        return TargetArchive(f"{pin.name}.whl", ProjectMetadata(pin.name, pin.version, tuple(known)))


def pin(text: str, line: int = 1, **more) -> JudgedPin:
    head, _, marker = text.partition(" ; ")
    name, _, version = head.partition("==")
    return JudgedPin(name, version, marker, location=Location("r.txt", line), **more)


class Lacking:
    """Implements `completeness.Builds`."""

    def __init__(self, *lacking: str) -> None:
        self._lacking = lacking

    def lacks(self, stated, target):
        del target
        return tuple(text for text in self._lacking if text in stated.requires)


def verdict(pins, target: str = LINUX, builds=None, **known) -> Verdict:
    return judge(pins, declared_target(parse_target_id(target)), Judged(Archives(**known), builds))


def faults(found: Verdict):
    return [(one.kind, one.name, one.requirement, next(iter(one.chains), ())) for one in found.incomplete]


def test_a_complete_list_is_complete():
    found = verdict([pin("a==1.0"), pin("b==2.0")], a=["b>=2", "c ; sys_platform == 'win32'"], b=[])
    assert found.is_complete
    assert found.target == LINUX


def test_a_requirement_that_is_not_listed_has_its_chain():
    known = {"app": ["tqdm"], "tqdm": ["colorama ; platform_system == 'Windows'"]}
    found = verdict([pin("app==1.0"), pin("tqdm==4.0", 2)], WINDOWS, **known)
    assert faults(found) == [(Kind.OMITTED, "colorama", "colorama", ("app", "tqdm"))]
    assert [str(one) for one in found.incomplete[0].locations] == ["r.txt:2"]
    assert verdict([pin("app==1.0"), pin("tqdm==4.0", 2)], LINUX, **known).is_complete


def test_a_pin_that_holds_elsewhere_does_not_count():
    pins = [pin("a==1.0"), pin('b==1.0 ; sys_platform == "win32"')]
    assert faults(verdict(pins, LINUX, a=["b"], b=[])) == [(Kind.OMITTED, "b", "b", ("a",))]
    assert verdict(pins, WINDOWS, a=["b"], b=[]).is_complete


def test_another_version_is_a_conflict():
    found = verdict([pin("a==1.0"), pin("b==1.0", 2)], a=["b>=2"], b=[])
    assert faults(found) == [(Kind.CONFLICT, "b", "b>=2", ("a",))]
    assert found.incomplete[0].reason == "a requires b>=2, and 1.0 is listed"


def test_extras_are_followed_wherever_they_are_asked_for():
    known = {"a": ["b[x]"], "b": ["c ; extra == 'x'", "d ; extra == 'y'"], "c": []}
    assert verdict([pin("a==1"), pin("b==1"), pin("c==1")], **known).is_complete
    assert faults(verdict([pin("a==1"), pin("b==1")], **known)) == [(Kind.OMITTED, "c", "c", ("a", "b"))]
    own = verdict([pin("b==1", extras=("y",))], b=known["b"])
    assert [name for _, name, _, _ in faults(own)] == ["d"]


def test_what_several_require_is_told_once_with_all_of_them():
    known = {"a": ["c>=2"], "b": ["c[x]<3", "d"], "d": ["c"]}
    pins = [pin("b==1"), pin("a==1"), pin("d==1")]
    [fault] = verdict(pins, LINUX, **known).incomplete
    assert fault.reason == "a and b and d require it, and it is not listed"
    assert fault.requirement == "c[x]<3,>=2"
    assert fault.chains == (("a",), ("b",), ("b", "d"))


def test_two_pins_of_one_name_and_a_missing_file():
    found = verdict([pin("a==1.0"), pin("a==2.0", 2), pin("b==1.0", 3)], a=[], b="none of its files fits")
    assert [(one.kind, one.reason) for one in found.incomplete] == [
        (Kind.TWO_PINS, "a==1.0 and a==2.0 are both listed here"),
        (Kind.NO_FILE, "none of its files fits: b.whl is for another platform"),
    ]


def test_python_versions_and_builds():
    metadata = ProjectMetadata("a", "1.0", requires_python=">=3.12")
    stated = StatedBuild(("hatchling>=1",))
    archive = TargetArchive("a-1.0.tar.gz", metadata, is_sdist=True, cautions=("was yanked",), stated_build=stated)
    found = verdict([pin("a==1.0")], builds=Lacking("hatchling>=1"), a=archive)
    assert [one.kind for one in found.incomplete] == [Kind.NOT_BUILDABLE, Kind.WRONG_PYTHON]
    assert found.warnings == ("a==1.0: was yanked",)
    found = verdict([pin("a==1.0")], builds=Lacking(), a=archive)
    assert [one.kind for one in found.incomplete] == [Kind.WRONG_PYTHON]


def test_what_only_a_build_tells_is_a_warning_and_broken_metadata_a_fault():
    unknown = TargetArchive("a-1.0.tar.gz", None, is_sdist=True)
    assert verdict([pin("a==1.0")], a=unknown).warnings == (
        "a==1.0: what a-1.0.tar.gz requires is known only after a build",
    )
    broken = TargetArchive("a-1.0.whl", None, unreadable="is not UTF-8")
    assert faults(verdict([pin("a==1.0")], a=broken)) == [(Kind.UNREADABLE, "a", "", ())]
    assert faults(verdict([pin("a==1.0")], a=["what is this?"])) == [(Kind.UNREADABLE, "a", "", ())]


def test_circles_end():
    assert verdict([pin("a==1"), pin("b==1")], a=["b"], b=["a"]).is_complete
    found = verdict([pin("a==1"), pin("b==1")], a=["b"], b=["a", "c"])
    assert [name for _, name, _, _ in faults(found)] == ["c"]


def test_a_target_is_complete_when_all_its_witnesses_are():
    found = complete_targets(
        [Verdict("t", ()), Verdict("t at Python 3.11.3", verdict([pin("a==1")], a="x").incomplete)]
    )
    assert found == {"t": False}


# -- by pages ----------------------------------------------------------------------------------------


def by_pages(projects, *pins: JudgedPin, target: str = LINUX) -> Verdict:
    world = LockWorld(projects)
    archives = PageArchives(world, world, ReleaseFacts(CandidatePolicy()))
    return judge(pins, declared_target(parse_target_id(target)), Judged(archives))


def test_only_listed_files_of_the_listed_release_count():
    tags = ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-win_amd64"]
    projects = {"a": {"1.0": Made(tags=tags, yanked="broken")}}
    windows = Digest("sha256", sha256_of("a-1.0-cp311-cp311-win_amd64.whl"))
    fitting = by_pages(projects, JudgedPin("a", "1.0", hashes=(windows,)), target=WINDOWS)
    assert fitting.is_complete
    assert fitting.warnings == ("a==1.0: was yanked: broken",)
    (fault,) = by_pages(projects, JudgedPin("a", "1.0", hashes=(windows,))).incomplete
    assert "a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl would, and its hash is not listed" in fault.reason


def test_what_no_index_has_says_so():
    projects = {"a": {"1.0": []}}
    reasons = [
        by_pages(projects, one).incomplete[0].reason
        for one in (
            JudgedPin("b", "1.0"),
            JudgedPin("a", "2.0"),
            JudgedPin("a", "1.0", hashes=(Digest("sha256", "0" * 64),)),
        )
    ]
    assert reasons == [
        "no index has it",
        "https://index.example/simple has no version 2.0",
        "no file that https://index.example/simple offers of 1.0 has a listed hash",
    ]
