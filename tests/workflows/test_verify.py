"""What `peep verify` finds, and what it must not: on real environments."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from peep.archives.wheel import PlainWheel, open_wheel
from peep.environment.installed import installed_projects
from peep.errors import EnvironmentChangeError
from peep.model import InstallPlan, PlannedWheel
from peep.pipeline.options import BuildOptions, GivenIndexes, TargetOptions
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.target.discovery import TargetRequest, discover_target
from peep.transaction.apply import apply_plan
from peep.workflows.digest import digest
from peep.workflows.install import install
from peep.workflows.verify import VerifyOptions, verify
from support.fake_index import FakeIndex
from support.misbehaviour import ChangeBody, Fail
from support.proving_ground import Ground, flipped, overwrite, pip, proving_ground, run_python, usual_projects
from support.stored import stored_path
from support.wheels import sdist_bytes, sdist_filename, wheel_bytes, wheel_filename


@pytest.fixture
def index():
    with FakeIndex(usual_projects()) as running:
        yield running


@pytest.fixture
def ground(tmp_path: Path, index: FakeIndex) -> Ground:
    return proving_ground(tmp_path, index, usual_projects(), ["alpha", "beta"])


# -- nothing wrong ---------------------------------------------------------------------------------


def test_an_untouched_environment_is_proven_without_asking_anybody(ground: Ground):
    asked = len(ground.index.requests)

    verification = ground.verify(with_files=True, bytecode=True)

    assert verification.findings == ()
    assert verification.is_proven
    assert [project.name for project in verification.projects] == ["alpha", "beta"]
    assert verification.files == len(ground.installed_files()) - 2  # the two RECORDs are compared as texts
    assert len(ground.index.requests) == asked


def test_programs_that_ran_raise_no_alarm(ground: Ground):
    run_python(ground, "-c", "import alpha, beta")
    run_python(ground, "-O", "-c", "import alpha, beta")
    run_python(ground, str(ground.scripts / "alpha"))

    assert list(ground.site.rglob("*.pyc"))
    assert ground.kinds(with_files=True) == []
    assert ground.kinds(bytecode=True) == []


def test_compiled_on_installing_raises_no_alarm(tmp_path: Path, index: FakeIndex):
    ground = proving_ground(tmp_path, index, usual_projects(), [])
    ground.pin("alpha", "beta")
    ground.install(compile=True)

    assert list(ground.site.rglob("*.pyc"))
    assert ground.kinds(with_files=True, bytecode=True) == []
    shutil.rmtree(ground.site / "alpha" / "__pycache__")
    assert ground.kinds(with_files=True, bytecode=True) == []


@pytest.mark.parametrize("mode", ["hardlink", "copy"])
def test_every_way_to_link_is_as_good(tmp_path: Path, index: FakeIndex, mode: str):
    ground = proving_ground(tmp_path, index, usual_projects(), [])
    ground.pin("alpha", "beta")
    ground.install(link_mode=mode)

    assert ground.kinds(with_files=True, bytecode=True) == []


def test_pip_beside_peep_is_told_and_nothing_else(ground: Ground, tmp_path: Path):
    wheel = tmp_path / wheel_filename("gamma", "1.0")
    wheel.write_bytes(usual_projects()["gamma"][wheel.name])

    pip(ground, "install", "--no-index", str(wheel))
    with_hash = ground.verify()
    pip(ground, "uninstall", "--yes", "gamma")

    assert {one.project for one in with_hash.findings} == {"gamma"}
    assert ground.kinds(with_files=True) == []


def test_one_project_may_replace_another_version(ground: Ground, index: FakeIndex):
    newer = wheel_bytes("beta", "2.0", files={"beta.py": "VERSION = 2\n"})
    index.content.projects["beta"][wheel_filename("beta", "2.0")] = newer
    run_python(ground, "-c", "import beta")
    ground.projects = {**ground.projects, "beta": {wheel_filename("beta", "2.0"): newer}}
    ground.pin("alpha", "beta")
    ground.install()

    assert ground.kinds(with_files=True) == []


# -- every byte ------------------------------------------------------------------------------------


def test_every_flipped_byte_of_every_file_is_found(ground: Ground):
    """Three bytes of each large file, all bytes of small ones, in place: size, time and mode as before."""
    tampered = 0
    for path in ground.installed_files():
        content = path.read_bytes()
        size = len(content)
        positions = range(size) if size < 120 else sorted({0, 1, size // 3, size // 2, size - 2, size - 1})
        for position in positions:
            overwrite(path, flipped(content, position))
            verification = ground.verify()
            assert not verification.is_proven, (path, position)
            tampered += 1
        overwrite(path, content)
    assert tampered > 300
    assert ground.kinds() == []


def test_every_removed_and_every_truncated_file_is_found(ground: Ground):
    for path in ground.installed_files():
        content, mode = path.read_bytes(), path.stat().st_mode
        path.unlink()
        assert not ground.verify().is_proven, path
        path.write_bytes(content[:-1] if content else b"x")
        path.chmod(mode)
        assert not ground.verify().is_proven, path
        path.chmod(0o644)
        path.write_bytes(content)
        path.chmod(mode)
    assert ground.kinds() == []


def test_every_file_replaced_by_a_link_to_the_same_bytes_is_found(ground: Ground, tmp_path: Path):
    for path in ground.installed_files():
        elsewhere = tmp_path / "elsewhere"
        path.rename(elsewhere)
        path.symlink_to(elsewhere)
        assert not ground.verify().is_proven, path
        path.unlink()
        elsewhere.rename(path)
    assert ground.kinds() == []


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("bits", [0o4000, 0o2000, 0o022, 0o111])
def test_permissions_are_compared(ground: Ground, bits: int):
    path = ground.site / "beta.py"
    path.chmod(path.stat().st_mode | bits)

    assert ground.kinds() == ["mode"]


# -- kinds of tampering ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("evil.pth", "added-startup-code"),
        ("evil.start", "added-startup-code"),
        ("sitecustomize.py", "added-startup-code"),
        ("usercustomize.cpython-311-x86_64-linux-gnu.so", "added-startup-code"),
        ("sitecustomize/__init__.py", "added-startup-code"),
        ("beta/__init__.py", "added-shadowing-module"),
        ("beta.so", "added-shadowing-module"),
        ("alpha/core.cpython-311-x86_64-linux-gnu.so", "added-shadowing-module"),
        ("alpha/core/__init__.py", "added-shadowing-module"),
        ("beta.pyc", "added-shadowing-module"),
        ("other.pyc", "bytecode"),
        ("__pycache__/other.cpython-311.pyc", "bytecode"),
        ("other.py", "added"),
        ("alpha/other.py", "added"),
        ("alpha/more.txt", "added"),
        ("alpha-1.0.dist-info/more", "added"),
        ("delta-1.0.dist-info/METADATA", "unknown-origin"),
    ],
)
def test_what_nobody_owns_is_told_by_its_danger(ground: Ground, name: str, kind: str):
    path = ground.site / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("raise SystemExit('executed')\n")

    findings = ground.verify().findings

    assert kind in {one.rule for one in findings}
    assert {one.path for one in findings} - {""} == {str(path)}


def test_added_and_altered_programs_are_told(ground: Ground):
    (ground.scripts / "evil").write_text("#!/bin/sh\n")
    (ground.scripts / "linked").symlink_to("/bin/sh")
    launcher = ground.scripts / "alpha"
    launcher.write_text(launcher.read_text().replace("alpha.core", "evil.core"))

    assert ground.kinds() == ["added", "added", "altered-launcher"]


def test_a_launcher_of_another_interpreter_is_told(ground: Ground):
    launcher = ground.scripts / "alpha"
    launcher.write_text(launcher.read_text().replace(ground.target.python, "/tmp/python", 1))

    assert ground.kinds() == ["altered-launcher"]


def test_a_folder_behind_a_link_is_told(ground: Ground, tmp_path: Path):
    (ground.site / "alpha").rename(tmp_path / "alpha")
    (ground.site / "alpha").symlink_to(tmp_path / "alpha", target_is_directory=True)

    assert {"not-a-file", "added"} == set(ground.kinds())


def test_a_data_folder_behind_a_link_is_told(ground: Ground, tmp_path: Path):
    share = Path(ground.target.prefix) / "share" / "alpha"
    share.rename(tmp_path / "alpha")
    share.symlink_to(tmp_path / "alpha", target_is_directory=True)

    assert ground.kinds() == ["not-a-file"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text + "beta.py,sha256=x,1\n",
        lambda text: text.replace("alpha/core.py,", "beta.py,"),
        lambda text: "\n".join(reversed(text.splitlines())) + "\n",
        lambda text: text + text.splitlines()[0] + "\n",
        lambda text: text + "../../../bin/python,,\n",
        lambda text: text + "beta/__pycache__/beta.cpython-311.pyc,,\n",
        lambda text: text.partition("\n")[2],
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_an_edited_record_is_told(ground: Ground, edit):
    record = ground.site / "alpha-1.0.dist-info" / "RECORD"
    with record.open(newline="") as file:
        text = file.read()
    with record.open("w", newline="") as file:
        file.write(edit(text))

    assert set(ground.kinds()) == {"edited-record"}


def test_a_project_without_origin_and_one_with_a_wrong_one(ground: Ground):
    origin = ground.site / "beta-1.0.dist-info" / "provenance_url.json"
    alphas = ground.site / "alpha-1.0.dist-info" / "provenance_url.json"
    overwrite(origin, alphas.read_bytes())
    borrowed = ground.verify().findings
    origin.unlink()
    without = ground.verify().findings

    assert "unknown-origin" in [one.rule for one in borrowed if one.project == "beta"]
    assert "unknown-origin" in [one.rule for one in without if one.project == "beta"]


def test_nothing_of_the_environment_is_executed(ground: Ground, tmp_path: Path):
    witness = tmp_path / "executed"
    code = f"open({str(witness)!r}, 'w').close()\n"
    (ground.site / "evil.pth").write_text(f"import os; {code}")
    (ground.site / "evil.start").write_text(f"{code}")
    for module in ("sitecustomize", "usercustomize", "json", "marshal_", "encodings"):
        (ground.site / f"{module}.py").write_text(code)
    overwrite(ground.site / "alpha" / "__init__.py", code.encode())

    assert not ground.verify(bytecode=True).is_proven
    assert not witness.exists()


# -- against the listing ---------------------------------------------------------------------------


def test_missing_extra_and_other_archives_are_told(ground: Ground):
    ground.requirements.write_text(f"alpha==1.0 --hash=sha256:{'0' * 64}\ngamma==1.0 --hash=sha256:{'1' * 64}\n")
    findings = {(one.project, one.rule) for one in ground.verify(with_files=True).findings}

    assert findings == {("alpha", "archive-not-listed"), ("beta", "not-listed"), ("gamma", "not-installed")}


def test_another_version_than_listed_is_told(ground: Ground):
    text = ground.requirements.read_text().replace("beta==1.0", "beta==1.1")
    ground.requirements.write_text(text)

    [found] = ground.verify(with_files=True).findings

    assert (found.project, found.rule) == ("beta", "archive-not-listed")
    assert "beta==1.1" in found.message


# -- archives --------------------------------------------------------------------------------------


def test_what_the_store_lacks_is_fetched_again(ground: Ground):
    shutil.rmtree(os.environ["PEEP_STORE"])
    overwrite(ground.site / "beta.py", b"VERSION = '6.6'\n")

    [found] = ground.verify(with_files=True).findings

    assert (found.rule, Path(found.path).name) == ("changed", "beta.py")


def test_a_store_that_agrees_with_the_environment_is_no_proof_under_refetch(ground: Ground):
    """Someone who may write to both makes them agree; the archives of the index tell (docs/security.md)."""
    evil = wheel_bytes("beta", "1.0", files={"beta.py": "EVIL = 1\n", "shared/x.txt": "x\n"})
    honest = ground.index.content.projects["beta"][wheel_filename("beta", "1.0")]
    forge_store(ground, honest, evil)

    assert ground.kinds(with_files=True) == []
    assert "changed" in ground.kinds(with_files=True, refetch=True)


def forge_store(ground: Ground, honest: bytes, evil: bytes) -> None:
    """Make store and environment agree that `evil` is the content of `honest`."""
    store = Store(os.environ["PEEP_STORE"], SilentReporter())
    sha256 = hashlib.sha256(honest).hexdigest()
    store.drop(sha256)
    forged = store.add(open_wheel(PlainWheel(wheel_filename("beta", "1.0"), io.BytesIO(evil), sha256)))
    installed = installed_projects(ground.target)["beta"]
    planned = PlannedWheel(forged, installed.provenance, is_requested=True)
    apply_plan(InstallPlan(link=(planned,), replace=(installed,)), ground.target)


def test_refetch_asks_for_everything_and_keeps_nothing(ground: Ground):
    before = sorted(os.listdir(Path(os.environ["PEEP_STORE"]) / "wheels-v3"))
    asked = len(ground.index.requests)

    assert ground.kinds(with_files=True, refetch=True) == []
    fetched = [request.path for request in ground.index.requests[asked:] if request.path.startswith("/files/")]
    assert len(fetched) == 2
    assert sorted(os.listdir(Path(os.environ["PEEP_STORE"]) / "wheels-v3")) == before


def test_an_archive_that_is_another_by_now_is_told(ground: Ground, index: FakeIndex):
    path = index.file_path("beta", wheel_filename("beta", "1.0"))
    index.misbehave(path, ChangeBody((b"other bytes",)))

    [found] = ground.verify(refetch=True).findings

    assert (found.project, found.rule) == ("beta", "archive-unavailable")
    assert "another archive" in found.message


def test_an_archive_that_cannot_be_had_is_told(ground: Ground, index: FakeIndex):
    index.misbehave(index.file_path("beta", wheel_filename("beta", "1.0")), Fail(404))

    [found] = ground.verify(refetch=True).findings

    assert (found.project, found.rule) == ("beta", "archive-unavailable")


def test_a_project_built_from_source_is_compared_with_the_built_wheel(tmp_path: Path):
    projects = {"delta": {sdist_filename("delta", "1.0"): sdist_bytes("delta", "1.0")}}
    with FakeIndex(projects) as index:
        ground = proving_ground(tmp_path, index, projects, ["delta"])
        assert ground.kinds(with_files=True) == []
        module = ground.site / "delta" / "__init__.py"
        content = module.read_bytes()
        overwrite(module, flipped(content, 3))
        assert ground.kinds(with_files=True) == ["changed"]
        overwrite(module, content)
        assert ground.kinds(with_files=True, refetch=True) == [], "built again from the verified sdist"


def test_what_cannot_be_built_again_names_what_building_needs(tmp_path: Path):
    tool = wheel_bytes("tool", "1.0")
    asking = '[build-system]\nrequires = ["tool"]\nbuild-backend = "in_tree_backend"\nbackend-path = ["."]\n'
    projects = {
        "delta": {sdist_filename("delta", "1.0"): sdist_bytes("delta", "1.0", pyproject=asking)},
        "tool": {wheel_filename("tool", "1.0"): tool},
    }
    constraints = tmp_path / "build.txt"
    constraints.write_text(f"tool==1.0 --hash=sha256:{hashlib.sha256(tool).hexdigest()}\n")
    with FakeIndex(projects) as index:
        ground = proving_ground(tmp_path, index, projects, [])
        ground.pin("delta")
        ground.install(build=BuildOptions(constraint_files=(str(constraints),)))

        [found] = ground.verify(with_files=True, refetch=True).findings

    assert (found.project, found.rule) == ("delta", "archive-unavailable")
    assert "building needs tool: give the --build-constraint files" in found.message


@pytest.mark.parametrize("with_folder", [True, False])
def test_what_cannot_be_built_again_names_the_build_pins_that_are_missing(tmp_path: Path, with_folder):
    tool = wheel_bytes("tool", "1.0")
    asking = '[build-system]\nrequires = ["tool"]\nbuild-backend = "in_tree_backend"\nbackend-path = ["."]\n'
    name, content = sdist_filename("delta", "1.0"), sdist_bytes("delta", "1.0", pyproject=asking)
    projects = {"delta": {name: content}, "tool": {wheel_filename("tool", "1.0"): tool}}
    build = BuildOptions(constraint_files=(str(tmp_path / "build.txt"),))
    (tmp_path / "build.txt").write_text(f"tool==1.0 --hash=sha256:{hashlib.sha256(tool).hexdigest()}\n")
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / name).write_bytes(content)
    with FakeIndex(projects) as index:
        ground = proving_ground(tmp_path, index, projects, [])
        lines = f"delta @ {(vendor / name).as_uri()} --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
        ground.requirements.write_text(lines)
        ground.install(build=build)
        places = GivenIndexes(find_links=(str(vendor),) if with_folder else (), no_index=True)
        run = replace(ground.options(), indexes=places, build=build)

        [found] = verify(VerifyOptions(run, refetch=True), ground.context).findings

    assert (found.project, found.rule) == ("delta", "archive-unavailable")
    assert f"can't be had: tool==1.0 (listed at {tmp_path / 'build.txt'}:1): " in found.message


# -- digest ----------------------------------------------------------------------------------------


def test_the_digest_alone_needs_no_store(ground: Ground):
    expected = ground.digest()
    shutil.rmtree(os.environ["PEEP_STORE"])
    asked = len(ground.index.requests)

    assert ground.kinds(digest=expected) == []
    overwrite(ground.site / "beta.py", b"VERSION = '1.1'\n")
    assert ground.kinds(digest=expected) == ["other-digest"]
    assert len(ground.index.requests) == asked


def test_the_digest_beside_the_listing(ground: Ground):
    verification = ground.verify(with_files=True, digest="0" * 64)

    assert [one.rule for one in verification.findings] == ["other-digest"]
    assert verification.digest == ground.digest()


# -- putting back ----------------------------------------------------------------------------------


def tamper_with_everything(ground: Ground) -> None:
    overwrite(ground.site / "alpha" / "core.py", b"raise SystemExit\n")
    (ground.site / "alpha" / "data.bin").unlink()
    (ground.scripts / "alpha").write_text("#!/bin/sh\n")
    record = ground.site / "beta-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + "alpha/__init__.py,,\n")
    (ground.site / "beta.py").chmod(0o777)


def test_fix_puts_back_what_was_changed_and_edited(ground: Ground):
    proven = ground.digest()
    tamper_with_everything(ground)

    verification = ground.verify(with_files=True, fix=True)

    assert verification.findings == ()
    assert verification.fixed == ("alpha", "beta")
    assert ground.digest() == proven


def test_fix_says_what_stands_in_the_way_of_a_record(ground: Ground):
    record = ground.site / "beta-1.0.dist-info" / "RECORD"
    record.unlink()
    record.mkdir()

    with pytest.raises(EnvironmentChangeError, match="RECORD can't be written"):
        ground.verify(fix=True)


def test_fix_does_not_hand_out_the_edited_file_of_the_store(ground: Ground):
    """Environment and store share the file: the edit is in both, with size and time as before."""
    module = ground.site / "beta.py"
    overwrite(module, flipped(module.read_bytes(), 0))

    assert ground.verify(fix=True).findings == ()
    assert module.read_text() == "VERSION = '1.0'\n"


def test_a_script_that_was_edited_in_the_store_is_fetched_again(tmp_path: Path):
    """The script of the environment is the store's, with another first line: the store's must be the archive's."""
    files = {"tool-1.0.data/scripts/tool": "#!python\nprint(1)\n"}
    projects = {"tool": {wheel_filename("tool", "1.0"): wheel_bytes("tool", "1.0", files=files)}}
    with FakeIndex(projects) as index:
        ground = proving_ground(tmp_path, index, projects, ["tool"])
        wheel = Store(os.environ["PEEP_STORE"], SilentReporter()).get(ground.verify().archives["tool"])
        stored = Path(stored_path(wheel, "tool-1.0.data/scripts/tool"))
        asked = len(index.requests)
        overwrite(stored, b"#!python\nprint(2)\n")

        assert ground.verify().findings == ()
        assert len(index.requests) > asked


