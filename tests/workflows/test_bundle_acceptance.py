"""Bundles as a deployment meets them: made once, carried, installed where no network is, killed, cloned, compared."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from peep.bundle.check import check_files, read_manifest
from peep.bundle.folder import BundleWriter, claimed_folder
from peep.bundle.lock import bundle_lock
from peep.bundle.tree import FilesTree, FolderTree
from support.bundle_verbs import peep_here
from support.environment_tree import make_environment
from support.fake_index import FakeIndex
from support.small_bundle import small_bundle, written_bundle
from support.wheels import sdist_bytes, wheel_bytes

TARGETS = (
    "here",
    "cp311-manylinux_2_28_x86_64",
    "cp312-manylinux_2_28_x86_64",
    "cp313-musllinux_1_2_aarch64",
    "cp312-macosx_14_0_arm64",
    "cp313t-win_amd64",
)
NEEDS_SETUPTOOLS = """\
[build-system]
requires = ["setuptools"]
build-backend = "in_tree_backend"
backend-path = ["."]
"""
PROJECTS = {
    "flask": {
        "flask-3.1.0-py3-none-any.whl": wheel_bytes(
            "flask", "3.1.0", requires=["six", "colorama; sys_platform == 'win32'"]
        )
    },
    "six": {"six-1.17.0.tar.gz": sdist_bytes("six", "1.17.0", pyproject=NEEDS_SETUPTOOLS)},
    "colorama": {"colorama-0.4.6-py3-none-any.whl": wheel_bytes("colorama", "0.4.6")},
    "setuptools": {"setuptools-80.0-py3-none-any.whl": wheel_bytes("setuptools", "80.0")},
}
VERSIONS = {"flask": "3.1.0", "six": "1.17.0", "colorama": "0.4.6", "setuptools": "80.0"}


def line(name: str, marker: str = "") -> str:
    [content] = PROJECTS[name].values()
    return f"{name}=={VERSIONS[name]}{marker} --hash=sha256:{sha256(content).hexdigest()}\n"


PINS = line("flask") + line("colorama", "; sys_platform == 'win32'")
PEEP = [sys.executable, "-m", "peep"]


def run(
    folder: Path, command: list[str], *, status: int = 0, before: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PEEP_", "UV_"))}
    own = {"PEEP_STORE": str(folder / "store"), "NO_COLOR": "1", "UV_CACHE_DIR": str(folder / "uv")}
    environ = {**kept, "HOME": str(folder), **own, **variables}
    asked = subprocess.run([*before, *command], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert asked.returncode == status, asked.stdout + asked.stderr
    assert "Traceback" not in asked.stderr
    return asked


def peep(folder: Path, *words: str, status: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    return peep_here(folder, *words, status=status, environ={"PEEP_STORE": str(folder / "store"), **variables})


def cut_off() -> tuple[str, ...]:
    """What runs a command where no network is, not even that of this machine."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], check=False).returncode:
        pytest.skip("unshare -rn does not work here")
    return ("unshare", "-rn")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[tuple[Path, FakeIndex]]:
    """A folder with pins, build constraints, and the bundle `b` for six targets."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "r.txt").write_text(PINS + line("six"))
    (folder / "build.txt").write_text(line("setuptools"))
    with FakeIndex(PROJECTS) as index:
        targets = [word for target in TARGETS for word in ("--target", target)]
        words = ["bundle", "create", "-r", "r.txt", "--build-constraint", "build.txt", "--no-peep", *targets, "b"]
        run(folder, [*PEEP, *words], PIP_INDEX_URL=index.simple_url)
        yield folder, index


def carried(made: tuple[Path, FakeIndex], place: Path) -> Path:
    """A copy of all, elsewhere."""
    shutil.copytree(made[0] / "b", place / "carried", copy_function=shutil.copyfile)
    for name in ("r.txt", "build.txt"):
        shutil.copyfile(made[0] / name, place / name)
    return place / "carried"


def installed(environment: Path) -> list[str]:
    return sorted(path.name for path in environment.glob("lib/python*/site-packages/*.dist-info"))


def test_where_no_network_is_peep_installs_what_it_installs_online(made, tmp_path):
    carried(made, tmp_path)
    digests = []
    for name, place, before in (
        ("online", ["-i", made[1].simple_url], ()),
        ("offline", ["--bundle", "carried"], cut_off()),
    ):
        make_environment(tmp_path / name)
        given = ["-r", "r.txt", "--build-constraint", "build.txt", *place]
        words = ["install", "--no-sandbox", "--python", name, *given]
        run(tmp_path, [*PEEP, *words], before=before, PEEP_STORE=str(tmp_path / f"store-{name}"))
        digests.append(peep(tmp_path, "digest", "--python", name).stdout)
    assert digests[0] == digests[1]
    assert installed(tmp_path / "offline") == ["flask-3.1.0.dist-info", "six-1.17.0.dist-info"]


@pytest.mark.parametrize("way", ["find-links", "index"])
@pytest.mark.parametrize("client", ["pip", "uv"])
def test_where_no_network_is_others_install_from_it_too(made, tmp_path, client, way):
    if find_spec(client) is None:
        pytest.skip(f"{client} is not installed")
    bundle = carried(made, tmp_path)
    make_environment(tmp_path / "env")
    (tmp_path / "wheels.txt").write_text(PINS)
    command = [sys.executable, "-m", client, *(["pip"] if client == "uv" else [])]
    python = ["--python", str(tmp_path / "env")]
    places = {
        "find-links": ["--no-index", "--find-links", str(bundle / "archives")],
        "index": ["--index-url", (bundle / "simple").as_uri()],
    }
    words = ["install", "--no-deps", "--require-hashes", "-r", "wheels.txt", *places[way]]
    given = [*command, *words, *python] if client == "uv" else [*command, *python, *words]
    run(tmp_path, given, before=cut_off())
    assert installed(tmp_path / "env") == ["flask-3.1.0.dist-info"]


def test_no_socket_is_connected(made, tmp_path):
    if (
        shutil.which("strace") is None
        or subprocess.run(["strace", "-o", tmp_path / "x", "true"], check=False).returncode
    ):
        pytest.skip("strace does not work here")
    carried(made, tmp_path)
    make_environment(tmp_path / "env")
    trace = tmp_path / "trace"
    words = ["install", "--python", "env", "--no-sandbox", "-r", "r.txt", "--build-constraint", "build.txt"]
    before = ("strace", "-f", "-e", "trace=connect,execve", "-o", str(trace))
    run(tmp_path, [*PEEP, *words, "--bundle", "carried"], before=before)
    seen = trace.read_text()
    assert "execve(" in seen
    assert "connect(" not in seen
    assert '"pip"' not in seen


def test_a_clone_with_other_line_ends_is_whole(made, tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    source = tmp_path / "source"
    shutil.copytree(made[0] / "b", source / "vendor")
    (source / "notes.txt").write_text("a\nb\n")
    who = ["-c", "user.name=x", "-c", "user.email=x@x.example", "-c", "core.autocrlf=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        run(source, ["git", *who, *words])
    run(tmp_path, ["git", "-c", "core.autocrlf=true", "clone", "-q", str(source), "clone"])
    assert (tmp_path / "clone" / "notes.txt").read_bytes() == b"a\r\nb\r\n"
    peep(tmp_path, "bundle", "check", "clone/vendor")


def test_what_peep_lock_writes_is_complete_and_carried_unchanged(tmp_path):
    (tmp_path / "requirements.in").write_text("flask\n")
    (tmp_path / "build.txt").write_text(line("setuptools"))
    targets = [word for target in TARGETS[2:5] for word in ("--target", target)]
    with FakeIndex(PROJECTS) as index:
        peep(tmp_path, "lock", *targets, "requirements.in", PIP_INDEX_URL=index.simple_url)
        words = ["bundle", "create", "-r", "requirements.txt", "--build-constraint", "build.txt", "--no-peep"]
        peep(tmp_path, *words, *targets, "b", PIP_INDEX_URL=index.simple_url)
    assert (tmp_path / "b" / "locks" / "requirements.txt").read_bytes() == (tmp_path / "requirements.txt").read_bytes()
    assert len(read_manifest(FolderTree(str(tmp_path / "b"))).targets) == 3


def test_an_index_without_the_libraries_of_peep_is_told_what_to_do(tmp_path):
    (tmp_path / "r.txt").write_text(line("colorama"))
    with FakeIndex(PROJECTS) as index:
        words = ["bundle", "create", "-r", "r.txt", "--target", "cp312-win_amd64", "b"]
        told = peep(tmp_path, *words, status=1, PIP_INDEX_URL=index.simple_url)
    assert "--no-peep leaves it out" in told.stderr
    assert not (tmp_path / "b").exists()


# -- kills -----------------------------------------------------------------------------------------


def killed_at(moment: int, folder: Path) -> bool:
    """Write the bundle's next version in a process that dies before its change number `moment`; True if it died."""
    child = os.fork()
    if child == 0:
        left = iter(range(moment))
        for name in ("replace", "unlink", "mkdir", "rmdir"):
            setattr(os, name, dying(getattr(os, name), left))
        written_bundle(folder, "1.1")
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def dying(function, left: Iterator[int]):
    def changed(*arguments, **named):
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return changed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.parametrize("was_there", [True, False])
def test_a_kill_at_any_moment_leaves_a_manifest_that_holds_and_the_next_run_repairs(tmp_path, was_there):
    digests = [small_bundle(version)[0].digest for version in ("1.0", "1.1")]
    died = 0
    for moment in range(60):
        folder = tmp_path / str(moment)
        if was_there:
            written_bundle(folder)
        has_died = killed_at(moment, folder)
        died += has_died
        if was_there or (folder / "bundle.json").exists():
            assert read_manifest(FolderTree(str(folder))).digest in digests
        manifest, contents = small_bundle("1.1")
        files = FilesTree(contents)
        lock = bundle_lock(manifest, files)
        with claimed_folder(str(folder)):
            BundleWriter(str(folder), manifest, lock).write(files)
        assert check_files(FolderTree(str(folder)), manifest, lock) == []
        shutil.rmtree(folder)
        if not has_died:
            break
    assert died >= 10


@pytest.mark.slow
def test_create_is_killed_at_twenty_moments(made, tmp_path):
    shutil.copyfile(made[0] / "build.txt", tmp_path / "build.txt")
    words = [
        "bundle",
        "create",
        "-r",
        "r.txt",
        "--build-constraint",
        "build.txt",
        "--no-peep",
        "--target",
        TARGETS[2],
        "b",
    ]
    own = {"PIP_INDEX_URL": made[1].simple_url, "PEEP_STORE": str(tmp_path / "store")}
    for moment in range(20):
        (tmp_path / "r.txt").write_text(PINS + line("six") + "# \n" * moment)
        creating = subprocess.Popen(
            [*PEEP, *words],
            cwd=tmp_path,
            env={**os.environ, **own},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.05 * moment)
        creating.kill()
        creating.wait()
        if (tmp_path / "b" / "bundle.json").exists():
            read_manifest(FolderTree(str(tmp_path / "b")))
        peep_here(tmp_path, *words, environ=own)
        peep_here(tmp_path, "bundle", "check", "b", environ=own)
