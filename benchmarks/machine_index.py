"""The indexes that pip is configured with on this machine, opened as peep opens them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from peep.index.client import PackageIndex
from peep.reporting import SilentReporter
from peep.workflows.options import InstallOptions
from peep.workflows.session import opened
from peep.workflows.surroundings import Surroundings


@contextmanager
def index_of_machine() -> Iterator[PackageIndex]:
    with opened(InstallOptions(), Surroundings(dict(os.environ), SilentReporter())) as session:
        yield session.network.index()
