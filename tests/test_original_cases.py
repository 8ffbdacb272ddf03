"""The test cases of the original peep, black-box, on its own archives: its sdists tell when their setup.py has run.

The archives are read from the corpus beside the project; setuptools, which they are built with, comes from an index.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.corpus import CORPUS, needs_corpus
from support.fake_index import FakeIndex
from support.scenario_run import peep_command

pytestmark = [needs_corpus, pytest.mark.network, pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")]

ARCHIVES = CORPUS / "archives/peep-useless/erikrose+peep/c16f08c7f6/tests/packages/useless"
BUILD_PINS = Path(__file__).parents[1] / "requirements" / "test.txt"
HEADLINE = "THE FOLLOWING PACKAGES DIDN'T MATCH THE HASHES SPECIFIED IN THE REQUIREMENTS"


def comment_hash(filename: str) -> str:
    digest = hashlib.sha256((ARCHIVES / filename).read_bytes()).digest()
    return "# sha256: " + base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass
class User:
    """Somebody with an environment, a folder and the original's archives on a server."""

    folder: Path
    environ: dict[str, str]
    index: FakeIndex

    @property
    def telltale(self) -> Path:
        return self.folder / "telltale"

    def peep(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*peep_command(), *words], env=self.environ, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def install(self, requirements: str, *words: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "requirements.txt").write_text(requirements)
        extra = ("--extra-index-url", self.index.simple_url) if "-i " not in requirements else ()
        building = ("--python", "env", "--build-constraint", str(BUILD_PINS), "--no-sandbox")
        return self.peep("install", *building, *extra, "-r", "requirements.txt", *words)

    def installed(self, expression: str) -> str:
        python = self.folder / "env" / "bin" / "python"
        result = subprocess.run(
            [python, "-c", f"import useless; print({expression})"], capture_output=True, text=True, check=False
        )
        return result.stdout.strip() or result.stderr.strip().rpartition("\n")[2]


@pytest.fixture
def user(tmp_path: Path, machine_environment: dict[str, str]) -> Iterator[User]:
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    told = {"PEEP_TEST_TELLTALE": str(tmp_path / "telltale"), "PEEP_BUILD_VARIABLES": "PEEP_TEST_TELLTALE"}
    sdists = {path.name: path.read_bytes() for path in ARCHIVES.glob("*.tar.gz")}
    pages = {f"/{path.name}": ("application/zip", path.read_bytes()) for path in ARCHIVES.glob("*.zip")}
    with FakeIndex({"useless": sdists}, pages=pages) as index:
        yield User(tmp_path, {**machine_environment, **told}, index)


def test_install_builds_and_installs(user: User):
    result = user.install(f"{comment_hash('useless-1.0.tar.gz')}\nuseless==1.0\n")
    assert (result.returncode, user.telltale.exists()) == (0, True), result.stderr
    assert user.installed("'installed'") == "installed"


def test_an_upgrade_keeps_to_the_pin(user: User):
    """The original's decoy: 2.0 is there to tempt `-U`."""
    result = user.install(f"{comment_hash('useless-1.0.tar.gz')}\nuseless==1.0\n", "-U")
    assert result.returncode == 0, result.stderr
    assert "+ useless 1.0" in result.stdout


def test_the_index_may_stand_in_the_file(user: User):
    pins = f"-i {user.index.simple_url}\n{comment_hash('useless-1.0.tar.gz')}\nuseless==1.0\n"
    (user.folder / "requirements.txt").write_text(pins)
    result = user.peep("download", "-q", "-r", "requirements.txt", "-d", "wheelhouse")
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (user.folder / "wheelhouse").iterdir()] == ["useless-1.0.tar.gz"]
    assert not user.telltale.exists()


def test_a_mismatch_stops_everything_before_setup_py_runs(user: User):
    result = user.install(f"{comment_hash('useless-2.0.tar.gz')}\nuseless==1.0\n")
    assert result.returncode == 1
    assert HEADLINE in result.stdout
    assert comment_hash("useless-2.0.tar.gz").split()[2] in result.stdout
    assert comment_hash("useless-1.0.tar.gz").split()[2] in result.stdout
    assert "Not proceeding to installation." in result.stdout
    assert not user.telltale.exists()
    assert "ModuleNotFoundError" in user.installed("0")


def test_a_missing_hash_is_offered_for_pasting_and_setup_py_does_not_run(user: User):
    result = user.install(f"-i {user.index.simple_url}\nuseless==1.0\n")
    assert result.returncode == 1
    assert f"\n{comment_hash('useless-1.0.tar.gz')}\nuseless==1.0\n" in result.stdout
    assert not user.telltale.exists()


@pytest.mark.parametrize("line", ["useless==9.9", "{url}/no-such-file.zip#egg=useless"])
def test_what_does_not_exist(user: User, line: str):
    result = user.install(f"{comment_hash('useless-1.0.tar.gz')}\n{line.format(url=user.index.url)}\n")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert not user.telltale.exists()


def test_the_same_version_with_other_content_by_url(user: User):
    """Two archives of one version, named after commits: told apart by digest, and not installed twice."""

    def pins(commit: str) -> str:
        return f"{comment_hash(f'{commit}.zip')}\n{user.index.url}/{commit}.zip#egg=useless\n"

    assert user.install(pins("1234567")).returncode == 0
    assert user.installed("useless.git_hash") == "1234567"
    again = user.install(pins("1234567"))
    assert (again.returncode, again.stdout) == (0, "nothing to do: 1 project is as listed\n")
    assert user.install(pins("789abcd")).returncode == 0
    assert user.installed("useless.git_hash") == "789abcd"


def test_port(user: User):
    (user.folder / "requirements.txt").write_text(f"{comment_hash('useless-1.0.tar.gz')}\nuseless==1.0\n")
    result = user.peep("port", "requirements.txt")
    digest = hashlib.sha256((ARCHIVES / "useless-1.0.tar.gz").read_bytes()).hexdigest()
    assert result.stdout == f"# from requirements.txt\nuseless==1.0 \\\n    --hash=sha256:{digest}\n"


def test_other_verbs_go_to_pip_with_its_exit_status(user: User):
    assert user.peep("show", "no-such-project").returncode == 1
    assert user.peep("install").returncode == 2
    assert user.peep("hash").returncode == 2
    assert user.peep("port").returncode == 2
