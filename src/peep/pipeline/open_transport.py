"""Opening of a transport from network options, with defaults for what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from peep import __version__
from peep.errors import MissingExtra
from peep.pipeline.options import NetworkOptions

if TYPE_CHECKING:
    from peep.http.urllib_transport import UrllibTransport

DEFAULT_TIMEOUT = 15.0
"""Seconds, as pip's."""
DEFAULT_RETRIES = 5


def open_transport(
    options: NetworkOptions,
    environ: Mapping[str, str],
    *,
    trusted_hosts: tuple[str, ...] = (),
    known_urls: tuple[str, ...] = (),
) -> UrllibTransport:
    """Make the transport; `environ` is the process's, `known_urls` are indexes whose URLs may hold credentials.

    Imports urllib3, so call it when the network is needed.
    """
    from peep.http.urllib_transport import HttpOptions, UrllibTransport  # noqa: PLC0415 - urllib3 takes 50 ms

    proxies = set() if options.use_proxy_variables else {name for name in environ if name.lower().endswith("_proxy")}
    return UrllibTransport(
        HttpOptions(
            environ={name: value for name, value in environ.items() if name not in proxies},
            cert=options.cert,
            client_cert=options.client_cert,
            proxy=options.proxy,
            timeout=DEFAULT_TIMEOUT if options.timeout is None else options.timeout,
            retries=DEFAULT_RETRIES if options.retries is None else options.retries,
            trusted_hosts=trusted_hosts,
            known_urls=known_urls,
            user_agent=f"peep/{__version__}",
            use_keyring=uses_keyring(options),
        )
    )


def uses_keyring(options: NetworkOptions) -> bool:
    """Whether a keyring may be asked: it may ask in turn, so under `--no-input` only one that was named (as in pip).

    Raises `MissingExtra` where its library was asked for by name and is not there; pip is silent then.
    """
    if options.keyring_provider in {None, "auto"}:
        return options.may_ask
    if options.keyring_provider == "import" and find_spec("keyring") is None:
        missing = ImportError("no such module", name="keyring")
        raise MissingExtra("--keyring-provider import", "keyring", missing, "put the credentials into netrc")
    return options.keyring_provider != "disabled"
