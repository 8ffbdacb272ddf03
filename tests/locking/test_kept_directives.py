"""What a list says to peep stays when the list is made anew, or becomes another format."""

from __future__ import annotations

import pytest

from peep.errors import UsageError
from peep.locking.kept_directives import directive_keys, directive_lines, kept_directives, moved_directives
from peep.model import Location
from peep.requirements.pinned_set import Directive


def directive(option: str, value: str = "") -> Directive:
    return Directive(option, value, Location("list.txt", 1))


def test_demands_of_sources_and_what_people_wrote_into_the_list_stay():
    sources = [directive("--require-examined"), directive("--vetting", "../vetting"), directive("--refuse-malware")]
    present = [
        directive("--locked-for", "cp312-win_amd64"),
        directive("--build-constraint", "build.txt"),
        directive("--vetting", "vetting"),
        directive("--refuse-malware"),
    ]

    kept = kept_directives(sources, present)

    assert list(directive_lines(kept)) == [
        "# peep: --refuse-malware",
        "# peep: --require-examined",
        "# peep: --vetting=vetting",
    ]


def test_keys_of_a_lock_file_say_the_same():
    kept = [("--build-requirement", "a: b"), ("--build-requirement", "c: d"), ("--refuse-malware", "")]

    assert directive_keys(kept) == {"build-requirement": ["a: b", "c: d"], "refuse-malware": True}


def test_one_key_cannot_hold_a_demand_with_a_value_and_without():
    with pytest.raises(UsageError, match="--require-examined both with a value and without"):
        directive_keys([("--require-examined", ""), ("--require-examined", "safe-to-deploy")])


@pytest.mark.parametrize("to_other_folder", [True, False])
def test_relative_paths_do_not_move_to_another_folder(to_other_folder: bool):
    stated = [
        directive("--locked-for", "cp312-win_amd64"),
        directive("--bundle", "vendor"),
        directive("--bundle", "https://bundles.example/vendor"),
        directive("--require-sandbox"),
    ]

    kept, unkept = moved_directives(stated, to_other_folder=to_other_folder)

    assert unkept == (["# peep: --bundle=vendor"] if to_other_folder else [])
    assert (("--bundle", "vendor") in kept) is not to_other_folder
    assert {("--bundle", "https://bundles.example/vendor"), ("--require-sandbox", "")} < {*kept, ("", "")}
