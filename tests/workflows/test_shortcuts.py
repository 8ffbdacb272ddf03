"""What is remembered between runs saves time and changes nothing else: no trap, no damage makes a run do otherwise."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.shortcuts.noop import load
from peep.shortcuts.replay import loaded_replay
from support.fake_index import FakeIndex
from support.wheels import wheel_bytes, wheel_filename

VERSIONS = {"demo": ("1.0", "2.0"), "other": ("1.0",)}
ARCHIVES = {
    name: {
        wheel_filename(name, version): wheel_bytes(
            name,
            version,
            files={f"{name}/__init__.py": f"VERSION = {version!r}\n", f"{name}/data/deep.txt": name},
            entry_points={"console_scripts": {name: f"{name}:main"}},
        )
        for version in versions
    }
    for name, versions in VERSIONS.items()
}

PIPE = 200
"""A descriptor that no run opens by itself."""


def pin(name: str, version: str) -> str:
    digest = hashlib.sha256(ARCHIVES[name][wheel_filename(name, version)]).hexdigest()
    return f"{name}=={version} --hash=sha256:{digest}\n"


@dataclass
class Place:
    """A folder with a requirements file, an environment and an index."""

    folder: Path
    index: FakeIndex
    capture: pytest.CaptureFixture[str]

    @property
    def environment(self) -> Path:
        return self.folder / "env"

    @property
    def site(self) -> Path:
        (found,) = self.environment.rglob("site-packages")
        return found

    @property
    def words(self) -> list[str]:
        return [
            *("install", "--python", str(self.environment), "--index-url", self.index.simple_url),
            *("-r", "requirements.txt"),
        ]

    def run(self) -> tuple[int, str]:
        self.capture.readouterr()
        status = run(self.words)
        captured = self.capture.readouterr()
        return status, captured.out + captured.err

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.txt").write_text(text)

    def new_environment(self) -> None:
        if self.environment.exists():
            shutil.rmtree(self.environment)
        venv.create(self.environment, with_pip=False, symlinks=os.name != "nt")

    def tree(self) -> dict[str, str]:
        """Everything below site-packages and the scripts folder: path -> digest of the content."""
        scripts = self.environment / ("Scripts" if os.name == "nt" else "bin")
        files = [*(path for path in self.site.rglob("*") if path.is_file()), scripts / "demo", scripts / "other"]
        return {
            str(path.relative_to(self.environment)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.exists()
        }

    def version(self, name: str) -> str:
        (found,) = self.site.glob(f"{name}-*.dist-info")
        return found.name.split("-")[1].removesuffix(".dist")

    @property
    def is_settled(self) -> bool:
        return load(self.words, os.environ) is not None

    @property
    def is_recorded(self) -> bool:
        return loaded_replay(self.words, os.environ) is not None


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    with FakeIndex(ARCHIVES) as index:
        found = Place(tmp_path, index, capsys)
        monkeypatch.setattr(sys, "argv", ["peep", *found.words])
        found.new_environment()
        found.write(requirements=pin("demo", "1.0") + pin("other", "1.0"))
        yield found


@pytest.fixture
def settled(place: Place) -> Place:
    """The place after an install, whose repetition is recognised as having nothing to do."""
    assert place.run()[0] == 0
    assert place.is_settled
    assert place.is_recorded
    return place


# -- that there are shortcuts ----------------------------------------------------------------------


def test_repetitions_ask_nobody(settled: Place) -> None:
    asked, before = len(settled.index.requests), settled.tree()

    assert settled.run() == (0, "nothing to do: 2 projects are as listed\n")
    settled.new_environment()
    assert settled.is_recorded
    status, told = settled.run()

    assert (status, told.splitlines()[-1]) == (0, "installed 2; every archive verified")
    assert settled.tree() == before
    assert len(settled.index.requests) == asked


def test_what_the_store_holds_is_not_fetched_again_when_choices_are_forgotten(settled: Place) -> None:
    before = settled.tree()
    shutil.rmtree(Path(os.environ["PEEP_STORE"]) / "remembered-v1")
    settled.new_environment()
    asked = len(settled.index.requests)

    status, told = settled.run()

    assert (status, told) == (0, "+ demo 1.0\n+ other 1.0\ninstalled 2; every archive verified\n")
    assert settled.tree() == before
    assert all(request.path.startswith("/simple/") for request in settled.index.requests[asked:])


def test_a_run_that_names_its_store_needs_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEEP_STORE", "relative")

    assert place.run()[0] == 2
    assert run([*place.words, "--store", str(place.folder / "store")]) == 0
    assert place.version("demo") == "1.0"


# -- traps: what changed must be seen --------------------------------------------------------------


def test_a_changed_requirement(settled: Place) -> None:
    settled.write(requirements=pin("demo", "2.0") + pin("other", "1.0"))

    assert settled.run()[0] == 0
    assert settled.version("demo") == "2.0"


def test_a_changed_hash_alone(settled: Place) -> None:
    settled.write(requirements=f"demo==1.0 --hash=sha256:{'0' * 64}\n" + pin("other", "1.0"))

    status, told = settled.run()

    assert status == 1
    assert "DIDN'T MATCH THE HASHES" in told


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="shells need it for <(command)")
def test_requirements_from_a_pipe_are_read_once_by_the_run_that_installs_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-r <(command)` has the same name each time. Looking whether its bytes are known would leave none to install."""
    words = [*place.words[:-1], f"/dev/fd/{PIPE}"]
    monkeypatch.setattr(sys, "argv", ["peep", *words])
    for version in ("1.0", "1.0", "2.0"):
        ours, theirs = os.pipe()
        os.write(theirs, pin("demo", version).encode())
        os.close(theirs)
        os.dup2(ours, PIPE)
        os.close(ours)
        try:
            assert run(words) == 0
        finally:
            os.close(PIPE)

        assert place.version("demo") == version


