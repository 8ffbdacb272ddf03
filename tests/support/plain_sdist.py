"""An sdist that no pin vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO


@dataclass
class PlainSdist:
    """What `open_sdist` reads, without the gate before it."""

    filename: str
    file: BinaryIO