def test_fix_installs_what_is_missing_and_replaces_what_is_not_listed(ground: Ground):
    shutil.rmtree(ground.site / "beta-1.0.dist-info")
    (ground.site / "beta.py").unlink()
    shutil.rmtree(ground.site / "shared")
    (ground.site / "alpha-1.0.dist-info" / "provenance_url.json").unlink()

    assert ground.verify(with_files=True, fix=True).findings == ()


def test_fix_leaves_what_nobody_owns_and_says_so(ground: Ground):
    stray = ground.site / "mine.py"
    stray.write_text("keep = 1\n")
    overwrite(ground.site / "beta.py", b"x")

    assert ground.kinds(fix=True) == ["added"]
    assert stray.exists()


def test_fix_leaves_a_project_that_is_not_listed_alone(ground: Ground):
    ground.pin("alpha")

    verification = ground.verify(with_files=True, fix=True)

    assert [one.rule for one in verification.findings] == ["not-listed"]
    assert verification.fixed == ()


# -- several at once -------------------------------------------------------------------------------


def test_no_false_alarm_while_others_install(ground: Ground, index: FakeIndex):
    newer = wheel_bytes("beta", "2.0", files={"beta.py": "VERSION = 2\n"})
    index.content.projects["beta"][wheel_filename("beta", "2.0")] = newer
    old, new = ground.projects, {**ground.projects, "beta": {wheel_filename("beta", "2.0"): newer}}
    stop = threading.Event()
    failures: list[BaseException] = []

    def change_all_the_time() -> None:
        try:
            turn = 0
            while not stop.is_set():
                turn += 1
                ground.projects = new if turn % 2 else old
                ground.pin("alpha", "beta")
                ground.install()
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    other = threading.Thread(target=change_all_the_time)
    other.start()
    try:
        found = [ground.kinds() for _ in range(25)]
    finally:
        stop.set()
        other.join()
    assert failures == []
    assert found == [[]] * 25


