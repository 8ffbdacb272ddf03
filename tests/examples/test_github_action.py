"""The composite action and the workflow that shows it: their scripts taken out of the YAML and run by bash."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.small_project import index, programs, project

yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.skipif(not shutil.which("bash") or os.name == "nt", reason="no bash")

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
WORKFLOW = yaml.safe_load((ROOT / "examples" / "github-action" / "workflow.yml").read_text("utf-8"))
STEPS = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


class Runner:
    """What runs a composite action, as far as its scripts see: inputs, the temporary folder, the files of commands."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = {**environ, "GITHUB_PATH": str(folder / "path"), "GITHUB_OUTPUT": str(folder / "output")}
        self.printed = ""
        (folder / "temp").mkdir(parents=True)

    def uses(self, **given: str) -> int:
        """Run all steps with these inputs; the status of the first that fails, else 0."""
        inputs = {name: given.pop(name.replace("-", "_"), one["default"]) for name, one in ACTION["inputs"].items()}
        assert not given
        known = {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {"runner.temp": str(self.folder / "temp"), "github.action_path": str(ROOT)}
        for step in STEPS:
            if "if" in step and not known[step["if"].split()[0]]:
                continue
            if status := self._run(step, known):
                return status
            written = Path(self.environ["GITHUB_OUTPUT"]).read_text().splitlines()
            known |= {f"steps.{step.get('id')}.outputs.{line.split('=')[0]}": line.split("=", 1)[1] for line in written}
        return 0

    def _run(self, step: dict[str, Any], known: dict[str, str]) -> int:
        assert step["shell"] == "bash"
        variables = {name: EXPRESSION.sub(lambda one: known[one[1]], value) for name, value in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={**self.environ, **variables},
            cwd=EXPRESSION.sub(lambda one: known[one[1]], step.get("working-directory", ".")),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.printed += done.stdout + done.stderr
        return done.returncode


def lines_of_the_example() -> str:
    steps = WORKFLOW["jobs"]["installed-as-vetted"]["steps"]
    (given,) = [step["with"]["commands"] for step in steps if step.get("uses", "").startswith("OWNER/")]
    return str(given)


def test_no_input_is_pasted_into_a_script() -> None:
    """Whoever opens a pull request may choose what is in it; a script would run that."""
    assert [step["run"] for step in STEPS if "${{" in step["run"]] == []
    named = {one for step in STEPS for value in step["env"].values() for one in EXPRESSION.findall(value)}
    used = {f"inputs.{name}" for name in ACTION["inputs"]}
    assert used - named == {"inputs.working-directory"}
    assert ACTION["runs"]["using"] == "composite"


def test_every_action_that_the_example_uses_is_named_by_a_commit_and_nothing_may_be_written() -> None:
    (job,) = WORKFLOW["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]

    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []
    assert WORKFLOW["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}


def test_the_lines_of_the_example_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with index() as running:
        project(tmp_path, running)
        digest = hashlib.sha256((tmp_path / "tools" / "peep.pyz").read_bytes()).hexdigest()
        runner = Runner(tmp_path / "runner", {**programs(tmp_path / "bin"), "PIP_INDEX_URL": running.simple_url})
        subprocess.run([tmp_path / "bin" / "python", "-m", "venv", "--without-pip", ".venv"], check=True)
        lines = lines_of_the_example().replace("advisories fetch", "# nothing is fetched here")
        status = runner.uses(one_file="tools/peep.pyz", sha256=digest, commands=lines)

    told = runner.printed
    assert "installed 2; every archive verified" in told
    assert re.findall(r"::group::peep (\S+)", told) == ["lock", "vetting", "install", "verify", "audit"]
    assert status == 4, told  # no advisories: not judged, and no success
    assert "::error::peep audit --format github -r requirements.txt: exit status 4" in told
    assert Path(runner.environ["GITHUB_PATH"]).read_text() == f"{tmp_path}/runner/temp/peep/bin\n"


def test_another_one_file_than_the_pinned_one_runs_nothing(tmp_path: Path) -> None:
    one_file = tmp_path / "peep.pyz"
    one_file.write_text("print('it ran')\n")
    runner = Runner(tmp_path / "runner", programs(tmp_path / "bin"))

    assert runner.uses(one_file=str(one_file), sha256="0" * 64, commands="--version") == 1
    assert "has the sha256" in runner.printed
    assert "it ran" not in runner.printed


def test_words_of_a_line_are_words_and_nothing_else(tmp_path: Path) -> None:
    one_file = tmp_path / "peep.pyz"
    one_file.write_text("import sys\nprint(sys.argv[1:])\n")
    runner = Runner(tmp_path / "runner", programs(tmp_path / "bin"))

    assert runner.uses(one_file=str(one_file), commands="\n  # not this\n a $(touch x) * ;b\n\nlast") == 0
    assert "['a', '$(touch', 'x)', '*', ';b']" in runner.printed
    assert "['last']" in runner.printed


@pytest.mark.network
@pytest.mark.slow
def test_the_source_of_the_action_runs_with_libraries_that_hashes_vouch_for(
    tmp_path: Path, machine_environment: dict[str, str]
) -> None:
    path = programs(tmp_path / "bin")["PATH"]
    runner = Runner(tmp_path / "runner", {**machine_environment, "PATH": path, "PYTHONPATH": ""})

    status = runner.uses(commands="hash action.yml", working_directory=str(ROOT))
    if status and "Could not find a version" in runner.printed:
        pytest.skip("no index")
    assert status == 0, runner.printed
    assert "# sha256: " in runner.printed
