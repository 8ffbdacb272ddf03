"""Launchers of entry points, and the shebang lines of scripts that a wheel brings.

Specifications: "Entry points", and binary distribution format, "Recommended installer features".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from peep.errors import EnvironmentChangeError
from peep.formats.entry_points import EntryPoint, parse_entry_points

if TYPE_CHECKING:
    from installer.scripts import LauncherKind, ScriptSection

_SHEBANG = re.compile(rb"#![ \t]*python(w?)[^\r\n]*(\r?\n|\Z)")
_RELATIVE_SHEBANG = re.compile(rb"#![ \t]*(?P<program>[^/\s\0][^\s\0]{0,99})")
_BESIDE = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/'%s' "$0" "$@"
' '''"""
_LONGEST_SHEBANG = 127
"""Bytes of `#!` line that every kernel reads."""


def checked_entry_points(text: str, filename: str) -> tuple[EntryPoint, ...]:
    """The launchers that entry_points.txt of a stored wheel asks for, sorted by name; `filename` is the wheel's.

    Raises `EnvironmentChangeError` for what no wheel that was read as an archive asks for.
    """
    found, problems = parse_entry_points(text.encode(), "entry_points.txt")
    if problems:
        raise EnvironmentChangeError(f"{filename}: {problems[0]}")
    return tuple(sorted(found))


def launchers(entries: tuple[EntryPoint, ...], python: str, kind: str) -> Iterator[tuple[str, bytes]]:
    """File name and content of the launcher for each entry point; `kind` as in `TargetEnvironment.launcher_kind`.

    Raises `EnvironmentChangeError` for a platform without launchers.
    """
    write = _posix_launcher if kind == "posix" else _windows_launcher
    return (write(entry, python, kind) for entry in entries)


def _posix_launcher(entry: EntryPoint, python: str, _kind: str) -> tuple[str, bytes]:
    """A script that calls the object without arguments and exits with what it returns (entry points specification).

    Written here rather than by `installer`, whose import takes 15 ms: a fifth of installing seventy projects.
    """
    first = entry.attribute.partition(".")[0]
    code = f"""
import sys

from {entry.module} import {first}

if __name__ == "__main__":
    sys.exit({entry.attribute}())
"""
    return entry.name, shebang(python) + code.encode()


def _windows_launcher(entry: EntryPoint, python: str, kind: str) -> tuple[str, bytes]:
    """A program that starts the interpreter with the script that is appended to it."""
    from installer.scripts import InvalidScript, Script  # noqa: PLC0415 -- 20 ms; Windows only

    section: ScriptSection = "gui" if entry.is_gui else "console"
    script = Script(entry.name, entry.module, entry.attribute, section)
    try:
        name, content = script.generate(_quoted(python), cast("LauncherKind", kind))
    except InvalidScript as error:
        raise EnvironmentChangeError(f"no launcher for this platform: {error}") from error
    return name, _without_time(content)


def _quoted(python: str) -> str:
    """A path as the line behind a launcher names it: at a bare space, the launcher takes the rest for arguments."""
    return f'"{python}"' if re.search(r"\s", python) else python


def _without_time(launcher: bytes) -> bytes:
    """A Windows launcher ends in a ZIP archive with the present time in it; the same launcher with a fixed one."""
    import io  # noqa: PLC0415 -- Windows only
    import zipfile  # noqa: PLC0415 -- Windows only

    with zipfile.ZipFile(io.BytesIO(launcher)) as archive:
        (member,) = archive.infolist()
        code = archive.read(member)
    renewed = io.BytesIO()
    fixed = zipfile.ZipInfo(member.filename)
    fixed.create_system = 3  # by default it tells on which system the launcher was made
    with zipfile.ZipFile(renewed, "w") as archive:
        archive.writestr(fixed, code)
    return launcher[: member.header_offset] + renewed.getvalue()


def rewritten_script(content: bytes, python: str) -> bytes:
    """A script of `.data/scripts` with its placeholder interpreter replaced; any other content comes back as it is.

    A first line that begins with `#!python` counts, whatever follows it (binary distribution format, "Installing a
    wheel"; pip, uv and `installer` read it so): `#!python3.11 -x` would start a file of that name in whatever folder
    the user is in (THREATS W23). What follows on the line was written by the wheel and is dropped (THREATS W14).
    """
    match = _SHEBANG.match(content)
    if match is None or b"\0" in content[:1024]:
        return content
    return shebang(python, windowed=bool(match[1])) + b"\n" + content[match.end() :]


def relative_interpreter(script: bytes) -> str:
    """The program without a path that the first line of a script names: the kernel looks for it in the current folder.

    '' for all other content (THREATS W23).
    """
    found = _RELATIVE_SHEBANG.match(script)
    return found["program"].decode("utf-8", "backslashreplace") if found else ""


def without_console(python: str) -> str:
    """On Windows, the twin of an interpreter that opens no console; any other comes back as it is."""
    return f"{python[:-4]}w.exe" if python.lower().endswith("python.exe") else python


def shebang(python: str, *, windowed: bool = False) -> bytes:
    """The first line (or two) that starts `python`, without the final line end.

    The kernel cuts long lines and splits at spaces; then `/bin/sh` starts the interpreter, from a line that Python
    reads as a string (THREATS W14). On Windows it is the `py` launcher that reads the line. A bare name is that of an
    interpreter beside the program, wherever that lies: then `/bin/sh` finds it, as with uv's relocatable environments.
    """
    if python.lower().endswith(".exe"):
        return b"#!" + _quoted(without_console(python) if windowed else python).encode("utf-8", "surrogateescape")
    if "/" not in python and "\\" not in python:
        return _BESIDE % os.fsencode(python)
    encoded = os.fsencode(python)  # the bytes of the path, whatever names of files are written in here
    line = b"#!" + encoded
    if len(line) < _LONGEST_SHEBANG and not re.search(rb"\s", encoded):
        return line
    import shlex  # noqa: PLC0415 -- for unusual paths only

    quoted = os.fsencode(shlex.quote(python))
    return b"#!/bin/sh\n'''exec' " + quoted + b' "$0" "$@"\n' + b"' '''"
