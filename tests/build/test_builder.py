"""Whole builds with backends made for the occasion: no network, no real build tool."""

from __future__ import annotations

import hashlib
import os
import sys

import pytest

from peep.build.builder import Builder, BuildSupport
from peep.build.plan import BuildPlan, BuildSettings, checked_subdirectory, merged_settings
from peep.build.source_trees import ArchiveTree, local_tree
from peep.build.variables import steering_variables
from peep.errors import BackendFailed, BadArchive, BuildError, InstallRefused, MissingBuildRequirement
from peep.store.wheels import Store
from peep.system.sandbox import Isolation, SandboxLimits, find_isolation
from support.isolation import can_run
from support.listener import Listener
from support.pins import pinned
from support.shelf import Shelf, archive_pin, own_target, verified
from support.stored import stored_path
from support.wheels import sdist_bytes, wheel_bytes, zip_bytes

BACKEND = """
import base64, hashlib, os, zipfile

REQUIRES = {asks!r}
{top}

def get_requires_for_build_wheel(config_settings=None):
    return REQUIRES

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    {body}
    members = {{
        "demo/__init__.py": {content},
        "demo-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n",
        "demo-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "demo-1.0.dist-info/RECORD": b"",
    }}
    with zipfile.ZipFile(os.path.join(wheel_directory, "demo-1.0-py3-none-any.whl"), "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return "demo-1.0-py3-none-any.whl"
"""


def demo_sdist(requires=(), *, asks=(), content="b''", body="pass", top="", extra=None, project="demo", version="1.0"):
    """An sdist whose in-tree backend does what the arguments say."""
    pyproject = f'[build-system]\nrequires = {list(requires)!r}\nbuild-backend = "own"\nbackend-path = ["."]\n'
    backend = BACKEND.format(asks=list(asks), content=content, body=body, top=top)
    return sdist_bytes(project, version, files={"own.py": backend, **(extra or {})}, pyproject=pyproject)


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)


class Workshop:
    """A store, a shelf, and builders that use them."""

    def __init__(self, tmp_path):
        self.told = Listener()
        self.store = Store(str(tmp_path / "store"), self.told)
        self.shelf = Shelf(self.store)
        self.constraints = {}
        self.settings = BuildSettings(find_isolation().isolation, limits=SandboxLimits(seconds=60.0))

    def tool(self, name, version="1.0", **more):
        content = wheel_bytes(name, version, **more)
        self.constraints[name] = self.shelf.put(name, version, f"{name}-{version}-py3-none-any.whl", content)

    def builder(self, settings=None):
        support = BuildSupport(self.store, self.shelf.obtain, lambda name, _: (f"{name}==newest",), self.told)
        return Builder(own_target(), settings or self.settings, self.constraints, support)

    def plan(self, content, *, settings=None, filename="demo-1.0.tar.gz", version="1.0", **more):
        builder = self.builder(settings)
        archive = verified(archive_pin("demo", version, content, **more), filename, content)
        return builder, builder.plan([ArchiveTree(archive)])

    def build(self, content, **more):
        builder, plan = self.plan(content, **more)
        assert plan.problems == ()
        return builder.build_all(plan)["demo"]


def text_of(wheel, path="demo/__init__.py"):
    with open(stored_path(wheel, path), encoding="utf-8") as file:
        return file.read()


def test_an_sdist_becomes_a_stored_wheel(workshop):
    wheel = workshop.build(demo_sdist(content="b'x = 1'"))
    assert (wheel.identity.name, wheel.identity.version, text_of(wheel)) == ("demo", "1.0", "x = 1")
    assert workshop.told.notes == ["building demo-1.0.tar.gz"]


