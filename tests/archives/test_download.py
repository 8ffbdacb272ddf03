"""The downloader against honest and dishonest servers: verified archives or clear problems, and nothing left behind."""

import _thread
import errno
import io
import os
import threading
import time
import tracemalloc
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from peep.archives.download import Downloader
from peep.archives.receive import DownloadLimits, Receiver, receive_archive
from peep.archives.verification import verify_archive
from peep.concurrency.thread_pool import MOST, run_tasks
from peep.errors import ArchiveError, BadArchive, FetchFailure, HashMismatch, HashMissing, StoreError
from peep.http.urllib_transport import HttpOptions, UrllibTransport
from peep.model import ListedFile, VerifiedArchive
from peep.reporting import SilentReporter
from support.fake_index import FakeIndex
from support.fake_transport import FakeTransport
from support.misbehaviour import (
    CaptivePortal,
    ChangeBody,
    EndlessBody,
    Fail,
    Gzip,
    LieAboutLength,
    PartialUnasked,
    Reset,
    Stall,
    Truncate,
)
from support.pins import candidate, digest, made_up, offered, pinned

BODY = b"PK\x03\x04" + bytes(range(256)) * 1500
WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
ORIGIN = "http://index.example"


@dataclass
class Progress(SilentReporter):
    """Remembers what it was told of downloads."""

    counts: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int | None] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def download_started(self, name, size):
        self.sizes[name] = size

    def download_advanced(self, name, count):
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + count

    def download_finished(self, name, _arrival=None):
        self.finished.append(name)


class Catch:
    """Takes over verified archives, as a consumer does."""

    def __init__(self):
        self.archives = []

    def __call__(self, archive):
        assert isinstance(archive, VerifiedArchive)
        self.archives.append((archive, archive.file.read()))
        archive.file.close()

    @property
    def bodies(self):
        return sorted((archive.filename, body) for archive, body in self.archives)


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir(mode=0o700)
    yield str(folder)
    assert os.listdir(folder) == []


@pytest.fixture
def catch():
    return Catch()


def served(files, name="demo"):
    return FakeTransport.serving({name: files})


def wanted(filename=WHEEL, *hashes, name="demo", version="1.0", line=1, **more):
    """A candidate for a file of the in-memory index."""
    pin = pinned(f"{name}=={version}", *hashes, line=line, listed_files=more.pop("listed_files", ()))
    file = offered(filename, **{key: more.pop(key) for key in ("size", "hashes") if key in more})
    return candidate(pin, replace(file, url=FakeTransport.file_url(name, filename)), **more)


def fetched(transport, scratch, candidates, on_verified, *, reporter=None, limits=None, connections=MOST):
    receiver = Receiver(transport, scratch, reporter or SilentReporter(), limits=limits or DownloadLimits())
    downloader = Downloader(receiver, receive_archive, verify_archive)
    orders = dict.fromkeys(downloader.add(candidate, on_verified) for candidate in candidates)
    run_tasks(downloader.tasks, downloader.stop, limit=connections)
    return [problem for order in orders for problem in order.problems]


def test_listed_files_are_handed_over_verified(scratch, catch):
    files = {f"demo-{n}.tar.gz": b"%d" % n * 70_000 for n in range(40)}
    candidates = [
        wanted(name, digest(body, "sha512"), made_up("b"), version=name[5:-7]) for name, body in files.items()
    ]
    progress = Progress()
    assert fetched(served(files), scratch, candidates, catch, reporter=progress) == []
    assert catch.bodies == sorted(files.items())
    assert progress.counts == {name: len(body) for name, body in files.items()}
    assert sorted(progress.finished) == sorted(files)


def test_nothing_to_fetch(scratch, catch):
    assert fetched(served({}), scratch, [], catch) == []


def test_n8_identity_is_asked_for(scratch, catch):
    """THREATS N8."""
    transport = served({WHEEL: BODY})
    fetched(transport, scratch, [wanted(WHEEL, digest(BODY))], catch)
    assert transport.requests[0].headers["accept-encoding"] == "identity"


