"""Imports of audit records: fetched, checked, compared, accepted by a person or by digest."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from peep.dataclass import dataclass
from peep.errors import RecordsErrors, TransportError, UsageError, VettingError
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.system.git import CommitUrl, check_out
from peep.vetting import canonical
from peep.vetting.assembly import AUDITS, IMPORTS, SIGNERS, copy_name
from peep.vetting.criteria import BUILT_IN, all_criteria
from peep.vetting.folder import MOST_BYTES, read_file, write_files
from peep.vetting.import_pins import (
    GitSource,
    ImportedFile,
    Offer,
    Source,
    UrlSource,
    check_accepted,
    offered,
    parse_source,
    with_pin,
)
from peep.vetting.record_files import read_audits, read_imports
from peep.vetting.records import IMPORTS_FORMAT, AuditsFile, ImportPin
from peep.vetting.signatures import CheckSignature, SshSignatures

Confirm = Callable[[Offer], bool]
"""Asks a person whether an offer is accepted; where nobody can be asked, it is not given."""


def _unseen(_offer: Offer) -> None:
    """Show an offer to nobody."""


_HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class ImportContext:
    """What importing needs of the world."""

    folder: str
    """The vetting folder."""
    open_transport: Callable[[], Transport]
    environ: Mapping[str, str]
    today: date
    accept: str | None = None
    """The digest that `--accept` names."""
    confirm: Confirm | None = None
    show: Callable[[Offer], None] = _unseen
    """Shows an offer before it is accepted, or refused."""

    def signatures(self) -> CheckSignature:
        return SshSignatures(f"{self.folder}/{SIGNERS}", self.environ)


def import_pins(folder: str) -> tuple[ImportPin, ...]:
    """The imports of a vetting folder; their copies are not looked at. Raises `RecordsErrors`."""
    content = read_file(folder, IMPORTS)
    if content is None:
        content = f'format = "{IMPORTS_FORMAT}"\n'.encode()
    pins, problems = read_imports(content, f"{folder}/{IMPORTS}")
    if problems:
        raise RecordsErrors(problems)
    return pins


def check_mapping(pin: ImportPin, folder: str) -> None:
    """See that an import's criteria are mapped to such as are defined here. Raises `UsageError`, `RecordsErrors`."""
    content = read_file(folder, AUDITS)
    own, problems = read_audits(content, f"{folder}/{AUDITS}", BUILT_IN) if content else (AuditsFile(), [])
    if problems:
        raise RecordsErrors(problems)
    known = all_criteria(own.criteria)
    for theirs, ours in pin.criteria.items():
        for name in ours:
            if name not in known:
                raise UsageError(
                    f"--map {theirs}={name}: nobody defined the criterion {name}", f"known: {', '.join(known)}"
                )


def take_import(pin: ImportPin, context: ImportContext) -> Offer | None:
    """Fetch the source of `pin`, check and compare it; write copy and pin once it is accepted.

    Gives back what was written, None where nothing is new. Raises `VettingError` and other `PeepError`s with the folder
    as it was: nothing came, its signature is wrong, it is unusable, or nobody accepted it.
    """
    content = _fetched(pin, context)
    old = read_file(context.folder, copy_name(pin.name))
    offer = offered(pin, content, old, f"import {pin.name}")
    known = [one for one in import_pins(context.folder) if one.name == pin.name]
    if old == content and known == [offer.pin]:
        return None
    context.show(offer)
    _accept(offer, context)
    pins = with_pin(import_pins(context.folder), offer.pin, context.today)
    write_files(context.folder, {copy_name(pin.name): content, IMPORTS: canonical.imports_text(pins)})
    return offer


def _accept(offer: Offer, context: ImportContext) -> None:
    if context.accept is not None:
        check_accepted(offer, context.accept)
    elif context.confirm is None:
        raise VettingError(
            f"import {offer.pin.name}: nobody is there to accept it; nothing was written",
            f"look at it, then: --accept {offer.pin.sha256}",
        )
    elif not context.confirm(offer):
        raise VettingError(f"import {offer.pin.name}: not accepted; nothing was written")


def _fetched(pin: ImportPin, context: ImportContext) -> bytes:
    """The bytes of an import, of which one of its signers, if it names any, has signed just these."""
    source = parse_source(pin.source)
    wanted = [source, *([_signature_of(source)] if pin.signers else [])]
    content, *signatures = _contents(wanted, context)
    if signatures:
        _check_signature(pin, content, signatures[0], context.signatures())
    return content


def _check_signature(pin: ImportPin, content: bytes, signature: bytes, check: CheckSignature) -> None:
    refusals = []
    for signer in pin.signers:
        try:
            check(content, signature, signer)
        except VettingError as error:
            refusals.append(error)
        else:
            return
    told = "; ".join(str(error) for error in refusals)
    raise VettingError(f"import {pin.name}: {told}; nothing was written", refusals[0].hint)


def _signature_of(source: Source) -> Source:
    match source:
        case UrlSource():
            return UrlSource(source.signature)
        case ImportedFile():
            return ImportedFile(source.signature)
        case GitSource():
            return GitSource(source.repository, source.commit, source.signature)


def _contents(sources: Sequence[Source], context: ImportContext) -> list[bytes]:
    """The bytes of several sources of one kind."""
    found = []
    for source in sources:
        match source:
            case UrlSource():
                found.append(_from_url(source.url, context))
            case ImportedFile():
                place = os.path.normpath(os.path.join(context.folder, source.path))
                found.append(_from_file(place, place))
            case GitSource():
                found.append(_from_commit(source, context))
    return found


def _from_url(url: str, context: ImportContext) -> bytes:
    with context.open_transport().get(url) as response:
        if response.status != _HTTP_OK:
            raise TransportError(redacted(url), f"the server answers {response.status}", status=response.status)
        return response.read(MOST_BYTES)


def _from_file(path: str, shown: str) -> bytes:
    folder, name = os.path.split(path)
    try:
        content = read_file(folder, name)
    except RecordsErrors as error:
        raise VettingError(f"{shown}: {error.problems[0].reason}") from error
    if content is None:
        raise VettingError(f"{shown}: there is no such file")
    return content


def _from_commit(source: GitSource, context: ImportContext) -> bytes:
    """One file of a commit. A link in the tree leads nowhere but into the tree."""
    with tempfile.TemporaryDirectory(prefix="peep-import-", ignore_cleanup_errors=True) as folder:
        check_out(CommitUrl(source.repository, source.commit), folder, context.environ)
        path = os.path.realpath(os.path.join(folder, *source.path.split("/")))
        if not path.startswith(os.path.realpath(folder) + os.sep):
            raise VettingError(f"{source.path}: the path leaves the repository")
        return _from_file(path, source.path)
