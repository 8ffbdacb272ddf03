"""The real transport against a real server that behaves in every bad way of THREATS section 4."""

import os
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from peep.errors import TransportError, UsageError
from peep.http.body import LONGEST_PIECE, PIECE, continues
from peep.http.transfer_rate import TransferRate
from peep.http.urllib_transport import MOST_SERVERS, HttpOptions, UrllibTransport
from support.fake_index import FakeIndex, FileFacts
from support.misbehaviour import (
    Chain,
    ChangeBody,
    DemandBasicAuth,
    EndlessBody,
    Fail,
    Gzip,
    HugeHeaders,
    IgnoreRange,
    LieAboutLength,
    PartialUnasked,
    Redirect,
    Reset,
    SlowLoris,
    Stall,
    Truncate,
    WrongRange,
)

BODY = bytes(range(256)) * 1024
NAME = "demo-1.0.tar.gz"


@pytest.fixture
def index():
    with FakeIndex({"demo": {NAME: BODY}}) as running:
        yield running


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def transport(pauses):
    made = UrllibTransport(options(sleep=pauses.append))
    yield made
    made.close()


def options(**changes):
    return HttpOptions(**{"environ": {}, "timeout": 2.0, "use_keyring": False, "sleep": lambda _: None, **changes})


def fetch(transport, url, limit=1 << 24):
    with transport.get(url) as response:
        return response.read(limit)


def test_a_body_comes_in_small_pieces_undecoded(index, transport):
    with transport.get(index.file_url("demo", NAME)) as response:
        pieces = list(response.chunks())
    assert b"".join(pieces) == BODY
    assert max(map(len, pieces)) <= PIECE
    assert index.requests[0].headers["accept-encoding"] == "identity"


def test_the_pieces_of_a_long_body_grow_within_bounds(transport):
    with FakeIndex({"demo": {NAME: BODY * 8}}) as index, transport.get(index.file_url("demo", NAME)) as response:
        pieces = list(response.chunks())
    assert b"".join(pieces) == BODY * 8
    assert len(pieces[0]) <= PIECE
    assert PIECE < max(map(len, pieces)) <= LONGEST_PIECE


def test_status_404_is_an_answer(index, transport):
    with transport.get(index.url + "/nowhere") as response:
        assert response.status == 404


def test_the_connection_is_used_again(index, transport):
    for _ in range(3):
        fetch(transport, index.file_url("demo", NAME))
    pools = next(iter(transport._managers.values())).pools
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118 - no dict


def test_what_is_known_of_servers_does_not_grow_without_end():
    transport = UrllibTransport(options(retries=0))
    with socket.socket() as unheard:  # bound, and nobody listens
        unheard.bind(("127.0.0.1", 0))
        for number in range(MOST_SERVERS + 3):
            with pytest.raises(TransportError, match="cannot connect"):
                fetch(transport, f"http://127.0.0.1:{'0' * number}{unheard.getsockname()[1]}/")
    assert 0 < len(transport._ways) <= MOST_SERVERS


