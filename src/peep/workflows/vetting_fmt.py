"""`peep vetting fmt`: the records in their canonical form."""

from __future__ import annotations

from peep.dataclass import dataclass
from peep.pipeline.vetting.records_place import vetting_folder
from peep.vetting import canonical
from peep.vetting.assembly import AUDITS, EXCUSED, IMPORTS, PUBLISHED, vetting_of
from peep.vetting.folder import read_folder, write_files


@dataclass(frozen=True, slots=True)
class Formatting:
    """The files whose bytes are not canonical: under `--check` left alone, else rewritten."""

    folder: str
    changed: tuple[str, ...]


def fmt(vetting: str | None, *, check: bool) -> Formatting:
    """Read all records and rewrite what is written otherwise; `policy.toml` is read and never rewritten.

    Raises `RecordsErrors` when anything cannot be believed, and `VettingError` when a file cannot be written.
    """
    folder = vetting_folder(vetting, (), ())
    files = read_folder(folder)
    records = vetting_of(files, folder).records
    canonical_files = {
        AUDITS: canonical.audits_text(records.own),
        EXCUSED: canonical.excused_text(records.excuses),
        PUBLISHED: canonical.published_text(records.published),
        IMPORTS: canonical.imports_text([one.pin for one in records.imports]),
    }
    changed = {name: text for name, text in canonical_files.items() if name in files and files[name] != text}
    if not check:
        write_files(folder, changed)
    return Formatting(folder, tuple(changed))
