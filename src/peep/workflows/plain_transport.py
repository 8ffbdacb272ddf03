"""The transport of verbs that ask no index: what the command line says of the network, and defaults for the rest."""

from __future__ import annotations

from collections.abc import Mapping

from peep import __version__
from peep.system.transport import Transport
from peep.workflows.options import NetworkOptions

DEFAULT_TIMEOUT = 15.0
"""Seconds, as pip's."""
DEFAULT_RETRIES = 5


def open_transport(
    options: NetworkOptions, environ: Mapping[str, str], *, trusted_hosts: tuple[str, ...] = ()
) -> Transport:
    """Make the transport; `environ` is the process's. Imports urllib3, so call it when the network is needed."""
    from peep.system.http import HttpOptions, UrllibTransport  # noqa: PLC0415 - urllib3 takes 50 ms

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
            user_agent=f"peep/{__version__}",
            use_keyring=options.keyring_provider != "disabled",
        )
    )
