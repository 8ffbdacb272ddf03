"""`peep bundle create` as its users meet it: complete for every target, or not written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import MirrorFolder, NewFile
from support.bundle_verbs import peep_here
from support.environment_tree import make_environment
from support.fake_index import FakeIndex, FileFacts
from support.osv import record, since, write_zip
from support.wheels import sdist_bytes, wheel_bytes

LINUX, WINDOWS = "cp312-manylinux_2_28_x86_64", "cp312-win_amd64"
TARGETS = ("--target", LINUX, "--target", WINDOWS)
FLASK, SIX, COLORAMA = "flask-3.1.0-py3-none-any.whl", "six-1.17.0.tar.gz", "colorama-0.4.6-py3-none-any.whl"
NATIVE = {tag: f"markupsafe-3.0.2-cp312-cp312-{tag}.whl" for tag in ("manylinux_2_17_x86_64", "win_amd64", "win_arm64")}
NEEDS_SETUPTOOLS = """\
[build-system]
requires = ["setuptools"]
build-backend = "in_tree_backend"
backend-path = ["."]
"""
PROJECTS = {
    "flask": {FLASK: wheel_bytes("flask", "3.1.0", requires=["six", "colorama; sys_platform == 'win32'"])},
    "six": {SIX: sdist_bytes("six", "1.17.0", pyproject=NEEDS_SETUPTOOLS)},
    "colorama": {COLORAMA: wheel_bytes("colorama", "0.4.6")},
    "markupsafe": {
        filename: wheel_bytes("markupsafe", "3.0.2", tag=f"cp312-cp312-{tag}") for tag, filename in NATIVE.items()
    },
    "setuptools": {"setuptools-80.0-py3-none-any.whl": wheel_bytes("setuptools", "80.0")},
}
VERSIONS = {"flask": "3.1.0", "six": "1.17.0", "colorama": "0.4.6", "markupsafe": "3.0.2", "setuptools": "80.0"}


def line(name: str, marker: str = "", projects: Mapping[str, Mapping[str, bytes]] = PROJECTS) -> str:
    hashes = " ".join(f"--hash=sha256:{sha256(content).hexdigest()}" for content in projects[name].values())
    return f"{name}=={VERSIONS[name]}{marker} {hashes}\n"


class Workplace:
    """A folder with inputs, an index, and peep."""

    def __init__(self, folder: Path, index: FakeIndex) -> None:
        self.folder = folder
        self.index = index
        self.write("requirements.txt", line("flask") + line("colorama", "; sys_platform == 'win32'") + line("six"))
        self.write("build.txt", line("setuptools"))

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")

    def peep(self, *words: str, status: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {"PEEP_STORE": str(self.folder / "store"), "PIP_INDEX_URL": self.index.simple_url}
        return peep_here(self.folder, *words, status=status, environ={**own, **variables})

    def create(self, *words: str, status: int = 0, to: str = "b", **variables: str) -> dict:
        given = words if "-r" in words else ("-r", "requirements.txt", "--build-constraint", "build.txt", *words)
        targets = () if "--target" in given else TARGETS
        asked = self.peep(
            "bundle", "create", *given, *targets, "--no-peep", "--format", "json", to, status=status, **variables
        )
        return json.loads(asked.stdout)

    def manifest(self, bundle: str = "b") -> dict:
        return json.loads((self.folder / bundle / "bundle.json").read_bytes())

    def archives(self, bundle: str = "b") -> dict[str, list[str]]:
        return {one["filename"]: one["targets"] for one in self.manifest(bundle)["archives"]}


@pytest.fixture
def work(tmp_path):
    with FakeIndex(PROJECTS) as index:
        yield Workplace(tmp_path, index)


def test_each_target_gets_its_archives_and_their_build_tools(work):
    told = work.create()
    assert work.archives() == {
        COLORAMA: [WINDOWS],
        FLASK: [LINUX, WINDOWS],
        "setuptools-80.0-py3-none-any.whl": [LINUX, WINDOWS],
        SIX: [LINUX, WINDOWS],
    }
    roles = {one["filename"]: one["roles"] for one in work.manifest()["archives"]}
    assert (roles["setuptools-80.0-py3-none-any.whl"], roles[SIX]) == (["build"], ["install"])
    assert [one["role"] for one in work.manifest()["inputs"]] == ["build-constraint", "requirements"]
    assert [(one["name"], one["complete"], one["archives"]) for one in told["targets"]] == [
        (LINUX, True, 3),
        (WINDOWS, True, 4),
    ]
    assert [text.partition(" ")[0] for text in told["warnings"]] == [SIX]
    assert told["digest"] == f"sha256:{sha256((work.folder / 'b' / 'bundle.json').read_bytes()).hexdigest()}"
    work.peep("bundle", "check", "b", "--digest", told["digest"])


def test_all_that_any_target_lacks_is_told_at_once_and_nothing_written(work):
    wheel = NATIVE["manylinux_2_17_x86_64"]
    only_linux = {"markupsafe": {wheel: PROJECTS["markupsafe"][wheel]}}
    work.write("requirements.txt", line("flask") + line("six") + line("markupsafe", projects=only_linux))
    told = work.create("-r", "requirements.txt", status=1)
    assert [(one["target"], one["requirement"]) for one in told["problems"] if one["kind"] == "incomplete-target"] == [
        (WINDOWS, "colorama"),
        (WINDOWS, "markupsafe==3.0.2"),
    ]
    [needed] = [one for one in told["problems"] if one["kind"] == "missing-build-requirement"]
    assert needed["suggestion"][0].startswith("setuptools==80.0")
    assert not (work.folder / "b").exists()
    text = work.peep("bundle", "create", "-r", "requirements.txt", *TARGETS, "--no-peep", "b", status=1).stdout
    assert "setuptools==80.0 \\\n    --hash=sha256:" in text
    assert f"    {WINDOWS}\n        colorama" in text


def test_a_listed_hash_of_another_file_is_a_mismatch_and_an_absent_one_is_told(work):
    work.write("requirements.txt", f"flask==3.1.0 --hash=sha256:{'0' * 64}\nsix==1.17.0\n")
    told = work.create(status=1)
    kinds = {one["kind"] for one in told["problems"]}
    assert {"hash-mismatch", "hash-missing"} <= kinds
    assert not (work.folder / "b").exists()


def test_a_second_run_asks_nobody_and_an_upgrade_one_page_and_one_archive(work):
    first = work.create()
    before = len(work.index.requests)
    again = work.create()
    assert (again["digest"], again["added"], again["removed"]) == (first["digest"], [], [])
    assert len(work.index.requests) == before
    newer = wheel_bytes("colorama", "0.4.7")
    work.index.content.projects["colorama"]["colorama-0.4.7-py3-none-any.whl"] = newer
    text = (
        (work.folder / "requirements.txt")
        .read_text()
        .replace(
            line("colorama", "; sys_platform == 'win32'"),
            f"colorama==0.4.7; sys_platform == 'win32' --hash=sha256:{sha256(newer).hexdigest()}\n",
        )
    )
    work.write("requirements.txt", text)
    told = work.create()
    assert len(work.index.requests) == before + 2
    assert COLORAMA in told["removed"]
    assert (told["kept"], COLORAMA in work.archives()) == (6, False)
    work.peep("bundle", "check", "b")


def test_pruning_can_wait(work):
    work.create()
    work.write("requirements.txt", line("flask") + line("six"))
    work.create("--no-prune", "--target", LINUX)
    assert work.archives()[COLORAMA] == []
    work.peep("bundle", "check", "b")
    assert COLORAMA not in (work.create("--target", LINUX), work.archives())[1]


def test_neither_folder_nor_order_nor_clock_nor_umask_changes_a_byte(work):
    work.write("more.txt", line("markupsafe"))
    first = work.create("-r", "requirements.txt", "-r", "more.txt", "--build-constraint", "build.txt")
    for name in ("requirements.txt", "more.txt", "build.txt"):
        work.write(f"elsewhere/deep/{name}", (work.folder / name).read_text())
    old = os.umask(0o077)
    try:
        words = ("--build-constraint", "deep/build.txt", "-r", "deep/more.txt", "-r", "deep/requirements.txt")
        there = Workplace.__new__(Workplace)
        there.folder, there.index = work.folder / "elsewhere", work.index
        second = there.create(*words, "--target", WINDOWS, "--target", LINUX, TZ="Asia/Tokyo", HOME="/nowhere")
    finally:
        os.umask(old)
    assert first["digest"] == second["digest"]
    for place in (work, there):
        place.peep("bundle", "pack", "b", "-o", "b.tar")
    assert (work.folder / "b.tar").read_bytes() == (there.folder / "b.tar").read_bytes()


def test_open_markers_include_and_the_judge_looks_at_later_versions(work):
    marker = "; python_full_version >= '3.12.4'"
    work.write("requirements.txt", line("colorama", marker) + line("markupsafe", "; platform_release == 'x'"))
    work.create("-r", "requirements.txt")
    optional = {one["filename"]: one["optional"] for one in work.manifest()["archives"]}
    assert optional == {COLORAMA: True, NATIVE["manylinux_2_17_x86_64"]: True, NATIVE["win_amd64"]: True}
    late = wheel_bytes("flask", "3.1.0", requires=["six; python_full_version >= '3.12.3'"])
    work.index.content.projects["flask"][FLASK] = late
    work.write("requirements.txt", f"flask==3.1.0 --hash=sha256:{sha256(late).hexdigest()}\n")
    told = work.create("-r", "requirements.txt", to="c", status=1)
    assert [one["target"] for one in told["problems"]] == [f"{LINUX} at Python 3.12.3", f"{WINDOWS} at Python 3.12.3"]
    work.index.content.projects["flask"][FLASK] = PROJECTS["flask"][FLASK]


def test_pins_that_only_some_versions_of_python_want_do_not_contradict_each_other(work):
    older = wheel_bytes("colorama", "0.4.5")
    work.index.content.projects["colorama"]["colorama-0.4.5-py3-none-any.whl"] = older
    work.write(
        "requirements.txt",
        line("colorama", "; python_full_version >= '3.12.4'")
        + f"colorama==0.4.5; python_full_version < '3.12.4' --hash=sha256:{sha256(older).hexdigest()}\n",
    )
    work.create("-r", "requirements.txt")
    assert set(work.archives()) == {COLORAMA, "colorama-0.4.5-py3-none-any.whl"}


def test_what_another_bundle_or_its_tar_has_is_not_fetched(work):
    first = work.create()
    work.peep("bundle", "pack", "b", "-o", "b.tar")
    before = len(work.index.requests)
    for number, place in enumerate(("b", "b.tar")):
        told = work.create("--from", place, to=f"from-{number}", PIP_INDEX_URL="http://127.0.0.1:9/simple")
        assert told["digest"] == first["digest"]
    assert len(work.index.requests) == before
    (work.folder / "b" / "archives" / FLASK).write_bytes(b"PK")
    told = work.create("--from", "b", to="anew")
    assert told["digest"] == first["digest"]
    asked = [request.path for request in work.index.requests[before:]]
    assert asked == ["/simple/flask/", f"/files/flask/{FLASK}"]
    assert (
        "neither a bundle nor a mirror"
        in work.peep("bundle", "create", "-r", "requirements.txt", "--from", "store", "z", status=2).stderr
    )


def test_a_folder_with_other_things_is_left_alone(work):
    work.write("b/notes.txt", "mine")
    told = work.peep("bundle", "create", "-r", "requirements.txt", "--no-peep", "b", status=1)
    assert "neither empty nor a bundle" in told.stderr
    assert os.listdir(work.folder / "b") == ["notes.txt"]
    assert not work.index.requests


def test_without_inputs_and_with_such_as_are_no_files_the_command_line_is_wrong(work):
    assert "no requirements or lock file" in work.peep("bundle", "create", "b", status=2).stderr
    for place in ("-", f"{work.index.simple_url}/x.txt"):
        told = work.peep("bundle", "create", "-r", place, "--target", LINUX, "--no-peep", "b", status=2)
        assert "a bundle carries its inputs" in told.stderr
    told = work.peep("bundle", "create", "-r", "requirements.txt", "--target", "win", "--no-peep", "b", status=2)
    assert "is no target" in told.stderr


def test_settings_say_what_the_command_line_does_not(work):
    work.write(
        "peep.toml",
        f'targets = ["{WINDOWS}"]\n[bundle]\nrequirements = ["requirements.txt"]\n'
        'build-constraints = ["build.txt"]\npeep = false\n',
    )
    work.peep("bundle", "create", "b")
    assert [one["name"] for one in work.manifest()["targets"]] == [WINDOWS]
    assert work.manifest()["tools"] == []


def test_a_directive_names_build_constraints_and_includes_are_carried(work):
    work.write("reqs/main.txt", "# peep: --build-constraint ../build.txt\n-r base.txt\n" + line("six"))
    work.write("reqs/base.txt", line("colorama"))
    work.create("-r", "reqs/main.txt")
    assert {one["path"]: one["role"] for one in work.manifest()["inputs"]} == {
        "locks/build.txt": "build-constraint",
        "locks/reqs/base.txt": "included",
        "locks/reqs/main.txt": "requirements",
    }
    assert (work.folder / "b" / "locks" / "reqs" / "main.txt").read_bytes() == (
        work.folder / "reqs" / "main.txt"
    ).read_bytes()
    digest = json.loads(work.peep("bundle", "pack", "b", "-o", "b.tar", "--format", "json").stdout)["digest"]
    for place in ("./b", "./b.tar"):
        work.peep("bundle", "check", place, "--target", LINUX)
        assert installed(work, "--bundle", place, "--bundle-digest", digest) == "colorama six"


def test_one_name_for_two_archives_is_a_problem(tmp_path):
    one, other = sdist_bytes("six", "1.17.0"), sdist_bytes("six", "1.17.0", requires=["x"])
    with FakeIndex({"six": {SIX: one}}) as index, FakeIndex({"six": {SIX: other}}) as second:
        work = Workplace(tmp_path, index)
        text = f"six @ {second.file_url('six', SIX)}#sha256={sha256(other).hexdigest()} ; sys_platform == 'win32'\n"
        work.write(
            "requirements.txt", text + f"six==1.17.0; sys_platform != 'win32' --hash=sha256:{sha256(one).hexdigest()}\n"
        )
        work.write("build.txt", "")
        told = work.create(status=1)
        [taken] = [one for one in told["problems"] if one["kind"] == "file-name-taken"]
        assert (taken["filename"], len(taken["hashes"])) == (SIX, 2)


@pytest.mark.parametrize("form", ["json", "html"])
def test_provenance_is_carried_where_it_is_asked_for(tmp_path, form):
    statement = b'{"version": 1, "attestation_bundles": []}'
    pages = {"/provenance.json": ("application/json", statement)}
    facts = {COLORAMA: FileFacts(provenance="/provenance.json")}
    with FakeIndex(PROJECTS, facts=facts, pages=pages, formats=[form]) as index:
        work = Workplace(tmp_path, index)
        work.write("requirements.txt", line("colorama"))
        work.create("-r", "requirements.txt")
        assert work.manifest()["archives"][0]["provenance"] is None
        work.create("-r", "requirements.txt", "--provenance", to="c")
        digest = sha256(statement).hexdigest()
        assert work.manifest("c")["archives"][0]["provenance"] == {"sha256": digest}
        assert (tmp_path / "c" / "provenance" / digest[:2] / f"{digest}.json").read_bytes() == statement
        work.peep("bundle", "check", "c")


def test_builds_are_tried_out_of_the_bundle_alone(work):
    make_environment(work.folder / "env")
    work.write("requirements.txt", line("six"))
    words = ("--target", "here", "--try-builds", "--no-sandbox", "--python", str(work.folder / "env"))
    told = work.create(*words)
    assert (told["added"].count(SIX), [text for text in told["warnings"] if "was not run" in text]) == (1, [])
    told = work.create(*words, "--target", WINDOWS)
    assert len([text for text in told["warnings"] if "was not run" in text]) == 1
    broken = sdist_bytes("six", "1.17.0", pyproject=NEEDS_SETUPTOOLS, files={"in_tree_backend.py": "raise OSError"})
    work.index.content.projects["six"][SIX] = broken
    work.write("requirements.txt", f"six==1.17.0 --hash=sha256:{sha256(broken).hexdigest()}\n")
    given = ("-r", "requirements.txt", "--build-constraint", "build.txt", "--no-peep", *words)
    refused = work.peep("bundle", "create", *given, "c", status=1)
    assert "the build backend failed" in refused.stderr
    assert not (work.folder / "c").exists()
    told = work.peep("bundle", "create", *given, "--target", WINDOWS, "c", status=1)
    assert "the build backend failed" in told.stderr


def test_lists_are_judged_by_what_the_bundle_has(work):
    work.create()
    judged = json.loads(work.peep("bundle", "check", "b", "--target", LINUX, "--format", "json").stdout)
    assert (judged["judged"], judged["problems"]) == ([{"name": LINUX, "complete": True}], [])
    work.write("more.txt", line("flask") + line("markupsafe") + line("six"))
    before = len(work.index.requests)
    told = work.peep(
        "bundle", "check", "b", "-r", "more.txt", "--build-constraint", "build.txt", "--format", "json", status=1
    )
    value = json.loads(told.stdout)
    assert value["judged"] == [{"name": LINUX, "complete": False}, {"name": WINDOWS, "complete": False}]
    assert {(one["target"], one["requirement"]) for one in value["problems"]} == {
        (LINUX, "markupsafe==3.0.2"),
        (WINDOWS, "markupsafe==3.0.2"),
        (WINDOWS, "colorama"),
    }
    text = work.peep("bundle", "check", "b", "-r", "more.txt", "--target", LINUX, status=1).stdout
    assert "markupsafe==3.0.2" in text
    assert "setuptools" in text
    work.peep("bundle", "pack", "b", "-o", "b.tar")
    work.peep("bundle", "check", "./b.tar", "--target", WINDOWS)
    assert len(work.index.requests) == before


def test_archives_come_out_of_a_mirror(work):
    first = work.create()
    mirror = MirrorFolder(str(work.folder / "mirror"))
    mirror.begin(b"")
    listed = {}
    for one in work.manifest()["archives"]:
        place = work.folder / "b" / "archives" / one["filename"]
        facts = ArchiveFacts(
            one["filename"], one["version"], one["sha256"], one["size"], "x", "2020-01-02T03:04:05.678901Z"
        )
        mirror.add_files([NewFile(facts.path, str(place), facts.sha256)])
        listed.setdefault(one["name"], []).append(facts)
    mirror.write([ProjectFacts(name, "x", files=tuple(files)) for name, files in listed.items()])
    before = len(work.index.requests)
    told = work.create("--from", "mirror", to="c")
    assert (told["digest"] == first["digest"], len(work.index.requests)) == (False, before)
    assert work.archives("c") == work.archives("b")
    work.peep("bundle", "check", "c")


def installed(work: Workplace, *words: str, status: int = 0) -> str:
    """Install into a new environment with an index that is dead; gives what was told."""
    place = work.folder / f"env-{len(list(work.folder.glob('env-*')))}"
    make_environment(place)
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    told = work.peep("install", "--no-sandbox", "--python", str(place), *words, status=status, **dead)
    found = sorted(path.name.partition("-")[0] for path in place.glob("lib/python*/site-packages/*.dist-info"))
    return " ".join(found) if status == 0 else told.stdout + told.stderr


def test_one_line_of_a_requirements_file_names_the_bundle(work):
    text = line("flask") + line("six") + line("colorama", "; sys_platform == 'win32'")
    work.write("src/reqs/base.txt", f"# peep: --bundle ../vendor\n# peep: --build-constraint ../../build.txt\n{text}")
    work.write("src/requirements.txt", "-r reqs/base.txt\n")
    work.create("-r", "src/requirements.txt", to="src/vendor")
    first = work.manifest("src/vendor")
    work.create("-r", "src/requirements.txt", to="src/vendor")
    assert work.manifest("src/vendor") == first
    assert installed(work, "-r", "src/requirements.txt") == "flask six"
    lock = (work.folder / "src" / "vendor" / "pylock.toml").read_text()
    tables = '[tool.peep]\nbundle = "src/vendor"\nbuild-constraint = "build.txt"\n'
    work.write("pylock.toml", lock.replace("archives/", "src/vendor/archives/") + tables)
    assert installed(work, "pylock.toml") == "flask six"
    (work.folder / "src" / "vendor").rename(work.folder / "other")
    assert "vendor" in installed(work, "-r", "src/requirements.txt", status=1)
    assert installed(work, "-r", "src/requirements.txt", "--bundle", "other") == "flask six"
    work.write("more.txt", "# peep: --bundle b\n" + line("markupsafe"))
    told = installed(work, "-r", "src/requirements.txt", "-r", "more.txt", status=1)
    assert "more.txt:1: src/reqs/base.txt:1 names the bundle" in told


def test_a_bundle_that_standard_input_names_is_refused(work):
    command = [sys.executable, "-m", "peep", "install", "--dry-run", "-r", "-"]
    given = "# peep: --bundle b\n" + line("colorama")
    asked = subprocess.run(command, cwd=work.folder, input=given, capture_output=True, text=True, check=False)
    assert (asked.returncode, "name it on the command line" in asked.stderr) == (1, True), asked.stderr


def test_build_constraints_inside_count_with_the_digest_only(work):
    digest = work.create()["digest"]
    pins = line("flask") + line("six") + line("colorama", "; sys_platform == 'win32'")
    work.write("pins.txt", pins)
    told = installed(work, "-r", "pins.txt", "--bundle", "b", status=1)
    assert "six-1.17.0.tar.gz\n        needs setuptools" in told
    assert "b/locks/build.txt lists build constraints, which nothing vouches for" in told
    assert installed(work, "-r", "pins.txt", "--bundle", "b", "--bundle-digest", digest) == "flask six"
    assert installed(work, "--bundle", "b", "--bundle-digest", digest) == "flask six"
    assert installed(work, "-r", "pins.txt", "--bundle", "b", "--build-constraint", "build.txt") == "flask six"


def test_a_snapshot_of_advisories_is_carried_whole_with_its_sidecar(work):
    write_zip(work.folder / "given.zip", [record("PYSEC-1", "six", events=since("0", "2.0"))])
    work.peep("advisories", "fetch", "-o", "snapshot.zip", "--from", "given.zip")
    work.create("--advisories", "snapshot.zip")
    for name in ("PyPI.zip", "PyPI.zip.json"):
        source = work.folder / name.replace("PyPI", "snapshot")
        assert (work.folder / "b" / "advisories" / name).read_bytes() == source.read_bytes()
    assert "advisories of 20" in work.peep("bundle", "check", "b").stdout
    told = work.create("--advisories", "given.zip", to="c")
    assert [text for text in told["warnings"] if "given.zip.json is not there" in text]
    work.peep("bundle", "check", "c")
    refused = work.peep("bundle", "create", "-r", "build.txt", "--no-peep", "--advisories", "build.txt", "d", status=2)
    assert "is no snapshot" in refused.stderr
    assert not (work.folder / "d").exists()


def test_a_list_for_more_targets_than_are_carried_for_is_named(work):
    elsewhere = "# peep: --locked-for=cp39-win32\n# peep: --locked-for=cp39-macosx_11_0_arm64\n"
    work.write("locked.txt", elsewhere + work.folder.joinpath("requirements.txt").read_text())
    words = ("bundle", "create", "-r", "locked.txt", "--build-constraint", "build.txt", "--no-peep")
    by_default = work.peep(*words, "one")
    chosen = work.peep(*words, "--target", "here", "two")

    assert "warning: locked.txt was locked for cp39-win32, cp39-macosx_11_0_arm64 as well" in by_default.stderr
    assert "was locked for" not in chosen.stderr