def test_promise_3_every_problem_comes_back_in_the_order_of_the_file(scratch, catch):
    files = {f"demo-{n}.tar.gz": b"%d" % n * 1000 for n in range(4)}
    good, changed, unhashed = (
        wanted("demo-0.tar.gz", digest(files["demo-0.tar.gz"]), version="0"),
        wanted("demo-1.tar.gz", made_up("a"), version="1"),
        wanted("demo-2.tar.gz", version="2"),
    )
    absent = wanted("demo-9.tar.gz", made_up("a"), version="9")
    problems = fetched(served(files), scratch, [absent, changed, good, unhashed], catch)
    assert [type(problem) for problem in problems] == [FetchFailure, HashMismatch, HashMissing]
    assert problems[0].reason == "the server answered 404 (not found)"
    assert problems[1].got == (digest(files["demo-1.tar.gz"]),)
    assert problems[2].got == digest(files["demo-2.tar.gz"])
    assert [archive.filename for archive, _ in catch.archives] == ["demo-0.tar.gz"]


def test_the_same_url_is_fetched_once_for_two_pins(scratch, catch):
    transport = served({WHEEL: BODY})
    first, second = wanted(WHEEL, digest(BODY), line=1), wanted(WHEEL, digest(BODY, "sha512"), line=2)
    third = wanted(WHEEL, made_up("a"), line=3)
    problems = fetched(transport, scratch, [first, second, third], catch)
    assert len(transport.requests) == 1
    assert [type(problem) for problem in problems] == [HashMismatch]
    assert catch.bodies == [(WHEEL, BODY)] * 2
    assert {archive.digest.algorithm for archive, _ in catch.archives} == {"sha256", "sha512"}


def test_n15_one_name_from_two_places_is_two_files(scratch, catch):
    """THREATS N15: nothing is kept under a name that another file could have."""
    transport = served({WHEEL: BODY})
    transport.hosts = {
        **transport.hosts,
        "http://other.example": FakeTransport.serving({"demo": {WHEEL: b"other"}}).hosts[ORIGIN],
    }
    first = wanted(WHEEL, digest(BODY), line=1)
    second = wanted(WHEEL, digest(b"other"), line=2)
    second = replace(second, file=replace(second.file, url=second.file.url.replace(ORIGIN, "http://other.example")))
    assert fetched(transport, scratch, [first, second], catch) == []
    assert catch.bodies == sorted([(WHEEL, BODY), (WHEEL, b"other")])


def test_files_without_a_stated_digest_are_tried_in_turn(scratch, catch):
    transport = served({WHEEL: BODY, SDIST: b"the vetted one", "demo-1.0.zip": b"never asked for"})
    others = tuple(wanted(name).file for name in ("demo-1.0.tar", SDIST, "demo-1.0.zip"))
    vetted = wanted(WHEEL, digest(b"the vetted one"), alternatives=others)
    assert fetched(transport, scratch, [vetted], catch) == []
    assert catch.bodies == [(SDIST, b"the vetted one")]
    assert catch.archives[0][0].kind.value == "sdist"
    assert not any("1.0.zip" in request.path for request in transport.requests)
    unlisted = wanted(WHEEL, made_up("a"), alternatives=others)
    problems = fetched(transport, scratch, [unlisted], catch)
    assert [problem.candidate.file.filename for problem in problems] == [WHEEL]


def test_n14_n9_a_size_in_a_lock_file_is_a_limit(scratch, catch):
    """THREATS N9, N14: not a byte more is taken than the lock file says."""
    lock = (ListedFile(WHEEL, (digest(BODY),), size=100),)
    problems = fetched(served({WHEEL: BODY}), scratch, [wanted(listed_files=lock, exact_size=100)], catch)
    assert [problem.reason for problem in problems] == ["the body is larger than the 100 bytes that it may have"]
    lock = (ListedFile(WHEEL, (digest(BODY),), size=len(BODY) + 1),)
    problems = fetched(served({WHEEL: BODY}), scratch, [wanted(listed_files=lock, exact_size=len(BODY) + 1)], catch)
    assert [type(problem) for problem in problems] == [BadArchive]
    assert not catch.archives


