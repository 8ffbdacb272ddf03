"""Launchers of entry points, and the shebang lines of scripts that a wheel brings.

Specifications: "Entry points", and binary distribution format, "Recommended installer features".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from peep.environment.mapping import is_reserved_script
from peep.errors import EnvironmentChangeError

if TYPE_CHECKING:
    from installer.scripts import LauncherKind, ScriptSection

_NAME = re.compile(r"[\w.-]+(?: [\w.-]+)*", re.ASCII)
_IDENTIFIER = r"[^\W\d]\w*"
_OBJECT = re.compile(
    rf"(?P<module>{_IDENTIFIER}(?:\.{_IDENTIFIER})*)\s*:\s*(?P<attribute>{_IDENTIFIER}(?:\.{_IDENTIFIER})*)"
    r"\s*(?:\[[\w\s.,-]*\])?"
)
_SECTIONS = {"console_scripts": "console", "gui_scripts": "gui"}
_SHEBANG = re.compile(rb"#![ \t]*python(w?)[^\r\n]*(\r?\n|\Z)")
_RELATIVE_SHEBANG = re.compile(rb"#![ \t]*(?P<program>[^/\s\0][^\s\0]{0,99})")
_LONGEST_SHEBANG = 127
"""Bytes of `#!` line that every kernel reads."""


class EntryPoint(NamedTuple):
    """One line of the `console_scripts` or `gui_scripts` group."""

    name: str
    module: str
    attribute: str
    section: str
    """`console` or `gui`."""


def parse_entry_points(text: str, filename: str) -> tuple[EntryPoint, ...]:
    """The launchers that `entry_points.txt` asks for, sorted by name.

    Raises `EnvironmentChangeError` for a name with a path in it or that would stand in for the interpreter (THREATS
    W12), and for a value that is more than `module:attribute` (THREATS W13). `filename` is the wheel's, for messages.
    """
    found = {}
    section = ""
    for line in re.split(r"\r\n|\r|\n", text):
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = _SECTIONS.get(stripped[1:-1].strip(), "")
        elif section and stripped and not stripped.startswith(("#", ";")):
            entry = _entry_point(stripped, section, filename)
            found[entry.name] = entry
    return tuple(found[name] for name in sorted(found))


def _entry_point(line: str, section: str, filename: str) -> EntryPoint:
    name, _, value = (part.strip() for part in line.partition("="))
    if not _NAME.fullmatch(name) or is_reserved_script(name) or name.strip(". ") != name:
        raise EnvironmentChangeError(f"{filename}: the entry point {name!r} is no name for a program")
    match = _OBJECT.fullmatch(value)
    if match is None:
        raise EnvironmentChangeError(
            f"{filename}: the entry point {name!r} has the value {value!r}, no module:function"
        )
    return EntryPoint(name, match["module"], match["attribute"], section)


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

    script = Script(entry.name, entry.module, entry.attribute, cast("ScriptSection", entry.section))
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
    reads as a string (THREATS W14). On Windows it is the `py` launcher that reads the line.
    """
    if python.lower().endswith(".exe"):
        return b"#!" + _quoted(without_console(python) if windowed else python).encode("utf-8", "surrogateescape")
    encoded = python.encode("utf-8", "surrogateescape")
    line = b"#!" + encoded
    if len(line) < _LONGEST_SHEBANG and not re.search(rb"\s", encoded):
        return line
    import shlex  # noqa: PLC0415 -- for unusual paths only

    quoted = shlex.quote(python).encode("utf-8", "surrogateescape")
    return b"#!/bin/sh\n'''exec' " + quoted + b' "$0" "$@"\n' + b"' '''"
