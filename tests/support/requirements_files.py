"""Requirements files as texts in a test, and the target that markers are judged for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peep.errors import RequirementsErrors
from peep.requirements.files import RequirementsFile, parse_requirements_files
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.pins import pinned_requirements
from peep.requirements.sources import Accepted

LINUX: Mapping[str, str] = {
    "implementation_name": "cpython",
    "implementation_version": "3.12.7",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "6.1",
    "platform_system": "Linux",
    "platform_version": "#1",
    "python_full_version": "3.12.7",
    "python_version": "3.12",
    "sys_platform": "linux",
}
"""A PEP 508 environment that is not the running interpreter's."""

HEX_A = "a" * 64
HEX_B = "b" * 64
HEX_C = "c" * 64
BASE64_A = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo"
"""`HEX_A` as a hash comment writes it."""
BASE64_B = "u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7s"


class Folder:
    """Files by path, to be read by a parser; remembers what was read, in order."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = files
        self.read_paths: list[str] = []

    def read(self, path: str) -> bytes:
        self.read_paths.append(path)
        if path not in self._files:
            raise FileNotFoundError(2, "No such file or directory", path)
        content = self._files[path]
        return content.encode() if isinstance(content, str) else content


def parse(
    files: Mapping[str, str | bytes] | str, environ: Mapping[str, str] | None = None, constraints: Sequence[str] = ()
) -> tuple[RequirementsFile, ...]:
    """Parse the first of `files` (a text stands for `requirements.txt`) with all it includes."""
    named = {"requirements.txt": files} if isinstance(files, str) else files
    return parse_requirements_files([next(iter(named))], Folder(named).read, environ or {}, constraints)


def pins_of(
    files: Mapping[str, str | bytes] | str,
    arguments: Sequence[str] = (),
    accepted: Accepted | None = None,
    constraints: Sequence[str] = (),
) -> PinnedSet:
    """Decide what `files` and `arguments` pin for `LINUX`; no relative path exists."""
    parsed = parse(files, constraints=constraints)
    return pinned_requirements(parsed, arguments, LINUX, accepted or Accepted(), path_exists=lambda _: False)


def errors_of(files: Mapping[str, str | bytes] | str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The errors, as text, that parsing and pinning of `files` report; none is an empty list."""
    try:
        parsed = parse(files, environ)
        pinned_requirements(parsed, (), LINUX)
    except RequirementsErrors as errors:
        return [str(error) for error in errors.errors]
    return []
