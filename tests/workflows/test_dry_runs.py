"""A dry run builds nothing: it tells what would be built, and what is known of that already."""

from __future__ import annotations

import json

import pytest

from peep.cli.output.install_output import ToldBeside, result_json, result_lines
from peep.errors import InstallRefused, MissingBuildRequirement, OmittedDependency
from peep.pipeline.installation_report import installation_report
from support.build_machine import BuildMachine
from support.fake_index import FakeIndex
from support.wheels import sdist_bytes, wheel_bytes


@pytest.fixture
def machine(tmp_path):
    with FakeIndex({}) as index:
        yield BuildMachine(tmp_path, index)


def lines(result):
    return result_lines(result.plan, ToldBeside(pending=result.pending), is_dry_run=True)


def test_what_needs_a_build_is_told_and_not_built(machine):
    machine.sdist("good", failing=True)
    machine.publish("plain", "plain-1.0-py3-none-any.whl", wheel_bytes("plain", "1.0"))
    result = machine.install(run={"dry_run": True, "report": "unused"})
    assert machine.builds() == []
    assert not machine.mark.exists()
    assert machine.installed() == []
    assert [line.partition(" (")[0] for line in lines(result)[:-1]] == ["+ good 1.0", "+ plain 1.0"]
    assert "to be built from good-1.0.tar.gz" in lines(result)[0]
    assert lines(result)[-1] == "would have built 1, installed 2; every archive verified"
    [told] = result_json(result.plan, is_dry_run=True, pending=result.pending)["to_build"]
    assert (told["name"], told["version"], len(told["hashes"])) == ("good", "1.0", 1)
    items = installation_report(result)["install"]
    assert {item["metadata"]["name"] for item in items} == {"good", "plain"}
    json.dumps(items)


def test_all_that_is_known_without_building_is_a_problem_all_the_same(machine):
    machine.publish("good", "good-1.0.tar.gz", sdist_bytes("good", "1.0", requires=["absent>=2"]))
    machine.sdist("other", requires=["saw"])
    with pytest.raises(InstallRefused) as caught:
        machine.install(run={"dry_run": True})
    assert {type(problem) for problem in caught.value.problems} == {OmittedDependency, MissingBuildRequirement}


def test_what_was_built_before_from_the_same_inputs_is_known(machine):
    machine.sdist("good")
    machine.install()
    (machine.folder / "target").rename(machine.folder / "elsewhere")
    result = machine.install(run={"dry_run": True})
    assert (result.pending, lines(result)[0]) == ((), "+ good 1.0")
    assert len(machine.builds()) == 1


def test_builds_can_be_asked_for(machine):
    machine.sdist("good")
    result = machine.install(run={"dry_run": True, "builds_anyway": True})
    assert result.pending == ()
    assert machine.builds() == ["building good-1.0.tar.gz"]
    assert machine.installed() == []
