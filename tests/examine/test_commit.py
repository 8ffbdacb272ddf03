"""Wheel = commit: files looked up in the trees of a commit, with a repository on this machine."""

import os
import shutil
import subprocess

import pytest

from peep.cli.main import run
from peep.dataclass import replace
from peep.errors import BuildError, UsageError
from peep.examine.commit import compared_with_commit
from peep.examine.types import Blob
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions, StoreOptions
from peep.reporting import SilentReporter
from peep.system.git import list_tree, parse_commit_url
from peep.workflows.diff import diff, parse_commit, request_of
from support.releases import CORE_TEXT, HARMLESS, TextRelease

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
ENVIRON = {"PATH": os.environ.get("PATH", "")}


def git(folder, *words):
    identity = ["-c", "user.name=x", "-c", "user.email=x@host.example", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, env={**ENVIRON, "HOME": str(folder)}
    )
    return done.stdout.decode().strip()


@pytest.fixture(params=["sha1", "sha256"])
def repository(request, tmp_path):
    """The sources of the harmless release, committed; gives back its URL and the commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", f"--object-format={request.param}")
    for path, content in HARMLESS.sdist_members().items():
        if path != "PKG-INFO":
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    commit = git(folder, "rev-parse", "HEAD")
    (folder / "later.txt").write_text("later")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "second")
    return folder.as_uri(), commit


def compared(tmp_path, repository, release):
    url, commit = repository
    request = request_of((str(release.write(tmp_path / "new")),), full=False, wheel=None, use_sandbox=True)
    context = RunContext({**os.environ}, SilentReporter())
    options = InstallOptions(store=StoreOptions(folder=str(tmp_path / "store")))
    return diff(replace(request, commit=parse_commit(f"{url}@{commit}")), options, context)


def test_a_wheel_of_the_commit_is_equal(tmp_path, repository):
    result = compared(tmp_path, repository, HARMLESS)
    assert result.commit is not None
    assert (result.commit.files, result.commit.same) == (4, 4)
    assert result.comparison.signals == ()


def test_altered_and_added_files_are_named(tmp_path, repository):
    release = TextRelease(
        "1.0", both={"inert/core.py": CORE_TEXT + "x = 1\n", "inert/more.py": "y = 1\n", "inert/copy.py": CORE_TEXT}
    )
    result = compared(tmp_path, repository, release)
    assert result.commit is not None
    assert (result.commit.files, result.commit.same) == (6, 3)
    assert {(hit.rule, hit.path, hit.evidence) for hit in result.comparison.signals} == {
        ("commit-differs", "inert/core.py", "the commit has other bytes at src/inert/core.py"),
        ("commit-only", "inert/more.py", "nowhere in the commit"),
        ("commit-only", "inert/copy.py", "the same bytes stand at src/inert/core.py"),
    }


NATIVE = b"\x7fELF\x02\x01\x01" + bytes(200)
VERSION_MODULE = "__version__ = version = '1.0'\n__version_tuple__ = (1, 0)\n"
SETTINGS = "[metadata]\nname = inert\n\n[egg_info]\ntag_build = \ntag_date = 0\n\n"


def test_what_builds_make_is_in_no_commit(tmp_path, repository):
    release = TextRelease(
        "1.0",
        both={"inert/_version.py": VERSION_MODULE},
        wheel={"inert/_fast.cpython-311-x86_64-linux-gnu.so": NATIVE},
        sdist={"setup.cfg": SETTINGS},
        tag="cp311-cp311-manylinux_2_17_x86_64",
    )
    result = compared(tmp_path, repository, release)
    assert result.commit is not None
    assert result.commit.hits == ()
    assert (result.commit.files, result.commit.same) == (4, 4)
    assert result.commit.remarks == ("1 compiled file is in no commit",)


def test_a_generated_file_of_which_the_commit_has_a_draft_is_told():
    blob = Blob("setup.cfg", "build", "1", "", "", "generated", in_wheel=False)
    found = compared_with_commit([blob], {"setup.cfg": "2"}, "https://code.example/x", "0" * 40)
    assert found.hits == ()
    assert found.remarks == ("written anew by the build, so not compared: setup.cfg",)


def test_native_code_in_a_pure_wheel_and_what_only_the_sdist_would_run_are_looked_up_too(tmp_path, repository):
    release = TextRelease(
        "1.0",
        wheel={"inert/helper.so": NATIVE},
        sdist={
            "setup.py": "import os\n\nos.system('true')\n",
            "setup.cfg": "[build_ext]\ninplace = 1\n",
            "m4/build-to-host.m4": "AC_DEFUN([x])\n",
            "docs/more.rst": "more\n",
        },
    )
    result = compared(tmp_path, repository, release)
    assert result.commit is not None
    assert {(hit.rule, hit.path) for hit in result.commit.hits} == {
        ("commit-only", path) for path in ("inert/helper.so", "setup.py", "setup.cfg", "m4/build-to-host.m4")
    }
    assert (result.commit.files, result.commit.same) == (5, 4)


def test_line_ends_are_benign(tmp_path, repository):
    release = TextRelease("1.0", both={"inert/core.py": CORE_TEXT.replace("\n", "\r\n")})
    result = compared(tmp_path, repository, release)
    assert result.commit is not None
    assert (result.commit.files, result.commit.same) == (4, 4)


def test_line_ends_of_the_commit_are_benign(tmp_path, repository):
    folder = tmp_path / "repository"
    for path in folder.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    git(folder, "-c", "core.autocrlf=false", "commit", "-aqm", "third")
    result = compared(tmp_path, (repository[0], git(folder, "rev-parse", "HEAD")), HARMLESS)
    assert result.commit is not None
    assert (result.commit.files, result.commit.same, result.commit.hits) == (4, 4, ())


def test_only_trees_are_fetched(tmp_path, repository):
    url, commit = repository
    folder = tmp_path / "fetched"
    folder.mkdir()
    tree = list_tree(parse_commit_url(f"git+{url}@{commit}"), str(folder), ENVIRON)
    assert "src/inert/core.py" in tree.blobs
    assert "later.txt" not in tree.blobs
    assert not any(path.name == "core.py" for path in folder.rglob("*"))


def test_other_objects_of_a_repository_are_no_commits(tmp_path, repository):
    url, commit = repository
    folder = tmp_path / "repository"
    tag = git(folder, "rev-parse", git(folder, "tag", "-a", "-m", "x", "v1") or "v1")
    for number, other in enumerate((git(folder, "rev-parse", f"{commit}^{{tree}}"), tag)):
        place = tmp_path / str(number)
        place.mkdir()
        with pytest.raises(BuildError, match=r"is no commit but a (tree|tag)|fetch failed"):
            list_tree(parse_commit_url(f"git+{url}@{other}"), str(place), ENVIRON)


@pytest.mark.parametrize("revision", ["main", "v1.0", "0123456", ""])
def test_a_tag_is_never_believed(revision):
    with pytest.raises(UsageError, match=r"--commit https://code\.example/x"):
        parse_commit(f"https://code.example/x@{revision}")


def test_credentials_before_the_commit_are_no_odd_password_and_are_not_shown(capsys):
    assert run(["diff", "inert-1.0.tar.gz", "--commit", "https://user:secret@code.example/x@v1.0"]) == 2
    told = capsys.readouterr().err
    assert "'v1.0' is no full commit id" in told
    assert "secret" not in told


def test_nothing_to_compare_is_nothing():
    found = compared_with_commit([], {"a": "b"}, "https://code.example/x", "0" * 40)
    assert (found.files, found.same, found.hits) == (0, 0, ())