def test_many_threads_at_once(index, transport):
    got = []
    threads = [
        threading.Thread(target=lambda: got.append(fetch(transport, index.file_url("demo", NAME)))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [BODY] * 16


# -- N5: redirects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x.example/", "javascript:1", "data:,x"])
def test_n5_redirects_to_other_schemes_are_refused(index, transport, location):
    index.misbehave("/go", Redirect(location))
    with pytest.raises(TransportError, match="only http and https are followed"):
        fetch(transport, index.url + "/go")


def test_n5_endless_redirects_end(index, transport):
    index.misbehave("/go", Redirect("/go"))
    with pytest.raises(TransportError, match="more than 20 redirects"):
        fetch(transport, index.url + "/go")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_n5_redirects_to_another_host_drop_credentials(index, transport, status):
    with FakeIndex({"demo": {NAME: BODY}}) as other:
        index.misbehave("/go", Redirect(other.file_url("demo", NAME), status))
        url = (index.url + "/go").replace("://", "://user:secret@")
        with transport.get(url, {"Authorization": "Basic x", "Cookie": "y"}) as response:
            assert response.read(1 << 24) == BODY
            assert "secret" not in response.url
        assert "authorization" in index.requests[0].headers
        assert not {"authorization", "cookie"} & other.requests[0].headers.keys()


def test_n5_a_redirect_on_the_same_host_keeps_credentials(index, transport):
    path = index.file_path("demo", NAME)
    index.misbehave("/go", Redirect(path))
    index.misbehave(path, DemandBasicAuth("user", "pass word"))
    assert fetch(transport, (index.url + "/go").replace("://", "://user:pass%20word@")) == BODY


class TestBlame:
    """What goes wrong behind a redirect is not the first server's fault: the last hop is named."""

    def test_a_host_that_cannot_be_reached(self, index, transport):
        index.misbehave("/go", Redirect("http://127.0.0.1:9/x.whl?signature=sesame"))
        with pytest.raises(TransportError) as caught:
            fetch(transport, index.url + "/go")
        assert str(caught.value).startswith(f"{index.url}/go: redirected to http://127.0.0.1:9/x.whl?…: cannot connect")
        assert "sesame" not in str(caught.value)

    @pytest.mark.parametrize("how", [Fail(500), Reset(), Truncate(after=100)])
    def test_a_server_that_fails(self, index, transport, how):
        with FakeIndex({"demo": {NAME: BODY}}) as other:
            index.misbehave("/go", Redirect(other.file_url("demo", NAME)))
            other.misbehave(other.file_path("demo", NAME), how)
            with pytest.raises(TransportError) as caught:
                fetch(transport, index.url + "/go")
            assert f"{index.url}/go: redirected to {other.file_url('demo', NAME)}: " in str(caught.value)

    def test_not_where_only_a_slash_was_added(self, index, transport):
        index.misbehave("/go", Redirect("/go/"))
        index.misbehave("/go/", Fail(500))
        with pytest.raises(TransportError) as caught:
            fetch(transport, index.url + "/go")
        assert "redirected" not in str(caught.value)


# -- N7: lengths, truncation, ranges --------------------------------------------------------------------


def test_n7_a_truncated_body_is_resumed(index, transport, pauses):
    path = index.file_path("demo", NAME)
    index.misbehave(path, Truncate(after=100_000, times=1))
    assert fetch(transport, index.file_url("demo", NAME)) == BODY
    assert [request.headers.get("range") for request in index.requests] == [None, "bytes=100000-"]
    assert "if-range" in index.requests[1].headers
    assert pauses == [0.25]


def test_n7_a_reset_in_the_body_is_resumed(index, transport):
    index.misbehave(index.file_path("demo", NAME), Truncate(after=100_000, times=2, is_reset=True))
    assert fetch(transport, index.file_url("demo", NAME)) == BODY


def test_n7_a_body_truncated_for_ever_is_an_error(index, transport, pauses):
    index.misbehave(index.file_path("demo", NAME), Truncate(after=0))
    with pytest.raises(TransportError, match="asked 6 times"):
        fetch(transport, index.file_url("demo", NAME))
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_n7_a_range_from_another_offset_is_refused(index, transport):
    path = index.file_path("demo", NAME)
    index.misbehave(path, Chain((Truncate(after=1000, times=1), WrongRange())))
    with pytest.raises(TransportError, match="another part of the file"):
        fetch(transport, index.file_url("demo", NAME))


def test_n7_a_server_without_ranges_sends_all_again(index, transport):
    path = index.file_path("demo", NAME)
    index.misbehave(path, Chain((IgnoreRange(), Truncate(after=1000, times=1))))
    assert fetch(transport, index.file_url("demo", NAME)) == BODY


def test_n7_a_partial_answer_that_nobody_asked_for_is_refused(index, transport):
    index.misbehave(index.file_path("demo", NAME), PartialUnasked())
    with pytest.raises(TransportError, match="although all of it was asked"):
        fetch(transport, index.file_url("demo", NAME))


def test_n7_a_file_that_changes_while_it_is_fetched_is_refused(index, transport):
    path = index.file_path("demo", NAME)
    index.misbehave(path, Chain((ChangeBody((BODY, BODY[::-1])), Truncate(after=1000, times=1))))
    with pytest.raises(TransportError, match="changed"):
        fetch(transport, index.file_url("demo", NAME))


@pytest.mark.parametrize("stated", ["-1", "ten", "1e3", "9" * 40])
def test_n7_an_impossible_length_is_an_error(index, transport, stated):
    index.misbehave(index.file_path("demo", NAME), LieAboutLength(stated))
    with pytest.raises(TransportError, match="impossible length"):
        fetch(transport, index.file_url("demo", NAME))


@pytest.mark.parametrize("number", ["9" * 5000, "\u00b2"])
def test_n7_impossible_numbers_in_the_answer_for_the_rest_are_an_error(number):
    """More digits than Python converts, and a digit that it does not convert."""

    for status, headers in ((206, {"content-range": f"bytes {number}-5/{number}"}), (200, {"content-length": number})):
        rest = SimpleNamespace(status=status, headers=headers, url="https://index.example/demo-1.0.tar.gz")
        with pytest.raises(TransportError):
            continues(rest, 1000, 2000, {})


def test_n7_too_small_a_length_cuts_the_body_for_the_hash_to_notice(index, transport):
    index.misbehave(index.file_path("demo", NAME), LieAboutLength("5"))
    assert fetch(transport, index.file_url("demo", NAME)) == BODY[:5]
    assert fetch(transport, index.url + "/simple/demo/").startswith(b"<!DOCTYPE"), "the rest must not leak into it"


def test_n7_too_large_a_length_is_an_error(index, transport):
    index.misbehave(index.file_path("demo", NAME), LieAboutLength(str(len(BODY) + 1)))
    with pytest.raises(TransportError, match=r"ended|broke|silent|rest"):
        fetch(transport, index.file_url("demo", NAME))


def test_n7_no_length_at_all_is_fine(index, transport):
    index.misbehave(index.file_path("demo", NAME), LieAboutLength(None))
    assert fetch(transport, index.file_url("demo", NAME)) == BODY


# -- N8: content encoding -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_n8_bodies_are_never_decoded(index, transport, encoding):
    index.misbehave(index.file_path("demo", NAME), Gzip(encoding))
    with transport.get(index.file_url("demo", NAME)) as response:
        assert response.headers["content-encoding"] == encoding
        assert response.read(1 << 24).startswith(b"\x1f\x8b")


# -- N9: endless and slow -------------------------------------------------------------------------------


def test_n9_an_endless_body_ends_at_the_limit(index, transport):
    index.misbehave(index.file_path("demo", NAME), EndlessBody())
    with pytest.raises(TransportError, match="longer than 1000000 bytes"):
        fetch(transport, index.file_url("demo", NAME), limit=1_000_000)


def test_n9_a_stalled_body_is_given_up(index):
    index.misbehave(index.file_path("demo", NAME), Stall(after=10))
    with pytest.raises(TransportError, match="silent"):
        fetch(UrllibTransport(options(timeout=0.1, retries=1)), index.file_url("demo", NAME))


def test_n9_a_stall_that_passes_is_resumed(index):
    index.misbehave(index.file_path("demo", NAME), Stall(after=10, times=1))
    assert fetch(UrllibTransport(options(timeout=0.2)), index.file_url("demo", NAME)) == BODY


def test_n9_one_byte_at_a_time_is_too_slow(index):
    index.misbehave(index.file_path("demo", NAME), SlowLoris(0.01))
    started = time.monotonic()
    with pytest.raises(TransportError, match="too slowly"):
        fetch(UrllibTransport(options(pace=TransferRate(patience=0.2, floor=10_000))), index.file_url("demo", NAME))
    assert time.monotonic() - started < 10


def test_n9_huge_headers_are_refused(index):
    index.misbehave(index.file_path("demo", NAME), HugeHeaders())
    with pytest.raises(TransportError, match="headers"):
        fetch(UrllibTransport(options(retries=0)), index.file_url("demo", NAME))


# -- retries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [Fail(500, times=2), Fail(503, times=2), Fail(429, times=2), Reset(times=2)])
def test_passing_faults_pass(index, transport, pauses, how):
    index.misbehave(index.file_path("demo", NAME), how)
    assert fetch(transport, index.file_url("demo", NAME)) == BODY
    assert pauses == [0.25, 0.5]


def test_retry_after_is_obeyed_within_reason(index, transport, pauses):
    index.misbehave(index.file_path("demo", NAME), Fail(503, times=1, headers=(("Retry-After", "3"),)))
    fetch(transport, index.file_url("demo", NAME))
    index.misbehave(index.file_path("demo", NAME), Fail(503, times=1, headers=(("Retry-After", "86400"),)))
    fetch(transport, index.file_url("demo", NAME))
    assert pauses == [3.0, 30.0]


def test_a_server_error_that_stays_is_an_error(index, transport):
    index.misbehave(index.file_path("demo", NAME), Fail(500))
    with pytest.raises(TransportError, match="HTTP status 500") as caught:
        fetch(transport, index.file_url("demo", NAME))
    assert caught.value.status == 500


def test_nobody_listens():
    with FakeIndex({}) as gone:
        url = gone.url
    with pytest.raises(TransportError, match="cannot connect"):
        fetch(UrllibTransport(options(retries=0)), url)


# -- credentials ----------------------------------------------------------------------------------------


def test_n18_credentials_of_an_index_url_serve_its_files_and_are_never_shown(index, transport):
    path = index.file_path("demo", NAME)
    index.misbehave(path, DemandBasicAuth("user", "secret"))
    known = index.simple_url.replace("://", "://user:secret@")
    assert fetch(UrllibTransport(options(known_urls=(known,))), index.file_url("demo", NAME)) == BODY
    with transport.get(index.file_url("demo", NAME)) as response:
        assert response.status == 401
    index.misbehave(path, Fail(500))
    with pytest.raises(TransportError) as caught:
        fetch(transport, index.file_url("demo", NAME).replace("://", "://user:secret@"))
    assert "secret" not in str(caught.value)
    assert "user" not in str(caught.value)


def test_netrc(index, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    index.misbehave(index.file_path("demo", NAME), DemandBasicAuth("user", "secret"))
    transport = UrllibTransport(options(environ={"NETRC": str(netrc)}))
    assert fetch(transport, index.file_url("demo", NAME)) == BODY


# -- certificates, proxies, files -----------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"])
def test_n17_a_variable_that_names_no_certificates_is_an_error(index, tmp_path, variable):
    transport = UrllibTransport(options(environ={variable: str(tmp_path / "gone")}))
    with pytest.raises(UsageError, match=f"{variable} names"):
        fetch(transport, index.url.replace("http:", "https:"))
    assert fetch(transport, index.file_url("demo", NAME)) == BODY, "plain http needs none"


def test_a_proxy_is_used_for_other_hosts(index):
    through = UrllibTransport(options(environ={"http_proxy": index.url.replace("://", "://me:secret@")}))
    with through.get("http://elsewhere.example/files/demo/x") as response:
        assert response.status == 404
    assert index.requests[0].path == "http://elsewhere.example/files/demo/x"
    assert index.requests[0].headers["proxy-authorization"].startswith("Basic ")


def test_no_proxy_is_heeded(index):
    direct = UrllibTransport(options(proxy="http://nowhere.example:1", environ={"no_proxy": "127.0.0.0/8"}))
    assert fetch(direct, index.file_url("demo", NAME)) == BODY


def test_file_urls_are_read(tmp_path, transport):
    path = tmp_path / "a file.txt"
    path.write_bytes(b"content")
    assert fetch(transport, path.as_uri()) == b"content"
    with transport.get((tmp_path / "none").as_uri()) as response:
        assert response.status == 404


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_n3_file_urls_of_folders_hosts_and_pipes_are_errors(tmp_path, transport):
    os.mkfifo(tmp_path / "pipe")
    for url in (tmp_path.as_uri(), "file://host.example/x", (tmp_path / "pipe").as_uri()):
        with pytest.raises(TransportError):
            fetch(transport, url)


@pytest.mark.parametrize("url", ["ftp://x.example/", "javascript:1", "http://", "http://x.example:port/", "x", "//x"])
def test_n3_other_urls_cannot_be_fetched(transport, url):
    with pytest.raises(TransportError):
        fetch(transport, url)


def test_links_may_lie_on_another_host_but_never_get_the_first_ones_password(transport):
    with FakeIndex({"demo": {NAME: BODY}}) as files:
        facts = {NAME: FileFacts(url=files.file_url("demo", NAME))}
        with FakeIndex({"demo": {NAME: BODY}}, facts=facts) as index:
            fetch(transport, index.simple_url.replace("://", "://user:secret@"))
            fetch(transport, files.file_url("demo", NAME))
        assert "authorization" not in files.requests[0].headers
