"""Installs that have to build: what runs when, what is asked for, what is kept (issue 4)."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from peep.errors import (
    BackendFailed,
    HashMismatch,
    InstallRefused,
    MissingBuildRequirement,
    NoUsableFile,
    OmittedDependency,
    PeepError,
    RequirementsErrors,
)
from peep.pipeline.options import GivenIndexes, SourceOptions, TargetOptions
from support.build_machine import BuildMachine, committed, git, project_folder
from support.fake_index import FakeIndex
from support.misbehaviour import SlowLoris
from support.wheels import sdist_bytes, wheel_bytes


@pytest.fixture
def machine(tmp_path):
    with FakeIndex({}) as index:
        yield BuildMachine(tmp_path, index)


def test_t13_no_backend_runs_before_the_last_archive_is_verified(machine):
    """A slow, bad archive behind a fast, good sdist: the good one's side effect must not exist."""
    machine.sdist("good")
    machine.publish("bad", "bad-1.0-py3-none-any.whl", wheel_bytes("bad", "1.0", files={}), right=False)
    machine.index.misbehave(machine.index.file_path("bad", "bad-1.0-py3-none-any.whl"), SlowLoris(0.001))
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    assert [type(problem) for problem in caught.value.problems] == [HashMismatch]
    assert not machine.mark.exists()
    assert machine.installed() == []
    del machine.lines[1]
    machine.install()
    assert machine.mark.exists()


def test_a_missing_build_requirement_is_told_together_with_everything_else(machine):
    machine.sdist("good", requires=["saw>=0.5"])
    machine.publish("bad", "bad-1.0-py3-none-any.whl", wheel_bytes("bad", "1.0"), right=False)
    saw = wheel_bytes("saw", "1.0")
    machine.index.content.projects["saw"] = {"saw-1.0-py3-none-any.whl": saw}
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    problems = {type(problem): problem for problem in caught.value.problems}
    assert problems.keys() == {HashMismatch, MissingBuildRequirement}
    missing = problems[MissingBuildRequirement]
    assert (missing.sdist, missing.requirement, missing.chain) == ("good-1.0.tar.gz", "saw>=0.5", ("good", "saw"))
    assert missing.suggestion == ("saw==1.0 \\", f"    --hash=sha256:{hashlib.sha256(saw).hexdigest()}")
    assert not machine.mark.exists()


def test_an_omitted_dependency_is_told_before_anything_is_built_where_metadata_says_so(machine):
    machine.publish("good", "good-1.0.tar.gz", sdist_bytes("good", "1.0", requires=["absent>=2"]))
    machine.sdist("other", requires=["saw"])
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    assert {type(problem) for problem in caught.value.problems} == {OmittedDependency, MissingBuildRequirement}
    assert machine.builds() == []


@pytest.mark.parametrize("where", ["option", "directive", "pins"])
def test_build_requirements_are_pinned_in_either_of_three_places(machine, where):
    machine.sdist("good", requires=["saw"])
    saw = wheel_bytes("saw", "1.0")
    machine.index.content.projects["saw"] = {"saw-1.0-py3-none-any.whl": saw}
    line = machine.line("saw", saw)
    (machine.folder / "build.txt").write_text(line)
    if where == "option":
        machine.install(constraint_files=(str(machine.folder / "build.txt"),))
    elif where == "directive":
        machine.install("# peep: --build-constraint build.txt")
    else:
        machine.install(line)
    assert machine.mark.exists()
    assert "good" in machine.installed()
    assert ("saw" in machine.installed()) == (where == "pins")


def saws(machine, *versions):
    """Publish the build tool `saw` in these versions; gives back a line of build constraints for each."""
    archives = {version: wheel_bytes("saw", version) for version in versions}
    machine.index.content.projects["saw"] = {
        f"saw-{version}-py3-none-any.whl": content for version, content in archives.items()
    }
    return [machine.line("saw", content).replace("1.0", version, 1) for version, content in archives.items()]


def test_two_builds_that_want_different_versions_of_one_tool_are_both_served(machine):
    """What is missing is offered for all builds at once; the lines as offered are all that it takes."""
    lines = saws(machine, "1.0", "2.0", "3.0")
    machine.sdist("good", requires=["saw==1.0"])
    machine.sdist("other", requires=["saw==2.0"])
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    suggested = {problem.requirement: problem.suggestion for problem in caught.value.problems}
    expected = {f"saw=={version}": line.split(" ")[1] for version, line in zip(("1.0", "2.0"), lines, strict=False)}
    assert suggested == {text: (f"{text} \\", f"    {digest}") for text, digest in expected.items()}
    assert not machine.mark.exists()
    (machine.folder / "build.txt").write_text("".join("\n".join(text) + "\n" for text in suggested.values()))
    machine.install("# peep: --build-constraint build.txt")
    assert {"good", "other"} <= set(machine.installed())
    assert sorted(machine.builds()) == ["building good-1.0.tar.gz", "building other-1.0.tar.gz"]


