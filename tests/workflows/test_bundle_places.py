"""Bundles at a URL, and the shared place for archives by digest: what is asked of each server."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from support.bundle_verbs import peep_here
from support.environment_tree import make_environment
from support.fake_index import FakeIndex
from support.wheels import wheel_bytes

TARGET = ("--target", "cp312-manylinux_2_28_x86_64")
FILES = {name: f"{name}-1.0-py3-none-any.whl" for name in ("one", "two", "three")}
PROJECTS = {name: {filename: wheel_bytes(name, "1.0")} for name, filename in FILES.items()}


def digest_of(name: str) -> str:
    return sha256(PROJECTS[name][FILES[name]]).hexdigest()


def lines(*names: str) -> str:
    return "".join(f"{name}==1.0 --hash=sha256:{digest_of(name)}\n" for name in names)


def peep(folder: Path, *words: str, status: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    return peep_here(folder, *words, status=status, environ={**dead, **variables})


def install(folder: Path, *words: str, status: int = 0, **variables: str) -> str:
    """Install into an environment and a store of its own; gives what was told."""
    place = folder / f"run-{len(list(folder.glob('run-*')))}"
    make_environment(place)
    variables = {"PEEP_STORE": str(place / "store"), **variables}
    told = peep(folder, "install", "--python", str(place), *words, status=status, **variables)
    return told.stdout + told.stderr


@pytest.fixture
def bundle(tmp_path):
    """A bundle of three projects, served; the list of two of them; gives server and the bundle's digest."""
    (tmp_path / "all.txt").write_text(lines(*FILES))
    (tmp_path / "two.txt").write_text(lines("one", "two"))
    with FakeIndex(PROJECTS) as index:
        words = ("bundle", "create", "-r", "all.txt", *TARGET, "--no-peep", "b")
        peep(tmp_path, *words, PIP_INDEX_URL=index.simple_url, PEEP_STORE=str(tmp_path / "store"))
    content = tmp_path / "b"
    pages = {
        f"/b/{path.relative_to(content)}": ("application/octet-stream", path.read_bytes())
        for path in content.rglob("*")
        if path.is_file()
    }
    with FakeIndex(pages=pages) as server:
        yield server, sha256((content / "bundle.json").read_bytes()).hexdigest()


def url_of(server: FakeIndex) -> str:
    return f"http://127.0.0.1:{server.port}/b/"


def test_the_manifest_and_the_needed_archives_are_all_that_is_asked_for(tmp_path, bundle):
    server, digest = bundle
    install(tmp_path, "--bundle", url_of(server), "-r", "two.txt")
    [manifest, *archives] = [request.path for request in server.requests]
    assert manifest == "/b/bundle.json"
    assert sorted(archives) == sorted(f"/b/archives/{FILES[name]}" for name in ("one", "two"))
    before = len(server.requests)
    install(tmp_path, "--bundle", url_of(server), "--bundle-digest", digest)
    assert sorted(request.path for request in server.requests[before:]) == sorted(
        ["/b/bundle.json", "/b/locks/all.txt", *(f"/b/archives/{filename}" for filename in FILES.values())]
    )
    peep(tmp_path, "bundle", "check", url_of(server), "--digest", digest)


def test_what_a_server_does_wrong_is_told_and_nothing_installed(tmp_path, bundle):
    server, digest = bundle
    wrong = "0" * 64
    told = install(tmp_path, "--bundle", url_of(server), "--bundle-digest", wrong, "-r", "two.txt", status=1)
    assert f"this is the bundle sha256:{digest}" in told
    server.content.pages[f"/b/archives/{FILES['one']}"] = ("text/plain", b"PK")
    assert "DIDN'T MATCH" in install(tmp_path, "--bundle", url_of(server), "-r", "two.txt", status=1)
    del server.content.pages[f"/b/archives/{FILES['one']}"]
    assert "could not be fetched" in install(tmp_path, "--bundle", url_of(server), "-r", "two.txt", status=1)
    told = peep(tmp_path, "bundle", "check", url_of(server), status=1).stdout
    assert f"archives/{FILES['one']}: is missing" in told
    assert "is no bundle" in install(tmp_path, "--bundle", f"{url_of(server)}nowhere", "-r", "two.txt", status=1)
    told = peep(tmp_path, "bundle", "pack", url_of(server), "-o", "x.tar", status=2).stderr
    assert "fetch it first: peep bundle unpack" in told
    told = peep(tmp_path, "bundle", "create", "-r", "two.txt", "--from", url_of(server), "z", status=2).stderr
    assert "fetch it first: peep bundle unpack" in told


