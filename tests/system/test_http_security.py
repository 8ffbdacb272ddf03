"""Certificates, heads without end, and what a URL's credentials may do: THREATS N5, N9, N17, N18."""

import ssl
import sys
import time

import pytest

from peep.errors import TransportError, UsageError
from peep.formats.url_secrets import redacted
from peep.formats.urls import origin, redirect_target
from peep.http.certificates import verified_context
from peep.http.credentials import CredentialBook, Credentials, credentials_in, netrc_lookup
from peep.http.transfer_rate import TransferRate
from peep.http.urllib_transport import HttpOptions, UrllibTransport
from support.certificates import has_openssl, self_signed
from support.fake_index import FakeIndex
from support.misbehaviour import Redirect
from support.raw_server import RawServer
from support.tunnel_proxy import TunnelProxy

BODY = b"content" * 1000
NAME = "demo-1.0.tar.gz"
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems keep their authorities elsewhere")
needs_openssl = pytest.mark.skipif(not has_openssl, reason="no openssl program to make certificates with")


def transport(**changes):
    settings = {"environ": {}, "timeout": 2.0, "retries": 0, "use_keyring": False, "sleep": lambda _: None}
    return UrllibTransport(HttpOptions(**{**settings, **changes}))


def fetch(asked, url):
    try:
        with asked.get(url) as response:
            return response.read(1 << 20)
    finally:
        asked.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def secure(certificate):
    with FakeIndex({"demo": {NAME: BODY}}, tls=certificate.server_context()) as running:
        yield running


@needs_openssl
class TestCertificates:
    def test_n17_an_unknown_authority_is_refused(self, secure):
        with pytest.raises(TransportError, match="certificate was not accepted") as caught:
            fetch(transport(), secure.file_url("demo", NAME))
        assert "--cert" in caught.value.hint

    def test_n17_the_authority_may_be_named(self, secure, certificate):
        assert fetch(transport(cert=str(certificate.certificate)), secure.file_url("demo", NAME)) == BODY

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
    def test_n17_a_variable_may_name_it(self, secure, certificate, variable):
        asked = transport(environ={variable: str(certificate.certificate)})
        assert fetch(asked, secure.file_url("demo", NAME)) == BODY

    @linux
    def test_n17_the_systems_authorities_are_believed_and_read_once(self, secure, certificate, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))  # where OpenSSL itself looks
        context = verified_context(None, None, {})
        assert [dict(sum(one["subject"], ()))["commonName"] for one in context.get_ca_certs()] == ["peep tests"]
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert fetch(transport(), secure.file_url("demo", NAME)) == BODY

    @linux
    def test_n17_authorities_are_looked_for_where_openssl_does_not(self, tmp_path, monkeypatch):
        truststore = pytest.importorskip("truststore")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone"))
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        (tmp_path / "README").touch()
        assert type(verified_context(None, None, {})) is truststore.SSLContext
        (tmp_path / "0123abcd.0").touch()
        assert type(verified_context(None, None, {})) is ssl.SSLContext

    def test_n17_the_option_beats_the_variable(self, secure, certificate):
        asked = transport(cert=str(certificate.certificate), environ={"SSL_CERT_FILE": "/nowhere"})
        assert fetch(asked, secure.file_url("demo", NAME)) == BODY

    def test_n17_another_name_is_refused(self, tmp_path):
        other = self_signed(tmp_path, "DNS:other.example")
        with FakeIndex({}, tls=other.server_context()) as running, pytest.raises(TransportError, match="certificate"):
            fetch(transport(cert=str(other.certificate)), running.url)

    @pytest.mark.parametrize("with_port", [False, True])
    def test_a_trusted_host_is_not_checked(self, secure, with_port):
        host = f"127.0.0.1:{secure.port}" if with_port else "127.0.0.1"
        assert fetch(transport(trusted_hosts=(host,)), secure.file_url("demo", NAME)) == BODY

    def test_trust_in_another_port_does_not_count(self, secure):
        with pytest.raises(TransportError, match="certificate"):
            fetch(transport(trusted_hosts=("127.0.0.1:1",)), secure.file_url("demo", NAME))

    def test_a_client_certificate_is_shown(self, certificate):
        with FakeIndex({"demo": {NAME: BODY}}, tls=certificate.server_context(wants_client=True)) as running:
            named = {"cert": str(certificate.certificate)}
            assert fetch(transport(client_cert=str(certificate.both), **named), running.file_url("demo", NAME)) == BODY
            with pytest.raises(TransportError):
                fetch(transport(**named), running.file_url("demo", NAME))

    def test_n17_files_that_are_no_certificates_are_errors(self, secure, tmp_path):
        text = tmp_path / "text.pem"
        text.write_text("no certificate")
        for changes in ({"cert": str(text)}, {"client_cert": str(text)}, {"client_cert": str(tmp_path / "gone")}):
            with pytest.raises(UsageError, match="cert"):
                fetch(transport(**changes), secure.url)

    def test_n5_a_redirect_from_https_to_http_is_refused(self, secure, certificate):
        with FakeIndex({"demo": {NAME: BODY}}) as plain:
            secure.misbehave("/go", Redirect(plain.file_url("demo", NAME)))
            with pytest.raises(TransportError, match="from https to plain http"):
                fetch(transport(cert=str(certificate.certificate)), secure.url + "/go")
            assert plain.requests == ()

    def test_n5_a_redirect_from_http_to_https_is_followed(self, secure, certificate):
        with FakeIndex({}) as plain:
            plain.misbehave("/go", Redirect(secure.file_url("demo", NAME)))
            assert fetch(transport(cert=str(certificate.certificate)), plain.url + "/go") == BODY


