from __future__ import annotations

import hashlib
from contextlib import closing

import pytest

from peep.archives.receive import receive_archive
from peep.errors import PackageIndexError
from peep.formats.core_metadata import ProjectMetadata
from peep.index.bound import BoundIndex
from peep.index.client import SimpleIndexes
from peep.locking.page_releases import page_of
from peep.locking.sources import NeedsBuild, Unreadable
from peep.model import Digest, IndexOptions
from peep.pipeline.locking.kept_pages import ComparedOfflinePages, OfflinePages, RevalidatedPages
from peep.pipeline.locking.lock_threads import LockThreads
from peep.pipeline.locking.metadata import IndexMetadata
from peep.pipeline.locking.pages import IndexPages
from peep.pipeline.locking.received_once import ReceivedOnce
from peep.reporting import SilentReporter
from peep.store.metadata_cache import MetadataCache
from peep.store.page_cache import PageCache, page_digest
from support.fake_package_index import FakePackageIndex
from support.fake_transport import FakeTransport
from support.index_content import FileFacts, IndexContent
from support.wheels import sdist_bytes, tar_bytes, wheel_bytes

HOST = "http://index.example"
WHEEL, SDIST = "foo-1.0-py3-none-any.whl", "foo-1.0.tar.gz"


class Memory:
    def __init__(self) -> None:
        self.values: dict[tuple[str, str], bytes] = {}

    def get_value(self, kind: str, key: str) -> bytes | None:
        return self.values.get((kind, key))

    def put_value(self, kind: str, key: str, value: bytes) -> None:
        self.values[kind, key] = value


class Place:
    """One index with one project, and all that asks it for metadata."""

    def __init__(self, tmp_path, files, **facts) -> None:
        self.content = IndexContent({"foo": files}, facts={name: FileFacts(**facts) for name in files})
        self.transport = FakeTransport({HOST: self.content})
        self.memory = Memory()
        self.scratch = str(tmp_path)
        self.anew()

    def anew(self) -> None:
        cache = MetadataCache(self.memory)
        self.metadata = IndexMetadata(lambda: self.transport, cache, self.scratch, SilentReporter())

    def named(self, filename: str):
        index = SimpleIndexes(self.transport, IndexOptions((f"{HOST}/simple",)), SilentReporter())
        (detail,) = index.project("foo")
        (release,) = page_of("foo", detail).releases
        return release, next(one for one in release.files if one.file.filename == filename)

    def ask(self, filename: str):
        release, named = self.named(filename)
        return self.metadata.metadata(release, named), named

    def files_asked_for(self) -> list[str]:
        paths = [request.path.removeprefix(HOST) for request in self.transport.requests]
        return [path for path in paths if path.startswith("/files/")]


def test_a_wheel_is_read_by_its_sidecar_and_by_nothing_else(tmp_path):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0", requires=["bar"])}, sidecar=True)
    found, _ = place.ask(WHEEL)
    assert isinstance(found, ProjectMetadata)
    assert found.requires_dist == ("bar",)
    assert place.files_asked_for() == [f"/files/foo/{WHEEL}.metadata"]


def test_wheels_that_declare_one_digest_share_one_request(tmp_path):
    alike = wheel_bytes("foo", "1.0", requires=["bar"])
    other = wheel_bytes("foo", "1.0", requires=["baz"])
    names = [f"foo-1.0-cp31{minor}-cp31{minor}-win_amd64.whl" for minor in range(1, 4)]
    place = Place(tmp_path, {names[0]: alike, names[1]: alike, names[2]: other}, sidecar=True)
    found = [place.ask(name)[0] for name in reversed(names)]
    assert [one.requires_dist for one in found] == [("baz",), ("bar",), ("bar",)]
    assert place.files_asked_for() == [f"/files/foo/{name}.metadata" for name in (names[2], names[0])]


@pytest.mark.parametrize(("hashes", "times"), [(None, 1), ({}, 2)], ids=["stated", "unstated"])
def test_a_source_archive_with_a_stated_digest_is_received_once(tmp_path, hashes, times):
    place = Place(tmp_path, {SDIST: sdist_bytes("foo", "1.0", requires=["bar"])}, hashes=hashes)
    place.metadata.receive = once = ReceivedOnce(receive_archive)
    _, named = place.ask(SDIST)
    assert place.metadata.read_sdist(named, lambda contents: contents.read("pyproject.toml"))
    assert place.files_asked_for() == [f"/files/foo/{SDIST}"] * times
    once.close()


