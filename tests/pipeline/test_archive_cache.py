"""The shared place for archives by digest, against one that gives no answer."""

from dataclasses import replace

from peep.archives.receive import Receiver, receive_archive
from peep.pipeline.archive_cache import ArchiveCache
from peep.reporting import SilentReporter
from support.fake_transport import FakeTransport
from support.pins import digest, offered

BODIES = {"one-1.0-py3-none-any.whl": b"PK 1", "two-1.0-py3-none-any.whl": b"PK 2"}


def test_a_place_that_gave_no_answer_once_is_not_asked_again(tmp_path):
    index = FakeTransport.serving({name[:3]: {name: body} for name, body in BODIES.items()})
    nobody = FakeTransport({})
    cache = ArchiveCache("http://cache.example/files", lambda: nobody, receive_archive, SilentReporter())
    receiver = Receiver(index, str(tmp_path), SilentReporter())
    for name, body in BODIES.items():
        file = replace(offered(name, digest(body)), url=index.file_url(name[:3], name))
        with cache.received(file, {"sha256"}, None, receiver).file as received:
            received.seek(0)
            assert received.read() == body
    assert len(nobody.requests) == 1
    assert len(index.requests) == len(BODIES)