@pytest.mark.parametrize("text", ["-r nested.txt\n", "-c nested.txt\ndemo\n"])
def test_a_changed_file_that_another_one_includes(place: Place, text: str) -> None:
    place.write(requirements=text, nested=pin("demo", "1.0"))
    assert place.run()[0] == 0
    assert place.is_settled
    place.write(nested=pin("demo", "2.0"))

    assert place.run()[0] == 0
    assert place.version("demo") == "2.0"


def test_a_constraint_that_comes_to_contradict(place: Place) -> None:
    place.write(requirements=f"-c limits.txt\n{pin('demo', '1.0')}", limits="demo==1.0\n")
    assert place.run()[0] == 0
    assert place.is_settled
    place.write(limits="demo==2.0\n")

    assert place.run()[0] == 1


def test_an_include_that_goes_away(place: Place) -> None:
    place.write(requirements="-r nested.txt\n", nested=pin("demo", "1.0"))
    assert place.run()[0] == 0
    (place.folder / "nested.txt").unlink()

    assert place.run()[0] == 1


def test_an_include_that_was_missing(place: Place) -> None:
    place.write(requirements="-r nested.txt\n")
    assert place.run()[0] == 1
    place.write(nested=pin("demo", "1.0"))

    assert place.run()[0] == 0
    assert place.version("demo") == "1.0"


def test_the_same_words_in_another_folder(settled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = settled.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "requirements.txt").write_text(pin("demo", "2.0"))
    monkeypatch.chdir(elsewhere)

    assert settled.run()[0] == 0
    assert settled.version("demo") == "2.0"


def test_a_variable_in_a_file_is_looked_up_each_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDEX", place.index.simple_url)
    place.write(requirements="--index-url ${INDEX}\n" + pin("demo", "1.0"))

    assert place.run()[0] == 0
    assert not place.is_settled
    assert not place.is_recorded


@pytest.mark.parametrize("name", ["PIP_TARGET", "PIP_PREFIX"])
def test_a_variable_of_pip(settled: Place, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, str(settled.folder / "lib"))

    assert settled.run()[0] == 0
    assert list((settled.folder / "lib").rglob("demo-1.0.dist-info"))