def test_a_folder_is_made_of_it_and_only_what_is_new_is_asked_for(tmp_path, bundle):
    server, digest = bundle
    peep(tmp_path, "bundle", "unpack", url_of(server), "copy", "--digest", digest)
    for path in (tmp_path / "b").rglob("*"):
        assert path.is_dir() or (tmp_path / "copy" / path.relative_to(tmp_path / "b")).read_bytes() == path.read_bytes()
    before = len(server.requests)
    (tmp_path / "copy" / "archives" / FILES["one"]).unlink()
    peep(tmp_path, "bundle", "unpack", url_of(server), "copy")
    asked = [request.path.rpartition("/")[2] for request in server.requests[before:]]
    assert asked == ["bundle.json", "all.txt", FILES["one"]]


def cache_of(*names: str) -> dict[str, tuple[str, bytes]]:
    return {
        f"/files/{digest_of(name)[:2]}/{digest_of(name)}/{FILES[name]}": (
            "application/zip",
            PROJECTS[name][FILES[name]],
        )
        for name in names
    }


def test_archives_come_from_the_shared_place_as_far_as_it_has_them(tmp_path):
    (tmp_path / "r.txt").write_text(lines("one", "two", "three"))
    pages = cache_of("one", "two")
    [lying] = [path for path in pages if "/two-" in path]
    pages[lying] = ("application/zip", bytes(len(PROJECTS["two"][FILES["two"]])))
    with FakeIndex(PROJECTS) as index, FakeIndex(pages=pages) as cache:
        place = f"http://127.0.0.1:{cache.port}/files"
        told = install(tmp_path, "-v", "-r", "r.txt", PIP_INDEX_URL=index.simple_url, PEEP_ARCHIVES=place)
        fetched = {request.path.rpartition("/")[2] for request in index.requests if "/files/" in request.path}
        assert fetched == {FILES["two"], FILES["three"]}, told
        assert {request.path.rpartition("/")[2] for request in cache.requests} == set(FILES.values())
        assert "is another file; the index is asked" in told
        assert "404" in told
        told = install(tmp_path, "-r", "r.txt", PIP_INDEX_URL=index.simple_url, PEEP_ARCHIVES=place)
        assert "index is asked" not in told


def test_a_shared_place_that_gives_no_answer_costs_nothing(tmp_path):
    (tmp_path / "r.txt").write_text(lines("one", "two", "three"))
    with FakeIndex(PROJECTS) as index:
        words = ("-v", "-r", "r.txt", "--archives", "http://127.0.0.1:9/files")
        told = install(tmp_path, *words, PIP_INDEX_URL=index.simple_url)
        assert "the index is asked" in told
    told = install(tmp_path, "-r", "r.txt", "--archives", "cache", status=2)
    assert "is no URL" in told


def test_a_lock_file_needs_no_page_and_no_index(tmp_path):
    entries = "".join(
        f'[[packages]]\nname = "{name}"\nversion = "1.0"\nwheels = [{{ name = "{FILES[name]}", '
        f'url = "http://127.0.0.1:9/{FILES[name]}", hashes = {{ sha256 = "{digest_of(name)}" }} }}]\n'
        for name in FILES
    )
    (tmp_path / "pylock.toml").write_text(f'lock-version = "1.0"\ncreated-by = "x"\n{entries}')
    with FakeIndex(pages=cache_of(*FILES)) as cache:
        install(tmp_path, "pylock.toml", PEEP_ARCHIVES=f"http://127.0.0.1:{cache.port}/files/")
        assert len(cache.requests) == len(FILES)
