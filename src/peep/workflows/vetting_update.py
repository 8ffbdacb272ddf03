"""`peep vetting update`: new states of imports, each accepted by itself."""

from __future__ import annotations

from collections.abc import Iterator

from peep.errors import PeepError, UsageError
from peep.pipeline.vetting.imports import ImportContext, import_pins, take_import
from peep.vetting.import_pins import Offer
from peep.vetting.records import ImportPin


def update(name: str | None, context: ImportContext) -> Iterator[tuple[ImportPin, Offer | PeepError | None]]:
    """Fetch one import again, or all of them; yield for each what was written, what is wrong, or None: nothing is new.

    One that cannot be had keeps no other from being updated. Raises `RecordsErrors`, and `UsageError` for a name that
    is not imported and for `--accept` without one.
    """
    pins = import_pins(context.folder)
    chosen = [pin for pin in pins if name in {None, pin.name}]
    if name is not None and not chosen:
        known = ", ".join(pin.name for pin in pins) or "none"
        raise UsageError(f"there is no import called {name}", f"imports: {known}")
    if context.accept is not None and len(chosen) != 1:
        raise UsageError(
            "--accept names the digest of one import", "say which: peep vetting update NAME --accept SHA256"
        )
    for pin in chosen:
        try:
            yield pin, take_import(pin, context)
        except UsageError:
            raise
        except PeepError as error:
            yield pin, error
