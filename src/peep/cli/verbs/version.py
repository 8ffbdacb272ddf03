"""`peep --version`: peep's own, then pip's, which belongs to the same interpreter."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence

from peep import __version__
from peep.workflows.delegate import has_pip, run_pip


def run(_verb: str, _words: Sequence[str]) -> int:
    """Print peep's version, let pip print its own; pip's exit status comes back."""
    print(f"peep {__version__} (python {platform.python_version()}, {sys.executable})")
    if not has_pip():
        return 0
    return run_pip(["--version"])