def test_tools_come_from_the_store_with_their_programs_and_requirements(workshop):
    workshop.tool(
        "saw",
        files={"saw.py": "def main(): print('sawed by', __file__)\n"},
        requires=["oil>=1"],
        entry_points={"console_scripts": {"saw": "saw:main"}},
    )
    workshop.tool("oil", files={"oil.py": "KIND = 'linseed'\n"})
    workshop.tool("unused")
    body = "import oil, subprocess as s; out = s.run(['saw'], stdout=s.PIPE, check=True).stdout + oil.KIND.encode()"
    wheel = workshop.build(demo_sdist(["saw"], body=body, content="out"))
    assert text_of(wheel).startswith("sawed by")
    assert text_of(wheel).endswith("linseed")
    assert workshop.shelf.asked == ["saw", "oil"]


def test_the_build_environment_holds_nothing_else(workshop):
    workshop.tool("saw", files={"saw.py": ""})
    facts = "(sorted(d.name for d in m.distributions()), sys.flags.no_user_site, sys.prefix != sys.base_prefix)"
    body = f"import importlib.metadata as m, sys; out = repr({facts}).encode()"
    wheel = workshop.build(demo_sdist(["saw"], body=body, content="out"))
    assert text_of(wheel) == "(['saw'], 1, True)"


def test_what_the_hook_asks_for_is_obtained_then_if_it_is_pinned(workshop):
    workshop.tool("plane", files={"plane.py": "SHARP = b'yes'\n"})
    wheel = workshop.build(demo_sdist(asks=["plane>=1"], body="import plane", content="plane.SHARP"))
    assert text_of(wheel) == "yes"


def test_what_the_hook_asks_for_must_be_pinned(workshop):
    builder, plan = workshop.plan(demo_sdist(asks=["plane>=1"]))
    with pytest.raises(InstallRefused) as caught:
        builder.build_all(plan)
    assert caught.value.problems == (
        MissingBuildRequirement(
            "demo-1.0.tar.gz", "plane>=1", ("demo", "plane"), "no build constraint pins it", ("plane==newest",)
        ),
    )


def test_everything_missing_is_known_before_any_backend_runs(workshop, tmp_path):
    """T13: one sdist is fine, one is not; the side effect of the first must not exist."""
    workshop.tool("saw", requires=["oil"])
    workshop.settings = BuildSettings(limits=SandboxLimits(seconds=60.0))  # without a sandbox the effect would be seen
    mark = tmp_path / "ran"
    good, bad = demo_sdist(top=f"open({str(mark)!r}, 'w')"), demo_sdist(["saw", "glue"], project="other")
    builder = workshop.builder()
    plan = builder.plan(
        [
            ArchiveTree(verified(archive_pin("demo", "1.0", good), "demo-1.0.tar.gz", good)),
            ArchiveTree(verified(archive_pin("other", "1.0", bad), "other-1.0.tar.gz", bad)),
        ]
    )
    assert [problem.chain for problem in plan.problems] == [("other", "glue"), ("other", "saw", "oil")]
    assert not mark.exists()
    builder.build_all(BuildPlan({"demo": plan.builds["demo"]}))
    assert mark.exists(), "the mark would show that a backend ran"


def test_bad_archives_are_problems_of_the_plan(workshop):
    _, plan = workshop.plan(b"\x1f\x8bnot an archive")
    assert isinstance(plan.problems[0], BadArchive)
    _, plan = workshop.plan(sdist_bytes("demo", "1.0", pyproject="[build-system]\n"))
    assert "without requires" in plan.problems[0].problems[0]


def test_building_twice_gives_the_same_bytes_and_the_second_time_nothing_runs(workshop, tmp_path):
    content = demo_sdist(body="import time; out = repr(sorted({'a', 'b', 'c', 'd'}, key=hash)).encode()", content="out")
    first = workshop.build(content)
    again = workshop.build(content)
    assert (first.sha256, workshop.told.notes) == (again.sha256, ["building demo-1.0.tar.gz"])
    elsewhere = Workshop(tmp_path / "elsewhere")
    assert elsewhere.build(content).sha256 == first.sha256
    assert elsewhere.told.notes == ["building demo-1.0.tar.gz"]


