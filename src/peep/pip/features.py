"""Features that pip lets users switch on: known, so that a misspelt one is told."""

from __future__ import annotations

FEATURES = (
    "2020-resolver",
    "build-constraint",
    "fast-deps",
    "in-tree-build",
    "inprocess-build-deps",
    "no-binary-enable-wheel-cache",
    "truststore",
    "venv-isolation",
)
"""Values that `--use-feature` has or had in pip."""