def test_one_version_in_two_files_lists_the_hashes_of_both(machine):
    """Lines of one version say one thing, as in a requirements file: only what all of them list counts."""
    [line] = saws(machine, "1.0")
    machine.sdist("good", requires=["saw"])
    (machine.folder / "build.txt").write_text(f"{line}\nsaw==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(RequirementsErrors, match="lists no hash that"):
        machine.install("# peep: --build-constraint build.txt")


def test_a_build_constraint_without_a_version_holds_for_what_the_run_pins(machine):
    """Not dropped: the run's own saw is too old for the build."""
    [line] = saws(machine, "1.0")
    machine.sdist("good", requires=["saw"])
    (machine.folder / "build.txt").write_text("saw>=2\n")
    with pytest.raises(InstallRefused) as caught:
        machine.install("# peep: --build-constraint build.txt", line)
    [problem] = caught.value.problems
    assert (problem.requirement, problem.reason) == ("saw", "no build constraint pins it")
    (machine.folder / "build.txt").write_text("saw<2\n")
    machine.install("# peep: --build-constraint build.txt", line)
    assert machine.mark.exists()


def test_a_build_constraint_that_means_no_archive_is_an_error(machine):
    machine.sdist("good")
    (machine.folder / "build.txt").write_text("-e ./saw#egg=saw\noil @ git+https://repository.example/oil@main\n")
    with pytest.raises(RequirementsErrors, match=r"build\.txt:1: a folder has no hash") as caught:
        machine.install("# peep: --build-constraint build.txt")
    assert len(caught.value.errors) == 2


@pytest.mark.parametrize("where", ["option", "directive"])
def test_what_a_project_forgot_to_declare_is_asked_for_and_pinned_like_all_tools(machine, where):
    [line] = saws(machine, "1.0")
    machine.sdist("good")
    head = ["# peep: --build-requirement Good: saw>=1"] * (where == "directive")
    given = {"requirements": ("Good: saw>=1",)} if where == "option" else {}
    with pytest.raises(InstallRefused) as caught:
        machine.install(*head, **given)
    assert [(problem.requirement, problem.chain) for problem in caught.value.problems] == [("saw>=1", ("good", "saw"))]
    (machine.folder / "build.txt").write_text(line)
    machine.install("# peep: --build-constraint build.txt", *head, **given)
    assert machine.mark.exists()


def test_what_a_project_forgot_to_declare_may_stand_in_the_settings(machine):
    [line] = saws(machine, "1.0")
    machine.sdist("good")
    (machine.folder / "peep.toml").write_text('[build-requirements]\nGood = ["saw>=1"]\n')
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    assert [problem.requirement for problem in caught.value.problems] == ["saw>=1"]
    (machine.folder / "build.txt").write_text(line)
    machine.install("# peep: --build-constraint build.txt")
    assert machine.mark.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[build-requirements]\ngood = [">>"]\n', r"peep\.toml:1: the build requirement '>>' of good cannot be read"),
        ('build-path = ["nowhere"]\n', r"nowhere is no folder"),
    ],
)
def test_settings_for_builds_that_mean_nothing_are_usage_errors(machine, text, message):
    machine.sdist("good")
    (machine.folder / "peep.toml").write_text(text)
    with pytest.raises(PeepError, match=message) as caught:
        machine.install()
    assert caught.value.exit_status == 2
    assert not machine.mark.exists()


def test_a_build_requirement_of_a_project_that_nobody_knows_is_told(machine):
    machine.sdist("good")
    machine.install("# peep: --build-requirement goood: saw")
    assert machine.told.warnings == ["--build-requirement names goood, which is neither listed nor a build tool"]


@pytest.mark.parametrize("value", ["saw", "good:", "good: >>", ": saw", "go od: saw"])
def test_a_build_requirement_that_says_nothing_is_an_error_with_its_line(machine, value):
    machine.sdist("good")
    with pytest.raises(RequirementsErrors, match=r"requirements\.txt:1: ") as caught:
        machine.install(f"# peep: --build-requirement {value}")
    assert len(caught.value.errors) == 1


def test_a_second_install_builds_nothing(machine):
    machine.sdist("good")
    machine.install()
    (machine.folder / "target").rename(machine.folder / "elsewhere")
    machine.install()
    assert machine.builds() == ["building good-1.0.tar.gz"]
    assert machine.mark.read_text().split() == ["ran"] * 2  # both hooks of the one build
    assert "good" in machine.installed()


