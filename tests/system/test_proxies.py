import sys
from urllib.parse import quote

import pytest
import urllib3.contrib

from peep.errors import TransportError, UsageError
from peep.http.proxies import proxy_for
from peep.http.urllib_transport import HttpOptions, UrllibTransport
from support.fake_index import FakeIndex
from support.socks_proxy import SocksProxy

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("http://a.example/", {}, None),
        ("http://a.example/", {"http_proxy": PROXY}, PROXY),
        ("http://a.example/", {"HTTP_PROXY": PROXY}, PROXY),
        ("http://a.example/", {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, None),
        ("https://a.example/", {"http_proxy": PROXY}, None),
        ("https://a.example/", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://a.example/", {"all_proxy": PROXY}, PROXY),
        ("https://a.example/", {"https_proxy": "proxy.example:3128"}, PROXY),
        ("https://a.example/", {"https_proxy": "", "all_proxy": ""}, None),
        ("https://a.example/", {"https_proxy": PROXY, "no_proxy": "*"}, None),
        ("https://a.example/", {"https_proxy": PROXY, "NO_PROXY": "b.example, a.example"}, None),
        ("https://x.a.example/", {"https_proxy": PROXY, "no_proxy": ".a.example"}, None),
        ("https://xa.example/", {"https_proxy": PROXY, "no_proxy": "a.example"}, PROXY),
        ("https://a.example:8443/", {"https_proxy": PROXY, "no_proxy": "a.example:443"}, PROXY),
        ("https://a.example:8443/", {"https_proxy": PROXY, "no_proxy": "a.example:8443"}, None),
        ("https://10.1.2.3/", {"https_proxy": PROXY, "no_proxy": "10.0.0.0/8"}, None),
        ("https://11.1.2.3/", {"https_proxy": PROXY, "no_proxy": "10.0.0.0/8"}, PROXY),
        ("https://[::1]/", {"https_proxy": PROXY, "no_proxy": "::1"}, None),
    ],
)
def test_the_environment_decides(url, environ, expected):
    assert proxy_for(url, environ) == expected


def test_the_option_beats_the_environment():
    assert proxy_for("http://a.example/", {"http_proxy": "http://other.example"}, PROXY) == PROXY


@pytest.mark.parametrize("proxy", ["socks6://user:secret@proxy.example:1080", "ftp://proxy.example"])
def test_n18_a_proxy_of_another_kind_is_an_error_without_its_password(proxy):
    transport = UrllibTransport(HttpOptions(environ={}, proxy=proxy))
    with pytest.raises(UsageError, match="neither http, https nor socks") as caught, transport.get("http://a.example/"):
        pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["foo:99999", "foo:x", "http://me:secret@foo:99999", "http://me:secret@[foo", "http://"]
)
def test_a_proxy_that_is_no_url_is_blamed_itself(proxy):
    transport = UrllibTransport(HttpOptions(environ={}, proxy=proxy))
    with pytest.raises(UsageError, match=r"^the proxy http") as caught, transport.get("http://a.example/"):
        pass
    assert not any(word in str(caught.value) for word in ("secret", "a.example", "LocationParseError"))


@pytest.mark.parametrize("url", ["http://foo bar/", "http://a..b:80/", "http://%/"])
def test_a_url_of_no_server_is_told_in_words(url):
    transport = UrllibTransport(HttpOptions(environ={}, retries=0, timeout=1))
    with pytest.raises(TransportError) as caught, transport.get(url):
        pass
    assert "Error" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("credentials", [None, ("me", "open sesame/#?@")])
def test_a_socks_proxy_is_gone_through(scheme, credentials):
    pytest.importorskip("socks", reason="PySocks is not installed")
    body = b"x" * 100_000
    with SocksProxy(credentials) as proxy, FakeIndex({"demo": {"demo-1.0.zip": body}}) as index:
        userinfo = f"{quote(credentials[0], safe='')}:{quote(credentials[1], safe='')}@" if credentials else ""
        transport = UrllibTransport(HttpOptions(environ={}, proxy=f"{scheme}://{userinfo}{proxy.address}"))
        with transport.get(index.file_url("demo", "demo-1.0.zip")) as response:
            assert response.read(1 << 20) == body
        transport.close()
        assert proxy.asked == [("127.0.0.1", index.port)]


def test_a_socks_proxy_that_refuses_is_told_without_its_password():
    pytest.importorskip("socks", reason="PySocks is not installed")
    with SocksProxy(("me", "right")) as proxy:
        options = HttpOptions(environ={"all_proxy": f"socks5://me:sesame@{proxy.address}"}, retries=0)
        transport = UrllibTransport(options)
        with pytest.raises(TransportError) as caught, transport.get("http://127.0.0.1:9/"):
            pass
        transport.close()
    assert "sesame" not in f"{caught.value} {caught.value.hint}"
    assert "proxy" in caught.value.hint


def test_without_the_library_a_socks_proxy_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "urllib3.contrib.socks", None)
    monkeypatch.delattr(urllib3.contrib, "socks", raising=False)
    transport = UrllibTransport(HttpOptions(environ={}, proxy="socks5://me:sesame@127.0.0.1:9"))
    with pytest.raises(UsageError, match="extra socks") as caught, transport.get("http://127.0.0.1:9/"):
        pass
    assert ".[socks]" in caught.value.hint
    assert "sesame" not in str(caught.value)