def test_other_tools_or_settings_make_another_build(workshop):
    workshop.tool("saw", files={"saw.py": "A = b'1'"})
    content = demo_sdist(["saw"], body="import saw", content="saw.A + str(config_settings).encode()")
    assert text_of(workshop.build(content)) == "1{}"
    settings = BuildSettings(workshop.settings.isolation, config_settings=(("k", "v"), ("k", "w"), ("o", "1")))
    assert text_of(workshop.build(content, settings=settings)) == "1{'k': ['v', 'w'], 'o': '1'}"
    workshop.tool("saw", files={"saw.py": "A = b'2'"})
    assert text_of(workshop.build(content)) == "2{}"


def test_what_the_hook_asked_for_counts_when_a_build_is_reused(workshop):
    content = demo_sdist(asks=["plane"], body="import plane", content="plane.A")
    workshop.tool("plane", files={"plane.py": "A = b'1'"})
    assert text_of(workshop.build(content)) == "1"
    workshop.tool("plane", files={"plane.py": "A = b'2'"})
    assert text_of(workshop.build(content)) == "2"


def test_a_tool_that_is_an_sdist_is_built_first(workshop):
    tool = sdist_bytes("saw", "1.0")
    workshop.constraints["saw"] = workshop.shelf.put("saw", "1.0", "saw-1.0.tar.gz", tool)
    wheel = workshop.build(demo_sdist(["saw"], body="import saw", content="saw.VERSION.encode()"))
    assert text_of(wheel) == "1.0"
    assert workshop.told.notes == ["building saw-1.0.tar.gz", "building demo-1.0.tar.gz"]


def test_sdists_that_need_each_other_are_refused(workshop):
    for name, other in (("saw", "axe"), ("axe", "saw")):
        pyproject = f'[build-system]\nrequires = ["{other}"]\nbuild-backend = "in_tree_backend"\nbackend-path = ["."]\n'
        tool = sdist_bytes(name, "1.0", pyproject=pyproject)
        workshop.constraints[name] = workshop.shelf.put(name, "1.0", f"{name}-1.0.tar.gz", tool)
    builder, plan = workshop.plan(demo_sdist(["saw"]))
    with pytest.raises(BuildError, match="need each other"):
        builder.build_all(plan)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            {"project": "demo", "version": "1.0", "content": "b''", "body": "return 'x-1-py3-none-any.whl'"},
            "cannot be read",
        ),
        ({"content": "b'' if 0 else None"}, "failed in build_wheel"),
    ],
)
def test_a_backend_that_fails_fails_the_run(workshop, made, message):
    builder, plan = workshop.plan(demo_sdist(**made))
    with pytest.raises(BackendFailed, match=message):
        builder.build_all(plan)


def test_all_failures_are_told(workshop):
    builder = workshop.builder()
    archives = []
    for name in ("demo", "other"):
        content = demo_sdist(project=name, body=f"raise RuntimeError('no {name}')")
        archives.append(ArchiveTree(verified(archive_pin(name, "1.0", content), f"{name}-1.0.tar.gz", content)))
    with pytest.raises(BuildError) as caught:
        builder.build_all(builder.plan(archives))
    assert "no demo" in str(caught.value)
    assert "no other" in str(caught.value)


def test_a_wheel_of_another_project_or_version_is_not_accepted(workshop):
    content = demo_sdist(project="other")
    builder = workshop.builder()
    plan = builder.plan([ArchiveTree(verified(archive_pin("other", "1.0", content), "other-1.0.tar.gz", content))])
    with pytest.raises(BackendFailed, match="a wheel of demo, not of other"):
        builder.build_all(plan)


def test_a_build_requirement_url_hash_setting_of_a_pin_counts(workshop):
    content = demo_sdist(body="out = str(config_settings).encode()", content="out")
    wheel = workshop.build(content, config_settings=(("from", "pin"),))
    assert text_of(wheel) == "{'from': 'pin'}"


