"""`peep --version`: peep's own version, then pip's as pip would print it."""

from __future__ import annotations

import platform
import sys

from peep import __version__
from peep.pipeline.delegation import pip_version_line


def run() -> int:
    """Print the version of peep, and of the pip that verbs go to, where there is one."""
    print(f"peep {__version__} (python {platform.python_version()}, {sys.executable})")
    line = pip_version_line()
    if line is not None:
        print(line)
    return 0
