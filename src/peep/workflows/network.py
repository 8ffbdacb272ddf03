"""The transport that a run asked for: its options, and what pip's configuration adds where they are silent."""

from __future__ import annotations

from collections.abc import Mapping

from peep import __version__
from peep.system.http import HttpOptions, UrllibTransport
from peep.workflows.options import NetworkOptions

DEFAULT_TIMEOUT = 15.0
"""Seconds, as pip's."""
DEFAULT_RETRIES = 5


def open_transport(
    options: NetworkOptions,
    environ: Mapping[str, str],
    *,
    known_urls: tuple[str, ...] = (),
    trusted_hosts: tuple[str, ...] = (),
) -> UrllibTransport:
    """Make the transport; `environ` is the process's, `known_urls` those indexes that may carry credentials."""
    return UrllibTransport(http_options(options, environ, known_urls=known_urls, trusted_hosts=trusted_hosts))


def http_options(
    options: NetworkOptions,
    environ: Mapping[str, str],
    *,
    known_urls: tuple[str, ...] = (),
    trusted_hosts: tuple[str, ...] = (),
) -> HttpOptions:
    """What was given, with the defaults for what was not."""
    proxies = {} if options.use_proxy_variables else {name for name in environ if name.lower().endswith("_proxy")}
    return HttpOptions(
        environ={name: value for name, value in environ.items() if name not in proxies},
        cert=options.cert,
        client_cert=options.client_cert,
        proxy=options.proxy,
        timeout=DEFAULT_TIMEOUT if options.timeout is None else options.timeout,
        retries=DEFAULT_RETRIES if options.retries is None else options.retries,
        trusted_hosts=trusted_hosts,
        known_urls=known_urls,
        user_agent=f"peep/{__version__}",
        use_keyring=options.keyring_provider != "disabled",
    )
