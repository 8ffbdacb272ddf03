"""Publishing: nothing is lost between publishers, nothing is written twice, no page leads nowhere."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from peep.dataclass import replace
from peep.formats.simple_pages import JSON_TYPE
from peep.http.object_store import LARGEST_DOCUMENT, FolderStore, ObjectStoreError, PutHeaders, Whatever, open_store
from peep.mirror.facts import ArchiveFacts, ProjectFacts, parse_facts
from peep.mirror.folder import MirrorError, MirrorFolder, NewFile
from peep.mirror.layout import View, facts_path
from peep.mirror.publish import ForgetfulStoreError, PublishOptions, publish
from peep.mirror.server_config import IMMUTABLE, PAGES
from peep.reporting import SilentReporter
from support.object_stores import ForgetfulStore, MemoryStore, has_s3, s3_environment, s3_server

T1 = "2026-01-01T00:00:00.000000Z"
QUICK = PublishOptions(sleep=[].append)
SETTINGS = b"format = 1\n"


BIG = "PEEP_BIG_TESTS" in os.environ


def archive(folder: Path, name: str, version: str) -> ArchiveFacts:
    """The facts of a file that lies in `folder`, with its sidecar."""
    content, sidecar = f"{name} {version}".encode(), f"Name: {name}\n".encode()
    sha256, metadata = hashlib.sha256(content).hexdigest(), hashlib.sha256(sidecar).hexdigest()
    filename = f"{name}-{version}-py3-none-any.whl"
    (folder / filename).write_bytes(content)
    (folder / f"{filename}.metadata").write_bytes(sidecar)
    return ArchiveFacts(filename, version, sha256, len(content), "ours", T1, core_metadata=metadata)


def mirror_of(folder: Path, *archives: tuple[str, str], views=()) -> MirrorFolder:
    folder.mkdir()
    mirror = MirrorFolder(str(folder / "mirror"))
    mirror.begin(SETTINGS)
    projects: dict[str, ProjectFacts] = {}
    for name, version in archives:
        add(mirror, projects, archive(folder, name, version), name, folder)
    mirror.write(projects.values(), views=views)
    return mirror


def add(mirror, projects, file, name, folder):
    place = str(folder / file.filename)
    mirror.add_files(
        [
            NewFile(file.path, place, file.sha256),
            NewFile(f"{file.path}.metadata", f"{place}.metadata", file.core_metadata),
        ]
    )
    known = projects.get(name, ProjectFacts(name, "ours"))
    projects[name] = replace(known, files=(*(one for one in known.files if one.filename != file.filename), file))


def listed(store, name="demo"):
    return [file["filename"] for file in json.loads(store.get(f"simple/{name}/index.v1_json").content)["files"]]


def test_a_mirror_arrives_whole(tmp_path):
    mirror = mirror_of(tmp_path / "a", ("demo", "1.0"), ("other", "2.0"), views=[View.FLAT, View.JSON_ROOT])
    store = MemoryStore()
    done = publish(mirror, store, QUICK)
    assert (done.there, done.retries, done.problems, done.serial) == (0, 0, [], 1)
    assert done.sent == len(store.objects)
    local = {
        path.relative_to(mirror.root).as_posix(): path.read_bytes()
        for path in Path(mirror.root).rglob("*")
        if path.is_file() and path.name not in {"mirror.toml", "peep-mirror.json"}
    }
    assert {key: content for key, (content, _) in store.objects.items() if key != "peep-mirror.json"} == local


def test_a_second_time_nothing_is_sent(tmp_path):
    mirror = mirror_of(tmp_path / "a", ("demo", "1.0"), views=[View.FLAT])
    store = MemoryStore()
    first = publish(mirror, store, QUICK)
    again = publish(mirror, store, QUICK)
    assert (again.sent, again.bytes, again.there, again.serial) == (0, 0, first.sent, first.serial)


def test_headers_say_what_each_object_is(tmp_path):
    store = MemoryStore()
    publish(mirror_of(tmp_path / "a", ("demo", "1.0")), store, QUICK)
    headers = {key: headers for key, (_, headers) in store.objects.items()}
    types = {key.rpartition(".")[2]: (one.content_type, one.cache_control) for key, one in headers.items()}
    assert types == {
        "whl": ("application/octet-stream", IMMUTABLE),
        "metadata": ("text/plain", IMMUTABLE),
        "html": ("text/html", PAGES),
        "v1_json": (JSON_TYPE, PAGES),
        "json": ("application/json", PAGES),
    }


def test_files_alone_are_a_place_for_archives(tmp_path):
    store = MemoryStore()
    publish(mirror_of(tmp_path / "a", ("demo", "1.0")), store, replace(QUICK, files_only=True))
    assert {key.partition("/")[0] for key in store.objects} == {"files"}


def test_what_was_off_its_page_for_long_goes_and_does_not_come_back(tmp_path):
    mirror, store = mirror_of(tmp_path / "a", ("demo", "1.0"), ("demo", "1.1")), MemoryStore()
    publish(mirror, store, QUICK)
    facts = mirror.facts("demo")
    assert facts is not None
    old, new = facts.files
    mirror.write([replace(facts, files=(replace(old, unlinked="2026-01-02T00:00:00.000000Z"), new))])
    publish(mirror, store, replace(QUICK, keeps_unlinked=timedelta(days=365_000)))
    assert listed(store) == [new.filename]
    assert old.path in store.objects
    publish(mirror, store, replace(QUICK, keeps_unlinked=timedelta(0)))
    assert [key for key in store.objects if old.sha256 in key] == []
    assert [file.filename for file in parse_facts(store.get(facts_path("demo")).content).files] == [new.filename]
    again = publish(mirror, store, replace(QUICK, keeps_unlinked=timedelta(0)))
    assert again.sent == 0


NEVER_KEPT = replace(QUICK, keeps_unlinked=timedelta(0))


@pytest.mark.parametrize(("step", "key"), [("put", "facts/demo.json"), ("delete", "files/")])
def test_a_file_linked_again_while_another_publisher_removes_it_stays(step, key, tmp_path):
    """Two publishers meet: one looked for the file before the other removes it, or after the other looked at facts."""

    class Meeting(MemoryStore):
        met = False

        def meet(self, at, it):
            if at == step and it.startswith(key) and not self.met:
                self.met = True
                publish(other, twin, NEVER_KEPT)

        def put(self, key, content, headers, condition):
            self.meet("put", key)
            return MemoryStore.put(self, key, content, headers, condition)

        def delete(self, key):
            self.meet("delete", key)
            MemoryStore.delete(self, key)

    twin = MemoryStore()
    removing = mirror_of(tmp_path / "a", ("demo", "1.0"), ("demo", "1.1"))
    linking = mirror_of(tmp_path / "b", ("demo", "1.0"))
    publish(removing, twin, QUICK)
    old, new = removing.facts("demo").files
    removing.write([ProjectFacts("demo", "ours", files=(replace(old, unlinked="2026-01-02T00:00:00.000000Z"), new))])
    linking.write([ProjectFacts("demo", "ours", files=(replace(old, linked="2026-01-03T00:00:00.000000Z"),))])
    one, other = (linking, removing) if step == "put" else (removing, linking)
    store = Meeting(objects=twin.objects)
    publish(one, store, NEVER_KEPT)
    assert store.met
    assert listed(store) == [old.filename, new.filename]
    assert {old.path, f"{old.path}.metadata"} <= store.objects.keys()


def test_what_two_publish_is_there_together(tmp_path):
    store = MemoryStore()
    publish(mirror_of(tmp_path / "a", ("demo", "1.0"), ("mine", "1")), store, QUICK)
    publish(mirror_of(tmp_path / "b", ("demo", "1.1"), ("yours", "1")), store, QUICK)
    assert listed(store) == ["demo-1.0-py3-none-any.whl", "demo-1.1-py3-none-any.whl"]
    root = json.loads(store.get("simple/index.v1_json").content)["projects"]
    assert [project["name"] for project in root] == ["demo", "mine", "yours"]
    assert sorted(json.loads(store.get("peep-mirror.json").content)["projects"]) == ["demo", "mine", "yours"]


def publish_one_by_one(mirror, store, files, folder, options=QUICK):
    projects: dict[str, ProjectFacts] = {}
    for version in files:
        add(mirror, projects, archive(folder, "demo", version), "demo", folder)
        mirror.write(projects.values())
        publish(mirror, store, options)


def two_at_once(tmp_path, store, count, options=QUICK):
    """Two publishers, each of which uploads `count` files of one project, one after the other."""
    errors = []

    def run(name):
        try:
            mirror = mirror_of(tmp_path / name)
            publish_one_by_one(mirror, store, [f"{number}.{name}" for number in range(count)], tmp_path / name, options)
        except Exception as error:  # noqa: BLE001 - told in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("1", "2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(listed(store)) == 2 * count
    assert len(parse_facts(store.get(facts_path("demo")).content).files) == 2 * count


def test_two_publishers_lose_nothing(tmp_path):
    two_at_once(tmp_path, MemoryStore(), 15)


def test_two_publishers_into_a_folder_lose_nothing(tmp_path):
    two_at_once(tmp_path, FolderStore(str(tmp_path / "store")), 6, PublishOptions())


@pytest.mark.slow
def test_two_publishers_into_s3_lose_nothing(tmp_path, monkeypatch):
    if not has_s3():
        pytest.skip("requirements/services.txt (moto, obstore) is not installed")
    with s3_server() as url:
        for name, value in s3_environment(url).items():
            monkeypatch.setenv(name, value)
        two_at_once(tmp_path, open_store("s3://bucket/index"), 100 if BIG else 25, PublishOptions())


@pytest.mark.slow
def test_a_reader_never_meets_a_link_to_nothing(tmp_path):
    store = MemoryStore()
    ended = threading.Event()
    missing = []

    def read():
        while not ended.is_set():
            page = store.get("simple/demo/index.v1_json")
            for file in json.loads(page.content)["files"] if page else ():
                paths = [file["url"].removeprefix("../../") + ending for ending in ("", ".metadata")]
                missing.extend(path for path in paths if store.get(path) is None)

    reader = threading.Thread(target=read)
    reader.start()
    publish_one_by_one(mirror_of(tmp_path / "a"), store, [f"{number}.0" for number in range(25)], tmp_path / "a")
    ended.set()
    reader.join()
    assert missing == []


def test_a_slow_publisher_does_not_put_an_old_page_over_a_new_one(tmp_path):
    """The other publishes between the slow one's look at a page and its writing."""
    slow, quick = mirror_of(tmp_path / "a", ("demo", "1.0")), mirror_of(tmp_path / "b", ("demo", "1.1"))

    class Interrupted(MemoryStore):
        def get(self, key, limit=LARGEST_DOCUMENT):
            found = MemoryStore.get(self, key, limit)
            if key == "simple/demo/index.html" and not self.objects.get("simple/demo/index.html"):
                publish(quick, twin, QUICK)
            return found

    store = Interrupted()
    twin = MemoryStore(objects=store.objects)
    done = publish(slow, store, QUICK)
    assert done.retries >= 1
    assert listed(store) == ["demo-1.0-py3-none-any.whl", "demo-1.1-py3-none-any.whl"]
    assert b"demo-1.1" in store.get("simple/demo/index.html").content


