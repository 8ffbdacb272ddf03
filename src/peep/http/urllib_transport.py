"""Transport over urllib3, with the rules of THREATS section 4 around it.

Importing this module imports urllib3 (some 60 ms), so callers import it when the network is needed and not before.
"""

from __future__ import annotations

import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions as faults
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

from peep.concurrency.thread_pool import MOST
from peep.dataclass import dataclass, field
from peep.errors import MissingExtra, TransportError, UsageError
from peep.formats.url_secrets import AMBIGUOUS, PERCENT_ENCODE, is_ambiguous, redacted
from peep.formats.urls import (
    MAX_REDIRECTS,
    REDIRECT_STATUSES,
    by_redirect,
    origin,
    redirect_target,
    scheme_of,
    without_credentials,
)
from peep.http.body import HttpResponse
from peep.http.credentials import CredentialBook, Credentials, credentials_in, keyring_lookup, netrc_lookup
from peep.http.file_urls import open_file_url
from peep.http.proxies import proxy_for, what_is_wrong
from peep.http.retries import RETRIED_STATUSES, Attempts, PassingFault
from peep.http.transfer_rate import TransferRate, paced_response_class
from peep.http.transport import Response

FIRST_SERVER_ERROR = 500
PARTIAL_CONTENT = 206
UNAUTHORIZED = 401
MOST_SERVERS = 32
"""To which connections are kept at a time."""

_PLAINLY: Mapping[str, Any] = {"redirect": False, "retries": False, "preload_content": False, "decode_content": False}
"""Redirects, retries and what a body means are decided here."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How to reach servers. `environ` is the process's environment (proxies, certificates, netrc); {} for none."""

    environ: Mapping[str, str]
    cert: str | None = None
    """`--cert`: file or folder of certificate authorities."""
    client_cert: str | None = None
    proxy: str | None = None
    timeout: float = 15.0
    """Seconds without a byte, and seconds to connect."""
    retries: int = 5
    trusted_hosts: tuple[str, ...] = ()
    """`host` or `host:port`, whose certificates are not checked (`--trusted-host`)."""
    known_urls: tuple[str, ...] = ()
    """Index URLs; credentials in them serve every URL of the same origin."""
    user_agent: str = "peep"
    pace: TransferRate = field(default_factory=TransferRate)
    use_keyring: bool = True
    sleep: Callable[[float], None] = time.sleep


