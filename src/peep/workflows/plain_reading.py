"""Reading of a user's files by verbs that need neither an environment nor pip's configuration."""

from __future__ import annotations

from peep.workflows.options import InstallOptions
from peep.workflows.pins import Reading
from peep.workflows.plain_transport import open_transport
from peep.workflows.surroundings import Surroundings


def plain_reading(options: InstallOptions, surroundings: Surroundings) -> Reading:
    """A reader of paths, URLs and standard input; the network is opened for the first URL."""
    hosts = options.indexes.trusted_hosts

    return Reading(
        lambda: open_transport(options.network, surroundings.environ, trusted_hosts=hosts), surroundings.standard_input
    )
