"""Inflater of deflate and gzip: `isal` where the extra `fast` is installed, else zlib.

`isal` has several times the speed, and the same results.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

try:
    _deflate = import_module("isal.isal_zlib")
except ImportError:
    _deflate = zlib

RAW = -15
"""Window bits for deflate without a header."""
GZIP = 31
"""Window bits for deflate with a gzip header, and with its CRC and length at the end (RFC 1952)."""
crc32: Callable[[bytes], int] = _deflate.crc32
crc32_running: Callable[[bytes, int], int] = _deflate.crc32
new_inflater: Callable[[int], Any] = _deflate.decompressobj
INFLATE_ERRORS: tuple[type[Exception], ...] = (zlib.error, getattr(_deflate, "error", zlib.error))