class UrllibTransport:
    """Implements `peep.http.transport.Transport`; see there for what `get` returns and raises."""

    def __init__(self, options: HttpOptions) -> None:
        self._options = options
        self._credentials = CredentialBook(
            options.known_urls,
            netrc_lookup(options.environ.get("NETRC")) if options.environ else None,
            keyring_lookup() if options.use_keyring else None,
        )
        self._managers: dict[_Route, urllib3.PoolManager] = {}
        self._ways: dict[tuple[Any, ...], urllib3.PoolManager | urllib3.HTTPConnectionPool] = {}
        self._lock = threading.Lock()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Response]:
        if is_ambiguous(url):
            raise TransportError(redacted(url), AMBIGUOUS, PERCENT_ENCODE)
        if scheme_of(url) == "file":
            with open_file_url(url) as file_response:
                yield file_response
            return
        attempts = Attempts(url, self._options.retries, self._options.sleep)
        asked = {name.lower(): value for name, value in (headers or {}).items()}

        def reopen(more: Mapping[str, str]) -> _Exchange:
            return self._follow(url, {**asked, **{name.lower(): value for name, value in more.items()}})

        response = HttpResponse(_open_patiently(reopen, attempts), reopen, attempts)
        try:
            if response.status == PARTIAL_CONTENT and "range" not in asked:
                raise TransportError(redacted(url), "the server sent a part of the file, although all of it was asked")
            yield response
        finally:
            response.close()

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()
            self._managers.clear()
            self._ways.clear()

    def _follow(self, url: str, headers: Mapping[str, str]) -> _Exchange:
        """Ask for `url` and go where its redirects lead, each hop with no more than its own origin's credentials."""
        self._credentials.remember(_http_url(url))
        first, start = url, origin(url)
        place = start
        for _ in range(MAX_REDIRECTS + 1):
            kept = headers if place == start else _without_secrets(headers)
            try:
                exchange = self._ask_with_credentials(url, kept)
            except (PassingFault, TransportError) as fault:
                raise _blamed(first, url, fault) from fault
            location = exchange.headers.get("location")
            if exchange.status not in REDIRECT_STATUSES or location is None:
                return exchange
            exchange.close()
            url = redirect_target(url, location)
            place = origin(url)
        raise TransportError(redacted(url), f"more than {MAX_REDIRECTS} redirects")

    def _ask_with_credentials(self, url: str, headers: Mapping[str, str]) -> _Exchange:
        exchange = self._ask(url, headers, credentials_in(url) or self._credentials.lookup(url))
        if exchange.status == UNAUTHORIZED:
            better = self._credentials.after_refusal(url)
            if better is not None:
                exchange.close()
                return self._ask(url, headers, better)
        return exchange

    def _ask(self, url: str, headers: Mapping[str, str], credentials: Credentials | None) -> _Exchange:
        """One request on one connection; raises `PassingFault` or `TransportError`."""
        sent = {"accept-encoding": "identity", "user-agent": self._options.user_agent, **headers}
        if credentials is not None:
            sent.setdefault("authorization", credentials.header)
        address = without_credentials(url)
        try:
            response = self._send(address, sent)
        except (faults.HTTPError, OSError, ValueError) as error:
            from peep.http.faults import fault_of  # noqa: PLC0415 - most requests are answered

            raise fault_of(address, error) from error
        exchange = _Exchange(address, response, credentials.source if credentials else "")
        if response.status >= FIRST_SERVER_ERROR or response.status in RETRIED_STATUSES:
            exchange.close()
            raise PassingFault(
                f"HTTP status {response.status}",
                status=response.status,
                retry_after=exchange.headers.get("retry-after", ""),
            )
        return exchange

    def _send(self, address: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        read, parsed = urlsplit(address), parse_url(address)
        # What decides here and what connects read addresses each in its own way. Only those that are of one server for
        # both share what was decided once.
        server = read.scheme, read.netloc, parsed.scheme, parsed.host, parsed.port
        with self._lock:
            way = self._ways.get(server)
            if way is None:
                if len(self._ways) >= MOST_SERVERS:
                    self._ways.clear()  # or they would keep connections that their managers let go
                way = self._ways[server] = self._way(address)
        if isinstance(way, urllib3.PoolManager):
            return way.urlopen("GET", address, headers=headers, **_PLAINLY)
        return way.urlopen("GET", parsed.request_uri, headers=headers, assert_same_host=False, **_PLAINLY)

    def _way(self, address: str) -> urllib3.PoolManager | urllib3.HTTPConnectionPool:
        """The connections to a server, or the manager that knows how to reach it through a proxy."""
        manager = self._manager(address)
        return manager.connection_from_url(address) if manager.proxy is None else manager

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = proxy_for(url, self._options.environ, self._options.proxy)
        _, host, port = origin(url)
        is_trusted = not {host, f"{host}:{port}"}.isdisjoint(self._options.trusted_hosts)
        is_secure = url.lower().startswith("https:") or (proxy or "").startswith("https:")
        route = _Route(proxy, is_secure=is_secure, is_trusted=is_trusted)
        if route not in self._managers:
            self._managers[route] = self._new_manager(route)
        return self._managers[route]

    def _new_manager(self, route: _Route) -> urllib3.PoolManager:
        options = self._options
        timeout = urllib3.Timeout(connect=options.timeout, read=options.timeout)
        settings: dict[str, Any] = {"maxsize": MOST, "timeout": timeout}
        if route.is_secure:
            from peep.http.certificates import unverified_context, verified_context  # noqa: PLC0415 - for https only
        if route.is_secure and route.is_trusted:
            urllib3.disable_warnings(faults.InsecureRequestWarning)  # the user named these hosts
            settings["ssl_context"] = unverified_context(options.client_cert)
            settings |= {"cert_reqs": ssl.CERT_NONE, "assert_hostname": False}
        elif route.is_secure:
            settings["ssl_context"] = verified_context(options.cert, options.client_cert, options.environ)
        if route.proxy is not None and route.proxy.lower().startswith("socks"):
            return _socks_manager(route.proxy, options.pace, settings)
        if route.proxy is None:
            manager = urllib3.PoolManager(MOST_SERVERS, None, **settings)
        else:
            manager = _proxy_manager(route.proxy, settings)
        manager.pool_classes_by_scheme = _paced_pools(options.pace)
        return manager


@dataclass(frozen=True, slots=True)
class _Route:
    """What decides which pool of connections serves a URL. Loading certificates takes time: for https only."""

    proxy: str | None
    is_secure: bool
    is_trusted: bool


class _Exchange:
    """Implements `http_body.Exchange` over a urllib3 response."""

    def __init__(self, url: str, response: urllib3.BaseHTTPResponse, credentials_from: str) -> None:
        self.url = url
        self.credentials_from = credentials_from
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response = response

    def read(self, amount: int) -> bytes:
        try:
            return self._response.read(amount, decode_content=False)
        except (faults.HTTPError, OSError, ValueError) as error:
            from peep.http.faults import fault_of  # noqa: PLC0415 - as above

            raise fault_of(self.url, error) from error

    def close(self) -> None:
        """Give the connection back when the body was read to its end (or is empty), else drop it."""
        if self.headers.get("content-length") == "0":
            self._response.drain_conn()
        self._response.close()


def _blamed(first: str, last: str, fault: PassingFault | TransportError) -> PassingFault | TransportError:
    """The fault with the last hop named, where redirects have led to another place than the first."""
    hop = by_redirect(first, last)
    if not hop:
        return fault
    reason = hop + fault.reason
    if isinstance(fault, PassingFault):
        return PassingFault(reason, fault.hint, status=fault.status, retry_after=fault.retry_after)
    return TransportError(redacted(first), reason, fault.hint, status=fault.status)


def _open_patiently(reopen: Callable[[Mapping[str, str]], _Exchange], attempts: Attempts) -> _Exchange:
    while True:
        try:
            return reopen({})
        except PassingFault as fault:
            attempts.after(fault)


def _http_url(url: str) -> str:
    if scheme_of(url) not in {"http", "https"}:
        raise TransportError(redacted(url), "only http, https and file URLs can be fetched")
    return url


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in {"authorization", "cookie"}}


