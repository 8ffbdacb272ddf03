"""Verdicts on every archive of a listing, for the criterion that a run asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from peep.dataclass import replace
from peep.errors import UsageError
from peep.pipeline.vetting.examined_gate import Demand, strongest
from peep.pipeline.vetting.listed_archives import Listing
from peep.pipeline.vetting.records_place import demands_of, open_vetting, vetting_folder
from peep.requirements.pinned_set import Directive
from peep.vetting.assembly import Vetting
from peep.vetting.decision import Decision
from peep.vetting.known_versions import known_filenames
from peep.vetting.rules import Question
from peep.vetting.verdicts import Subject, Verdict


def asked_criterion(given: str | None, directives: Sequence[Directive], files: Sequence[str], vetting: Vetting) -> str:
    """The one criterion in question: `given`, what the files demand, else what the policy does.

    Raises `UsageError` where the files demand several that cannot be compared.
    """
    if given is not None:
        return strongest([Demand(given, "--criterion")], vetting)[0]
    demands = demands_of((), directives, files)
    wanted = strongest(demands or [Demand("", "the policy")], vetting)
    if len(wanted) > 1:
        raise UsageError(f"the files demand {' and '.join(wanted)}", "ask for one of them: --criterion NAME")
    return wanted[0]


def listed_verdicts(listing: Listing, files: Sequence[str], today: date) -> tuple[Verdict, ...]:
    """Judge every listed archive. Raises `RecordsErrors`, `UsageError` and `SettingsError`."""
    vetting = open_vetting(vetting_folder(None, listing.directives, files))
    decision = Decision(vetting, Question(asked_criterion(None, listing.directives, files, vetting), today))
    names = known_filenames(vetting)
    return tuple(decision.verdict(named(one.subject, names)) for one in listing.archives)


def named(subject: Subject, names: Mapping[str, str]) -> Subject:
    """With the file name that the records know (`names`, by digest): requirements files list digests alone."""
    return replace(subject, filename=subject.filename or names.get(subject.key, ""))
