"""How long `peep lock` takes, as ratios to `uv pip compile` on the same input and the same local index.

    python benchmarks/locking.py --uv PROGRAM [--source benchmarks/workloads/web.in] [--rounds 5] [--latency 0.02]

Pages and wheels come once from the index that pip is configured with (`--upstream URL`) and stay in `--work FOLDER`;
a server on 127.0.0.1 gives both programs the same, with ETags and ranges, and with sidecars where that index declares
them, each answer after `--latency` seconds.
The programs take turns; ratios are taken round by round, and their median is shown.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from measure import Run, median, paired_ratio, run

JSON = "application/vnd.pypi.simple.v1+json"
NINE = [
    f"cp3{minor}-{place}"
    for minor in (11, 12, 13)
    for place in ("manylinux_2_28_x86_64", "macosx_14_0_arm64", "win_amd64")
]
BARS = {"one target, cold": 1.5, "nine targets, cold": 3.0, "again, nothing changed": 1.0}


class Replica:
    """Pages and sidecars of an index, kept in a folder once they were asked for."""

    def __init__(self, upstream: str, folder: Path) -> None:
        self._upstream = upstream.rstrip("/")
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def page(self, name: str) -> bytes | None:
        """Give back a project's page, its files' addresses turned to this server; None where there is none."""
        content = self._kept(f"{self._upstream}/{name}/", {"Accept": JSON})
        if content is None:
            return None
        page = json.loads(content)
        for file in page["files"]:
            file["url"] = "/files/" + file["url"].split("://", 1)[1]
            sidecar = file.get("core-metadata")
            if sidecar and not isinstance(sidecar, dict):
                file["core-metadata"] = False
        return json.dumps(page).encode()

    def file(self, address: str) -> Path | None:
        """Give back where a file is kept, behind one byte of the replica's own; None where there is none."""
        path = self._fetched(f"https://{address}", {})
        with path.open("rb") as kept:
            return path if kept.read(1) == b"+" else None

    def _kept(self, url: str, headers: dict[str, str]) -> bytes | None:
        content = self._fetched(url, headers).read_bytes()
        return content[1:] if content[:1] == b"+" else None

    def _fetched(self, url: str, headers: dict[str, str]) -> Path:
        path = self._folder / hashlib.sha256(json.dumps([url, sorted(headers.items())]).encode()).hexdigest()
        if not path.exists():
            try:
                with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
                    content = b"+" + answer.read()
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
                content = b"-"
            fresh = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
            fresh.write_bytes(content)
            fresh.replace(path)
        return path


class Handler(BaseHTTPRequestHandler):
    """Answers from a replica, each after the latency."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the body of an answer may wait 40 ms for the receipt of its head
    server: Server

    def do_GET(self) -> None:
        time.sleep(self.server.latency)
        if found := re.fullmatch(r"/simple/([^/]+)/?", self.path):
            self._page(found[1])
        else:
            self._file(self.server.replica.file(self.path.removeprefix("/files/")))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _file(self, path: Path | None) -> None:
        """A whole file or a range of it (RFC 9110): where an index declares no sidecar, both programs read the end."""
        ranged = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        facts = {"Content_Type": "application/octet-stream", "Accept_Ranges": "bytes"}
        if path is None or ranged is None:
            self._answer(404 if path is None else 200, path.read_bytes()[1:] if path is not None else b"", **facts)
            return
        size = path.stat().st_size - 1
        start = int(ranged[1]) if ranged[1] else size - int(ranged[2])
        end = min(int(ranged[2]), size - 1) if ranged[1] and ranged[2] else size - 1
        with path.open("rb") as kept:
            kept.seek(start + 1)
            part = kept.read(end + 1 - start)
        self._answer(206, part, Content_Range=f"bytes {start}-{end}/{size}", **facts)

    def _page(self, name: str) -> None:
        content, tag = self.server.page(name)
        if content is not None and self.headers.get("If-None-Match") == tag:
            self._answer(304, b"", ETag=tag)
        else:
            self._answer(404 if content is None else 200, content or b"", Content_Type=JSON, ETag=tag)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a line for each request would take time."""