def test_nothing_is_built_for_another_platform_than_the_one_that_runs(machine):
    machine.sdist("good")
    machine.target = TargetOptions(platforms=("win_amd64",), python_version="3.11")
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    [problem] = caught.value.problems
    assert isinstance(problem, NoUsableFile)
    assert "list the hash of a wheel" in problem.reason
    assert not machine.mark.exists()


def test_a_failing_backend_leaves_the_target_as_it_was(machine):
    machine.sdist("good", failing=True)
    with pytest.raises(BackendFailed):
        machine.install()
    assert machine.installed() == []


def test_building_without_a_sandbox_is_said(machine):
    machine.sdist("good")
    machine.install()
    assert "builds run without a sandbox (--no-sandbox)" in machine.told.notes


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@needs_git
def test_a_commit_is_installed_once_and_recorded(machine):
    """The commit is the pin: what was installed from it is as listed, and no repository is asked again."""
    folder = project_folder(machine.folder / "good.git")
    commit = committed(folder)
    machine.lines.append(f"good @ git+{folder.as_uri()}@{commit}")
    assert len(machine.install().plan.link) == 1
    assert machine.recorded_origin() == {"url": folder.as_uri(), "vcs_info": {"vcs": "git", "commit_id": commit}}
    shutil.rmtree(folder)
    again = machine.install()
    assert again.plan.is_empty
    assert [kept.name for kept in again.plan.keep] == ["good"]
    assert len(machine.builds()) == 1


@needs_git
def test_another_commit_or_subdirectory_is_installed_anew(machine):
    folder = project_folder(machine.folder / "good.git")
    shutil.copytree(folder, folder / "inner")
    commit = committed(folder)
    machine.lines.append(f"good @ git+{folder.as_uri()}@{commit}")
    machine.install()
    machine.lines[0] += "#subdirectory=inner"
    machine.install()
    assert machine.recorded_origin()["subdirectory"] == "inner"
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "two")
    other = git(folder, "rev-parse", "HEAD")
    machine.lines[0] = machine.lines[0].replace(commit, other)
    machine.install()
    assert machine.recorded_origin()["vcs_info"]["commit_id"] == other
    assert len(machine.builds()) == 3
    assert machine.install().plan.is_empty


@needs_git
def test_a_branch_and_a_commit_that_is_not_there_are_problems(machine):
    folder = project_folder(machine.folder / "good.git")
    git(folder, "init", "--quiet", "-b", "main")
    machine.lines.append(f"good @ git+{folder.as_uri()}@main")
    with pytest.raises(InstallRefused, match="not proceeding") as caught:
        machine.install()
    assert "can move" in caught.value.problems[0].reason
    machine.lines[0] = f"good @ git+{folder.as_uri()}@{'1' * 40}"
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    assert "git fetch failed" in caught.value.problems[0].reason


def lock_of_paths(machine, *names):
    """A lock file whose archives lie beside it, as a bundle has them."""
    entries = []
    for name in names:
        [(filename, content)] = machine.index.content.projects[name].items()
        (machine.folder / filename).write_bytes(content)
        hashes = f'hashes = {{ sha256 = "{hashlib.sha256(content).hexdigest()}" }}'
        entries.append(f'[[packages]]\nname = "{name}"\nversion = "1.0"\nsdist = {{ path = "{filename}", {hashes} }}\n')
    path = machine.folder / "pylock.toml"
    path.write_text('lock-version = "1.0"\ncreated-by = "test"\n' + "".join(entries))
    return SourceOptions(requirement_files=(str(path),))


def test_a_lock_of_paths_needs_no_index_as_long_as_no_build_does(machine):
    machine.sdist("good")
    machine.indexes = GivenIndexes(no_index=True)
    machine.install_from(lock_of_paths(machine, "good"))
    assert machine.mark.exists()
    assert not machine.index.requests


def test_what_a_build_needs_and_no_index_may_be_asked_for_is_named(machine):
    machine.sdist("good", requires=["saw"])
    (machine.folder / "build.txt").write_text(machine.line("saw", b"any"))
    machine.indexes = GivenIndexes(no_index=True)
    with pytest.raises(InstallRefused) as refused:
        machine.install_from(lock_of_paths(machine, "good"), constraint_files=(str(machine.folder / "build.txt"),))
    [problem] = refused.value.problems
    assert isinstance(problem, NoUsableFile)
    assert (problem.pin.name, problem.reason) == (
        "saw",
        "there is no index to ask, and building good-1.0.tar.gz needs it",
    )
    assert not machine.mark.exists()
