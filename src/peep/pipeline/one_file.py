"""One-file edition as bytes: a reproducible ZIP application.

Nothing in it depends on a clock, a umask, a file system or a version of zlib: members are sorted, dated to the first
day a ZIP knows, readable by all, and stored, since two versions of zlib may deflate the same bytes differently.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from peep.errors import PeepError

SHEBANG = b"#!/usr/bin/env python3\n"

MAIN = b'''\
"""peep in one file. `python3 peep.pyz install -r requirements.txt`"""
import sys

if sys.version_info < (3, 10):
    sys.exit("peep needs CPython 3.10 or newer; this is Python %d.%d" % sys.version_info[:2])

import os

# Of all that this Python could import, only its standard library and this file: what is installed was not examined.
_LIBRARY = os.path.dirname(os.__file__)
_ZIPPED = "python%d%d.zip" % sys.version_info[:2]
sys.path[1:] = [
    path
    for path in sys.path[1:]
    if path == _LIBRARY or os.path.basename(path) in ("lib-dynload", "DLLs", _ZIPPED)
]

from peep.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
'''

_NATIVE = (".so", ".pyd", ".dylib", ".dll", ".a")
_LEFT_OUT = ("/RECORD", "/WHEEL", "/REQUESTED", "/INSTALLER", ".pyi", "/py.typed", ".pyc")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644
_UNIX = 3


def archive_bytes(members: Mapping[str, bytes], main: bytes = MAIN) -> bytes:
    """Pack path -> content; the entry point `main` is added. Raises `PeepError` when a path is taken twice."""
    if "__main__.py" in members:
        raise PeepError("__main__.py: the one-file edition has an entry point of its own")
    buffer = io.BytesIO()
    buffer.write(SHEBANG)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for path, content in sorted({**members, "__main__.py": main}.items()):
            member = zipfile.ZipInfo(path, _FIRST_DAY)
            member.create_system = _UNIX
            member.external_attr = _REGULAR_FILE << 16
            archive.writestr(member, content)
    return buffer.getvalue()


def is_wanted(path: str) -> bool:
    """Whether a file of a library's wheel belongs into the edition: code, data, metadata and licences do.

    Raises `PeepError` for native code, which would run on one kind of machine only.
    """
    if path.endswith(_NATIVE):
        raise PeepError(f"{path}: native code has no place in the one-file edition")
    return not path.endswith(_LEFT_OUT)


def combined(parts: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """Join the members of several origins (name -> members); raises `PeepError` when two have the same path."""
    owners: dict[str, str] = {}
    members: dict[str, bytes] = {}
    for origin, files in parts.items():
        for path, content in files.items():
            if path in members:
                raise PeepError(f"{path} is in {owners[path]} and in {origin}")
            owners[path] = origin
            members[path] = content
    return members
