"""Mirrors from the outside: real servers, real upstreams, independent readers, publishers at once, killed runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest

from support.environment_tree import make_environment
from support.mirror_servers import find_server, served_mirror
from support.mirror_verbs import as_json, begun, filenames, mirror_verb, pin, tree
from support.object_stores import forgetful_s3, has_s3, index_document_front, s3_environment, s3_server
from support.real_servers import find_devpi, free_port, running, running_devpi
from support.wheels import sdist_bytes, wheel_bytes

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
OLD_PIPS = ("20.3.4", "23.2")
MOMENTS = 20


def wheel(folder: Path, name: str, version: str = "1.0", **more) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    path.write_bytes(wheel_bytes(name, version, **more))
    return path


def filled(folder: Path) -> Path:
    """A mirror with two versions of a project, of which one is yanked, and a source archive."""
    mirror = begun(folder / "mirror")
    needs = ["Requires-Python: >=3.6"]
    sdist = folder / "acme_lib-2.0.tar.gz"
    sdist.write_bytes(sdist_bytes("acme-lib", "2.0"))
    archives = [wheel(folder, "acme-lib", version, metadata=needs) for version in ("1.0", "1.1")]
    as_json("add", mirror, *archives, sdist, wheel(folder, "billing"), "--source", "ours")
    as_json("yank", mirror, "acme-lib==1.1", "--reason", "leaks memory")
    return mirror


@pytest.fixture(scope="module")
def mirror(tmp_path_factory) -> Path:
    return filled(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module", params=["nginx", "caddy", "python"])
def server(request, mirror, tmp_path_factory) -> Iterator[str]:
    if find_server(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    with served_mirror(request.param, mirror, tmp_path_factory.mktemp("scratch")) as url:
        yield url


def fetched(url: str, accept: str = "*/*") -> tuple[int, str, bytes]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers.get("content-type", ""), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, "", b""


# -- what servers serve ----------------------------------------------------------------------------


class Anchors(HTMLParser):
    """The links of a page, read by nothing of peep's."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs))


def test_both_pages_describe_the_same_files(mirror):
    for project in ("acme-lib", "billing"):
        folder = mirror / "simple" / project
        anchors = Anchors()
        anchors.feed((folder / "index.html").read_text("utf-8"))
        from_html = {}
        for anchor in anchors.found:
            url, fragment = urldefrag(anchor["href"])
            metadata = anchor.get("data-core-metadata")
            assert metadata == anchor.get("data-dist-info-metadata")
            from_html[url] = (fragment, anchor.get("data-requires-python"), anchor.get("data-yanked"), metadata)
        from_json = {}
        for file in json.loads((folder / "index.v1_json").read_bytes())["files"]:
            metadata = file.get("core-metadata") or {}
            yanked = file["yanked"]
            from_json[file["url"]] = (
                f"sha256={file['hashes']['sha256']}",
                file.get("requires-python"),
                "" if yanked is True else yanked or None,
                f"sha256={metadata['sha256']}" if metadata else None,
            )
            assert (folder / file["url"]).stat().st_size == file["size"]
        assert from_html == from_json
        assert from_html


def test_a_server_passes_the_check_and_serves_each_sidecar(server):
    said = mirror_verb("check", server)
    assert said.status == 0, said.out + said.err
    status, media_type, body = fetched(f"{server}/simple/acme-lib/", JSON_TYPE)
    assert status == 200
    if media_type == JSON_TYPE:
        advertised = [file for file in json.loads(body)["files"] if file.get("core-metadata")]
        assert advertised
        for file in advertised:
            _, _, content = fetched(urljoin(f"{server}/simple/acme-lib/", file["url"]) + ".metadata")
            assert sha256(content).hexdigest() == file["core-metadata"]["sha256"]


def test_an_unused_name_of_ours_is_not_found(server):
    assert fetched(f"{server}/simple/acme-not-yet/")[0] == 404


