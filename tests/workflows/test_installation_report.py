"""`--report` says of an install what a real pip's report says of the very same one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv

import pytest

from peep.formats.core_metadata_json import core_metadata_json
from support.fake_index import FakeIndex, FileFacts
from support.wheels import wheel_bytes, wheel_filename

DESCRIPTION = "# Alpha\n\nWith an \u00e9 and a line: of text.\n"
METADATA = f"""\
Metadata-Version: 2.1
Name: Alpha
Version: 1.0
Summary: the first \u00e9
Keywords: one,two, three
License: Two lines
        of licence
Classifier: Programming Language :: Python :: 3
Classifier: Topic :: Security
Project-URL: Home, https://alpha.example/
Requires-Python: >=3.6
Requires-Dist: beta>=1
Requires-Dist: gamma; extra == "more"
Provides-Extra: more

{DESCRIPTION}"""
ALPHA = wheel_bytes("alpha", "1.0", files={"alpha.py": "", "alpha-1.0.dist-info/METADATA": METADATA})
BETA = wheel_bytes("beta", "1.0", metadata=["Keywords: one two"])
GAMMA = wheel_bytes("gamma", "1.0")
FILES = {
    name: {wheel_filename(name, "1.0"): data} for name, data in [("alpha", ALPHA), ("beta", BETA), ("gamma", GAMMA)]
}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def index():
    facts = {wheel_filename("beta", "1.0"): FileFacts(yanked="broken")}
    with FakeIndex(FILES, facts=facts) as index:
        yield index


def report_of(program, folder, requirements, index):
    """Install into a new environment; the report that `program` writes of it."""
    environment = folder / "env"
    venv.create(environment, with_pip=False, symlinks=os.name != "nt")
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (folder / "requirements.txt").write_text(requirements)
    report = folder / "report.json"
    options = ["-q", "--index-url", index.simple_url, "-r", "requirements.txt", "--report", str(report)]
    words = {
        "pip": ["-m", "pip", "--python", str(python), "install", "--no-cache-dir", *options],
        "peep": ["-m", "peep", "install", "--python", str(python), *options],
    }[program]
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([sys.executable, *words], check=True, cwd=folder, env=quiet, capture_output=True)
    return json.loads(report.read_text("utf-8"))


def by_name(report):
    return {item["metadata"]["name"]: item for item in report["install"]}


@pytest.mark.slow
def test_it_says_what_pip_says(tmp_path, index):
    requirements = (
        f"alpha[more]==1.0 --hash=sha256:{sha256(ALPHA)}\n"
        f"beta==1.0 --hash=sha256:{sha256(BETA)}\n"
        f"gamma @ {index.file_url('gamma', wheel_filename('gamma', '1.0'))} --hash=sha256:{sha256(GAMMA)}\n"
    )
    reports = {}
    for program in ("pip", "peep"):
        folder = tmp_path / program
        folder.mkdir()
        reports[program] = report_of(program, folder, requirements, index)
    pips, peeps = reports["pip"], reports["peep"]

    assert set(peeps) == set(pips)
    assert peeps["version"] == pips["version"]
    assert peeps["pip_version"].startswith("peep ")
    assert peeps["environment"] == pips["environment"]
    theirs, ours = by_name(pips), by_name(peeps)
    assert sorted(ours) == sorted(theirs) == ["Alpha", "beta", "gamma"]
    for name, item in theirs.items():
        item.setdefault("is_yanked", name == "beta")  # pips before 23.3 do not say
        assert ours[name] == item
    assert [name for name in sorted(ours) if ours[name]["is_yanked"]] == ["beta"]
    assert ours["Alpha"]["metadata"]["description"] == DESCRIPTION


def test_a_dry_run_writes_a_report_and_changes_nothing(tmp_path, index):
    venv.create(tmp_path / "env", with_pip=False, symlinks=os.name != "nt")
    words = [
        "install",
        "--python",
        str(tmp_path / "env"),
        "--index-url",
        index.simple_url,
        "--dry-run",
        "--report",
        "-",
    ]
    pin = f"beta==1.0 --hash=sha256:{sha256(BETA)}"
    before = sorted(tmp_path.rglob("*"))
    result = subprocess.run([sys.executable, "-m", "peep", *words, pin], capture_output=True, text=True, check=True)
    [item] = json.loads(result.stdout)["install"]
    assert item["download_info"]["archive_info"]["hashes"] == {"sha256": sha256(BETA)}
    assert sorted(tmp_path.rglob("*")) == before


def test_what_was_kept_is_not_in_the_report(tmp_path, index):
    venv.create(tmp_path / "env", with_pip=False, symlinks=os.name != "nt")
    words = ["install", "--python", str(tmp_path / "env"), "--index-url", index.simple_url, "--report", "-"]
    pins = [f"{name}==1.0 --hash=sha256:{sha256(data)}" for name, data in (("beta", BETA), ("gamma", GAMMA))]
    for count in (1, 2):
        command = [sys.executable, "-m", "peep", *words, *pins[:count]]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert list(by_name(json.loads(result.stdout))) == ["gamma"]


def test_metadata_in_the_form_of_pep_566():
    assert core_metadata_json(METADATA.encode()) == {
        "metadata_version": "2.1",
        "name": "Alpha",
        "version": "1.0",
        "summary": "the first \u00e9",
        "keywords": ["one", "two", "three"],
        "license": "Two lines\nof licence",
        "classifier": ["Programming Language :: Python :: 3", "Topic :: Security"],
        "project_url": ["Home, https://alpha.example/"],
        "requires_python": ">=3.6",
        "requires_dist": ["beta>=1", 'gamma; extra == "more"'],
        "provides_extra": ["more"],
        "description": DESCRIPTION,
    }
    assert core_metadata_json(b"Name: x\nKeywords: one two\n")["keywords"] == ["one", "two"]
    assert core_metadata_json(b"Name: \xff\n") == {"name": "\ufffd"}
