"""The indexes that pip is configured with on this machine, opened as peep opens them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from peep.index.client import PackageIndex
from peep.pipeline.context import RunContext
from peep.pipeline.network import Network
from peep.pipeline.options import InstallOptions
from peep.pipeline.pip_configuration import configured_pip
from peep.reporting import SilentReporter


@contextmanager
def index_of_machine() -> Iterator[PackageIndex]:
    options, context = InstallOptions(), RunContext(dict(os.environ), SilentReporter())
    with tempfile.TemporaryDirectory() as memory:
        network = Network(options, context, configured_pip(options, context.environ, memory))
        try:
            yield network.index()
        finally:
            network.close()