@needs_openssl
class TestTunnels:
    def test_https_goes_through_a_proxy_in_a_tunnel(self, secure, certificate):
        with TunnelProxy() as proxy:
            asked = transport(cert=str(certificate.certificate), proxy=proxy.url)
            for _ in range(2):
                with asked.get(secure.file_url("demo", NAME)) as response:
                    assert response.read(1 << 20) == BODY
            asked.close()
            assert proxy.tunnels == [f"CONNECT 127.0.0.1:{secure.port}"], "one tunnel serves both"

    def test_n17_the_certificate_is_checked_inside_the_tunnel(self, secure):
        with TunnelProxy() as proxy, pytest.raises(TransportError, match="certificate was not accepted"):
            fetch(transport(proxy=proxy.url), secure.url)

    def test_n18_the_proxy_gets_its_password_and_the_server_does_not(self, secure, certificate):
        secret = Credentials("me", "secret").header
        with TunnelProxy(secret) as proxy:
            url = proxy.url.replace("://", "://me:secret@")
            known = {"cert": str(certificate.certificate)}
            assert fetch(transport(proxy=url, **known), secure.file_url("demo", NAME)) == BODY
            assert not any("proxy-authorization" in request.headers for request in secure.requests)
            with pytest.raises(TransportError, match="407") as caught:
                fetch(transport(proxy=proxy.url, retries=5, **known), secure.url)
            assert "asked" not in str(caught.value), "asking again does not help"


