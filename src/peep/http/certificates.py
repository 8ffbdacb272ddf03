"""Certificate authorities: the bundle that was named, else those of the system (THREATS N17)."""

from __future__ import annotations

import os
import re
import ssl
import sys
from collections.abc import Mapping

from peep.errors import UsageError

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Looked at in this order when no `--cert` is given, as pip (through requests and OpenSSL) does."""

_HASHED_NAME = r"[0-9a-fA-F]{8}\.[0-9]"
"""How OpenSSL finds an authority in a folder."""


_OTHERWISE = "name a file of certificates, or leave it out to use those of the system"


def verified_context(cert: str | None, client_cert: str | None, environ: Mapping[str, str]) -> ssl.SSLContext:
    """A context that checks certificates and host names.

    `cert` is a file or folder of authorities, `client_cert` one PEM file holding a private key and its certificate.
    Raises `UsageError` when either, or a variable that names one, leads nowhere or holds no certificate.
    """
    source, bundle = _bundle(cert, environ)
    context = _system_context() if bundle is None else _bundle_context(source, bundle)
    if client_cert is not None:
        _load_client_certificate(context, client_cert)
    return context


def unverified_context(client_cert: str | None) -> ssl.SSLContext:
    """For hosts that the user told us to trust as they are (`--trusted-host`), and no others."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if client_cert is not None:
        _load_client_certificate(context, client_cert)
    return context


def _bundle(cert: str | None, environ: Mapping[str, str]) -> tuple[str, str | None]:
    if cert:
        return "--cert", cert
    return next(((name, environ[name]) for name in BUNDLE_VARIABLES if environ.get(name)), ("", None))


def _bundle_context(source: str, bundle: str) -> ssl.SSLContext:
    if not os.path.exists(bundle):
        raise UsageError(f"{source} names {bundle}, which does not exist", _OTHERWISE)
    try:
        if os.path.isdir(bundle):
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:  # `ssl.SSLError` is one
        raise UsageError(
            f"{source} names {bundle}, which holds no usable certificate ({_said_by(error)})", _OTHERWISE
        ) from None


def _system_context() -> ssl.SSLContext:
    if sys.platform == "linux" and _has_authorities(ssl.get_default_verify_paths()):
        # The same authorities as from `truststore`, which reads them for every connection, 17 ms each time, and lets no
        # two connections shake hands at a time.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
        return context
    try:
        import truststore  # noqa: PLC0415 - 2 ms, and few systems keep authorities where OpenSSL does not look
    except ImportError:
        return ssl.create_default_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _has_authorities(paths: ssl.DefaultVerifyPaths) -> bool:
    """Whether there is anything where OpenSSL looks; some distributions keep authorities elsewhere."""
    if paths.cafile:
        return True
    try:
        names = os.listdir(paths.capath) if paths.capath else []
    except OSError:
        return False
    return any(re.fullmatch(_HASHED_NAME, name) for name in names)


def _load_client_certificate(context: ssl.SSLContext, client_cert: str) -> None:
    try:
        context.load_cert_chain(client_cert)
    except OSError as error:
        raise UsageError(f"--client-cert {client_cert} cannot be used ({_said_by(error)})") from None


def _said_by(error: OSError) -> str:
    """What OpenSSL or the system says, without the places in their source."""
    return re.sub(r"^\[[^\]]*\]\s*|\s*\(_ssl\.c:\d+\)$", "", error.strerror or str(error))
