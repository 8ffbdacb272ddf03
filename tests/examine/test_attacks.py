"""Imitations of published attacks: named by a rule, and first in the reading list whether named or not."""

import pytest

from peep.examine.rules import grade_of
from peep.examine.types import RUNS, moment_rank
from support.attacks import ATTACKS
from support.comparing import compared_releases, rules_of
from support.later_attacks import LATER
from support.loader_attacks import LOADERS
from support.releases import CORE_TEXT, HARMLESS, TextRelease

READ_LAST = {"test", "doc", "data"}


@pytest.mark.parametrize("attack", [*ATTACKS, *LOADERS, *LATER], ids=lambda attack: attack.name)
def test_named_and_read_first(attack, tmp_path):
    found = compared_releases(tmp_path, attack.old or HARMLESS, attack.release)
    fired = {rule for rule in rules_of(found.signals) if grade_of(rule) != "note"}
    assert fired & set(attack.rules) or not attack.rules, fired
    listed = [change.path for change in found.changes]
    last = [change.path for change in found.changes if change.moment in READ_LAST]
    for path in (one.replace("{info}", attack.release.dist_info) for one in attack.payload):
        assert path in listed
        is_code = next(change.moment in RUNS for change in found.changes if change.path == path)
        assert not is_code or all(listed.index(path) < listed.index(other) for other in last)


def test_all_but_two_are_named_by_a_rule():
    """`dropped-check` can only be seen by reading; `unsolicited-release` only by how it was packed."""
    assert len(ATTACKS) >= 33
    assert [attack.name for attack in ATTACKS if not attack.rules] == ["dropped-check"]
    assert [attack.name for attack in ATTACKS if attack.rules == ("made-differently",)] == ["unsolicited-release"]


def test_a_harmless_release_says_nothing(tmp_path):
    new = TextRelease("1.1", both={"inert/core.py": "def add(one, other):\n    return other + one\n"})
    found = compared_releases(tmp_path, HARMLESS, new)
    assert (found.signals, found.folded, found.capabilities, found.made, found.not_analysed) == ((), (), (), (), ())
    moments = {change.path: change.moment for change in found.changes}
    assert moments == {"inert/core.py": "import", "inert-1.1.dist-info/METADATA": "metadata"}


def test_a_test_that_becomes_sitecustomize_is_listed_first(tmp_path):
    text = "import os\n\nos.getcwd()\n"
    old = TextRelease("1.0", sdist={"tests/x.py": text})
    new = TextRelease("1.1", sdist={"tests/x.py": text}, wheel={"sitecustomize.py": text})
    found = compared_releases(tmp_path, old, new)
    first = found.changes[0]
    assert (first.path, first.old_path, first.status, first.moment) == (
        "sitecustomize.py",
        "tests/x.py",
        "moved",
        "startup",
    )
    assert {"startup-code", "wheel-elsewhere"} <= rules_of(found.signals)
    assert moment_rank(first.moment) == 0


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("", "import numpy\n\n\ndef go(path):\n    return numpy.load(path)\n"),
        ("", "def go(table):\n    return table.safe_sort(verify=False)\n"),
        ("", "RUN = {'a': print}\nRUN['a']('true')\n"),
        ("", "PATH = ROOT / 'data' / 'names.txt'\n"),
        ("A = 'https://api.inert.example'\n", "A = 'https://www.inert.example'\n"),
        ("A = 'https://inert1.example'\n", "A = 'https://inert2.example'\n"),
        ("A = 'https://inert-service.example'\n", "A = 'https://another.example'\n"),
        ("ssl.verify_mode = CERT\n", "ssl.verify_mode = CERT_REQUIRED\nssl.check_hostname = True\n"),
    ],
)
def test_what_looks_like_an_attack_and_is_none(tmp_path, before, now):
    old, new = (
        TextRelease(version, both={"inert/core.py": f"{CORE_TEXT}\n\n{text}"})
        for version, text in (("1.0", before), ("1.1", now))
    )
    assert compared_releases(tmp_path, old, new).signals == ()


def test_programs_that_builds_start_as_a_rule(tmp_path):
    sdist = {
        "CMakeLists.txt": "execute_process(COMMAND git describe)\n",
        "meson.build": "project('inert', version: run_command('git', 'describe').stdout())\n",
        "build.rs": 'fn main() { Command::new("rustc").spawn().unwrap(); }\n',
    }
    assert compared_releases(tmp_path, HARMLESS, TextRelease("1.1", sdist=sdist)).signals == ()