def test_an_archive_of_a_repository_without_top_folder_and_version(workshop):
    members = {"pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'}
    members["own.py"] = BACKEND.format(asks=[], content="b'x'", body="pass", top="").encode()
    content = zip_bytes(members)
    url = "https://files.example/1234567.zip"
    assert text_of(workshop.build(content, filename="1234567.zip", version=None, url=url)) == "x"


def test_t16_a_subdirectory_is_built_and_stays_inside(workshop):
    backend = BACKEND.format(asks=[], content="b'deep'", body="pass", top="")
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
    content = zip_bytes({"repo-1/a/b/own.py": backend.encode(), "repo-1/a/b/pyproject.toml": pyproject.encode()})
    more = {"filename": "repo.zip", "version": None, "url": "https://files.example/repo.zip"}
    assert text_of(workshop.build(content, subdirectory="a/b", **more)) == "deep"
    for outside in ("../x", "/etc", "a/../../x", "a\\..\\..\\x", "C:/x"):
        with pytest.raises(BuildError, match="leaves the source tree"):
            checked_subdirectory(outside, "x")
        assert workshop.plan(content, subdirectory=outside, **more)[1].problems
    assert workshop.plan(content, subdirectory="nowhere", **more)[1].problems


def test_without_build_isolation_the_target_is_used_and_nothing_is_remembered(workshop):
    body = "import sys; out = sys.prefix.encode()"
    settings = BuildSettings(workshop.settings.isolation, use_build_environment=False)
    content = demo_sdist(["not_pinned_anywhere"], body=body, content="out")
    wheel = workshop.build(content, settings=settings)
    assert text_of(wheel) == sys.prefix
    workshop.build(content, settings=settings)
    assert len(workshop.told.notes) == 2


def test_a_stored_file_that_was_edited_stops_the_build(workshop):
    workshop.tool("saw", files={"saw.py": "A = b'1'"})
    content = demo_sdist(["saw"])
    workshop.build(content)
    wheel = workshop.store.get(hashlib.sha256(workshop.shelf.archives["saw"][1]).hexdigest())
    path = stored_path(wheel, "saw.py")
    os.chmod(path, 0o644)
    with open(path, "w") as file:
        file.write("import os")
    with pytest.raises(BuildError, match=r"saw\.py"):
        workshop.build(demo_sdist(["saw"], content="b'other'"))


def test_the_log_of_a_failure_is_kept_and_that_of_a_success_is_not(workshop, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    workshop.build(demo_sdist())
    assert list(tmp_path.glob("peep-build-*")) == []
    builder, plan = workshop.plan(demo_sdist(body="print('the last words'); raise SystemExit(4)"))
    with pytest.raises(BackendFailed) as caught:
        builder.build_all(plan)
    (log,) = tmp_path.glob("peep-build-demo-*.log")
    assert str(log) in caught.value.hint
    assert "the last words" in log.read_text()
    assert caught.value.status == 4


def test_config_settings_merge_as_in_pip():
    assert merged_settings([("a", "1"), ("b", "2")], [("a", "3"), ("a", "4")]) == {"a": ["1", "3", "4"], "b": "2"}


def test_variables_that_the_user_named_reach_the_build_and_its_key(workshop):
    content = demo_sdist(body="out = os.environ['SPECIAL'].encode()", content="out")
    for value in ("1", "2"):
        steering = steering_variables({"SPECIAL": value, "PEEP_BUILD_VARIABLES": "SPECIAL,UNSET", "SECRET": "x"})
        assert steering == {"SPECIAL": value}
        settings = BuildSettings(workshop.settings.isolation, steering=steering)
        assert text_of(workshop.build(content, settings=settings)) == value


def project_folder(tmp_path, **more):
    """An unpacked project with the same backend as `demo_sdist`."""
    folder = tmp_path / "my project"
    folder.mkdir()
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / "own.py").write_text(BACKEND.format(asks=[], **{"content": "b'x'", "body": "pass", "top": "", **more}))
    return folder


def test_a_trusted_folder_is_built_from_a_copy_each_time(workshop, tmp_path):
    folder = project_folder(tmp_path, body="open('litter', 'w').close()", content="open('value', 'rb').read()")
    for value in ("one", "two"):
        (folder / "value").write_text(value)
        builder = workshop.builder()
        plan = builder.plan([local_tree(pinned(f"demo @ {folder.as_uri()}"))])
        assert plan.problems == ()
        assert text_of(builder.build_all(plan)["demo"]) == value
    assert not (folder / "litter").exists()


def test_an_editable_project_is_built_where_it_lies(workshop, tmp_path):
    top = "def build_editable(*a, **k): return build_wheel(*a, **k)"
    folder = project_folder(tmp_path, top=top, content="os.getcwd().encode()")
    builder = workshop.builder()
    plan = builder.plan([local_tree(pinned(f"demo @ {folder.as_uri()}", editable=True))])
    assert plan.problems == ()
    assert text_of(builder.build_all(plan)["demo"]) == str(folder)


@pytest.mark.parametrize("isolation", list(Isolation), ids=lambda i: i.value)
def test_every_isolation_builds_the_same(workshop, isolation):
    """Where the stronger ones are missing, the weaker must do: with tools, their programs, and children of children."""
    if isolation is not Isolation.NONE and not can_run(isolation):
        pytest.skip("this system cannot")
    programs = {"console_scripts": {"saw": "saw:main"}}
    workshop.tool("saw", files={"saw.py": "def main(): print('sawed')\n"}, entry_points=programs)
    shell = "s.run(['sh', '-c', 'saw'], stdout=s.PIPE, check=True).stdout"
    body = f"import subprocess as s, tempfile; tempfile.mkdtemp(); out = {shell}"
    settings = BuildSettings(isolation, search_path=os.environ.get("PATH", ""))
    wheel = workshop.build(demo_sdist(["saw"], body=body, content="out"), settings=settings)
    assert text_of(wheel) == "sawed\n"


def test_a_listed_project_is_no_build_tool_where_the_constraints_pin_another_archive_of_it(workshop):
    """Not even in a ring: the listed saw is built with the saw of the constraints."""
    workshop.tool("saw", "2.0", files={"saw.py": "VERSION = '2.0'"})
    listed_saw = demo_sdist(["saw"], project="demo", body="import saw", content="saw.VERSION.encode()")
    own = sdist_bytes("saw", "1.0", pyproject=PYPROJECT_NEEDING_SAW)
    builder = workshop.builder()
    plan = builder.plan(
        [
            ArchiveTree(verified(archive_pin("demo", "1.0", listed_saw), "demo-1.0.tar.gz", listed_saw)),
            ArchiveTree(verified(archive_pin("saw", "1.0", own), "saw-1.0.tar.gz", own)),
        ]
    )
    assert plan.problems == ()
    built = builder.build_all(plan)
    assert text_of(built["demo"]) == "2.0"
    assert built["saw as listed"].identity.version == "1.0"


PYPROJECT_NEEDING_SAW = """
[build-system]
requires = ["saw"]
build-backend = "in_tree_backend"
backend-path = ["."]
"""


def test_two_archives_are_built_with_two_versions_of_a_tool(workshop):
    for version in ("1.0", "2.0"):
        workshop.tool("saw", version, files={"saw.py": f"TEETH = {version!r}\n"})
        workshop.constraints[f"saw=={version}"] = workshop.constraints.pop("saw")
    body = "import saw"
    built = [
        text_of(workshop.build(demo_sdist([wanted], body=body, content="saw.TEETH.encode()")))
        for wanted in ("saw", "saw<2", "saw>=1")
    ]
    assert built == ["2.0", "1.0", "2.0"]
