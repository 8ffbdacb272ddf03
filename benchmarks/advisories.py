"""Times of `peep audit` on a made-up snapshot of OSV's size, and of pip-audit beside it where one is given.

    python benchmarks/advisories.py [--records 19071] [--work FOLDER] [--pip-audit PROGRAM] [--million]

The snapshot is made of a seed: two thirds malware, the rest vulnerabilities of 5,000 projects with up to 150
versions each. pip-audit is served the same records by a local server that speaks OSV's query API.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

SEED = 17
PROJECTS = 5000
NOW = "2026-11-26T07:00:00Z"


def records(count: int) -> Iterator[dict]:
    """OSV records in the proportions of the real export."""
    chance = random.Random(SEED)
    malware = count * 2 // 3
    for number in range(malware):
        yield {
            "id": f"MAL-2026-{number}",
            "schema_version": "1.7.0",
            "modified": f"2026-{chance.randint(1, 11):02}-{chance.randint(1, 25):02}T03:00:00Z",
            "published": "2026-01-01T00:00:00Z",
            "summary": f"Malicious code in bad-{number} (PyPI)",
            "details": "x" * chance.randint(200, 3000),
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": f"bad-{number}"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
                    "versions": ["0.0.1", "0.0.2"][: chance.randint(0, 2)],
                }
            ],
        }
    for number in range(count - malware):
        project = f"project-{min(int(chance.expovariate(1 / 1500)), PROJECTS - 1)}"
        last = chance.randint(1, 150)
        versions = [f"{v // 10}.{v % 10}.{p}" for v in range(last) for p in range(chance.randint(1, 3))]
        yield {
            "id": f"PYSEC-2026-{number}" if number % 2 else f"GHSA-{number:04}-aaaa-bbbb",
            "schema_version": "1.7.0",
            "modified": f"2026-{chance.randint(1, 11):02}-{chance.randint(1, 25):02}T03:00:00Z",
            "published": "2026-01-01T00:00:00Z",
            "aliases": [f"CVE-2026-{number // 2 + 10000}"],
            "summary": f"Something in {project}",
            "details": "y" * chance.randint(200, 3000),
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": project},
                    "ranges": [
                        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"{last // 10}.{last % 10}.0"}]}
                    ],
                    "versions": versions,
                }
            ],
        }


def write_snapshot(path: Path, count: int) -> list[dict]:
    made = list(records(count))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in made:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    return made


def write_pins(path: Path, count: int, *, old: bool) -> None:
    """Pins of distinct projects or versions: ordinary ones are above most fixes, old ones below."""
    lines = []
    for number in range(count):
        major = (number // PROJECTS) % 15 if old else 14 + number // PROJECTS
        version = f"{major}.{number % 10}.{number % 3}"
        lines.append(f"project-{number % PROJECTS}=={version} --hash=sha256:{number:064x}\n")
    path.write_text("".join(lines))


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in {0, 1}:
        sys.exit(f"{' '.join(command[:6])}: status {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def fleet(work: Path, pins: int, distinct: int) -> Path:
    """Files of 200 pins each; the list of their names."""
    folder = work / "fleet"
    folder.mkdir(exist_ok=True)
    names = []
    for number in range(pins // 200):
        lines = []
        for line in range(200):
            one = (number * 200 + line * 97) % distinct
            lines.append(f"project-{one % 2000}=={one // 2000}.{one % 10}.0 --hash=sha256:{one:064x}\n")
        path = folder / f"requirements-{number}.txt"
        path.write_text("".join(lines))
        names.append(str(path))
    listing = work / "fleet.txt"
    listing.write_text("\n".join(names) + "\n")
    return listing


class OsvServer(BaseHTTPRequestHandler):
    """OSV's query API, as far as pip-audit asks it."""

    by_name: ClassVar[dict[str, list[dict]]] = {}

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name, version = query["package"]["name"], query["version"]
        found = [one for one in self.by_name.get(name, ()) if version in one["affected"][0]["versions"]]
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(made: list[dict]) -> ThreadingHTTPServer:
    for one in made:
        OsvServer.by_name.setdefault(one["affected"][0]["package"]["name"], []).append(one)
    server = ThreadingHTTPServer(("127.0.0.1", 0), OsvServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=19071)
    parser.add_argument("--work")
    parser.add_argument("--pip-audit")
    parser.add_argument("--million", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(Path(given.work or temporary), given)


def measure(work: Path, given: argparse.Namespace) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(work / "cache"), "PEEP_STORE": str(work / "store")}
    snapshot = work / "snapshot.zip"
    made = write_snapshot(snapshot, given.records)
    audit = [sys.executable, "-m", "peep", "audit", "--offline", "--at", NOW, "--max-age", "400d"]
    audit += ["--advisories", str(snapshot)]
    printed = [*audit, "--format", "json"]
    empty = work / "empty.txt"
    empty.write_text("nothing==1\n")
    print(f"index, {len(made)} records: {timed([*printed, '-r', str(empty)], environment)[0]:.2f} s")
    seconds = {}
    for count, old in ((1, False), (200, False), (1000, False), (10_000, True)):
        pins = work / f"pins-{count}.txt"
        write_pins(pins, count, old=old)
        seconds[count] = min(timed([*printed, "-r", str(pins)], environment)[0] for _ in range(3))
        print(f"{count} {'old ' if old else ''}pins: {seconds[count]:.3f} s")
    if given.million:
        listing = fleet(work, 1_000_000, 20_000)
        for style in ("json", "jsonl"):
            command = [*audit, "--files-from", str(listing), "--format", style, "-o", str(work / style)]
            taken, memory = timed(command, environment)
            size = (work / style).stat().st_size >> 20
            print(f"a million pins, 20,000 distinct, {style}: {taken:.1f} s, {memory} MB, {size} MB written")
    if given.pip_audit:
        server = serve(made)
        pins = work / "pins-200.txt"
        url = f"http://127.0.0.1:{server.server_port}/v1/query"
        command = [given.pip_audit, "-r", str(pins), "--no-deps", "--disable-pip", "-s", "osv", "--osv-url", url]
        taken = min(timed(command, environment)[0] for _ in range(3))
        print(f"pip-audit, 200 pins, a local server: {taken:.2f} s, {taken / seconds[200]:.1f} times as long")


if __name__ == "__main__":
    main()