@pytest.mark.parametrize("facts", [{}, {"sidecar": True}], ids=["by ranges", "by its sidecar"])
def test_what_is_expected_is_asked_for_ahead_and_once(tmp_path, facts):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0", requires=["bar"])}, **facts)
    place.metadata.ask_ahead = lambda task: task()
    for _ in range(2):
        place.metadata.expect(*place.named(WHEEL))
    asked = place.files_asked_for()
    assert len(asked) == 1
    assert place.ask(WHEEL)[0].requires_dist == ("bar",)
    place.metadata.expect(*place.named(WHEEL))
    assert place.files_asked_for() == asked


def test_nothing_whole_is_asked_for_ahead(tmp_path):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0"), SDIST: sdist_bytes("foo", "1.0")})
    place.content.serves_ranges = False
    place.metadata.ask_ahead = lambda task: task()
    place.metadata.expect(*place.named(SDIST))
    assert place.files_asked_for() == []
    place.metadata.expect(*place.named(WHEEL))
    assert all("range" in one.headers for one in place.transport.requests if "/files/" in one.path)


def test_an_error_of_what_was_asked_ahead_is_heard_by_who_wants_it(tmp_path):
    place = Place(tmp_path, {WHEEL: b"no wheel"})
    threads = LockThreads()
    place.metadata.ask_ahead = threads.ask_ahead
    place.metadata.expect(*place.named(WHEEL))
    found, _ = place.ask(WHEEL)
    threads.close()
    assert isinstance(found, Unreadable)


def test_a_wheel_without_a_sidecar_is_read_by_ranges_or_else_whole(tmp_path):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0", requires=["bar"])})
    assert place.ask(WHEEL)[0].requires_dist == ("bar",)
    assert all("range" in one.headers for one in place.transport.requests if "/files/" in one.path)
    whole = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0", requires=["bar"])})
    whole.content.serves_ranges = False
    assert whole.ask(WHEEL)[0].requires_dist == ("bar",)


def test_what_was_read_once_is_not_asked_for_again(tmp_path):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0", requires=["bar"])})
    first, _ = place.ask(WHEEL)
    asked = len(place.files_asked_for())
    place.anew()
    again, _ = place.ask(WHEEL)
    assert again == first
    assert len(place.files_asked_for()) == asked


def test_without_a_stated_digest_nothing_is_kept(tmp_path):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0")}, hashes={})
    place.ask(WHEEL)
    assert place.memory.values == {}


def test_a_source_archive_is_read_whole_and_compared_with_the_stated_digest(tmp_path):
    body = sdist_bytes("foo", "1.0", requires=["bar"])
    found, _ = Place(tmp_path, {SDIST: body}).ask(SDIST)
    assert isinstance(found, ProjectMetadata)
    assert found.requires_dist == ("bar",)
    lying = Place(tmp_path, {SDIST: body}, hashes={"sha256": "0" * 64})
    with pytest.raises(PackageIndexError, match=rf"states sha256:0+ for {SDIST}, and what came is sha256:"):
        lying.ask(SDIST)


def test_a_source_archive_that_is_not_static_needs_a_build(tmp_path):
    old = b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n"
    body = tar_bytes({"foo-1.0/PKG-INFO": old, "foo-1.0/setup.py": b"raise SystemExit('ran')"})
    place = Place(tmp_path, {SDIST: body})
    assert isinstance(place.ask(SDIST)[0], NeedsBuild)
    place.anew()
    assert isinstance(place.ask(SDIST)[0], NeedsBuild)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (wheel_bytes("bar", "1.0"), "says that it is of the project bar"),
        (wheel_bytes("foo", "2.0"), "says that it is version 2.0"),
        (b"no zip at all", "holds metadata that cannot be used"),
        (wheel_bytes("foo", "1.0", files={"foo-1.0.dist-info/METADATA": b"Name: foo\n"}), "cannot be used"),
    ],
)
def test_metadata_of_something_else_is_unreadable(tmp_path, body, reason):
    found, _ = Place(tmp_path, {WHEEL: body}).ask(WHEEL)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_a_missing_digest_is_computed_from_the_bytes(tmp_path):
    body = wheel_bytes("foo", "1.0")
    place = Place(tmp_path, {WHEEL: body}, hashes={})
    _, named = place.ask(WHEEL)
    assert place.metadata.sha256(named) == Digest("sha256", hashlib.sha256(body).hexdigest())


