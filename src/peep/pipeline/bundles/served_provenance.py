"""Provenance objects (PEP 740) as indexes serve them: carried along, not judged here."""

from __future__ import annotations

from http import HTTPStatus

from peep.errors import TransportError
from peep.http.transport import Transport
from peep.index.links import followed
from peep.model import IndexFile
from peep.reporting import Reporter

LARGEST_PROVENANCE = 16 << 20
"""Bytes."""


def served_provenance(file: IndexFile, transport: Transport, reporter: Reporter) -> bytes | None:
    """The object that the index names for a file; None where it names none, or, with a warning, where none comes."""
    if not file.provenance:
        return None
    try:
        with transport.get(followed(file.provenance)) as response:
            if response.status == HTTPStatus.OK:
                return response.read(LARGEST_PROVENANCE)
            reason = f"the server answered {response.status}"
    except TransportError as error:
        reason = str(error)
    reporter.warning(f"the provenance of {file.filename} cannot be had: {reason}")
    return None
