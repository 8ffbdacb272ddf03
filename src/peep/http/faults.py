"""Mapping of urllib3's exceptions to faults that may pass and errors that end a request."""

from __future__ import annotations

import http.client
import ssl

from urllib3 import exceptions as faults

from peep.errors import TransportError
from peep.formats.url_secrets import redacted, redacted_start
from peep.http.retries import PassingFault
from peep.http.transfer_rate import TooSlowError

_LONGEST = 200
"""Characters of a foreign message that are repeated."""

_PASSING: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (faults.ProxyError, "the proxy cannot be reached ({})", "check --proxy and the *_proxy variables"),
    (faults.NameResolutionError, "the host name cannot be resolved", "check the spelling and the network"),
    (
        (faults.ConnectTimeoutError, faults.NewConnectionError),
        "cannot connect ({})",
        "check the address, the network and the proxy",
    ),
    (faults.TimeoutError, "the server fell silent", "raise --timeout if it is known to be slow"),
    ((faults.ProtocolError, OSError), "the connection broke ({})", ""),
)
"""(kinds, reason, hint); the first that fits counts. `{}` is what the fault says itself."""


def fault_of(url: str, error: Exception) -> PassingFault | TransportError:
    """The fault to raise for what urllib3 raised when `url` was asked for."""
    if _caused_by(error, TooSlowError):
        return TransportError(redacted(url), "the server sends too slowly to be waited for", "try again later")
    if _caused_by(error, http.client.IncompleteRead):
        return PassingFault("the connection ended early")
    if isinstance(error, faults.SSLError | ssl.SSLError):
        return _certificate_fault(url, error)
    if isinstance(error, faults.ProxyError) and "407" in _plain(error):
        hint = "put its user name and password into the proxy's URL"
        return TransportError(redacted(url), f"the proxy wants to know who asks ({_plain(error)})", hint)
    if isinstance(error, faults.LocationValueError):
        return TransportError(redacted(url), "is no URL of a server", "check the spelling of its host and port")
    for kinds, reason, hint in _PASSING:
        if isinstance(error, kinds):
            return PassingFault(reason.format(_plain(error)), hint)
    return TransportError(redacted(url), f"cannot be asked for ({type(error).__name__}: {_plain(error)})")


def _certificate_fault(url: str, error: Exception) -> PassingFault | TransportError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error) or _caused_by(error, ssl.CertificateError):
        return TransportError(
            redacted(url),
            f"the server's certificate was not accepted ({_plain(error)})",
            "if the server is yours, name its authority with --cert",
        )
    return PassingFault(f"no secure connection ({_plain(error)})")


def _plain(error: BaseException) -> str:
    """What the innermost fault says, on one line."""
    if isinstance(error, faults.ProxyError):
        return _plain(error.original_error)
    inner = next((part for part in error.args if isinstance(part, Exception)), None)
    if inner is not None:
        return _plain(inner)
    if isinstance(error, faults.NewConnectionError) and isinstance(error.__cause__, OSError):
        return _plain(error.__cause__)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
        return "the answer is no HTTP"
    return redacted_start(" ".join(str(error).split()), _LONGEST) or type(error).__name__


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind) or any(isinstance(part, kind) for part in error.args):
            return True
        error = error.__cause__ or error.__context__
    return False
