"""Credentials per origin, from URL, netrc and keyring (THREATS N5, N18)."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from peep.dataclass import dataclass, field
from peep.errors import TransportError, UsageError
from peep.formats.urls import Origin, origin
from peep.system import bounded


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a password; the password never shows in a representation."""

    user: str
    password: str = field(repr=False)
    source: str = ""
    """Where they were found, for messages: `the URL`, `netrc`, `keyring`."""

    @property
    def header(self) -> str:
        """The value of an Authorization header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


Lookup = Callable[[str, str | None], Credentials | None]
"""(URL of the origin, user name if known) -> credentials."""


def credentials_in(url: str) -> Credentials | None:
    """Those written into the URL (RFC 3986 userinfo), percent-decoded; None when there is no user name."""
    parts = urlsplit(url)
    if not parts.username:
        return None
    return Credentials(unquote(parts.username), unquote(parts.password or ""), "the URL")


def refusal_hint(status: int, credentials_from: str) -> str:
    """What to do about HTTP status 401 or 403; `credentials_from` says which credentials were sent, '' for none."""
    if not credentials_from:
        return "no user name and password were sent: put them into netrc or keyring, or into its URL"
    if status == 401:  # noqa: PLR2004 - Unauthorized
        return f"the user name and password from {credentials_from} were not accepted: check them"
    return f"the user name and password from {credentials_from} were sent: check them, and what that user may read"


class CredentialBook:
    """Answers for one origin at a time; what is known for one is never given to another. Thread-safe.

    `known_urls` (the index URLs) may hold credentials, which then serve every URL of the same origin, as in pip.
    """

    def __init__(
        self, known_urls: Iterable[str] = (), from_netrc: Lookup | None = None, from_keyring: Lookup | None = None
    ) -> None:
        self._from_netrc = from_netrc
        self._from_keyring = from_keyring
        self._lock = threading.Lock()
        self._by_origin: dict[Origin, Credentials | None] = {}
        for url in known_urls:
            with suppress(ValueError, TransportError):  # a malformed one is told of when it is asked
                if urlsplit(url).scheme in {"http", "https"}:
                    self.remember(url)

    def remember(self, url: str) -> None:
        """Keep what `url` itself says for its origin."""
        found = credentials_in(url)
        if found is not None:
            with self._lock:
                self._by_origin[origin(url)] = found

    def lookup(self, url: str) -> Credentials | None:
        """What to send unasked: from the URL, else remembered for its origin, else from netrc."""
        found = credentials_in(url)
        if found is not None and found.password:
            return found
        key = origin(url)
        with self._lock:
            if key in self._by_origin:
                return self._by_origin[key]
        asked = self._from_netrc(_origin_url(key), None) if self._from_netrc else None
        with self._lock:
            return self._by_origin.setdefault(key, found if asked is None else asked)

    def after_refusal(self, url: str) -> Credentials | None:
        """What to try after status 401: the keyring's, when it holds any."""
        if self._from_keyring is None:
            return None
        key = origin(url)
        sent = self.lookup(url)
        found = self._from_keyring(_origin_url(key), sent.user if sent else None)
        if found is None or (sent is not None and (found.user, found.password) == (sent.user, sent.password)):
            return None
        with self._lock:
            self._by_origin[key] = found
        return found


def netrc_lookup(path: str | None) -> Lookup:
    """Look up hosts in the netrc file at `path` (None: `~/.netrc` or `~/_netrc`); a broken file counts as empty.

    Looking up raises `UsageError` for a file that is longer than `bounded.SETTINGS`.
    """

    def lookup(url: str, user: str | None) -> Credentials | None:
        del user
        candidates = [path] if path else [os.path.expanduser(name) for name in ("~/.netrc", "~/_netrc")]
        existing = next((name for name in candidates if os.path.isfile(name)), None)
        if existing is None:
            return None
        import netrc  # noqa: PLC0415 - few have such a file

        if os.path.getsize(existing) > bounded.SETTINGS:
            raise UsageError(f"{existing}: {bounded.too_long(bounded.SETTINGS, existing).strerror}")
        try:
            entry = netrc.netrc(existing).authenticators(urlsplit(url).hostname or "")
        except (netrc.NetrcParseError, OSError, UnicodeDecodeError):
            return None
        return Credentials(entry[0], entry[2] or "", "netrc") if entry else None

    return lookup


def keyring_lookup() -> Lookup:
    """Ask the `keyring` package, when it is installed; a failing backend counts as empty."""

    def lookup(url: str, user: str | None) -> Credentials | None:
        try:
            import keyring  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - optional dependency
        except ImportError:
            return None
        try:
            found = keyring.get_credential(url, user)
        except Exception:  # noqa: BLE001 - backends raise whatever they like; without them there is just no password
            return None
        return Credentials(found.username or "", found.password or "", "keyring") if found else None

    return lookup


def _origin_url(key: Origin) -> str:
    scheme, host, port = key
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port}/" if port not in {80, 443} else f"{scheme}://{host}/"
