"""Conversion of all files of a run, in the order in which they are included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from peep.dataclass import dataclass
from peep.errors import RequirementsError, RequirementsErrors
from peep.formats.url_secrets import redacted
from peep.requirements.decoding import DecodedText
from peep.requirements.files import ReadFile, read_requirements_files
from peep.requirements.port import Ported, PortedText

Porter = Callable[[str, str], PortedText]
"""`port_to_pip` or `port_to_comments`."""


@dataclass(frozen=True, slots=True)
class PortedFile:
    """One file's outcome: its new text, or what stopped it. `source.encode(text)` gives the bytes to write."""

    path: str
    """As it was read; a URL may hold credentials."""
    source: DecodedText
    text: str
    ported: tuple[Ported, ...] = ()
    errors: tuple[RequirementsError, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        return self.text != self.source.text


def ported_files(
    paths: Sequence[str], read: ReadFile, environ: Mapping[str, str], port: Porter
) -> Iterator[PortedFile]:
    """Port each file, and each that it includes, once. A file with a malformed line is left as it is, with `errors`.

    Ends by raising `RequirementsErrors` for files that could not be read at all, and for include loops.
    """
    files, errors = read_requirements_files(paths, read, environ)
    known: set[str] = set()
    done: set[str] = set()
    for file in files:
        if file.path in done:
            continue
        done.add(file.path)
        try:
            result = port(file.source.text, redacted(file.path))
        except RequirementsErrors as refused:
            known.update(str(error) for error in refused.errors)
            yield PortedFile(file.path, file.source, file.source.text, errors=refused.errors)
        else:
            yield PortedFile(file.path, file.source, result.text, result.ported, warnings=result.warnings)
    unread = [error for error in errors if str(error) not in known]
    if unread:
        raise RequirementsErrors(unread)