def test_a_configuration_file_of_pip_that_appears(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = place.folder / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    assert place.run()[0] == 0
    configuration.write_text(f"[install]\ntarget = {place.folder / 'lib'}\n")

    assert place.run()[0] == 0
    assert (place.folder / "lib" / "demo-1.0.dist-info").is_dir()


def remove_project(place: Place) -> None:
    """As `pip uninstall` does."""
    shutil.rmtree(place.site / "demo")
    shutil.rmtree(place.site / "demo-1.0.dist-info")


def edit_origin(place: Place) -> None:
    path = place.site / "demo-1.0.dist-info" / "provenance_url.json"
    path.write_text(path.read_text().replace("sha256", "sha512"))


def replace_by_another_installer(place: Place) -> None:
    """The same version, put there by a program that records no origin."""
    info = place.site / "demo-1.0.dist-info"
    (info / "provenance_url.json").unlink()
    (info / "INSTALLER").write_text("uv\n")
    (place.site / "demo" / "__init__.py").unlink()
    (place.site / "demo" / "__init__.py").write_text("VERSION = 'another'\n")


def install_a_second_version(place: Place) -> None:
    shutil.copytree(place.site / "demo-1.0.dist-info", place.site / "demo-2.0.dist-info")


def interrupt(place: Place) -> None:
    (place.site / ".peep").mkdir()


@pytest.mark.parametrize(
    "change",
    [remove_project, edit_origin, replace_by_another_installer, install_a_second_version, interrupt],
    ids=lambda change: change.__name__,
)
def test_an_environment_that_others_changed(settled: Place, change: Callable[[Place], None]) -> None:
    before = settled.tree()
    change(settled)
    assert not settled.is_settled

    assert settled.run()[0] == 0
    assert settled.tree() == before


@pytest.mark.skipif(os.name != "posix", reason="environments hold a link to their interpreter on POSIX")
@pytest.mark.parametrize("is_named", [True, False], ids=["by name on PATH", "by path"])
def test_a_script_that_chooses_the_interpreter(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, is_named: bool
) -> None:
    """As version managers have them: the same word, another environment by a variable or a folder."""
    shim = place.folder / "shims" / "chosen-python"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{place.folder}/$CHOSEN/bin/python" "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}{os.environ['PATH']}")
    python = shim.name if is_named else str(shim)
    words = [python if word == str(place.environment) else word for word in place.words]
    for chosen in ("env", "second"):
        venv.create(place.folder / chosen, with_pip=False, symlinks=True)
        monkeypatch.setenv("CHOSEN", chosen)
        for _ in range(2):
            assert run(words) == 0
        assert list((place.folder / chosen).rglob("demo-1.0.dist-info"))
        (launcher,) = (place.folder / chosen / "bin").glob("demo")
        assert str(place.folder / chosen / "bin" / "python") in launcher.read_text()


def test_another_interpreter_in_the_same_environment(settled: Place) -> None:
    python = settled.environment / "bin" / "python"
    twin = settled.folder / "twin"
    shutil.copy(os.path.realpath(python), twin)
    python.unlink()
    python.symlink_to(twin)

    assert not settled.is_settled


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_n16_memory_that_others_may_change_is_not_believed(settled: Place) -> None:
    Path(os.environ["PEEP_STORE"]).chmod(0o777)

    assert not settled.is_settled
    status, told = settled.run()

    assert status == 0
    assert "any user may change it" in told


def test_what_builds_with_the_tools_of_the_environment_is_not_repeated(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*place.words, "--no-build-isolation"]
    monkeypatch.setattr(sys, "argv", ["peep", *words])

    assert run(words) == 0
    assert loaded_replay(words, os.environ) is None
    assert load(words, os.environ) is None


# -- damage: whatever is remembered may be lost or spoilt ------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 0x20
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_by_json(path: Path) -> None:
    path.write_bytes(b'{"state": [], "answer": {"files": []}}')


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_unreadable(path: Path) -> None:
    path.chmod(0)


DAMAGES = [Path.unlink, cut, flip, empty, replace_by_json, replace_by_folder, make_unreadable]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("kind", ["settled", "replays", "choices", "interpreter", "pip", "*"])
def test_damaged_memory_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, kind: str, damage: Callable[[Path], None]
) -> None:
    if kind == "pip":  # asked only when it may have something to tell
        monkeypatch.setenv("PIP_CONFIG_FILE", str(place.folder / "pip.conf"))
    assert place.run()[0] == 0
    reference = place.tree()
    remembered = Path(os.environ["PEEP_STORE"]) / "remembered-v1"
    damaged = [path for path in remembered.glob(f"{kind}/**/*") if path.is_file()]
    for path in damaged:
        damage(path)

    assert damaged or (kind == "pip" and importlib.util.find_spec("pip") is None)
    assert place.run() == (0, "nothing to do: 2 projects are as listed\n")
    place.new_environment()
    status, told = place.run()

    assert status == 0
    assert "installed 2; every archive verified\n" in told
    assert place.tree() == reference


def test_w1_what_one_run_let_pass_is_refused_by_the_next_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """As on a machine whose store never had the wheel; and a run that lets it pass says so each time."""
    lying = wheel_bytes("demo", "1.0", record="demo-1.0.dist-info/RECORD,,\n")
    line = f"demo==1.0 --hash=sha256:{hashlib.sha256(lying).hexdigest()}\n"
    monkeypatch.chdir(tmp_path)
    with FakeIndex({"demo": {wheel_filename("demo", "1.0"): lying}}) as index:
        place = Place(tmp_path, index, capsys)
        place.write(requirements=line)
        place.new_environment()
        assert place.run()[0] == 1
        for _ in range(2):
            place.write(requirements=f"# peep: --allow-record-mismatch demo\n{line}")
            place.new_environment()
            status, told = place.run()
            assert status == 0
            assert f"warning: {wheel_filename('demo', '1.0')}: demo/__init__.py: is not listed in RECORD" in told
            place.write(requirements=line)
            place.new_environment()
            status, told = place.run()
            assert status == 1
            assert "hint: the archive is the one you vetted" in told
