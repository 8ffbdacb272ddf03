"""One digest for the same archives, whatever else differs; another one for every other byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from peep.environment.scheme_paths import scheme_paths_of
from peep.proof.digest import environment_digest, neutral_program
from support.fake_index import FakeIndex
from support.proving_ground import Ground, flipped, overwrite, pip, proving_ground, run_python, usual_projects
from support.wheels import wheel_filename


@pytest.fixture
def index():
    with FakeIndex(usual_projects()) as running:
        yield running


def ground_in(folder: Path, index: FakeIndex, *names: str, **changes: object) -> Ground:
    folder.parent.mkdir(parents=True, exist_ok=True)
    ground = proving_ground(folder, index, usual_projects(), [])
    ground.pin(*names)
    ground.install(**changes)
    return ground


def test_folder_order_link_mode_bytecode_and_mirror_make_no_difference(tmp_path: Path, index: FakeIndex):
    first = ground_in(tmp_path / "a", index, "alpha", "beta")
    second = ground_in(tmp_path / "another, much longer folder" / ("x" * 120), index, "beta")
    second.pin("beta", "alpha")
    second.install(link_mode="copy", compile=True)
    run_python(first, "-c", "import alpha")
    with FakeIndex(usual_projects()) as mirror:
        third = ground_in(tmp_path / "c", mirror, "alpha")
        shutil.rmtree(os.environ["PEEP_STORE"])
        third.pin("alpha", "beta")
        third.install(force_reinstall=True)
        digests = {ground.digest() for ground in (first, second, third)}

    assert len(digests) == 1


def test_a_direct_url_and_an_index_make_no_difference(tmp_path: Path, index: FakeIndex):
    first = ground_in(tmp_path / "a", index, "beta")
    second = proving_ground(tmp_path / "b", index, usual_projects(), [])
    pinned = first.requirements.read_text().partition(" ")[2]
    url = index.file_url("beta", wheel_filename("beta", "1.0"))
    second.requirements.write_text(f"beta @ {url} {pinned}")
    second.install()

    assert (second.site / "beta-1.0.dist-info" / "direct_url.json").exists()
    assert first.digest() == second.digest()


def test_another_interpreter_name_of_the_same_environment_makes_no_difference(tmp_path: Path, index: FakeIndex):
    first = ground_in(tmp_path / "a", index, "alpha")
    second = proving_ground(tmp_path / "b", index, usual_projects(), [])
    second.target = replace(second.target, python=str(second.scripts / "python3"))
    second.pin("alpha")
    second.install()

    assert b"python3\n" in (second.scripts / "alpha").read_bytes()
    assert first.digest() == second.digest()


def test_every_byte_of_code_counts(tmp_path: Path, index: FakeIndex):
    ground = ground_in(tmp_path / "a", index, "alpha", "beta")
    expected = ground.digest()
    left_out = {"RECORD", "INSTALLER", "REQUESTED", "provenance_url.json"}
    seen = 0
    for path in ground.installed_files():
        if path.name in left_out:
            continue
        content = path.read_bytes()
        for position in {0, len(content) // 2, len(content) - 1} if content else ():
            overwrite(path, flipped(content, position))
            assert ground.digest() != expected, (path, position)
            seen += 1
        overwrite(path, content)
    assert seen > 30
    assert ground.digest() == expected


@pytest.mark.parametrize("name", ["evil.pth", "alpha/evil.py", "__init__.py", "evil-1.0.dist-info/METADATA", "new.pyc"])
def test_what_is_added_counts(tmp_path: Path, index: FakeIndex, name: str):
    ground = ground_in(tmp_path / "a", index, "alpha")
    expected = ground.digest()
    path = ground.site / name
    path.parent.mkdir(exist_ok=True)
    path.touch()

    assert ground.digest() != expected


def test_links_and_programs_count_and_the_interpreter_does_not(tmp_path: Path, index: FakeIndex):
    ground = ground_in(tmp_path / "a", index, "alpha")
    expected = ground.digest()
    (ground.scripts / "python3.99").symlink_to(os.path.realpath(ground.target.python))
    assert ground.digest() == expected
    (ground.site / "evil.pth").symlink_to("/etc/hostname")
    with_link = ground.digest()
    (ground.scripts / "tool").write_text("#!/bin/sh\n")

    assert len({expected, with_link, ground.digest()}) == 3


def test_pip_counts_as_any_other_project(tmp_path: Path, index: FakeIndex):
    ground = ground_in(tmp_path / "a", index, "alpha")
    expected = ground.digest()
    wheel = tmp_path / wheel_filename("gamma", "1.0")
    wheel.write_bytes(usual_projects()["gamma"][wheel.name])
    pip(ground, "install", "--no-index", str(wheel))
    assert ground.digest() != expected
    pip(ground, "uninstall", "--yes", "gamma")

    assert ground.digest() == expected


@pytest.mark.parametrize(
    ("content", "neutral"),
    [
        (b"#!/env/bin/python\nimport x\n", b"#!python\nimport x\n"),
        (b"#!/env/bin/python3.11\nimport x\n", b"#!python\nimport x\n"),
        (b"#!/bin/sh\n'''exec' '/e v/bin/python' \"$0\" \"$@\"\n' '''\nimport x\n", b"#!python\nimport x\n"),
        (b"#!/other/bin/python\nimport x\n", None),
        (b"#!/env/bin/python -x\nimport x\n", None),
        (b"#!/env/bin/evil\nimport x\n", None),
        (b"#!/bin/sh\n'''exec' '/other/python' \"$0\" \"$@\"\n' '''\nimport x\n", None),
        (b"#!/bin/sh\nexec /env/bin/python\n", None),
        (b"\x7fELF", None),
        (b"", None),
    ],
)
def test_only_the_place_of_the_environments_interpreter_is_left_out(content: bytes, neutral: bytes | None):
    scripts = "/e v/bin" if b"/e v/" in content else "/env/bin"

    assert neutral_program(content, f"{scripts}/python", scripts) == (content if neutral is None else neutral)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs coreutils")
def test_the_recipe_in_the_documentation_gives_the_same(tmp_path: Path, index: FakeIndex):
    """The shell lines of docs/environment-digest.md, run as they stand there."""
    ground = ground_in(tmp_path / "a", index, "alpha", "beta")
    run_python(ground, "-c", "import alpha")
    (ground.site / "with\\backslash.txt").write_text("x")
    text = (Path(__file__).parents[2] / "docs" / "environment-digest.md").read_text("utf-8")
    script = text.partition("## Recipe\n")[2].partition("```sh\n")[2].partition("```")[0]
    environ = {**os.environ, "VENV": ground.target.prefix}
    ended = subprocess.run(["sh", "-ec", script], env=environ, capture_output=True, text=True, check=True)

    assert ended.stdout.split() == [ground.digest(), "-"]


def test_the_lines_are_sorted_and_sum_up(tmp_path: Path, index: FakeIndex):
    found = environment_digest(scheme_paths_of(ground_in(tmp_path / "a", index, "alpha").target))
    names = [line[66:] for line in found.lines]

    assert names == sorted(names)
    assert "bin/alpha" in names
    assert "share/alpha/notes.txt" in names
    assert hashlib.sha256("".join(f"{line}\n" for line in found.lines).encode()).hexdigest() == found.hex
