"""Where the real files written by others lie; they are read in place and are no part of this project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("PEEP_CORPUS", Path(__file__).resolve().parents[2].parent / "shared" / "corpus"))

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the project")
