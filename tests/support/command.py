"""The command line in a process of its own, for tests that look at what it prints."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TIME_LIMIT = 120


def peep(
    *arguments: str | Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `peep ARGUMENTS`; `environ` is added to the variables of the test."""
    return subprocess.run(
        [sys.executable, "-m", "peep", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **(environ or {})},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
