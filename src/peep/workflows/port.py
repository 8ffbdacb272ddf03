"""`peep port`: files in the other hash form, for standard output or in their places."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence

from peep.errors import UsageError
from peep.formats.url_secrets import redacted_in
from peep.requirements.decoding import physical_lines
from peep.requirements.file_parser import Include, parse_text
from peep.requirements.files import is_url, resolve_include
from peep.requirements.logical_lines import LogicalLine, comment_start, logical_lines
from peep.requirements.port import port_to_comments, port_to_pip
from peep.requirements.porting import PortedFile, Porter
from peep.system.files import write_atomically

PORTERS: dict[str, Porter] = {"pip": port_to_pip, "comment": port_to_comments}
"""By the name of the form to port to."""

_DECLARATION = re.compile(r"coding([:=])")


def one_text(files: Sequence[PortedFile], paths: Sequence[str]) -> str:
    """All files as one text, each below a `# from PATH` heading, with the `-r` lines that led to them commented out.

    Constraints files are no requirements: they stay out unless they are among `paths`, the files that the user named.
    Lines that name one name it from the folder of the first of `paths`, where the text is taken to be kept.
    """
    named = set(paths)
    home = next((os.path.dirname(path) for path in paths if not is_url(path)), "")
    constraints = {path for file in files for path in _constraints_of(file)} - named
    return "".join(
        f"# from {_on_one_line(redacted_in(file.path))}\n{_as_part(file, home)}"
        for file in files
        if file.path not in constraints
    )


def _on_one_line(path: str) -> str:
    """A path that may hold anything, as part of a comment in UTF-8: what can't be printed is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in path)


def replace_file(file: PortedFile) -> None:
    """Put a ported file in the place of the original, whole or not at all, with its mode.

    Raises `UsageError` for standard input and URLs, OSError when the file can't be written.
    """
    if file.path == "-" or is_url(file.path):
        raise UsageError(
            f"{redacted_in(file.path)} can't be rewritten in place", "leave --in-place away and redirect the output"
        )
    path = os.path.realpath(file.path)
    write_atomically(path, file.source.encode(file.text), stat.S_IMODE(os.stat(path).st_mode))


def _constraints_of(file: PortedFile) -> Iterable[str]:
    return (
        resolve_include(file.path, entry.path)
        for entry in parse_text(file.source.text, file.path, os.environ).entries
        if isinstance(entry, Include) and entry.is_constraint
    )


def _as_part(file: PortedFile, home: str) -> str:
    """The text of one file as a part of a larger one in UTF-8, which is kept in the folder `home`."""
    parsed = parse_text(file.text, file.path, os.environ)
    includes = {entry.location.line: entry for entry in parsed.entries if isinstance(entry, Include)}
    text = ""
    for line in logical_lines(physical_lines(file.text)):
        include = includes.get(line.number)
        if include is None:
            text += line.text
        elif include.is_constraint:
            text += _renamed(line.text, include.path, _from_home(file.path, include.path, home))
        else:
            text += _commented_out(line)
    if file.source.encoding != "utf-8":
        text = _DECLARATION.sub(r"coding was\1", text, count=1)
    return text if text.endswith(("\n", "\r")) or not text else f"{text}\n"


def _from_home(includer: str, path: str, home: str) -> str:
    """How a text in the folder `home` names what `includer` names by `path`."""
    resolved = resolve_include(includer, path)
    if is_url(resolved) or os.path.isabs(path) or os.path.dirname(includer) == home:
        return resolved if is_url(resolved) else path
    return os.path.relpath(resolved, home or os.curdir).replace(os.sep, "/")


def _renamed(text: str, old: str, new: str) -> str:
    """The line of an include with another path; what stands behind it as a remark is left alone."""
    at = comment_start(text)
    body, remark = (text, "") if at is None else (text[:at], text[at:])
    return new.join(body.rsplit(old, 1)) + remark


def _commented_out(line: LogicalLine) -> str:
    return "".join("# " + part.text.removesuffix("\\") + part.end for part in line.parts)
