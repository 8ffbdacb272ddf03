"""`peep vetting object`: a violation, by version, range of versions, or bytes."""

from __future__ import annotations

from collections.abc import Mapping

from peep.dataclass import dataclass, replace
from peep.errors import UsageError
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.digest_lines import DigestLine, NotADigestLine, digest_line
from peep.formats.names import is_name, normalised
from peep.pins import read_sha256
from peep.pipeline.vetting.author import author
from peep.pipeline.vetting.records_place import open_vetting, vetting_folder
from peep.system.clock import utc_day
from peep.vetting import canonical
from peep.vetting.assembly import AUDITS, Vetting
from peep.vetting.criteria import SAFE_TO_RUN
from peep.vetting.editing import objected
from peep.vetting.folder import write_files
from peep.vetting.known_versions import known_filenames
from peep.vetting.records import Violation
from peep.vetting.tables import is_version_range


@dataclass(frozen=True, slots=True)
class ObjectOptions:
    name: str
    what: str
    """A version, a range of versions, a sha256, or `SHA256  FILENAME`."""
    why: str
    criteria: tuple[str, ...] = (SAFE_TO_RUN,)
    """The weakest by default: who objects to running it objects to everything."""
    by: str | None = None
    vetting: str | None = None


@dataclass(frozen=True, slots=True)
class Objected:
    folder: str
    violation: Violation
    notes: tuple[str, ...]


def object_to(options: ObjectOptions, environ: Mapping[str, str]) -> Objected:
    """Write a violation. Raises `RecordsErrors`, `VettingError` and `UsageError`; then nothing was written."""
    if not is_name(options.name):
        raise UsageError(f"{options.name!r} is no name of a project")
    if not options.why.strip():
        raise UsageError("an objection needs a reason", "--why TEXT")
    folder = vetting_folder(options.vetting, (), ())
    vetting = open_vetting(folder)
    violation = Violation(
        project=normalised(options.name),
        criteria=tuple(sorted(set(options.criteria))),
        by=author(options.by, environ),
        on=utc_day(),
        why=options.why,
    )
    violation = _aimed(violation, options.what, vetting)
    edited = objected(vetting, violation)
    write_files(folder, {AUDITS: canonical.audits_text(edited.own)})
    return Objected(folder, violation, edited.notes)


def _aimed(violation: Violation, what: str, vetting: Vetting) -> Violation:
    """At bytes, at one version, or at a range of them."""
    if key := read_sha256(what):
        name = known_filenames(vetting).get(key, violation.project)
        return replace(violation, archives=(DigestLine(key, name),))
    try:
        return replace(violation, archives=(digest_line(what),))
    except NotADigestLine:
        pass
    if version_or_none(what) is not None:
        return replace(violation, versions=f"=={what}")
    if is_version_range(what):
        return replace(violation, versions=what)
    raise UsageError(f"{what!r} is no version, no range such as >=1,<2, and no sha256")