class TestHeads:
    def test_chunked_bodies_and_old_servers(self):
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n2;x=y\r\nfg\r\n0\r\nT: t\r\n\r\n"
        for answer in (chunked, b"HTTP/1.0 200 OK\r\n\r\nabcdefg", b"HTTP/1.1 200\r\nConnection: close\r\n\r\nabcdefg"):
            with RawServer([answer]) as server:
                assert fetch(transport(), server.url) == b"abcdefg"

    @pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 C\r\nX: y\r\n\r\n"])
    def test_n9_a_flood_of_interim_answers_ends(self, interim):
        with RawServer([interim * 1000], repeat=2000) as server, pytest.raises(TransportError, match="headers"):
            fetch(transport(), server.url)

    def test_n9_a_head_that_drips_is_too_slow(self):
        started = time.monotonic()
        dripping = RawServer([b"HTTP/1.1 200 OK\r\nX: ", *[b"y"] * 2000], pause=0.01)
        with dripping as server, pytest.raises(TransportError, match="too slowly"):
            fetch(transport(pace=TransferRate(patience=0.2, floor=10_000)), server.url)
        assert time.monotonic() - started < 10

    @pytest.mark.parametrize(
        "answer", [b"", b"\r\n", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/9 x\r\n", b"\0" * 99]
    )
    def test_n9_what_is_no_http_is_an_error(self, answer):
        with RawServer([answer]) as server, pytest.raises(TransportError):
            fetch(transport(), server.url)

    def test_n7_chunks_that_break_off_are_an_error(self):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for tail in (b"5\r\nab", b"5\r\nabcde\r\n", b"x\r\n", b"-5\r\nabcde\r\n0\r\n\r\n"):
            with RawServer([head + tail]) as server, pytest.raises(TransportError):
                fetch(transport(), server.url)

    def test_n7_two_lengths_that_differ_are_an_error(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"
        with RawServer([head]) as server, pytest.raises(TransportError, match="Length"):
            fetch(transport(), server.url)


class TestRedirectTargets:
    @pytest.mark.parametrize(
        ("location", "target"),
        [
            ("/x", "https://a.example/x"),
            ("x?y#z", "https://a.example/p/x?y#z"),
            ("//b.example/", "https://b.example/"),
            ("HTTPS://b.example/", "https://b.example/"),
        ],
    )
    def test_n5_credentials_do_not_travel(self, location, target):
        assert redirect_target("https://user:secret@a.example/p/q", location) == target

    @pytest.mark.parametrize("location", ["http://[", "https://a.example:port", "//[x"])
    def test_n5_malformed_targets_are_errors(self, location):
        with pytest.raises(TransportError):
            origin(redirect_target("https://a.example/", location))

    @pytest.mark.parametrize(
        "location", ["http:\\\\user:secret@b.example\\x", "/\\b.example/x", "\\x", "/x\x0by", "/\x7f"]
    )
    def test_n5_what_no_url_may_hold_is_followed_nowhere_and_not_shown(self, location):
        with pytest.raises(TransportError, match="malformed") as caught:
            redirect_target("https://a.example/", location)
        assert "secret" not in str(caught.value)

    def test_n5_the_port_belongs_to_the_origin(self):
        assert origin("https://A.example/") == origin("https://a.example:443/x")
        assert origin("https://a.example/") != origin("https://a.example:8443/")
        assert origin("https://a.example/") != origin("http://a.example/")


class TestCredentials:
    def test_n18_they_are_decoded_and_not_shown(self):
        found = credentials_in("https://us%40er:p%3Aw@a.example/")
        assert found == Credentials("us@er", "p:w", "the URL")
        assert "p:w" not in repr(found)
        assert credentials_in("https://a.example/") is None

    def test_n5_they_stay_with_their_origin(self):
        book = CredentialBook(["https://user:secret@a.example/simple", "file:///srv/simple"])
        assert book.lookup("https://a.example/files/x") == Credentials("user", "secret", "the URL")
        for other in ("https://b.example/", "http://a.example/", "https://a.example:8443/", "https://x.a.example/"):
            assert book.lookup(other) is None

    def test_the_keyring_is_asked_after_a_refusal(self):
        asked = []

        def keyring(url, user):
            asked.append((url, user))
            return Credentials("user", "from the keyring")

        book = CredentialBook(["https://user@a.example/simple"], from_keyring=keyring)
        assert book.lookup("https://a.example/x") == Credentials("user", "", "the URL")
        assert book.after_refusal("https://a.example/x") == Credentials("user", "from the keyring")
        assert book.lookup("https://a.example/y") == Credentials("user", "from the keyring")
        assert book.after_refusal("https://a.example/y") is None, "the same again would be refused again"
        assert asked[0] == ("https://a.example/", "user")

    @pytest.mark.parametrize("text", ["", "machine", "\0", "machine b.example login x password y", "\xff\xfe"])
    def test_a_netrc_without_an_entry_or_a_broken_one_is_none(self, tmp_path, text):
        path = tmp_path / "netrc"
        path.write_bytes(text.encode("latin-1"))
        assert netrc_lookup(str(path))("https://a.example/", None) is None
        assert netrc_lookup(str(tmp_path / "gone"))("https://a.example/", None) is None


@pytest.mark.parametrize("url", ["http://[::1/simple/", "https://\u2100.example/"])
def test_a_malformed_url_is_told_when_it_is_asked(url):
    with pytest.raises(TransportError, match="malformed URL") as caught:
        fetch(transport(known_urls=(url,)), url)
    assert url in str(caught.value)


def test_n18_a_malformed_url_is_shown_without_its_secrets():
    assert redacted("http://me:sec@ret@[::1/x") == "http://****@[::1/x"
    assert redacted("me:secret@a.example/simple") == "****@a.example/simple"  # the scheme was forgotten
    assert redacted("https:/me:secret@a.example/simple") == "https:/****@a.example/simple"
    assert redacted("folder@2:x@y") == "folder@2:x@y"
