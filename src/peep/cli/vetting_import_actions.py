"""Runs of `peep vetting import` and `update`: the difference in records, and the question."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING

from peep.cli.options.install_options import network_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.vetting_words import names_in, words_after
from peep.cli.output.console import Console
from peep.cli.output.report_parts import plain
from peep.cli.output.text import counted, is_at_terminal
from peep.errors import PeepError, UsageError

if TYPE_CHECKING:
    from peep.http.transport import Transport
    from peep.pipeline.vetting.imports import Confirm, ImportContext
    from peep.vetting.import_pins import Offer

_MOST_LINES = 50
"""Records of each kind that are told one by one."""


def import_one(parsed: ParsedArguments, console: Console) -> int:
    """Import, once it is accepted. Raises `PeepError`."""
    from peep.workflows.vetting_import import ImportOptions, import_records  # noqa: PLC0415 - help needs none of it

    name, source = words_after(parsed, "a name", "a source")
    options = ImportOptions(
        name,
        source,
        parsed.values("signed-by"),
        dict(_mapped(text) for text in parsed.values("map")),
        tuple(sorted(set(parsed.values("exclude")))),
    )
    with _network(parsed) as network:
        console.note(_told(name, import_records(options, _context(parsed, console, network))))
    return 0


def update_some(parsed: ParsedArguments, console: Console) -> int:
    """Update one import, or all; 1 where one could not be. Raises `PeepError`."""
    from peep.cli.output.failures import error_text  # noqa: PLC0415 - as above
    from peep.workflows.vetting_update import update  # noqa: PLC0415 - as above

    names = words_after(parsed, "one name, or none", least=0)
    status = 0
    with _network(parsed) as network:
        for pin, result in update(names[0] if names else None, _context(parsed, console, network)):
            if isinstance(result, PeepError):
                status = 1
                console.error(error_text(result, None).removeprefix("error: "))
            else:
                console.note(_told(pin.name, result))
    return status


def _told(name: str, offer: Offer | None) -> str:
    return f"import {name}: pinned as sha256 {offer.pin.sha256}" if offer else f"import {name}: nothing is new"


def _mapped(text: str) -> tuple[str, tuple[str, ...]]:
    theirs, equals, ours = text.partition("=")
    if not (equals and theirs.strip() and names_in(ours)):
        raise UsageError(f"--map: {text!r} is not of the form THEIRS=OURS")
    return theirs.strip(), names_in(ours)


@contextmanager
def _network(parsed: ParsedArguments) -> Iterator[Callable[[], Transport]]:
    """Give a function that opens the transport when something is asked for; it is closed at the end."""
    from peep.pipeline.open_transport import open_transport  # noqa: PLC0415 - as above

    with ExitStack() as stack:

        @cache
        def opened() -> Transport:
            transport = open_transport(network_options(parsed), os.environ, trusted_hosts=parsed.values("trusted-host"))
            stack.callback(transport.close)
            return transport

        yield opened


def _context(parsed: ParsedArguments, console: Console, network: Callable[[], Transport]) -> ImportContext:
    from peep.pipeline.vetting.imports import ImportContext  # noqa: PLC0415 - as above
    from peep.pipeline.vetting.records_place import vetting_folder  # noqa: PLC0415 - as above
    from peep.system.clock import utc_day  # noqa: PLC0415 - as above

    return ImportContext(
        folder=vetting_folder(parsed.value("vetting"), (), ()),
        open_transport=network,
        environ=os.environ,
        today=utc_day(),
        accept=parsed.value("accept"),
        confirm=_confirm(console) if is_at_terminal() and not parsed.has("no-input") else None,
        show=lambda offer: console.result("\n".join(offer_lines(offer))),
    )


def _confirm(console: Console) -> Confirm:
    def confirm(offer: Offer) -> bool:
        return console.ask(f"accept these records of {offer.pin.name}? [y/N]").lower() in {"y", "yes"}

    return confirm


def offer_lines(offer: Offer) -> list[str]:
    """What accepting would change, violations first; then the digest."""
    change = offer.difference
    lines = [f"import {plain(offer.pin.name)}: {plain(offer.pin.source)}"]
    for sign, violations in (("+", change.added_violations), ("-", change.removed_violations)):
        found = [
            f"{sign} violation   {one.project} {plain(one.versions or _names(one.archives))}: {plain(one.why)}"
            for one in violations
        ]
        lines += _limited(found, "violation")
    lines += [f"~ criterion   {plain(name)}" for name in change.changed_criteria]
    for sign, audits in (("+", change.added_audits), ("-", change.removed_audits)):
        found = [
            f"{sign} audit record {one.project} {plain(one.version or _names(one.read))}: "
            f"{', '.join(one.criteria)}; {plain(one.by)}"
            for one in audits
        ]
        lines += _limited(found, "audit record")
    lines += [f"ignored: {plain(str(one))}" for one in offer.shared.ignored]
    return [*lines, f"sha256 {offer.pin.sha256}"]


def _names(archives: object) -> str:
    return ", ".join(str(line) for line in archives) if isinstance(archives, tuple) else ""


def _limited(lines: list[str], noun: str) -> list[str]:
    left = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"  and {counted(left, noun)} more"] if left > 0 else lines