# -- what the interpreter brings -------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment as `python -m venv` makes it."""
    folder = tmp_path_factory.mktemp("venv") / "env"
    ended = subprocess.run([sys.executable, "-I", "-m", "venv", str(folder)], capture_output=True, check=False)
    if ended.returncode:
        pytest.skip("this interpreter brings no pip")
    return folder


def ground_with_pip(folder: Path, tmp_path: Path, index: FakeIndex) -> Ground:
    target = discover_target(TargetRequest(python=str(folder)))
    ground = Ground(tmp_path, index, usual_projects(), target)
    ground.pin("beta")
    ground.install()
    return ground


def test_the_interpreters_own_pip_is_proven_until_it_is_touched(with_pip: Path, tmp_path: Path, index: FakeIndex):
    ground = ground_with_pip(with_pip, tmp_path, index)
    assert ground.kinds(with_files=True, bytecode=True) == []
    assert "pip" in {project.name for project in ground.verify().projects}

    places = [*(ground.site / "pip" / "_internal" / "cli").glob("*.py"), *ground.scripts.glob("pip*")]
    [metadata] = ground.site.glob("pip-*.dist-info")
    places += [path for path in metadata.rglob("*") if path.is_file() and path.stat().st_size]
    assert len(places) > 10
    for path in places:
        content = path.read_bytes()
        overwrite(path, flipped(content, len(content) // 3))
        assert not ground.verify().is_proven, path
        overwrite(path, content)
    assert ground.kinds() == []


def test_another_pip_than_the_interpreters_is_of_unknown_origin(with_pip: Path, tmp_path: Path, index: FakeIndex):
    ground = ground_with_pip(with_pip, tmp_path, index)
    [metadata] = ground.site.glob("pip-*.dist-info")
    other = metadata.with_name("pip-99.0.dist-info")
    metadata.rename(other)
    try:
        assert ("pip", "unknown-origin") in {(one.project, one.rule) for one in ground.verify().findings}
    finally:
        other.rename(metadata)


# -- other places, shared files --------------------------------------------------------------------


@pytest.mark.parametrize("place", ["target", "prefix", "root"])
def test_other_places_than_environments(ground: Ground, tmp_path: Path, place: str):
    folder = str(tmp_path / "place")
    chosen = {"target": {"target": folder}, "prefix": {"prefix": folder}, "root": {"prefix": "/opt/x", "root": folder}}
    run = replace(ground.options(), target=TargetOptions(**chosen[place]))
    install(run, ground.context)

    proven = verify(VerifyOptions(run), ground.context)
    [module] = Path(folder).rglob("beta.py")
    overwrite(module, b"VERSION = '6.6'\n")
    tampered = verify(VerifyOptions(run), ground.context)

    assert proven.findings == ()
    assert len(proven.projects) == 2
    assert [(one.rule, one.path) for one in tampered.findings] == [("changed", str(module))]


def test_a_place_that_is_not_there_is_not_proven(ground: Ground, tmp_path: Path):
    """A mistyped path would pass the check of a deployment for ever."""
    nowhere = replace(ground.options(with_files=False), target=TargetOptions(target=str(tmp_path / "nowhere")))
    listed = replace(ground.options(), target=nowhere.target)

    with pytest.raises(EnvironmentChangeError, match="no such folder"):
        verify(VerifyOptions(nowhere), ground.context)
    with pytest.raises(EnvironmentChangeError, match="no such folder"):
        digest(nowhere, ground.context)
    assert {one.rule for one in verify(VerifyOptions(listed), ground.context).findings} == {"not-installed"}


def test_files_that_two_projects_bring_alike(tmp_path: Path):
    shared = {"shared/x.txt": "x\n"}
    projects = {
        "one": {wheel_filename("one", "1.0"): wheel_bytes("one", "1.0", files={"one.py": "", **shared})},
        "two": {wheel_filename("two", "1.0"): wheel_bytes("two", "1.0", files={"two.py": "", **shared})},
    }
    with FakeIndex(projects) as index:
        ground = proving_ground(tmp_path, index, projects, ["one", "two"])
        assert ground.kinds(with_files=True) == []
        overwrite(ground.site / "shared" / "x.txt", b"y\n")
        found = ground.verify(with_files=True).findings

        assert {(one.project, one.rule) for one in found} == {("one", "changed"), ("two", "changed")}
        assert ground.kinds(with_files=True, fix=True) == []


# -- around the projects ---------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="scripts and permissions of POSIX")
@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        ("bin/pypy", "foreign-starter"),
        ("bin/python4", "foreign-starter"),
        ("bin/activate.evil", "foreign-starter"),
        ("bin/deactivate.bat", "foreign-starter"),
        ("share/alpha/more.txt", "added-elsewhere"),
        ("include/evil.h", "added-elsewhere"),
        ("etc/evil/x.conf", "added-elsewhere"),
        ("lib/evil.so", "added-elsewhere"),
        (".env", "added-elsewhere"),
        ("src/evil.py", "added-elsewhere"),
        ("evil.pth", "added-startup-code"),
        ("lib/python3.4/site-packages/evil.pth", "added-startup-code"),
    ],
)
def test_what_nobody_owns_is_told_everywhere_in_an_environment(ground: Ground, inside: str, kind: str):
    path = Path(ground.target.prefix, inside)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("evil\n")

    assert ground.kinds() == [kind]
    assert ground.kinds(fix=True) == [kind]
    assert path.read_text() == "evil\n"