def _paced_pools(pace: TransferRate) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Connection pools whose answers must keep to `pace`."""
    plain = type("PacedConnection", (HTTPConnection,), {"response_class": paced_response_class(pace)})
    secure = type("PacedSecureConnection", (HTTPSConnection,), {"response_class": paced_response_class(pace)})
    return {
        "http": type("PacedPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("PacedSecurePool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


def _refuse_unfit(proxy: str) -> None:
    """Raises `UsageError` for what can be no proxy."""
    if is_ambiguous(proxy):
        raise UsageError(f"the proxy of --proxy or of a *_proxy variable: {AMBIGUOUS}", PERCENT_ENCODE)
    if unfit := what_is_wrong(proxy):
        raise UsageError(f"the proxy {redacted(proxy)} {unfit}", "check --proxy and the *_proxy variables")


def _socks_manager(proxy: str, pace: TransferRate, settings: Mapping[str, Any]) -> urllib3.PoolManager:
    """A manager over urllib3's own support of SOCKS. Raises `UsageError` where the library for it is missing."""
    _refuse_unfit(proxy)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # urllib3 warns of what it then raises
            import urllib3.contrib.socks as socks  # noqa: PLC0415, PLR0402 - an optional dependency, for few
    except ImportError as error:
        what = f"speaking SOCKS to the proxy {redacted(proxy)}"
        raise MissingExtra(what, "socks", error, "use a proxy that speaks http") from None
    secret = credentials_in(proxy)
    user, password = (secret.user, secret.password) if secret else (None, None)
    manager = socks.SOCKSProxyManager(without_credentials(proxy), user, password, MOST_SERVERS, None, **settings)
    response_class = {"response_class": paced_response_class(pace)}
    kinds = {
        "http": (socks.SOCKSHTTPConnectionPool, socks.SOCKSConnection),
        "https": (socks.SOCKSHTTPSConnectionPool, socks.SOCKSHTTPSConnection),
    }
    manager.pool_classes_by_scheme = {
        scheme: type(f"Paced{pool.__name__}", (pool,), {"ConnectionCls": type("Paced", (connection,), response_class)})
        for scheme, (pool, connection) in kinds.items()
    }
    return manager


def _proxy_manager(proxy: str, settings: Mapping[str, Any]) -> urllib3.PoolManager:
    """Raises `UsageError` for a proxy that cannot be used."""
    _refuse_unfit(proxy)
    secret = credentials_in(proxy)
    headers = {"proxy-authorization": secret.header} if secret else None
    try:
        return urllib3.ProxyManager(without_credentials(proxy), MOST_SERVERS, None, headers, **settings)
    except faults.LocationValueError:
        raise UsageError(f"the proxy {redacted(proxy)} is no URL", "check --proxy and the *_proxy variables") from None