def test_check_tells_what_a_server_does_not_serve_rightly(tmp_path):
    mirror = filled(tmp_path)
    with served_mirror("python", mirror, tmp_path) as url:
        [sidecar] = (path for path in mirror.rglob("*.metadata") if path.name.startswith("billing"))
        sidecar.unlink()
        (mirror / "simple" / "acme-lib" / "index.html").write_text("edited")
        said = mirror_verb("check", url, "--format", "json")
    assert said.status == 1
    assert {(one["path"], one["state"]) for one in said.value["problems"]} == {
        (sidecar.relative_to(mirror).as_posix(), "missing"),
        ("simple/acme-lib/", "changed"),
    }


# -- clients ---------------------------------------------------------------------------------------


def client(name: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    commands = {
        "pip": [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"],
        "uv": [sys.executable, "-m", "uv", "--no-config", "pip", "install"],
        "peep": [sys.executable, "-m", "peep", "install"],
    }
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    variables |= {"HOME": str(home), "UV_CACHE_DIR": str(home / "cache"), "NO_COLOR": "1"}
    return subprocess.run(
        [*commands[name], *words], env=variables, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("name", ["pip", "uv", "peep"])
def test_a_yanked_file_is_installed_by_who_pins_it_with_a_warning(name, server, mirror, tmp_path):
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    [archive] = mirror.rglob("acme_lib-1.1-*.whl")
    (tmp_path / "r.txt").write_text(pin("acme-lib", "1.1", archive.read_bytes()))
    words = ["--index-url", f"{server}/simple/", "--require-hashes", "-r", str(tmp_path / "r.txt")]
    if name == "pip":
        words += ["--no-deps", "--target", str(tmp_path / "t")]
    else:
        words += ["--python", make_environment(tmp_path / "env").python]
    asked = client(name, tmp_path, *words)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "leaks memory" in asked.stdout + asked.stderr


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("version", OLD_PIPS)
def test_old_pips_install_from_a_mirror(version, mirror, machine_environment, tmp_path):
    """One of 2020, and one that reads PEP 658 by its old key (before PEP 714)."""
    environment = tmp_path / "old"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    quiet = ["--disable-pip-version-check", "-q"]
    subprocess.run([python, "-m", "pip", "install", *quiet, f"pip=={version}"], check=True, env=machine_environment)
    with served_mirror("python", mirror, tmp_path) as url:
        words = ["install", *quiet, "--isolated", "--no-cache-dir", "--target", str(tmp_path / "t")]
        asked = subprocess.run(
            [python, "-m", "pip", *words, "--index-url", f"{url}/simple/", "acme-lib<2"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert (tmp_path / "t" / "acme_lib-1.0.dist-info").is_dir()


# -- upstreams -------------------------------------------------------------------------------------

UPSTREAM = {
    "demo": {"demo-1.0-py3-none-any.whl": wheel_bytes("demo", "1.0", metadata=["Requires-Python: >=3.6"])},
    "tool": {"tool-1.0.tar.gz": sdist_bytes("tool", "1.0")},
}


def synced_from(url: str, folder: Path) -> None:
    """A mirror of `UPSTREAM` has all that pages should say, whatever those of the upstream say."""
    mirror = begun(folder / "mirror", url)
    lines = [pin(name, "1.0", *files.values()) for name, files in UPSTREAM.items()]
    (folder / "r.txt").write_text("".join(lines))
    as_json("sync", mirror, "-r", folder / "r.txt", "--all-files")
    assert (filenames(mirror, "demo"), filenames(mirror, "tool")) == ([*UPSTREAM["demo"]], [*UPSTREAM["tool"]])
    [file] = json.loads((mirror / "simple" / "demo" / "index.v1_json").read_bytes())["files"]
    assert file["requires-python"] == ">=3.6"
    assert (mirror / "simple" / "demo" / f"{file['url']}.metadata").resolve().is_file()
    assert mirror_verb("check", mirror).status == 0


@pytest.mark.slow
def test_sync_from_devpi(tmp_path):
    programs = find_devpi()
    if programs is None:
        pytest.skip("devpi-server is not installed")
    (tmp_path / "devpi").mkdir()
    with running_devpi(programs, tmp_path / "devpi", UPSTREAM) as url:
        synced_from(url, tmp_path)


def test_sync_from_pypiserver(tmp_path):
    program = shutil.which("pypi-server", path=f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("pypiserver is not installed")
    folder = tmp_path / "files"
    folder.mkdir()
    for files in UPSTREAM.values():
        for filename, content in files.items():
            (folder / filename).write_bytes(content)
    port = free_port()
    with running([program, "run", "-i", "127.0.0.1", "-p", str(port), str(folder)], port, tmp_path):
        synced_from(f"http://127.0.0.1:{port}/simple/", tmp_path)


# -- readers beside writers ------------------------------------------------------------------------


def test_a_reader_beside_fifty_publications_finds_every_linked_file(tmp_path):
    mirror, public = begun(tmp_path / "mirror"), tmp_path / "public"
    ended = threading.Event()
    faults: list[str] = []
    pages = 0

    def read(url: str) -> None:
        nonlocal pages
        while not ended.is_set():
            status, _, body = fetched(f"{url}/simple/billing/")
            if not pages and (status == 404 or b"pypi:repository-version" not in body):
                continue  # not there yet: a server may list the folder meanwhile
            page = Anchors()
            page.feed(body.decode())
            if not body.rstrip().endswith(b"</html>"):
                faults.append(f"half a page: {body[-40:]!r}")
            pages += 1
            for anchor in page.found:
                link, fragment = urldefrag(urljoin(f"{url}/simple/billing/", anchor["href"]))
                found, _, content = fetched(link)
                if found != 200 or sha256(content).hexdigest() != fragment.removeprefix("sha256="):
                    faults.append(link)

    public.mkdir()
    with served_mirror("python", public, tmp_path) as url:
        reader = threading.Thread(target=read, args=(url,))
        reader.start()
        try:
            for number in range(50):
                as_json("add", mirror, wheel(tmp_path / "in", "billing", f"1.{number}"), "--source", "ours")
                as_json("publish", mirror, public)
        finally:
            ended.set()
            reader.join()
    assert len(filenames(public, "billing")) == 50
    assert (faults, pages > 1) == ([], True)


# -- killed runs -----------------------------------------------------------------------------------

STOP_AT = """\
import os, sys
moment, words = int(sys.argv[1]), sys.argv[2:]
count = 0

def hook(event, arguments):
    # Every change of a folder is a moment: a rename, a removal, a new folder, a file opened for writing.
    global count
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if (writes or event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}) and MIRROR in str(arguments[0]):
        count += 1
        if count == moment:
            os.kill(os.getpid(), 9)

MIRROR = os.path.abspath(words[1])
from peep.cli.main import run
sys.addaudithook(hook)
status = run(["mirror", *words])
print(count, file=sys.stderr)
sys.exit(status)
"""


def stopped_at(moment: int, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `peep mirror WORDS` until the `moment`-th change of the mirror's folder, and kill it there."""
    command = [sys.executable, "-c", STOP_AT, str(moment), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no signal ends a process at once")
@pytest.mark.parametrize("verb", ["add", "prune"])
def test_killed_at_twenty_moments_the_next_verb_repairs(verb, tmp_path):
    old = filled(tmp_path)
    as_json("write", old, "--flat", "--json-root")
    (tmp_path / "keep.txt").write_text(pin("billing", "1.0", wheel_bytes("billing", "1.0")))
    as_json("prune", old, "-r", tmp_path / "keep.txt")
    words = {
        "add": [wheel(tmp_path / "in", "acme-lib", "3.0"), wheel(tmp_path / "in", "acme-two"), "--source", "ours"],
        "prune": ["--older-than", "0s"],
    }[verb]
    shutil.copytree(old, tmp_path / "whole")
    whole = stopped_at(0, verb, tmp_path / "whole", *words)
    assert whole.returncode == 0, whole.stderr
    changes = int(whole.stderr.split()[-1])
    expected = names_of(tmp_path / "whole")
    killed = 0
    for number in range(MOMENTS):
        mirror = tmp_path / f"killed{number}"
        shutil.copytree(old, mirror)
        stopped = stopped_at(1 + number * changes // MOMENTS, verb, mirror, *words)
        killed += stopped.returncode == -signal.SIGKILL
        as_json("write", mirror)
        checked = mirror_verb("check", mirror)
        assert checked.status == 0, checked.out
        as_json(verb, mirror, *words)
        assert mirror_verb("check", mirror).status == 0
        assert names_of(mirror) == expected
    assert killed == MOMENTS


def names_of(mirror: Path) -> set[str]:
    """Every file, times apart."""
    return {name for name in tree(mirror) if not name.endswith(".lock")}


# -- a store of objects ----------------------------------------------------------------------------


@pytest.mark.slow
def test_publish_into_s3_and_install_from_there(tmp_path, monkeypatch):
    if not has_s3():
        pytest.skip("requirements/services.txt (moto, obstore) is not installed")
    mirror = filled(tmp_path)
    as_json("write", mirror, "--flat")
    [archive] = mirror.rglob("billing-1.0-*.whl")
    (tmp_path / "r.txt").write_text(pin("billing", "1.0", archive.read_bytes()))
    with s3_server() as url:
        for name, value in s3_environment(url).items():
            monkeypatch.setenv(name, value)
        first = as_json("publish", mirror, "s3://bucket/index")
        again = as_json("publish", mirror, "s3://bucket/index")
        assert first["sent"] > 0
        assert (again["sent"], again["bytes"], again["there"]) == (0, 0, first["sent"])
        with index_document_front(f"{url}/bucket/index") as front:
            read_by_all(front, tmp_path)


def test_n31_a_real_store_that_ignores_conditions_is_found_out(tmp_path, monkeypatch):
    if find_spec("obstore") is None:
        pytest.skip("requirements/services.txt (obstore) is not installed")
    mirror = filled(tmp_path)
    with forgetful_s3() as (url, objects):
        for name, value in s3_environment(url).items():
            monkeypatch.setenv(name, value)
        refused = mirror_verb("publish", mirror, "s3://bucket/index")
        assert refused.status == 1
        assert "ignores conditions" in refused.err
        assert "--single-publisher" in refused.err
        assert objects == {}
        done = as_json("publish", mirror, "s3://bucket/index", "--single-publisher")
        assert done["sent"] == len(objects)
        assert objects["index/simple/billing/index.html"] == (mirror / "simple/billing/index.html").read_bytes()


def read_by_all(front: str, folder: Path) -> None:
    """Headers as documented; pip, uv and peep install by pages and by the one page with everything."""
    headers = {
        "find-links.html": ("text/html", "public, max-age=60"),
        "simple/billing/": ("text/html", "public, max-age=60"),
        "simple/billing/index.v1_json": (JSON_TYPE, "public, max-age=60"),
        "peep-mirror.json": ("application/json", "public, max-age=60"),
    }
    for path, expected in headers.items():
        with urllib.request.urlopen(f"{front}/{path}") as answer:
            assert (answer.headers["content-type"], answer.headers["cache-control"]) == expected
    ways = (["--index-url", f"{front}/simple/"], ["--no-index", "--find-links", f"{front}/find-links.html"])
    for name in ("pip", "uv", "peep"):
        for number, way in enumerate(ways if find_spec(name) else ()):
            place = folder / f"{name}{number}"
            target = ["--target", str(place)] if name == "pip" else ["--python", make_environment(place).python]
            asked = client(name, folder, *way, "--require-hashes", "-r", str(folder / "r.txt"), *target)
            assert asked.returncode == 0, asked.stdout + asked.stderr
    assert mirror_verb("check", front).status == 0
