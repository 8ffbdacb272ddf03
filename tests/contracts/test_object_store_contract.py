"""What every object store must do: a folder, memory, and S3 as a real server speaks it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from peep.errors import UsageError
from peep.http.object_store import (
    Absent,
    ConditionFailed,
    FolderStore,
    ObjectStoreError,
    PutHeaders,
    Unchanged,
    Whatever,
    is_conditional,
    open_store,
)
from support.object_stores import ForgetfulStore, MemoryStore, has_s3, s3_environment, s3_server

HEADERS = PutHeaders("application/vnd.pypi.simple.v1+json", "public, max-age=60")


@pytest.fixture(scope="session")
def s3():
    if not has_s3():
        pytest.skip("requirements/services.txt (moto, obstore) is not installed")
    with s3_server() as url:
        yield url


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request, tmp_path, monkeypatch):
    if request.param == "memory":
        return MemoryStore()
    if request.param == "folder":
        return open_store(str(tmp_path / "store"))
    for name, value in s3_environment(request.getfixturevalue("s3")).items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://bucket/{tmp_path.name}")


def test_what_is_put_is_there(store):
    etag = store.put("a/b.json", b"content", HEADERS, Whatever())
    found = store.get("a/b.json")
    assert (found.content, found.state.key, found.state.size) == (b"content", "a/b.json", 7)
    assert found.state.etag == etag
    assert store.head("a/b.json") == found.state


def test_what_is_not_there_is_none(store):
    assert store.get("a/b") is None
    assert store.head("a/b") is None
    store.delete("a/b")
    assert list(store.list("a")) == []


def test_creating_is_refused_where_something_is(store):
    store.put("key", b"one", HEADERS, Absent())
    with pytest.raises(ConditionFailed):
        store.put("key", b"two", HEADERS, Absent())
    assert store.get("key").content == b"one"


def test_a_state_can_be_replaced_once(store):
    etag = store.put("key", b"one", HEADERS, Absent())
    newer = store.put("key", b"two", HEADERS, Unchanged(etag))
    with pytest.raises(ConditionFailed):
        store.put("key", b"three", HEADERS, Unchanged(etag))
    assert store.get("key").content == b"two"
    store.put("key", b"four", HEADERS, Unchanged(newer))
    assert store.get("key").content == b"four"


def test_what_is_gone_cannot_be_replaced(store):
    etag = store.put("key", b"one", HEADERS, Absent())
    store.delete("key")
    with pytest.raises(ObjectStoreError):
        store.put("key", b"two", HEADERS, Unchanged(etag))
    assert store.get("key") is None


def test_the_same_content_may_have_the_same_name_or_another_but_is_the_same(store):
    first = store.put("key", b"one", HEADERS, Whatever())
    store.put("key", b"two", HEADERS, Whatever())
    assert store.head("key").etag != first


def test_listing(store):
    for key in ("a/1", "a/b/2", "ab/3", "c"):
        store.put(key, key.encode(), HEADERS, Whatever())
    assert sorted((one.key, one.size) for one in store.list("a")) == [("a/1", 3), ("a/b/2", 5)]
    assert sorted(one.key for one in store.list()) == ["a/1", "a/b/2", "ab/3", "c"]


def test_names_with_unusual_letters(store):
    key = "files/ab/demo-1.0+cu12.ü%20-py3-none-any.whl"
    store.put(key, b"x", HEADERS, Absent())
    assert [one.key for one in store.list("files")] == [key]
    assert store.get(key).content == b"x"


def test_of_many_creators_one_wins(store):
    outcomes = []

    def create(number):
        try:
            store.put("key", str(number).encode(), HEADERS, Absent())
            outcomes.append(number)
        except ConditionFailed:
            pass

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(number).encode() for number in outcomes] == [store.get("key").content]


def test_the_probe_tells_who_keeps_conditions(store):
    assert is_conditional(store)
    assert list(store.list()) == []


def test_the_probe_finds_a_store_that_ignores_conditions():
    forgetful = ForgetfulStore()
    assert not is_conditional(forgetful)
    assert forgetful.objects == {}


def test_headers_are_those_that_were_asked_for(s3, tmp_path, monkeypatch):
    for name, value in s3_environment(s3).items():
        monkeypatch.setenv(name, value)
    open_store(f"s3://bucket/{tmp_path.name}").put("page", b"{}", HEADERS, Whatever())
    request = urllib.request.Request(f"{s3}/bucket/{tmp_path.name}/page", headers={"Authorization": "AWS test:test"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Type"] == HEADERS.content_type
        assert answer.headers["Cache-Control"] == HEADERS.cache_control
        assert answer.headers["Content-Encoding"] is None


def test_a_store_that_does_not_answer_is_told_in_one_line(tmp_path, monkeypatch):
    if not has_s3():
        pytest.skip("requirements/services.txt (moto, obstore) is not installed")
    for name, value in s3_environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    store = open_store(f"s3://nowhere/{tmp_path.name}")
    with pytest.raises(ObjectStoreError) as failed:
        store.get("key")
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", "."])
def test_a_key_never_leaves_the_folder(tmp_path, key):
    store = FolderStore(str(tmp_path / "store"))
    with pytest.raises(ObjectStoreError):
        store.put(key, b"x", HEADERS, Whatever())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="a folder cannot be locked there, so nobody knows whose they are")
def test_what_a_killed_run_left_in_a_folder_goes_with_the_next_one(tmp_path):
    FolderStore(str(tmp_path)).put("page", b"old", HEADERS, Absent())
    for name in (".peep-unfinished-0123456789abcdef", ".peep-unfinished-0123456789abcdef.0123456789abcdef", ".mine"):
        (tmp_path / name).write_bytes(b"new")
    store = open_store(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine", "page"]
    assert store.get("page").content == b"old"


@pytest.mark.skipif(os.name == "nt", reason="no signal ends a process at once")
@pytest.mark.process
def test_a_run_that_is_killed_while_it_writes_leaves_what_the_next_one_finds(tmp_path):
    program = (
        "import os, signal, sys\n"
        "from peep.http.object_store import FolderStore, PutHeaders, Whatever\n"
        "sys.addaudithook(lambda event, _: event == 'os.rename' and os.kill(os.getpid(), signal.SIGKILL))\n"
        "FolderStore(sys.argv[1]).put('folder/page', b'new', PutHeaders('', ''), Whatever())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    assert list(open_store(str(tmp_path)).list()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_other_schemes_are_a_mistake_on_the_command_line():
    with pytest.raises(UsageError) as refused:
        open_store("ftp://x/y")
    assert refused.value.exit_status == 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ObjectStoreError):
        FolderStore(str(tmp_path / "file")).put("a", b"x", HEADERS, Whatever())
