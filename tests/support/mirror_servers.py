"""Web servers that serve a mirror by the configuration that peep prints, and Python's own without any."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peep.mirror.server_config import server_config
from support.real_servers import find_nginx, free_port, running

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

KINDS = ("nginx", "caddy", "python")


def find_server(kind: str) -> str | None:
    """The program, None where it is not installed."""
    return {"nginx": find_nginx(), "caddy": shutil.which("caddy"), "python": sys.executable}[kind]


@contextmanager
def served_mirror(kind: str, mirror: Path, scratch: Path) -> Iterator[str]:
    """Serve the folder `mirror`; yields the server's URL. `scratch` is an empty folder for the server's own files."""
    program = find_server(kind)
    assert program is not None
    port = free_port()
    listen = f"127.0.0.1:{port}"
    if kind == "python":
        command = [program, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(mirror), str(port)]
    elif kind == "nginx":
        user = "user root;\n" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
        printed = server_config("nginx", str(mirror), listen)
        (scratch / "nginx.conf").write_text(_NGINX.format(user=user, root=scratch, printed=printed))
        start = str(scratch / "start.log")
        command = [program, "-p", str(scratch), "-c", str(scratch / "nginx.conf"), "-e", start]
    else:
        (scratch / "Caddyfile").write_text(server_config("caddy", str(mirror), listen))
        command = [program, "run", "--adapter", "caddyfile", "--config", str(scratch / "Caddyfile")]
    with running(command, port, scratch):
        yield f"http://{listen}"
