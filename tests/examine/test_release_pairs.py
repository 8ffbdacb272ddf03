"""The corpus of real release pairs: how many of them rules, capabilities and habits say anything of.

All of them are measured by `benchmarks/release_pairs.py`; here the manifest is held to its size, and a few pairs to
what is known of them, where the index that pip is configured with answers.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from peep.examine.rules import grade_of
from support.comparing import compared, rules_of

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line.split("\t")
    for line in (ROOT / "benchmarks" / "release_pairs.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def versions():
    found = {}
    for project, version, *_ in ROWS:
        found.setdefault(project, []).append(version)
    return {project: list(dict.fromkeys(listed)) for project, listed in found.items()}


def test_the_manifest_is_large_enough_and_names_bytes():
    found = versions()
    assert len(found) >= 50
    assert sum(len(listed) - 1 for listed in found.values()) >= 150
    assert all(re.fullmatch(r"[0-9a-f]{64}", row[3]) for row in ROWS)
    assert all(row[2].endswith((".whl", ".tar.gz", ".zip")) for row in ROWS)


def fetched(folder, environment, project, version):
    """The archives of one release, with the digests of the manifest."""
    for _, _, filename, sha256 in (row for row in ROWS if row[:2] == [project, version]):
        kind = "--only-binary" if filename.endswith(".whl") else "--no-binary"
        command = [sys.executable, "-m", "peep", "-q", "download", "-r", "-", "-d", str(folder), kind, ":all:"]
        line = f"{project}=={version} --hash=sha256:{sha256}\n".encode()
        subprocess.run([*command, "--no-check-dependencies"], input=line, env=environment, check=True)
    return folder


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize(
    ("project", "old", "new", "expected"),
    [
        ("psutil", "7.2.1", "7.2.2", {("wheel-differs", "psutil/__init__.py")}),
        ("idna", "3.19", "3.20", set()),
        ("iniconfig", "2.3.0", "2.3.1", set()),
        ("jinja2", "3.1.5", "3.1.6", set()),
    ],
)
def test_what_is_said_of_real_pairs(tmp_path, machine_environment, project, old, new, expected):
    before = fetched(tmp_path / "old", machine_environment, project, old)
    found = compared(before, fetched(tmp_path / "new", machine_environment, project, new))
    loud = {(hit.rule, hit.path) for hit in found.signals if grade_of(hit.rule) != "note"}
    assert loud == expected
    assert found.identity is not None
    unexplained = found.identity.differs + found.identity.elsewhere + found.identity.only_in_wheel
    assert unexplained == len(expected)
    assert rules_of(found.signals).issuperset(rule for rule, _ in expected)
