"""pip-audit as a differential peer, on real records: it finds nothing that peep lacks."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import venv
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from packaging.version import InvalidVersion, Version

from support.advisory_oracle import covering
from support.audit_run import AuditRun
from support.corpus import CORPUS, needs_corpus

pytestmark = [needs_corpus, pytest.mark.network, pytest.mark.slow]
SNAPSHOT = CORPUS / "advisories" / "pysec-2024-10-10.zip"
PROJECTS = 120


@pytest.fixture(scope="module")
def pip_audit(tmp_path_factory: pytest.TempPathFactory) -> str:
    """pip-audit from the package index, in an environment of its own."""
    folder = tmp_path_factory.mktemp("pip-audit")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    command = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--no-input", "pip-audit==2.10.*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip-audit cannot be had: {done.stderr[-300:]}")
    return str(scripts / "pip-audit")


class QueryApi(BaseHTTPRequestHandler):
    """OSV's query by name and version; which records fit is decided by the transcribed rules."""

    def __init__(self, by_name: dict[str, list[dict[str, Any]]], *given: Any) -> None:
        self._by_name = by_name
        super().__init__(*given)

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name, version = query["package"]["name"], query["version"]
        found = [one for one in self._by_name.get(name, ()) if covering(one, name, version)]
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def records() -> Iterator[dict[str, Any]]:
    """Those that pip-audit can read: a `fixed` that is no version ends it in a traceback."""
    with zipfile.ZipFile(SNAPSHOT) as archive:
        for name in archive.namelist():
            one = json.loads(archive.read(name))
            if not one.get("withdrawn") and all(map(_is_version, _fixed(one))):
                yield one


def _fixed(one: dict[str, Any]) -> Iterator[str]:
    for affected in one["affected"]:
        for ranged in affected.get("ranges", ()):
            if ranged["type"] == "ECOSYSTEM":
                yield from (event["fixed"] for event in ranged["events"] if "fixed" in event)


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def by_canonical_name() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in records():
        for name in {affected["package"]["name"] for affected in one["affected"]}:
            found.setdefault(name.lower().replace("_", "-").replace(".", "-"), []).append(one)
    return found


def test_pip_audit_finds_nothing_that_peep_lacks(pip_audit: str, audit: AuditRun, tmp_path: Path):
    known = by_canonical_name()
    chance = random.Random(22)
    pins = {}
    for name in chance.sample(sorted(known), PROJECTS):
        versions = [
            text for one in known[name] for affected in one["affected"] for text in affected.get("versions", ())
        ]
        usable = sorted({text for text in versions if _is_version(text)})
        if usable:
            pins[name] = chance.choice(usable)
    path = audit.file("requirements.txt", "".join(f"{name}=={version}\n" for name, version in pins.items()))
    handler = partial(QueryApi, known)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1/query"
        words = ["-r", str(path), "--no-deps", "--disable-pip", "-s", "osv", "--osv-url", url, "-f", "json"]
        command = [pip_audit, *words, "--progress-spinner=off", "--cache-dir", str(tmp_path / "cache")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        server.shutdown()
    assert done.returncode == 1, done.stderr
    theirs = [
        (one["name"], Version(one["version"]), {found["id"], *found["aliases"]})
        for one in json.loads(done.stdout)["dependencies"]
        for found in one["vulns"]
    ]
    assert len(theirs) >= PROJECTS // 2
    words = ["--advisories", str(SNAPSHOT), "--max-age", "9999d", "-r", str(path)]
    status, report = audit.report(*words, default=False)
    assert status == 1
    ours: dict[tuple[str, Version], set[str]] = {}
    for one in report["findings"]:
        ours.setdefault((one["name"], Version(one["version"])), set()).update(one["ids"])
    assert [one for one in theirs if one[2].isdisjoint(ours.get((one[0], one[1]), set()))] == []
