"""URLs: origin, redaction of credentials, and the targets that a redirect may have (THREATS N5, N18)."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from peep.errors import TransportError
from peep.formats.url_secrets import fault_text, redacted

MAX_REDIRECTS = 20
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
DEFAULT_PORTS = {"http": 80, "https": 443}
REPOSITORY_SCHEMES = ("https", "ssh", "file")
"""By which git is allowed to fetch: no other says who answers."""

_PLAIN = re.compile(r"[^\x00-\x1f\x7f\\]*")

Origin = tuple[str, str, int]


def origin(url: str) -> Origin:
    """Scheme, host and port, which together say who will read what is sent (RFC 6454).

    Raises `TransportError` for a URL without a host or with a malformed port.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TransportError(redacted(url), f"malformed URL ({fault_text(error)})") from None
    if not parts.hostname:
        raise TransportError(redacted(url), "the URL names no host")
    return parts.scheme, parts.hostname, DEFAULT_PORTS.get(parts.scheme, 0) if port is None else port


def scheme_of(url: str) -> str:
    """The scheme of a URL, in small letters. Raises `TransportError` for a malformed URL."""
    try:
        return urlsplit(url).scheme.lower()
    except ValueError as error:
        raise TransportError(redacted(url), f"malformed URL ({fault_text(error)})") from None


def redirect_target(url: str, location: str) -> str:
    """The absolute URL that `location`, sent in answer to `url`, leads to (RFC 9110 section 10.2.2).

    Raises `TransportError` when it leads to anything but http(s), or from https to http, or holds what no URL may hold:
    a backslash, for which some readers take a slash, so that what follows is a host to them and a path to others.
    """
    malformed = TransportError(redacted(url), "the server redirects to a malformed URL")
    if not _PLAIN.fullmatch(location):
        raise malformed
    try:
        target = urljoin(without_credentials(url), location)
        scheme = urlsplit(target).scheme
    except ValueError:
        raise malformed from None
    if scheme not in DEFAULT_PORTS:
        raise TransportError(
            redacted(url),
            f"refused a redirect to {redacted(target)}: only http and https are followed",
            "find out who answers for this URL; an index has no reason to do this",
        )
    if scheme == "http" and urlsplit(url).scheme == "https":
        raise TransportError(
            redacted(url),
            f"refused a redirect from https to plain http: {redacted(target)}",
            "the connection would no longer be protected; use the https address of the target",
        )
    return target


def by_redirect(asked: str, answered: str) -> str:
    """Words to put before a reason where another URL than the one that was asked for is to blame; '' for the same."""
    asked, answered = (without_credentials(url).partition("#")[0].rstrip("/") for url in (asked, answered))
    if asked == answered:
        return ""
    path, query, _ = answered.partition("?")  # which may be a signature that opens the file to everybody
    return f"redirected to {redacted(path)}{'?…' if query else ''}: "


def without_credentials(url: str) -> str:
    """`url` without user name and password."""
    try:
        parts = urlsplit(url)
    except ValueError:  # malformed: whoever uses it says so
        return re.sub(r"(?<=://)[^/?#]*@", "", url, count=1)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def repository_objection(url: str) -> str:
    """Say why peep fetches no commit from a repository's URL (`git+http://…`), '' where it does (PEP 440, PEP 610)."""
    tool, _, address = url.partition("+")
    if tool.lower() != "git":
        return "of version control systems peep knows git only"
    if address.partition("://")[0].lower() not in REPOSITORY_SCHEMES:
        return f"peep fetches repositories by {', '.join(REPOSITORY_SCHEMES)} only"
    return ""
