from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from peep.http.transport import Transport
from peep.system.file_digest import PIECE, digest_of_file
from peep.workflows.hash import HashedSource, HashFailure, HashSource, hash_sources, sources_of
from support.fake_transport import FakeTransport


def no_network() -> Transport:
    raise AssertionError("nothing was asked of the network")


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_digests_are_those_of_hashlib(size: int, algorithm: str, tmp_path: Path):
    content = bytes(range(256)) * (size // 256 + 1)
    path = tmp_path / "x"
    path.write_bytes(content[:size])
    digest, counted = digest_of_file(str(path), algorithm)
    assert (digest.algorithm, digest.hex) == (algorithm, hashlib.new(algorithm, content[:size]).hexdigest())
    assert counted == size


def test_results_come_in_order_whoever_is_ready_first(tmp_path: Path):
    paths = []
    for number in range(40):
        path = tmp_path / f"{number}.whl"
        path.write_bytes(b"x" * ((40 - number) * 20_000))
        paths.append(str(path))
    results = list(hash_sources(paths, no_network, threads=4))
    assert [result.source.text for result in results] == paths
    assert all(isinstance(result, HashedSource) for result in results)


def test_what_cannot_be_read_is_a_failure_in_its_place(tmp_path: Path):
    good = tmp_path / "good.whl"
    good.write_bytes(b"")
    first, second, third = hash_sources([str(tmp_path / "missing"), str(good), "nul\0in name"], no_network)
    assert isinstance(first, HashFailure)
    assert isinstance(second, HashedSource)
    assert isinstance(third, HashFailure)
    assert "null" in third.reason


def test_a_folder_is_its_archives_by_name(tmp_path: Path):
    for name in ("b.tar.gz", "A.whl", "c.zip", "notes.md"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.whl").mkdir()
    sources = list(sources_of(str(tmp_path)))
    assert sources == [HashSource(str(tmp_path / name), is_in_folder=True) for name in ("A.whl", "b.tar.gz", "c.zip")]


def transports(opened: list[Transport]) -> Callable[[], Transport]:
    def open_transport() -> Transport:
        opened.append(FakeTransport.serving({"six": {"six-1.0.tar.gz": b"six"}}))
        return opened[-1]

    return open_transport


def test_urls_share_one_transport_and_tell_what_failed():
    opened: list[Transport] = []
    good = FakeTransport.file_url("six", "six-1.0.tar.gz")
    secret = good.replace("http://", "http://me:secret@").replace("six-1.0", "six-2.0")
    first, second, third = hash_sources([good, secret, good], transports(opened), threads=3)
    assert isinstance(first, HashedSource)
    assert first == third
    assert first.digest.hex == hashlib.sha256(b"six").hexdigest()
    assert isinstance(second, HashFailure)
    assert "404" in second.reason
    assert "secret" not in second.reason
    assert len(opened) == 1


def test_an_interruption_does_not_wait_for_everything_that_was_named(tmp_path: Path):
    """Whoever stops taking results, as Ctrl-C does, stops the reading too."""
    before = threading.active_count()
    paths = []
    for number in range(200):
        path = tmp_path / f"{number}.whl"
        path.write_bytes(b"x" * 100_000)
        paths.append(str(path))
    results = hash_sources(paths, no_network, threads=2)
    next(results)
    results.close()
    assert threading.active_count() == before
