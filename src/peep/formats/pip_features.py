"""Names that pip takes after `--use-feature`: all that pip 23.1 to 26.3 know, those that are always on among them."""

from __future__ import annotations

PIP_FEATURES = (
    "build-constraint",
    "fast-deps",
    "inprocess-build-deps",
    "no-binary-enable-wheel-cache",
    "truststore",
    "venv-isolation",
)
"""pip refuses any other one, on the command line and in requirements files."""
