"""One suite for every `Transport`, so that tests with the fake prove something about the real one."""

from contextlib import contextmanager

import pytest

from peep.errors import TransportError
from peep.http.urllib_transport import HttpOptions, UrllibTransport
from support.fake_index import FakeIndex, FakeTransport
from support.misbehaviour import CaptivePortal, ChangeBody, EndlessBody, Fail, Gzip, Redirect, Reset, Truncate

BODY = bytes(range(256)) * 1000
NAME = "demo-1.0.tar.gz"
PROJECTS = {"demo": {NAME: BODY}}
PATH = f"/files/demo/{NAME}"


@contextmanager
def fake():
    transport = FakeTransport.serving(PROJECTS)
    yield transport, "http://index.example", lambda path, how: transport.misbehave(f"http://index.example{path}", how)


@contextmanager
def real():
    with FakeIndex(PROJECTS) as index:
        transport = UrllibTransport(HttpOptions(environ={}, retries=0, use_keyring=False))
        yield transport, index.url, index.misbehave
        transport.close()


@pytest.fixture(params=[fake, real], ids=["fake", "urllib3"])
def served(request):
    """(transport, root URL, how to make a path misbehave)."""
    with request.param() as found:
        yield found


def fetch(transport, url, limit=1 << 24):
    with transport.get(url) as response:
        return response.read(limit)


def test_the_whole_body_in_small_pieces(served):
    transport, root, _ = served
    with transport.get(root + PATH) as response:
        pieces = list(response.chunks())
        assert (response.status, response.url) == (200, root + PATH)
        assert response.headers["content-length"] == str(len(BODY))
    assert b"".join(pieces) == BODY
    assert max(map(len, pieces)) < 128 * 1024


def test_a_status_below_500_is_an_answer(served):
    transport, root, misbehave = served
    with transport.get(root + "/none") as response:
        assert response.status == 404
    misbehave(PATH, Fail(403))
    with transport.get(root + PATH) as response:
        assert response.status == 403


def test_a_status_from_500_on_is_an_error_that_tells_it(served):
    transport, root, misbehave = served
    misbehave(PATH, Fail(502))
    with pytest.raises(TransportError, match="502") as caught:
        fetch(transport, root + PATH)
    assert caught.value.status == 502


def test_redirects_are_followed(served):
    transport, root, misbehave = served
    misbehave("/go", Redirect(PATH))
    with transport.get(root + "/go") as response:
        assert response.url == root + PATH
        assert response.read(1 << 24) == BODY


def test_n5_redirects_without_end_or_to_files_are_errors(served):
    transport, root, misbehave = served
    for location in ("/go", "file:///etc/passwd"):
        misbehave("/go", Redirect(location))
        with pytest.raises(TransportError):
            fetch(transport, root + "/go")


def test_n7_a_truncated_body_is_an_error(served):
    transport, root, misbehave = served
    misbehave(PATH, Truncate(1000))
    with pytest.raises(TransportError, match="1000 of 256000"):
        fetch(transport, root + PATH)


def test_n8_a_body_is_not_decoded(served):
    transport, root, misbehave = served
    misbehave(PATH, Gzip())
    assert fetch(transport, root + PATH).startswith(b"\x1f\x8b")


def test_n9_reading_stops_at_the_limit(served):
    transport, root, misbehave = served
    with pytest.raises(TransportError, match="longer than 255999 bytes"):
        fetch(transport, root + PATH, len(BODY) - 1)
    assert fetch(transport, root + PATH, len(BODY)) == BODY
    misbehave(PATH, EndlessBody())
    with pytest.raises(TransportError, match="longer than"):
        fetch(transport, root + PATH)


def test_n10_a_sign_in_page_is_an_answer_like_any_other(served):
    transport, root, misbehave = served
    misbehave(PATH, CaptivePortal())
    with transport.get(root + PATH) as response:
        assert response.headers["content-type"].startswith("text/html")


def test_n15_the_file_may_change_from_one_request_to_the_next(served):
    transport, root, misbehave = served
    misbehave(PATH, ChangeBody((b"one", b"two")))
    assert [fetch(transport, root + PATH) for _ in range(3)] == [b"one", b"two", b"two"]


def test_a_connection_that_is_reset_is_an_error(served):
    transport, root, misbehave = served
    misbehave(PATH, Reset())
    with pytest.raises(TransportError):
        fetch(transport, root + PATH)


def test_headers_are_sent(served):
    transport, root, _ = served
    with transport.get(root + PATH, {"Range": "bytes=255999-"}) as response:
        assert (response.status, response.read(10)) == (206, b"\xff")


def test_n18_errors_do_not_repeat_credentials(served):
    transport, root, misbehave = served
    misbehave(PATH, Fail(500))
    with pytest.raises(TransportError) as caught:
        fetch(transport, f"{root}{PATH}".replace("://", "://user:secret@"))
    assert "secret" not in str(caught.value)