def test_the_limit_of_one_pin_does_not_bind_another(scratch, catch):
    lock = (ListedFile(WHEEL, (digest(BODY),), size=100),)
    bound, free = wanted(listed_files=lock, exact_size=100), wanted(WHEEL, digest(BODY), line=2)
    problems = fetched(served({WHEEL: BODY}), scratch, [bound, free], catch)
    assert [type(problem) for problem in problems] == [BadArchive]
    assert catch.bodies == [(WHEEL, BODY)]


def test_n7_a_part_that_nobody_asked_for(scratch, catch):
    """THREATS N7: 206, even from a transport that lets it through."""
    transport = served({WHEEL: BODY})
    transport.misbehave(FakeTransport.file_url("demo", WHEEL), PartialUnasked())
    problems = fetched(transport, scratch, [wanted(WHEEL, digest(BODY))], catch)
    assert [problem.reason for problem in problems] == ["the server answered 206 (partial content)"]


def test_n14_a_wrong_size_in_the_index_is_no_obstacle(scratch, catch):
    """THREATS N14: advisory."""
    assert fetched(served({WHEEL: BODY}), scratch, [wanted(WHEEL, digest(BODY), size=3)], catch) == []


def test_n9_an_endless_body_ends_at_the_ceiling(scratch, catch):
    """THREATS N9."""
    transport = served({WHEEL: BODY})
    transport.misbehave(FakeTransport.file_url("demo", WHEEL), EndlessBody())
    limits = DownloadLimits(max_bytes=1 << 20)
    problems = fetched(transport, scratch, [wanted(WHEEL, digest(BODY))], catch, limits=limits)
    assert [problem.reason for problem in problems] == ["the body is larger than the 1,048,576 bytes that it may have"]


@pytest.mark.parametrize(("stated", "limit"), [(100, 100), (None, 5000)], ids=["by the index", "by nobody"])
def test_n9_a_body_whose_length_is_not_announced(scratch, catch, stated, limit):
    """THREATS N9: it ends where the index says that the file ends, else at a ceiling."""
    transport = served({WHEEL: BODY})
    transport.misbehave(FakeTransport.file_url("demo", WHEEL), EndlessBody())
    limits = DownloadLimits(max_unannounced=5000)
    problems = fetched(transport, scratch, [wanted(WHEEL, digest(BODY), size=stated)], catch, limits=limits)
    assert [problem.reason for problem in problems] == [f"the body is larger than the {limit:,} bytes that it may have"]


def test_n9_a_body_without_announced_length_that_ends_is_taken(scratch, catch):
    """THREATS N9: also one that is shorter than the index says, where its digest is a listed one (N14)."""
    transport = served({WHEEL: BODY})
    transport.misbehave(FakeTransport.file_url("demo", WHEEL), LieAboutLength(None))
    for size in (None, len(BODY), len(BODY) + 7):
        assert fetched(transport, scratch, [wanted(WHEEL, digest(BODY), size=size)], catch) == []


