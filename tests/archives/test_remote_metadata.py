from __future__ import annotations

import hashlib
import struct

import pytest

from peep.archives.remote_metadata import RangesRefused, read_remote_metadata
from peep.dataclass import replace
from peep.errors import ArchiveError
from peep.model import IndexFile
from support.fake_transport import FakeTransport
from support.index_content import IndexContent
from support.wheels import wheel_bytes, wheel_members, zip_bytes

NAME = "foo-1.0-py3-none-any.whl"
LARGE = {"foo/data.bin": bytes(range(256)) * 4096}


def served(body: bytes, size: int | None = None) -> tuple[FakeTransport, IndexFile]:
    transport = FakeTransport({"http://index.example": IndexContent({"foo": {NAME: body}})})
    return transport, IndexFile(
        NAME, f"http://index.example/files/foo/{NAME}", size=len(body) if size is None else size
    )


def sent(transport: FakeTransport) -> int:
    ranges = [request.headers["range"].removeprefix("bytes=").split("-") for request in transport.requests]
    return sum(int(last) - int(first) + 1 for first, last in ranges)


@pytest.mark.parametrize("members", [{}, LARGE, {f"foo/{number}.py": b"x" * 99 for number in range(2000)}])
def test_only_the_end_and_the_member_are_fetched(members):
    noise = b"".join(hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(9000))
    body = wheel_bytes("foo", "1.0", requires=["bar"], files={"foo/noise.bin": noise, **members})
    transport, file = served(body)
    assert b"Requires-Dist: bar" in read_remote_metadata(file, transport)
    assert sent(transport) < len(body)
    assert len(transport.requests) <= 3
    assert all("range" in request.headers for request in transport.requests)


@pytest.mark.parametrize("size", [None, 5, 10_000_000])
def test_another_size_or_none_means_the_whole_file(size):
    transport, file = served(wheel_bytes("foo", "1.0"), size)
    if size is None:
        file = replace(file, size=None)
    with pytest.raises(RangesRefused):
        read_remote_metadata(file, transport)


def test_a_server_without_ranges_means_the_whole_file():
    transport, file = served(wheel_bytes("foo", "1.0"))
    transport.hosts["http://index.example"].serves_ranges = False
    with pytest.raises(RangesRefused):
        read_remote_metadata(file, transport)


def refused(body: bytes) -> str:
    transport, file = served(body)
    with pytest.raises(ArchiveError) as caught:
        read_remote_metadata(file, transport)
    return str(caught.value)


def test_tables_of_contents_that_two_readers_could_read_differently_are_refused():
    body = wheel_bytes("foo", "1.0")
    assert "no end-of-central-directory" in refused(b"x" * 500)
    assert "after its end-of-central-directory" in refused(body + b"more")
    without = {path: data for path, data in wheel_members("foo", "1.0").items() if not path.endswith("METADATA")}
    assert "has 0 files called METADATA" in refused(zip_bytes(without))
    twice = {**wheel_members("foo", "1.0"), "bar-1.0.dist-info/METADATA": b"Name: bar"}
    assert "has 2 files called METADATA" in refused(zip_bytes(twice))


def test_a_member_whose_headers_differ_is_refused():
    body = bytearray(wheel_bytes("foo", "1.0"))
    at = body.find(b"foo-1.0.dist-info/METADATA")
    body[at - 30 + 26 : at - 30 + 28] = struct.pack("<H", 5)
    assert "another name in its local header" in refused(bytes(body))


def test_a_member_that_lies_about_its_size_is_refused():
    body = bytearray(wheel_bytes("foo", "1.0"))
    at = body.rfind(b"foo-1.0.dist-info/METADATA")
    stated = struct.unpack_from("<L", body, at - 46 + 24)[0]
    for place in (at - 46 + 24, body.find(b"foo-1.0.dist-info/METADATA") - 30 + 22):
        struct.pack_into("<L", body, place, stated + 7)
    assert "METADATA" in refused(bytes(body))
