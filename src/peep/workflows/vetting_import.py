"""`peep vetting import`: the records of somebody else, pinned by digest."""

from __future__ import annotations

import os
from collections.abc import Mapping

from peep.dataclass import dataclass, field, replace
from peep.pipeline.vetting.imports import ImportContext, check_mapping, import_pins, take_import
from peep.vetting.import_pins import ImportedFile, Offer, check_name, parse_source
from peep.vetting.records import ImportPin


@dataclass(frozen=True, slots=True)
class ImportOptions:
    name: str
    source: str
    """A URL, a path, or `git+URL@COMMIT#path`; a relative path is meant from the working folder."""
    signers: tuple[str, ...] = ()
    criteria: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()


def import_records(options: ImportOptions, context: ImportContext) -> Offer | None:
    """Take what the source has, once it is accepted; an import of this name keeps what is not given anew.

    Gives back None where everything is as it was. Raises `PeepError`s with the folder as it was.
    """
    source = parse_source(options.source)
    text = options.source
    if isinstance(source, ImportedFile) and not os.path.isabs(source.path):
        text = os.path.relpath(source.path, context.folder).replace(os.sep, "/")
    name = check_name(options.name)
    known = {one.name: one for one in import_pins(context.folder)}
    before = known.get(name, ImportPin(name, text, "", context.today))
    pin = replace(
        before,
        source=text,
        signers=options.signers or before.signers,
        criteria=options.criteria or before.criteria,
        exclude=options.exclude or before.exclude,
    )
    check_mapping(pin, context.folder)
    return take_import(pin, context)
