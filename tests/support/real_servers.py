"""Index servers made by others, started on 127.0.0.1 for the contract suite: nginx over a static tree, devpi-server."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.index_content import IndexContent

START_SECONDS = 120

NGINX = """\
{user}daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{}}
http {{
  access_log off;
  absolute_redirect off;
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
  uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
  types {{ text/html html; application/vnd.pypi.simple.v1+json json; }}
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    root {root}/tree;
    location /simple/ {{ index index.html; }}
    location /json/ {{ index index.json; }}
    location /listing/ {{ autoindex on; }}
  }}
}}
"""


def find_nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")


def find_devpi() -> Path | None:
    """The folder that holds devpi's programs: named by PEEP_TEST_DEVPI, or beside the interpreter of the tests."""
    for folder in (os.environ.get("PEEP_TEST_DEVPI"), os.path.dirname(sys.executable)):
        if folder and shutil.which("devpi-server", path=folder) and shutil.which("devpi-init", path=folder):
            return Path(folder)
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_tree(root: Path, content: IndexContent) -> None:
    """The content as a static tree: /simple/ in HTML, /json/ in JSON, /listing/ as plain folders, /files/."""
    for name, files in content.projects.items():
        pages = (("simple/index.html", content.project_html(name)), ("json/index.json", content.project_json(name)))
        for path, page in pages:
            kind, _, filename = path.partition("/")
            (root / kind / name).mkdir(parents=True)
            (root / kind / name / filename).write_bytes(page)
        for folder in (root / "files" / name, root / "listing" / name):
            folder.mkdir(parents=True)
            for filename, data in files.items():
                (folder / filename).write_bytes(data)


@contextmanager
def running_nginx(program: str, root: Path, content: IndexContent) -> Iterator[str]:
    """Serve `content` below `root`; yields the server's URL."""
    write_tree(root / "tree", content)
    port = free_port()
    user = "user root;\n" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
    config = root / "nginx.conf"
    config.write_text(NGINX.format(user=user, root=root, port=port))
    with running([program, "-p", str(root), "-c", str(config), "-e", str(root / "start.log")], port, root):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_http_server(root: Path, content: IndexContent) -> Iterator[str]:
    """`python -m http.server` over the static tree: HTTP/1.0 and listings of its own making."""
    write_tree(root / "tree", content)
    port = free_port()
    serve = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(root / "tree")]
    with running(serve, port, root):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_devpi(programs: Path, root: Path, projects: Mapping[str, Mapping[str, bytes]]) -> Iterator[str]:
    """A devpi-server with one index that holds `projects`; yields the URL of that index's simple API."""
    server = root / "server"
    quiet = {**os.environ, "HOME": str(root)}
    initialise = [str(programs / "devpi-init"), "--serverdir", str(server), "--no-root-pypi"]
    subprocess.run(initialise, check=True, capture_output=True, env=quiet, timeout=START_SECONDS)
    port = free_port()
    serve = [str(programs / "devpi-server"), "--serverdir", str(server), "--host", "127.0.0.1", "--port", str(port)]
    with running(serve, port, root):
        client = DevpiClient(port)
        client.make_index()
        for name, files in projects.items():
            for filename, data in files.items():
                client.upload(name, filename, data)
        yield f"http://127.0.0.1:{port}/tester/dev/+simple"


@contextmanager
def running(arguments: Sequence[str], port: int, root: Path) -> Iterator[None]:
    """Run a server until the block ends; it counts as started when its port answers."""
    with (root / "server.log").open("wb") as log:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "HOME": str(root)}
        )
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(0.05)  # for one that could not have the port to say so: it may be another's that answered
            if process.poll() is None:
                return
    message = f"the server did not start (exit status {process.poll()})"
    raise RuntimeError(message)


class DevpiClient:
    """As much of devpi's HTTP API as filling an index takes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._token = ""

    def make_index(self) -> None:
        self._json("PUT", "/tester", {"password": "secret", "email": ""})
        login = self._json("POST", "/+login", {"user": "tester", "password": "secret"})
        token = f"tester:{login['result']['password']}"
        self._token = base64.b64encode(token.encode()).decode()
        self._json("PUT", "/tester/dev", {"bases": [], "volatile": True, "type": "stage"})

    def upload(self, name: str, filename: str, data: bytes) -> None:
        version = filename.removesuffix(".tar.gz").split("-")[1]
        is_wheel = filename.endswith(".whl")
        fields = {
            ":action": "file_upload",
            "name": name,
            "version": version,
            "filetype": "bdist_wheel" if is_wheel else "sdist",
            "pyversion": "py3" if is_wheel else "",
            "metadata_version": "2.1",
        }
        boundary = "a-boundary-that-no-archive-holds"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{filename}"\r\n\r\n'
        body = b"".join(parts) + head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        self._send("POST", "/tester/dev/", body, f"multipart/form-data; boundary={boundary}")

    def _json(self, method: str, path: str, value: object) -> dict[str, dict[str, str]]:
        answer = self._send(method, path, json.dumps(value).encode(), "application/json")
        found: dict[str, dict[str, str]] = json.loads(answer)
        return found

    def _send(self, method: str, path: str, body: bytes, content_type: str) -> bytes:
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        if self._token:
            headers["X-Devpi-Auth"] = self._token
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=START_SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status not in {200, 201}:
            message = f"devpi answered {method} {path} with {response.status}: {answer[:300]!r}"
            raise RuntimeError(message)
        return answer
