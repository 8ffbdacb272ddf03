"""A local package index for the benchmarks: real wheels by their pinned hashes, served by nginx on 127.0.0.1.

The wheels come once from whichever index pip is configured with and stay in the cache folder; what is served is a
static tree of simple API pages (PEP 503, with hashes, sizes and PEP 658 metadata), equally good for every program.
"""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def download(requirements: Path, folder: Path) -> None:
    """Have pip fetch the archives that `requirements` pins into `folder`, once."""
    mark = folder / f".{requirements.stem}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]}"
    if mark.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    kind = "--no-binary=:all:" if requirements.stem == "sdists" else "--only-binary=:all:"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", kind]
    subprocess.run([*command, "-d", str(folder), "-r", str(requirements)], check=True)
    mark.touch()


def build_tree(archives: Path, root: Path) -> None:
    """Write the simple API over all of `archives` to `root`: pages below `simple/`, files below `files/`."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "files").mkdir(parents=True)
    pages: dict[str, list[str]] = {}
    for archive in sorted(path for path in archives.iterdir() if path.suffix in {".whl", ".gz"}):
        (root / "files" / archive.name).hardlink_to(archive)
        name = re.split(r"-(?=\d)", archive.name, maxsplit=1)[0]
        pages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), []).append(_anchor(archive, root / "files"))
    for name, anchors in pages.items():
        folder = root / "simple" / name
        folder.mkdir(parents=True)
        page = "<!DOCTYPE html><html><head><meta name='pypi:repository-version' content='1.1'></head><body>\n"
        (folder / "index.html").write_text(page + "\n".join(anchors) + "\n</body></html>\n")


def _anchor(archive: Path, files: Path) -> str:
    digest = _sha256(archive)
    metadata = _metadata(archive)
    attributes = ""
    if metadata:
        (files / f"{archive.name}.metadata").write_bytes(metadata)
        attributes = f' data-core-metadata="sha256={hashlib.sha256(metadata).hexdigest()}"'
    shown = html.escape(archive.name)
    return f'<a href="../../files/{shown}#sha256={digest}"{attributes}>{shown}</a><br>'


def _sha256(path: Path) -> str:
    """Piece by piece: the largest process that starts another one counts as that one's peak memory."""
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 16):
            hasher.update(piece)
    return hasher.hexdigest()


def _metadata(archive: Path) -> bytes:
    if archive.suffix != ".whl":
        return b""
    with zipfile.ZipFile(archive) as wheel:
        name = next(n for n in wheel.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        return wheel.read(name)


@contextmanager
def served(root: Path, scratch: Path) -> Iterator[str]:
    """Serve `root` with nginx; yield the URL of the index."""
    nginx = shutil.which("nginx")
    if nginx is None:
        raise SystemExit("benchmarks need nginx; on Debian: apt-get install nginx-light")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scratch.mkdir(parents=True, exist_ok=True)
    configuration = scratch / "nginx.conf"
    folders = "".join(f"{kind}_temp_path {scratch};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration.write_text(
        f"daemon off; worker_processes 1; pid {scratch}/nginx.pid; error_log {scratch}/error.log;"
        f"events {{}} http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; {folders}"
        f"types {{ text/html html; }} default_type application/octet-stream;"
        f"server {{ listen 127.0.0.1:{port}; root {root}; index index.html; }} }}"
    )
    server = subprocess.Popen([nginx, "-c", str(configuration), "-e", str(scratch / "error.log")])
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/simple/"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("nginx did not come up")