def test_memory_stays_flat(scratch):
    """64 MiB go through while less than 4 MiB are ever held."""
    piece = bytes(64 * 1024)

    class Large:
        @contextmanager
        def get(self, url, headers=None):
            del url, headers
            yield self

        status, url, headers = 200, "http://index.example/large", {}

        def chunks(self):
            for _ in range(1024):
                yield bytearray(piece)

    sizes = []
    tracemalloc.start()
    try:
        large = wanted(WHEEL, digest(bytes(64 << 20)))
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        assert (
            fetched(Large(), scratch, [large], lambda archive: (sizes.append(archive.size), archive.file.close())) == []
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sizes == [64 << 20]
    assert peak - before < 4 << 20


def test_n16_the_file_has_no_name_that_others_could_exchange(tmp_path):
    """THREATS N16: what was hashed is what is read afterwards."""
    names = []

    def on_verified(archive):
        with archive.file:
            names.extend(os.listdir(tmp_path))
            assert archive.file.read() == BODY

    assert fetched(served({WHEEL: BODY}), str(tmp_path), [wanted(WHEEL, digest(BODY))], on_verified) == []
    assert names == [] or os.name == "nt"


def test_an_unwritable_scratch_folder_is_said_plainly(tmp_path, catch):
    with pytest.raises(StoreError, match="downloads cannot be kept here"):
        fetched(served({WHEEL: BODY}), str(tmp_path / "absent"), [wanted(WHEEL, digest(BODY))], catch)


class FullDisk(io.BytesIO):
    """Takes `room` bytes, then has no space left, be it noticed in `write` or only in `flush`."""

    def __init__(self, room, is_late):
        super().__init__()
        self.room = room
        self.is_late = is_late

    def write(self, piece):
        if self.tell() + len(piece) > self.room and not self.is_late:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(piece)

    def flush(self):
        if self.is_late and self.tell() > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("is_late", [False, True])
def test_a_full_disk_is_said_plainly(scratch, is_late):
    class OnFullDisk(Receiver):
        def new_file(self):
            return FullDisk(100_000, is_late)

    receiver = OnFullDisk(served({WHEEL: BODY}), scratch, SilentReporter())
    with pytest.raises(StoreError, match="No space left on device"):
        receive_archive(wanted().file, {"sha256"}, None, receiver)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_closing_what_could_not_be_written_hides_no_error(scratch):
    class OnFullDisk(Receiver):
        def new_file(self):
            return open("/dev/full", "w+b")

    small = served({WHEEL: b"small enough to wait in the buffer"})
    receiver = OnFullDisk(small, scratch, SilentReporter())
    with pytest.raises(StoreError, match="No space left on device"):
        receive_archive(wanted().file, {"sha256"}, None, receiver)


def test_a_bad_inside_is_one_problem_among_others(scratch):
    def on_verified(archive):
        raise ArchiveError(archive.filename, ["RECORD is missing", "two METADATA files"])

    candidates = [wanted(WHEEL, digest(BODY)), wanted(SDIST, made_up("a"))]
    problems = fetched(served({WHEEL: BODY, SDIST: b"x"}), scratch, candidates, on_verified)
    assert [type(problem) for problem in problems] == [BadArchive, HashMismatch]
    assert problems[0].problems == ("RECORD is missing", "two METADATA files")


def test_a_bug_in_the_consumer_ends_the_run(scratch):
    def on_verified(archive):
        archive.file.close()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fetched(served({WHEEL: BODY}), scratch, [wanted(WHEEL, digest(BODY))], on_verified)


def test_at_most_so_many_connections_and_all_of_them(scratch, catch):
    busy, peak, lock = set(), [], threading.Lock()
    full = threading.Barrier(3, timeout=10)

    class Counting(FakeTransport):
        @contextmanager
        def get(self, url, headers=None):
            with lock:
                busy.add(url)
                peak.append(len(busy))
            full.wait()
            with super().get(url, headers) as response:
                yield response
            with lock:
                busy.discard(url)

    files = {f"demo-{n}.tar.gz": b"x" for n in range(9)}
    transport = Counting(FakeTransport.serving({"demo": files}).hosts)
    candidates = [wanted(name, digest(b"x")) for name in files]
    assert fetched(transport, scratch, candidates, catch, connections=3) == []
    assert max(peak) == 3


def test_ctrl_c_stops_promptly(scratch, catch):
    class Endless:
        status, url, headers = 200, "http://index.example/endless", {}

        @contextmanager
        def get(self, url, headers=None):
            del url, headers
            yield self

        def chunks(self):
            threading.Timer(0.1, _thread.interrupt_main).start()
            while True:
                time.sleep(0.01)
                yield b"more"

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetched(Endless(), scratch, [wanted(WHEEL, made_up("a"))], catch)
    assert time.monotonic() - begun < 10
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("peep-")]


