"""Proxy of a URL: `--proxy`, else environment variables, else the platform's settings."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from peep.formats.url_secrets import fault_text

PLATFORM: str = sys.platform
SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
"""Schemes of SOCKS proxies; with `a` and `h` it is the proxy that resolves host names."""


def proxy_for(url: str, environ: Mapping[str, str], chosen: str | None = None) -> str | None:
    """URL of the proxy for `url`, None for a direct connection.

    `chosen` (`--proxy`) beats the environment, as in pip; `no_proxy` is heeded either way. `HTTP_PROXY` in capitals
    is not believed inside a CGI program, where a visitor can set it.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _bypassed(host, parts.port, environ.get("no_proxy", environ.get("NO_PROXY", ""))):
        return None
    found = chosen or _from_environment(parts.scheme, environ) or _from_platform(parts.scheme, host, environ)
    if not found:
        return None
    return found if "://" in found else f"http://{found}"


def what_is_wrong(proxy: str) -> str:
    """Why no proxy can be at a URL, in words that follow it; '' when one can."""
    try:
        parts = urlsplit(proxy)
        parts.port  # noqa: B018 - a property that raises for a port that is none
    except ValueError as error:
        reason = fault_text(error)
        return f"is no URL ({reason[:1].lower()}{reason[1:]})"
    if parts.scheme not in {"http", "https", *SOCKS}:
        return "is neither http, https nor socks"
    return "" if parts.hostname else "names no host"


def _from_environment(scheme: str, environ: Mapping[str, str]) -> str | None:
    names = [f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"]
    if scheme == "http" and "REQUEST_METHOD" in environ:
        names.remove("HTTP_PROXY")
    return next((environ[name] for name in names if environ.get(name)), None)


def _from_platform(scheme: str, host: str, environ: Mapping[str, str]) -> str | None:
    if PLATFORM not in {"darwin", "win32"} or any(name.lower().endswith("_proxy") for name in environ):
        return None
    import urllib.request  # noqa: PLC0415 - heavy, and wanted on two platforms only

    if urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(scheme)


def _bypassed(host: str, port: int | None, no_proxy: str) -> bool:
    entries = [entry.strip().lower() for entry in no_proxy.split(",") if entry.strip()]
    return any(entry == "*" or _matches(host, port, entry) for entry in entries)


def _matches(host: str, port: int | None, entry: str) -> bool:
    """A name matches itself and what lies below it; an address may also lie in a network such as 10.0.0.0/8."""
    name, colon, wanted_port = entry.rpartition(":")
    if colon and wanted_port.isdigit() and "]" not in wanted_port and name.count(":") == 0:
        if port is not None and int(wanted_port) != port:
            return False
        entry = name
    entry = entry.lstrip(".").strip("[]")
    if host == entry or host.endswith("." + entry):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