class Server(ThreadingHTTPServer):
    """Serves a replica on 127.0.0.1."""

    request_queue_size = 512  # with the 5 of socketserver, a program that opens 30 connections waits a second for some

    def __init__(self, replica: Replica, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replica = replica
        self.latency = latency
        self._pages: dict[str, tuple[bytes | None, str]] = {}

    def page(self, name: str) -> tuple[bytes | None, str]:
        """Give back a page and its ETag."""
        if name not in self._pages:
            content = self.replica.page(name)
            self._pages[name] = content, f'"{hashlib.sha256(content or b"").hexdigest()}"'
        return self._pages[name]

    def handle_error(self, *_: object) -> None:
        """Say nothing: a program that is done lets go of its connections."""


def serve(upstream: str, folder: str, latency: float, port: multiprocessing.Queue[int]) -> None:
    """Serve the replica until the process is ended; tells its port."""
    server = Server(Replica(upstream, Path(folder)), latency)
    port.put(server.server_address[1])
    server.serve_forever()


def default_upstream() -> str:
    """The index that pip is configured with, or pip's own default."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return (
        found or subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


class Bench:
    """Both programs on one source, each with a cache of its own."""

    def __init__(self, source: Path, uv: str, index: str, folder: Path) -> None:
        self._source = source
        self._uv = uv
        self._index = index
        self._folder = folder
        self._number = 0

    def fresh(self) -> Path:
        """Make a folder with nothing but the source."""
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        shutil.copyfile(self._source, folder / "requirements.in")
        return folder

    def peep(self, folder: Path, targets: list[str]) -> Run:
        options = [word for target in targets for word in ("--target", target)]
        places = ["--index-url", self._index, "--store", str(folder / "store"), "-q"]
        command = [sys.executable, "-m", "peep", "lock", *options, *places, "requirements.in", "-o", "peep.txt"]
        return self._run(command, folder)

    def uv(self, folder: Path, words: list[str]) -> Run:
        places = ["--default-index", self._index, "--cache-dir", str(folder / "cache"), "-q"]
        places += ["--python", sys.executable]  # or it would start every interpreter of the machine to ask its version
        command = [self._uv, "pip", "compile", "--generate-hashes", *words, *places, "requirements.in", "-o", "uv.txt"]
        return self._run(command, folder)

    def _run(self, command: list[str], folder: Path) -> Run:
        variables = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed peep has its bytecode
        variables["PYTHONPYCACHEPREFIX"] = str(self._folder / "bytecode")
        before = os.getcwd()
        os.chdir(folder)
        try:
            return run(command, variables, folder / "log")
        finally:
            os.chdir(before)


def one_round(bench: Bench) -> dict[str, tuple[Run, Run]]:
    """Run each case once, peep's run beside uv's."""
    one, universal = ["--python-version", "3.13", "--python-platform", "x86_64-manylinux_2_28"], ["--universal"]
    ours, theirs = bench.fresh(), bench.fresh()
    found = {"one target, cold": (bench.peep(ours, NINE[6:7]), bench.uv(theirs, one))}
    ours, theirs = bench.fresh(), bench.fresh()
    found["nine targets, cold"] = bench.peep(ours, NINE), bench.uv(theirs, [*universal, "--python-version", "3.11"])
    bench.peep(ours, NINE)  # the run that finds nothing to change, and is remembered
    warm = bench.peep(ours, NINE), bench.uv(theirs, [*universal, "--python-version", "3.11"])
    return {**found, "again, nothing changed": warm}


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uv", default="uv", help="uv's program")
    parser.add_argument("--source", type=Path, default=Path(__file__).with_name("workloads") / "web.in")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.02, help="seconds before each answer")
    parser.add_argument("--upstream", default="", help="the index to take pages from, once")
    parser.add_argument("--work", type=Path, default=Path(".cache") / "benchmarks" / "locking")
    options = parser.parse_args()
    uv = shutil.which(options.uv) if options.uv else None
    if uv is None:
        parser.error(f"{options.uv or 'uv'} is no program: --uv PROGRAM, by its path or as PATH has it")
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    upstream = options.upstream or default_upstream()
    server = multiprocessing.Process(
        target=serve, args=(upstream, str(options.work.resolve()), options.latency, port), daemon=True
    )
    server.start()
    index = f"http://127.0.0.1:{port.get(timeout=30)}/simple"
    with tempfile.TemporaryDirectory(prefix="peep-locking-") as folder:
        bench = Bench(options.source, os.path.abspath(uv), index, Path(folder))
        one_round(bench)  # fills the replica; not counted
        rounds = [one_round(bench) for _ in range(options.rounds)]
    server.terminate()
    return tell(rounds)


def told(runs: list[Run]) -> str:
    """Wall time, and processor time in brackets, which changes less with what else the machine does."""
    return f"{median(runs, 'wall'):.2f} s ({median(runs, 'user') + median(runs, 'system'):.2f} CPU)"


def tell(rounds: list[dict[str, tuple[Run, Run]]]) -> int:
    """Print a line for each case; gives back 1 where a bar is missed."""
    missed = 0
    for case, bar in BARS.items():
        ours, theirs = [one[case][0] for one in rounds], [one[case][1] for one in rounds]
        ratio = paired_ratio(ours, theirs, "wall")
        missed |= ratio > bar
        single = sorted(own.wall / other.wall for own, other in zip(ours, theirs, strict=True))
        print(
            f"{case}: peep {told(ours)}, uv {told(theirs)}, ratio {ratio:.2f} ({single[0]:.2f} to {single[-1]:.2f}), "
            f"bar {bar}; {max(one.memory for one in ours) / 1e6:.0f} MB"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