# -- over real sockets ------------------------------------------------------------------------------


@pytest.fixture
def transport():
    made = UrllibTransport(HttpOptions(environ={}, timeout=1.0, retries=2, use_keyring=False, sleep=lambda _: None))
    yield made
    made.close()


def over_http(index, transport, scratch, catch, how, *hashes, size=None):
    """Fetch a good file and one whose server misbehaves; give back the problems."""
    index.misbehave(index.file_path("demo", WHEEL), how)
    spoilt = candidate(pinned("demo==1.0", *hashes), offered(WHEEL, size=size))
    spoilt = replace(spoilt, file=replace(spoilt.file, url=index.file_url("demo", WHEEL)))
    good = candidate(pinned("other==1.0", digest(b"good")), offered("other-1.0.tar.gz"))
    good = replace(good, file=replace(good.file, url=index.file_url("other", "other-1.0.tar.gz")))
    return fetched(transport, scratch, [spoilt, good], catch)


@pytest.fixture
def index():
    with FakeIndex({"demo": {WHEEL: BODY}, "other": {"other-1.0.tar.gz": b"good"}}) as running:
        yield running


PASSING = [
    pytest.param(Truncate(1000, times=1), id="N7-truncated-once"),
    pytest.param(Truncate(70_000, times=2, is_reset=True), id="N7-reset-twice-in-the-middle"),
    pytest.param(Stall(1000, times=1, seconds=3), id="N9-stalled-once"),
    pytest.param(Fail(500, times=1), id="N10-500-once"),
    pytest.param(Fail(503, times=2), id="N10-503-twice"),
    pytest.param(Reset(times=1), id="N7-reset-once"),
    pytest.param(LieAboutLength(None), id="N7-no-length"),
]


@pytest.mark.parametrize("how", PASSING)
def test_passing_faults_end_in_success(index, transport, scratch, catch, how):
    assert over_http(index, transport, scratch, catch, how, digest(BODY)) == []
    assert catch.bodies == [(WHEEL, BODY), ("other-1.0.tar.gz", b"good")]


LASTING = [
    pytest.param((Truncate(1000), FetchFailure, "connection"), id="N7-truncated"),
    pytest.param((Truncate(1000, is_reset=True), FetchFailure, "connection"), id="N7-reset-in-the-middle"),
    pytest.param((Stall(1000, seconds=5), FetchFailure, "silent"), id="N9-stalled"),
    pytest.param((LieAboutLength(str(len(BODY) + 5)), FetchFailure, ""), id="N7-length-too-large"),
    pytest.param((LieAboutLength("-1"), FetchFailure, "impossible length"), id="N7-length-negative"),
    pytest.param((LieAboutLength("9" * 5000), FetchFailure, "larger than"), id="N7-length-beyond-numbers"),
    pytest.param((Fail(500), FetchFailure, "500"), id="N10-500"),
    pytest.param((Fail(403), FetchFailure, "the server answered 403 (forbidden)"), id="N10-403"),
    pytest.param((Reset(), FetchFailure, "connection"), id="N7-reset"),
    pytest.param((PartialUnasked(), FetchFailure, "part"), id="N7-206-unasked"),
    pytest.param((LieAboutLength("1000"), HashMismatch, "only 1,000 of the 384,004 bytes"), id="N7-length-too-small"),
    pytest.param((CaptivePortal(), HashMismatch, "a web page came"), id="N10-captive-portal"),
    pytest.param((Gzip(), HashMismatch, "Content-Encoding: gzip"), id="N8-gzip"),
    pytest.param((Gzip("x-gzip"), HashMismatch, "Content-Encoding: x-gzip"), id="N8-x-gzip"),
    pytest.param((ChangeBody((BODY[::-1],)), HashMismatch, ""), id="N15-changed-file"),
]