def test_other_bytes_under_one_name_are_a_problem_and_the_rest_is_published(tmp_path):
    store = MemoryStore()
    publish(mirror_of(tmp_path / "a", ("demo", "1.0")), store, QUICK)
    other = mirror_of(tmp_path / "b", ("other", "1.0"))
    (tmp_path / "c").mkdir()
    file = archive(tmp_path / "c", "demo", "1.0")
    (tmp_path / "c" / file.filename).write_bytes(b"other bytes")
    changed = replace(file, sha256=hashlib.sha256(b"other bytes").hexdigest())
    projects: dict[str, ProjectFacts] = {}
    add(other, projects, changed, "demo", tmp_path / "c")
    other.write(projects.values())
    done = publish(other, store, QUICK)
    [problem] = done.problems
    assert (problem.filename, len(problem.hashes)) == (file.filename, 2)
    assert listed(store) == [file.filename]
    assert listed(store, "other") == ["other-1.0-py3-none-any.whl"]


def test_n31_a_store_that_ignores_conditions_is_refused_unless_nobody_else_publishes(tmp_path):
    mirror, store = mirror_of(tmp_path / "a", ("demo", "1.0")), ForgetfulStore()
    with pytest.raises(ForgetfulStoreError, match="ignores conditions"):
        publish(mirror, store, QUICK)
    assert store.objects == {}
    publish(mirror, store, replace(QUICK, is_single_publisher=True))
    assert listed(store) == ["demo-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("sort", ["archive", "sidecar"])
def test_other_bytes_than_the_facts_say_are_not_sent(sort, tmp_path):
    """A store keeps an immutable file for ever: whoever sends a broken one can't mend it."""
    mirror = mirror_of(tmp_path / "mirror", ("demo", "1.0"))
    file = mirror.facts("demo").files[0]
    path = file.path if sort == "archive" else f"{file.path}.metadata"
    with open(mirror.place(path), "ab") as broken:
        broken.write(b"more")
    store = MemoryStore()
    with pytest.raises(MirrorError, match="is not what its facts say; it was not sent") as raised:
        publish(mirror, store, QUICK)
    assert raised.value.hint == "peep mirror check names all that differs"
    assert path not in store.objects
    assert not any(key.startswith(("facts/", "simple/")) for key in store.objects)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_place_of_a_file_ends(tmp_path):
    mirror = mirror_of(tmp_path / "mirror", ("demo", "1.0"))
    place = mirror.place(mirror.facts("demo").files[0].path)
    os.unlink(place)
    os.mkfifo(place)
    with pytest.raises(MirrorError, match="no regular file"):
        publish(mirror, MemoryStore(), QUICK)
    os.makedirs(tmp_path / "store" / "facts")
    os.mkfifo(tmp_path / "store" / "facts" / "demo.json")
    with pytest.raises(ObjectStoreError, match="no regular file"):
        FolderStore(str(tmp_path / "store")).get("facts/demo.json")


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_an_object_larger_than_it_may_be_is_not_read(kind, tmp_path):
    store = MemoryStore() if kind == "memory" else FolderStore(str(tmp_path))
    store.put("facts/demo.json", bytes(11), PutHeaders("text/plain", "no-store"), Whatever())
    assert len(store.get("facts/demo.json", 11).content) == 11
    with pytest.raises(ObjectStoreError, match=r"facts/demo\.json"):
        store.get("facts/demo.json", 10)


def test_who_waits_is_told_how_far_it_is(tmp_path):
    class Counting(SilentReporter):
        counts: ClassVar[dict[str, int]] = {}

        def worked(self, what):
            self.counts[what] = self.counts.get(what, 0) + 1

    mirror = mirror_of(tmp_path / "mirror", ("demo", "1.0"), ("demo", "1.1"), ("other", "1.0"))
    publish(mirror, MemoryStore(), replace(QUICK, reporter=Counting()))
    assert Counting.counts == {"files": 6, "projects": 2}


def test_facts_that_are_none_stop_the_run(tmp_path):
    store = MemoryStore()
    mirror = mirror_of(tmp_path / "a", ("demo", "1.0"))
    publish(mirror, store, QUICK)
    store.objects["facts/demo.json"] = (b"{}", store.objects["facts/demo.json"][1])
    with pytest.raises(ObjectStoreError, match=r"facts/demo\.json"):
        publish(mirror, store, QUICK)


def test_somebody_who_never_stops_writing_is_given_up_on(tmp_path):
    class Busy(MemoryStore):
        def put(self, key, content, headers, condition):
            if key.startswith("facts/"):
                MemoryStore.put(self, key, ProjectFacts("demo", str(len(self.objects))).content, headers, Whatever())
                self.objects[f"noise{len(self.objects)}"] = (b"", headers)
            return MemoryStore.put(self, key, content, headers, condition)

    with pytest.raises(ObjectStoreError, match="each of 20 attempts"):
        publish(mirror_of(tmp_path / "a", ("demo", "1.0")), Busy(), QUICK)
