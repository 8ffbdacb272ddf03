"""Reading of a user's files by verbs that need neither an environment nor pip's configuration."""

from __future__ import annotations

from peep.errors import PeepError
from peep.http.transport import Transport
from peep.pipeline.context import RunContext
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import InstallOptions
from peep.pipeline.read_pins import Reading


def plain_reading(options: InstallOptions, context: RunContext) -> Reading:
    """A reader of paths, URLs and standard input; the network is opened for the first URL."""
    hosts = options.indexes.trusted_hosts

    return Reading(
        lambda: open_transport(options.network, context.environ, trusted_hosts=hosts), context.standard_input
    )


def local_reading() -> Reading:
    """A reader of local files alone: what a list includes by URL is refused, and so is standard input."""

    def refuse() -> Transport:
        raise PeepError("it includes a list by URL, and no server is asked here")

    def refuse_input() -> bytes:
        raise PeepError("standard input is not read here", "name a file")

    return Reading(refuse, refuse_input)