@pytest.mark.parametrize("case", LASTING)
def test_lasting_faults_are_clear_problems_and_hurt_nobody_else(index, transport, scratch, catch, case):
    how, kind, words = case
    problems = over_http(index, transport, scratch, catch, how, digest(BODY), size=len(BODY))
    assert [type(problem) for problem in problems] == [kind]
    assert words in (problems[0].story if kind is HashMismatch else problems[0].reason)
    assert kind is HashMismatch or problems[0].reason
    assert catch.bodies == [("other-1.0.tar.gz", b"good")]


def test_n15_a_file_that_changes_while_it_is_fetched(index, transport, scratch, catch):
    """THREATS N15: never two halves of two files."""
    changed = BODY[:1000] + BODY[1000:][::-1]

    @dataclass(frozen=True)
    class Switch:
        def spoil(self, request, answer, turn, content):
            answer = ChangeBody((BODY, changed)).spoil(request, answer, turn, content)
            return replace(answer, cut_after=1000) if turn == 0 else answer

    problems = over_http(index, transport, scratch, catch, Switch(), digest(BODY))
    assert [type(problem) for problem in problems] == [FetchFailure]
    assert "changed on the server" in problems[0].reason


def test_n18_credentials_are_not_repeated(index, transport, scratch, catch):
    """THREATS N18."""
    secret = index.file_url("demo", "absent.whl").replace("http://", "http://user:secret@")
    missing = candidate(pinned("demo==1.0", made_up("a")), replace(offered(WHEEL), url=secret))
    problems = fetched(transport, scratch, [missing], catch)
    assert "secret" not in repr(problems[0].url) + problems[0].reason
    assert problems[0].url.startswith("http://****@")
    known = index.file_url("demo", WHEEL).replace("http://", "http://user:secret@")
    good = candidate(pinned("demo==1.0", digest(BODY)), replace(offered(WHEEL), url=known))
    assert fetched(transport, scratch, [good], catch) == []
    assert catch.archives[0][0].url == index.file_url("demo", WHEEL)


@pytest.mark.parametrize("url", ["", "http://[::1", "ftp://x.example/d.whl", "javascript:x", "data:,x", "http://a b/"])
def test_n3_urls_that_cannot_be_fetched(transport, scratch, catch, url):
    """THREATS N3: from a lock file, say."""
    odd = candidate(pinned("demo==1.0", made_up("a")), replace(offered(WHEEL), url=url))
    assert [type(problem) for problem in fetched(transport, scratch, [odd], catch)] == [FetchFailure]


class TestLocalFiles:
    def local(self, path, *hashes):
        return candidate(pinned("demo==1.0", *hashes), replace(offered(path.name), url=path.as_uri()))

    def test_n16_a_local_file_is_copied_while_it_is_hashed(self, tmp_path, transport, scratch):
        """THREATS N16: a change after the check reaches nobody."""
        path = tmp_path / WHEEL
        path.write_bytes(BODY)
        found = []

        def on_verified(archive):
            path.write_bytes(b"evil")
            with archive.file:
                found.append(archive.file.read())

        assert fetched(transport, scratch, [self.local(path, digest(BODY))], on_verified) == []
        assert found == [BODY]

    def test_what_is_no_file(self, tmp_path, transport, scratch, catch):
        absent, folder = self.local(tmp_path / "no.whl"), self.local(tmp_path)
        problems = fetched(transport, scratch, [absent, folder], catch)
        assert [type(problem) for problem in problems] == [FetchFailure, FetchFailure]
        assert problems[0].reason == "there is no such file"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
    def test_a_fifo_does_not_hold_up_the_run(self, tmp_path, transport, scratch, catch):
        os.mkfifo(tmp_path / WHEEL)
        problems = fetched(transport, scratch, [self.local(tmp_path / WHEEL)], catch)
        assert problems[0].reason == "is not a regular file"