@pytest.mark.skipif(os.name != "posix", reason="scripts of POSIX")
def test_scripts_and_settings_of_the_environment_are_compared(ground: Ground):
    for name, kind in [
        ("bin/Activate.ps1", "foreign-starter"),
        ("bin/activate", "foreign-starter"),
        ("pyvenv.cfg", "edited-settings"),
    ]:
        path = Path(ground.target.prefix, name)
        before = path.read_bytes()
        path.write_bytes(before + b"evil\n")
        assert ground.kinds() == [kind], name
        path.write_bytes(before)
    (ground.scripts / "activate.fish").unlink()
    assert ground.kinds() == ["missing"]


@pytest.mark.parametrize("inside", ["six", "alpha/more", "alpha/more/deep", ".cache", "alpha-1.0.dist-info/licenses"])
def test_empty_folders_are_told_once(ground: Ground, inside: str):
    (ground.site / inside).mkdir(parents=True)

    [told] = ground.verify().findings

    assert told.rule == "added-folder"
    assert ("namespace package" in told.message) == (not inside.startswith("."))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(
    ("inside", "mode", "kind"),
    [
        (".", 0o777, "folder-mode"),
        ("alpha", 0o775, "folder-mode"),
        ("alpha-1.0.dist-info", 0o1777, "folder-mode"),
        ("alpha-1.0.dist-info/RECORD", 0o666, "mode"),
        ("alpha/core.py", 0o666, "mode"),
        ("alpha/core.py", 0o000, "unreadable"),
        ("alpha/__pycache__", 0o777, "folder-mode"),
        ("../../../share/alpha", 0o777, "folder-mode"),
        ("../../../pyvenv.cfg", 0o666, "mode"),
        ("../../../bin/activate", 0o666, "mode"),
        ("../../../bin", 0o777, "folder-mode"),
    ],
)
def test_permissions_are_told_and_restored(ground: Ground, inside: str, mode: int, kind: str):
    run_python(ground, "-c", "import alpha")
    (ground.site / inside).resolve().chmod(mode)

    assert ground.kinds() == [kind]
    assert ground.kinds(fix=True) == []
