"""`peep mirror yank`: files that shall not be chosen any more, but stay for pins (PEP 592)."""

from __future__ import annotations

from datetime import datetime, timezone

from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.formats.names import normalised
from peep.formats.versions import same_version
from peep.mirror.changes import with_yank
from peep.mirror.folder import MirrorError
from peep.mirror.outcome import MirrorOutcome
from peep.pipeline.mirrors.run import change, opened_mirror
from peep.reporting import Reporter


@dataclass(frozen=True, slots=True)
class YankedRelease:
    """What to yank: a version of a project, or one file of it."""

    name: str
    version: str
    filename: str | None = None


def yanked_release(requirement: str, filename: str | None) -> YankedRelease:
    """Read NAME==VERSION. Raises `UsageError`."""
    name, equals, version = (part.strip() for part in requirement.partition("=="))
    if not (name and equals and version) or version.startswith("="):
        raise UsageError(f"{requirement!r} is not NAME==VERSION", "as in: peep mirror yank DIR demo==1.0 --reason TEXT")
    return YankedRelease(normalised(name), version, filename)


def yank_files(directory: str, release: YankedRelease, reason: str | None, reporter: Reporter) -> MirrorOutcome:
    """Yank the files for `reason`, or with None, take that back. Raises `MirrorError` where there are none such."""
    with opened_mirror(directory, "peep mirror yank", reporter) as mirror:
        facts = mirror.facts(release.name)
        if facts is None:
            raise MirrorError(f"{directory}: has no project {release.name}")
        of_version = [file.filename for file in facts.files if same_version(file.version, release.version)]
        if not of_version:
            versions = ", ".join(sorted({file.version for file in facts.files})) or "none"
            raise MirrorError(f"{directory}: has no {release.name} {release.version}; it has {versions}")
        chosen = [name for name in of_version if release.filename in {None, name}]
        if not chosen:
            raise MirrorError(
                f"{directory}: has no {release.filename} of {release.name} {release.version}; it has "
                f"{', '.join(of_version)}"
            )
        known = {file.filename: file.yanked for file in facts.files}
        differing = [name for name in chosen if known[name] != reason]
        after = with_yank(facts, differing, reason, datetime.now(timezone.utc))
        return change(mirror, {release.name: facts}, [after])
