"""`peep mirror server-config`: the configuration of a web server for a mirror."""

from __future__ import annotations

import os

from peep.errors import UsageError
from peep.mirror.server_config import SERVERS, server_config


def mirror_server_config(server: str, root: str, listen: str) -> str:
    """The text for `server`. Raises `UsageError` for what it cannot hold."""
    if server not in SERVERS:
        raise UsageError(f"{server!r} is no server that is known here", f"known: {', '.join(SERVERS)}")
    host, colon, port = listen.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise UsageError(f"--listen: {listen!r} is not ADDRESS:PORT", "as in: --listen 127.0.0.1:8080")
    try:
        return server_config(server, os.path.abspath(root), listen)
    except ValueError as error:
        raise UsageError(str(error)) from None