# -- pages -------------------------------------------------------------------------------------------


@pytest.fixture
def threads():
    with closing(LockThreads()) as threads:
        yield threads


def test_pages_are_revalidated_and_not_sent_again(tmp_path, threads):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0")})
    place.content.etags = True
    kept = RevalidatedPages(PageCache(place.memory), threads, {})
    options = IndexOptions((f"{HOST}/simple",))
    first = SimpleIndexes(place.transport, options, SilentReporter(), kept).project("foo")
    threads.settle()
    again = SimpleIndexes(place.transport, options, SilentReporter(), kept).project("foo")
    assert again == first
    assert "if-none-match" not in place.transport.requests[-2].headers
    assert "if-none-match" in place.transport.requests[-1].headers
    place.content.projects["foo"]["foo-2.0-py3-none-any.whl"] = wheel_bytes("foo", "2.0")
    (detail,) = SimpleIndexes(place.transport, options, SilentReporter(), kept).project("foo")
    assert len(detail.files) == 2


def test_what_keeping_raised_is_raised_when_all_is_to_be_kept(threads):
    done = []
    threads.keep(lambda: int("none"))
    threads.keep(lambda: done.append(1))
    with pytest.raises(ValueError, match="none"):
        threads.settle()
    threads.close()
    assert done == [1]


def test_offline_takes_what_was_kept_even_without_validators(tmp_path, threads):
    place = Place(tmp_path, {WHEEL: wheel_bytes("foo", "1.0")})
    cache = PageCache(place.memory)
    options = IndexOptions((f"{HOST}/simple",))
    pages = RevalidatedPages(cache, threads, {})
    first = SimpleIndexes(place.transport, options, SilentReporter(), pages).project("foo")
    threads.settle()
    asked = len(place.transport.requests)
    seen, compared = {}, {}
    offline = SimpleIndexes(place.transport, options, SilentReporter(), OfflinePages(cache, seen))
    assert offline.project("foo") == first
    with pytest.raises(PackageIndexError, match="was never asked for bar, and --offline asks for nothing"):
        offline.project("bar")
    kept = ComparedOfflinePages(cache, compared)
    SimpleIndexes(place.transport, options, SilentReporter(), kept).project("foo")
    assert compared == seen == {f"{HOST}/simple/foo/": page_digest(first[0])}
    assert len(place.transport.requests) == asked


def test_a_bound_project_is_asked_of_its_index_alone_and_that_index_for_nothing_else():
    common = FakePackageIndex(({"corp-lib": {}, "foo": {WHEEL: b"x"}},))
    corp = FakePackageIndex(({"corp-lib": {"corp_lib-1.0-py3-none-any.whl": b"y"}, "foo": {WHEEL: b"z"}},))
    pages = IndexPages(lambda: common, [BoundIndex("corp", ("corp-*",), corp)])
    assert [release.text for release in pages.page("corp-lib").releases] == ["1.0"]
    assert pages.page("foo").exists
    assert (common.asked, corp.asked) == (["foo"], ["corp-lib"])
    assert (pages.index_name("corp-lib"), pages.index_name("foo")) == ("corp", "")


def test_the_first_index_that_has_a_project_counts():
    index = FakePackageIndex(({"foo": {WHEEL: b"x"}}, {"foo": {"foo-9.0-py3-none-any.whl": b"y"}}))
    pages = IndexPages(lambda: index, ())
    assert [release.text for release in pages.page("foo").releases] == ["1.0"]
    assert pages.page("foo").first_comes == (
        "its files are those of https://index-0.example/simple, which comes first, "
        "though https://index-1.example/simple has it as well"
    )
    nowhere = pages.page("nowhere")
    assert (nowhere.exists, nowhere.first_comes) == (False, "")
    assert nowhere.nobody_has() == (
        "no index has it (asked: https://index-0.example/simple, https://index-1.example/simple)"
    )
    assert pages.shadowed() == {"foo": ("https://index-0.example/simple", "https://index-1.example/simple")}
