"""Web servers that serve a mirror by the configuration that peep prints, and Python's own without any."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from peep.mirror.server_config import server_config
from support.real_servers import START_SECONDS, find_nginx, free_port, running

_NGINX = """\
{user}daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
  uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
{printed}
}}
"""

_ATTEMPTS = 5
KINDS = ("nginx", "caddy", "python")


def find_server(kind: str) -> str | None:
    """The program, None where it is not installed."""
    return {"nginx": find_nginx(), "caddy": shutil.which("caddy"), "python": sys.executable}[kind]


@contextmanager
def served_mirror(kind: str, mirror: Path, scratch: Path) -> Iterator[str]:
    """Serve the folder `mirror`; yields the server's URL. `scratch` is an empty folder for the server's own files."""
    if kind == "python":
        with _python_server(mirror, scratch) as url:
            yield url
        return
    with ExitStack() as stack:
        yield f"http://{_started(kind, mirror, scratch, stack)}"


def _started(kind: str, mirror: Path, scratch: Path, stack: ExitStack) -> str:
    """Start nginx or caddy; gives ADDRESS:PORT. A free port may be somebody else's a moment later: then another."""
    for attempt in range(_ATTEMPTS):
        port = free_port()
        listen = f"127.0.0.1:{port}"
        command = _command(kind, mirror, scratch, listen)
        try:
            stack.enter_context(running(command, port, scratch))
        except RuntimeError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return listen
    raise AssertionError


def _command(kind: str, mirror: Path, scratch: Path, listen: str) -> list[str]:
    program = find_server(kind)
    assert program is not None
    if kind == "nginx":
        user = "user root;\n" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
        printed = server_config("nginx", str(mirror), listen)
        (scratch / "nginx.conf").write_text(_NGINX.format(user=user, root=scratch, printed=printed))
        start = str(scratch / "start.log")
        return [program, "-p", str(scratch), "-c", str(scratch / "nginx.conf"), "-e", start]
    (scratch / "Caddyfile").write_text(server_config("caddy", str(mirror), listen))
    return [program, "run", "--adapter", "caddyfile", "--config", str(scratch / "Caddyfile")]


@contextmanager
def _python_server(folder: Path, scratch: Path) -> Iterator[str]:
    """`python -m http.server` on a port that the system chose, which its first line tells."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), "0"]
    log = scratch / "http.log"
    with log.open("wb") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as server:
        try:
            yield f"http://127.0.0.1:{_told_port(log, server)}"
        finally:
            server.kill()


def _told_port(log: Path, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if found := re.search(r"port (\d+)", log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"http.server did not start: {log.read_text()[-300:]}")
