"""Source archives that others published, pinned by their own hash: built twice, and compared with what pip builds.

A few for each way of building by default; with PEEP_BIG_TESTS=1 the rest as well, which takes minutes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from peep.errors import BackendFailed, PeepError
from peep.model import StoredWheel
from peep.pipeline.builds import Builds
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import fetch_all
from peep.pipeline.options import BuildOptions, InstallOptions, SourceOptions, StoreOptions
from peep.pipeline.session import open_session
from peep.workflows.install import STAGES
from support.corpus import CORPUS, needs_corpus
from support.listener import Listener
from support.stored import stored_path

pytestmark = [pytest.mark.network, pytest.mark.slow]
HERE = Path(__file__).parent / "real"
LISTS = [HERE / "sdists.txt", *([HERE / "more-sdists.txt"] if os.environ.get("PEEP_BIG_TESTS") else [])]
EXTENSIONS = ("markupsafe", "pyyaml", "simplejson")
"""With compiled parts: pip's carry the name of the folder that they were compiled in."""


@dataclass
class Run:
    wheels: dict[str, StoredWheel]
    built: list[str]


def build(environ, store, sources=None):
    """Fetch, verify and build everything in `sources` (else: in `LISTS`); skips without an index."""
    reporter = Listener()
    options = InstallOptions(
        sources=sources or SourceOptions(tuple(map(str, LISTS))),
        build=BuildOptions(constraint_files=(str(HERE / "build.txt"),)),
        store=StoreOptions(folder=str(store)),
    )
    with open_session(options, RunContext(environ, reporter), STAGES) as session:
        try:
            session.network.index().project("six")
        except PeepError as error:
            pytest.skip(f"no index: {error}")
        pinned = session.read_pins()
        assert pinned.unusable == ()
        with session.wheel_provider(pinned) as provider:
            fetched = fetch_all(pinned.pins, provider)
            with closing(Builds(session, pinned, provider)) as builds:
                assert (fetched.problems, fetched.wheels, builds.plan(fetched.sdists)) == ((), {}, ())
                wheels = {one.wheel.identity.name: one.wheel for one in builds.run()}
    assert sorted(wheels) == sorted(pin.name for pin in pinned.pins)
    return Run(wheels, [note for note in reporter.notes if note.startswith("building ")])


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return tmp_path_factory.mktemp("stores")


@pytest.fixture
def first(machine_environment, stores):
    return build(machine_environment, stores / "first")


def test_two_builds_give_the_same_bytes(machine_environment, first, stores):
    again = build(machine_environment, stores / "second")
    different = [name for name, wheel in first.wheels.items() if again.wheels[name].sha256 != wheel.sha256]
    assert different == []


def test_a_second_run_builds_nothing(machine_environment, first, stores):
    assert first.wheels
    assert build(machine_environment, stores / "first").built == []


def test_every_file_is_as_pip_builds_it(machine_environment, first, tmp_path):
    made = pip_wheels(machine_environment, tmp_path)
    assert sorted(made) == sorted(wheel.identity.filename for wheel in first.wheels.values())
    assert {name: d for name, wheel in first.wheels.items() if (d := differences(wheel, made))} == {}


def pins_in(*files):
    return [line.split()[0] for file in files for line in file.read_text().splitlines() if line[:1].isalnum()]


def pip_wheels(environ, folder):
    """Let pip build the same versions with the same tools; file name -> path."""
    lines, tools = pins_in(*LISTS), pins_in(HERE / "build.txt")
    (folder / "tools.txt").write_text("\n".join(tools))
    names = ",".join(line.split("==")[0] for line in lines)
    # Which of the two variables reaches the build depends on pip's version.
    variables = {"PIP_CONSTRAINT": str(folder / "tools.txt"), "PIP_BUILD_CONSTRAINT": str(folder / "tools.txt")}
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-cache-dir", "--no-binary", names]
    subprocess.run([*command, "-w", str(folder / "pip"), *lines], check=True, env={**environ, **variables}, cwd=folder)
    return {path.name: path for path in (folder / "pip").iterdir()}


def differences(wheel, made):
    """Paths whose content or executable bit is not what pip's wheel has; compiled files need only be there."""
    ours = {file.path: file.is_executable for file in wheel.files}
    with zipfile.ZipFile(made[wheel.identity.filename]) as archive:
        theirs = {one.filename: one for one in archive.infolist() if not one.is_dir()}
        found = sorted(ours.keys() ^ theirs.keys())
        for path in ours.keys() & theirs.keys():
            if path.endswith("/RECORD") or (wheel.identity.name in EXTENSIONS and path.endswith(".so")):
                continue
            with open(stored_path(wheel, path), "rb") as file:
                is_same = file.read() == archive.read(path)
            if not is_same or ours[path] != bool(theirs[path].external_attr >> 16 & 0o111):
                found.append(path)
    return found


USELESS = CORPUS / "archives/peep-useless/erikrose+peep/c16f08c7f6/tests/packages/useless"


def useless(filename):
    """A requirement for one of the four archives of the original peep's tests."""
    digest = hashlib.sha256((USELESS / filename).read_bytes()).hexdigest()
    return SourceOptions(requirements=(f"useless @ {(USELESS / filename).as_uri()}#sha256={digest}",))


@needs_corpus
@pytest.mark.parametrize(
    ("filename", "version", "module"),
    [
        ("1234567.zip", "1.0", "git_hash = '1234567'"),
        ("789abcd.zip", "1.0", "git_hash = '789abcd'"),
        ("useless-1.0.tar.gz", "1.0", ""),
        ("useless-2.0.tar.gz", "2.0", ""),
    ],
)
def test_archives_of_the_original_peep(machine_environment, tmp_path, filename, version, module):
    """Legacy setup.py; two of them have no top folder, two want a variable that says where to write."""
    environ = {
        **machine_environment,
        "PEEP_TEST_TELLTALE": "/tmp/telltale",
        "PEEP_BUILD_VARIABLES": "PEEP_TEST_TELLTALE",
    }
    wheel = build(environ, tmp_path / "store", useless(filename)).wheels["useless"]
    assert wheel.identity.version == version
    with open(stored_path(wheel, "useless.py"), encoding="utf-8") as file:
        assert file.read().strip() == module
    assert not os.path.exists("/tmp/telltale")


@needs_corpus
def test_a_variable_that_a_build_wants_is_named(machine_environment, tmp_path):
    with pytest.raises(BackendFailed, match="wants the environment variable PEEP_TEST_TELLTALE"):
        build(machine_environment, tmp_path / "store", useless("useless-1.0.tar.gz"))
