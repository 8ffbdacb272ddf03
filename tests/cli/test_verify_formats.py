"""What `peep verify` gives programs: JSON, and SARIF that code scanning services read."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from peep.cli.main import run
from peep.cli.verbs.verify import finding_lines, summary
from peep.model import TargetEnvironment
from peep.proof.findings import Finding, FindingKind, finding, ordered
from peep.proof.report import _EXPLANATIONS, sarif
from peep.workflows.verify import Verification
from support.fake_index import FakeIndex
from support.proving_ground import Ground, proving_ground, usual_projects


@pytest.fixture
def ground(tmp_path: Path):
    with FakeIndex(usual_projects()) as index:
        made = proving_ground(tmp_path, index, usual_projects(), ["alpha", "beta"])
        (made.site / "évil file%.pth").write_text("")
        (made.site / "beta.py").unlink()
        yield made


def printed(ground: Ground, style: str) -> dict:
    output = io.StringIO()
    with redirect_stdout(output):
        status = run(["verify", "--python", ground.target.python, "--format", style])
    assert status == 1
    return json.loads(output.getvalue())


def test_json_holds_findings_projects_and_digests(ground: Ground):
    report = printed(ground, "json")

    assert report["proven"] is False
    assert report["environment"]["prefix"] == ground.target.prefix
    assert [project["name"] for project in report["projects"]] == ["alpha", "beta"]
    assert report["projects"][1]["hashes"] == [f"sha256:{report['projects'][1]['wheel_sha256']}"]
    assert [(one["kind"], one["project"], one["path"].rpartition("/")[2]) for one in report["findings"]] == [
        ("added-startup-code", None, "évil file%.pth"),
        ("missing", "beta", "beta.py"),
    ]


def test_what_fix_leaves_is_said(ground: Ground, capsys: pytest.CaptureFixture[str]):
    said = "--fix puts back what is listed; what was added is left for you to remove\n"

    assert run(["verify", "--python", ground.target.python]) == 1
    assert said not in capsys.readouterr().out
    assert run(["verify", "--fix", "--python", ground.target.python]) == 1
    assert capsys.readouterr().out.endswith(f" files\n{said}")


def test_a_refusal_is_json_for_programs(ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "unpinned.txt").write_text("alpha\n")
    for style in ("json", "sarif"):
        words = ["verify", "--format", style, "--python", ground.target.python, "-r", str(tmp_path / "unpinned.txt")]
        assert run(words) == 1
        assert [one["kind"] for one in json.loads(capsys.readouterr().out)["problems"]] == ["unusable"]


def test_sarif_has_the_shape_of_its_specification(ground: Ground):
    log = printed(ground, "sarif")
    [sarif_run] = log["runs"]
    driver = sarif_run["tool"]["driver"]

    assert log["version"] == "2.1.0"
    assert (driver["name"], bool(driver["version"])) == ("peep", True)
    assert len(sarif_run["results"]) == 2
    root = sarif_run["originalUriBaseIds"]["ENVIRONMENT"]["uri"]
    assert unquote(urlsplit(root).path) == f"{ground.target.prefix}/"
    for result in sarif_run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place["uriBaseId"] == "ENVIRONMENT"
        assert not {" ", "é"} & set(place["uri"])
    named = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in sarif_run["results"]]
    assert Path(ground.target.prefix, unquote(named[0])).exists()


def test_an_empty_sarif_log_is_one_too():
    [sarif_run] = sarif([], "/env", "1.0", {})["runs"]

    assert sarif_run["results"] == []
    assert sarif_run["tool"]["driver"]["rules"] == []


def test_every_kind_is_explained_and_findings_outside_have_a_place():
    findings = [finding(kind, "x", path="/elsewhere/a b", project="p") for kind in FindingKind]
    [sarif_run] = sarif(findings, "/env", "1.0", {"p": "2"})["runs"]

    assert set(_EXPLANATIONS) == set(FindingKind)
    places = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in sarif_run["results"]}
    assert places == {"file:///elsewhere/a%20b"}
    assert {one["message"]["text"] for one in sarif_run["results"]} == {"p 2: x"}


def test_many_findings_are_cut_short_and_counted():
    paths = {"data": "/env", "purelib": "/env/lib"}
    target = TargetEnvironment("/env/bin/python", (3, 11, 0), "cpython", "/env", "/usr", paths)
    findings = [finding(FindingKind.ADDED, "no project owns it", path=f"/env/lib/{n:03}") for n in range(150)]
    verification = Verification(target, (), {}, ordered(findings), files=7)

    lines = finding_lines(verification, 100)

    assert len(lines) == 101
    assert lines[0] == "added: lib/000: no project owns it"
    assert lines[-1] == "... and 50 more (-v shows all)"
    assert len(finding_lines(verification, None)) == 150
    assert summary(verification) == "not proven: 150 findings in 7 files"


def test_findings_are_told_once_and_in_order():
    one = Finding("b", "/x", "added", "m")
    other = Finding("a", "/y", "changed", "m")

    assert ordered([one, other, one]) == (other, one)
