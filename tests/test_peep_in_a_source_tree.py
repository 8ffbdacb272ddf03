"""One file named peep.py in a source tree, called as deployment scripts have called it since 2013."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv

import pytest

from support.fake_index import FakeIndex
from support.scenario_run import peep_command
from support.wheels import sdist_bytes, sdist_filename, wheel_bytes, wheel_filename

pytestmark = [pytest.mark.network, pytest.mark.skipif(os.name == "nt", reason="scripts of a POSIX shell")]

FLASK = wheel_bytes("flask", "0.10.1", requires=["itsdangerous"])
DANGEROUS = sdist_bytes("itsdangerous", "0.24")
FILES = {
    "flask": {wheel_filename("flask", "0.10.1"): FLASK},
    "itsdangerous": {
        sdist_filename("itsdangerous", "0.24"): DANGEROUS,
        wheel_filename("itsdangerous", "0.24"): wheel_bytes("itsdangerous", "0.24"),
    },
}
DEPLOY = """\
set -e
cd "$(dirname "$0")/.."
. "$VENV/bin/activate"
python scripts/peep.py install --quiet -r requirements/compiled.txt --no-use-wheel
python ./scripts/peep.py install -q -rrequirements/prod.txt --allow-external=flask
python -c 'import flask, itsdangerous; print(flask.VERSION, itsdangerous.VERSION)'
if python scripts/peep.py install -r requirements/bad.txt > refused.txt 2>&1; then exit 9; fi
grep -q "THE FOLLOWING PACKAGES DIDN'T MATCH THE HASHES SPECIFIED IN THE REQUIREMENTS" refused.txt
PEEP="python scripts/peep.py"
$PEEP hash scripts/deploy.sh | grep '^# sha256: '
"""


@pytest.fixture
def tree(tmp_path, machine_environment):
    """A source tree with scripts, requirements and the one file."""
    root = tmp_path / "tree"
    for folder in ("scripts", "requirements"):
        (root / folder).mkdir(parents=True)
    command = [*peep_command(), "embed", "-q", "-o", "scripts/peep.py"]
    made = subprocess.run(command, cwd=root, env=machine_environment, capture_output=True, text=True, check=False)
    if "could not be fetched" in made.stdout:
        pytest.skip(f"no index: {made.stdout}")
    assert made.returncode == 0, made.stdout + made.stderr
    flask, dangerous = (f"--hash=sha256:{hashlib.sha256(content).hexdigest()}" for content in (FLASK, DANGEROUS))
    (root / "requirements" / "compiled.txt").write_text(f"itsdangerous==0.24 {dangerous}\n")
    (root / "requirements" / "prod.txt").write_text(f"-r compiled.txt\nFlask==0.10.1 {flask}\n")
    (root / "requirements" / "bad.txt").write_text(f"Flask==0.10.1 {dangerous}\n")
    (root / "scripts" / "deploy.sh").write_text(DEPLOY)
    return root


def test_a_deployment_script_runs_unchanged(tree, tmp_path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    with FakeIndex(FILES) as index:
        chosen = {"VENV": str(tmp_path / "env"), "PIP_INDEX_URL": index.simple_url, "PYTHONPATH": ""}
        script = ["sh", str(tree / "scripts" / "deploy.sh")]
        result = subprocess.run(script, env={**os.environ, **chosen}, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-2:-1] == ["0.10.1 0.24"]
    assert result.stdout.splitlines()[-1].startswith("# sha256: ")
    assert f"python{sys.version_info.major}" in str(*(tmp_path / "env" / "lib").iterdir())
