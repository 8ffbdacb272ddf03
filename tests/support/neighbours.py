"""Other installers on this machine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest


def uv() -> str:
    """uv's program, beside the interpreter of the tests or on PATH; the test skips where there is none."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        pytest.skip("uv is not at hand")
    return found
