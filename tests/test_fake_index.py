"""The fakes are only worth something when they do what they say."""

import http.client
import json
import zipfile
from io import BytesIO

import pytest

from peep.errors import TransportError
from support.fake_index import FakeIndex, FakeTransport
from support.index_content import JSON_TYPE
from support.misbehaviour import CaptivePortal, ChangeBody, Fail, Redirect, Reset, Truncate
from support.wheels import sdist_bytes, sdist_filename, wheel_bytes, wheel_filename

WHEEL = wheel_filename("demo", "1.0")
PROJECTS = {"Demo": {WHEEL: wheel_bytes("demo", "1.0"), sdist_filename("demo", "1.0"): sdist_bytes("demo", "1.0")}}


def ask(index, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", index.port, timeout=5)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_archives_are_the_same_bytes_each_time():
    assert wheel_bytes("demo", "1.0") == PROJECTS["Demo"][WHEEL]
    assert sdist_bytes("demo", "1.0") == PROJECTS["Demo"][sdist_filename("demo", "1.0")]
    assert zipfile.ZipFile(BytesIO(wheel_bytes("demo", "1.0"))).testzip() is None


def test_it_negotiates_json_and_html_and_notes_requests():
    with FakeIndex(PROJECTS) as index:
        status, _, body = ask(index, "/simple/demo/", {"Accept": JSON_TYPE})
        assert (status, json.loads(body)["name"]) == (200, "demo")
        _, headers, page = ask(index, "/simple/demo/")
        assert headers["Content-Type"] == "text/html"
        assert WHEEL.encode() in page
        assert [request.path for request in index.requests] == ["/simple/demo/", "/simple/demo/"]


def test_a_range_gives_the_rest():
    with FakeIndex(PROJECTS) as index:
        status, headers, body = ask(index, index.file_path("demo", WHEEL), {"Range": "bytes=5-"})
    assert (status, body) == (206, PROJECTS["Demo"][WHEEL][5:])
    assert headers["Content-Range"].startswith("bytes 5-")


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        (Truncate(10), http.client.IncompleteRead),
        (Reset(), ConnectionResetError),
        (Fail(503), 503),
        (Redirect("http://other.example/"), 302),
        (CaptivePortal(), 200),
    ],
)
def test_it_misbehaves_when_told(how, outcome):
    with FakeIndex(PROJECTS) as index:
        path = index.file_path("demo", WHEEL)
        index.misbehave(path, how)
        if isinstance(outcome, int):
            status, _, body = ask(index, path)
            assert status == outcome
            assert body != PROJECTS["Demo"][WHEEL]
        else:
            with pytest.raises(outcome):
                ask(index, path)


def test_a_file_may_change_between_requests():
    with FakeIndex(PROJECTS) as index:
        path = index.file_path("demo", WHEEL)
        index.misbehave(path, ChangeBody((b"one", b"two")))
        assert [ask(index, path)[2] for _ in range(3)] == [b"one", b"two", b"two"]


def test_the_in_memory_transport_serves_the_same():
    transport = FakeTransport.serving(PROJECTS)
    url = transport.file_url("demo", WHEEL)
    with transport.get(url) as response:
        assert response.read(1 << 20) == PROJECTS["Demo"][WHEEL]
    transport.misbehave(url, Truncate(3))
    with transport.get(url) as response, pytest.raises(TransportError, match="after 3 of"):
        response.read(1 << 20)
    with pytest.raises(TransportError, match="cannot connect"), transport.get("http://nowhere.example/"):
        pass
