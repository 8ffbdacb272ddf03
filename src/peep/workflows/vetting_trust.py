"""`peep vetting trust`: the table that trusts a publisher, for people to put into their policy."""

from __future__ import annotations

from datetime import date

from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.formats.names import is_name, normalised
from peep.pipeline.vetting.records_place import open_vetting, vetting_folder
from peep.vetting import canonical
from peep.vetting.editing import trusting
from peep.vetting.policy import TrustedPublisher


@dataclass(frozen=True, slots=True)
class TrustOptions:
    name: str
    publisher: str
    since: date
    until: date
    why: str
    criteria: tuple[str, ...] = ()
    """Empty: what the policy demands."""
    vetting: str | None = None


def trust(options: TrustOptions) -> str:
    """Give back the table `[[trusted]]`; nothing is written, for the policy is written by people.

    Its ids are those of verified attestations. Raises `RecordsErrors`, `VettingError` and `UsageError`.
    """
    if not is_name(options.name):
        raise UsageError(f"{options.name!r} is no name of a project")
    if not options.why.strip():
        raise UsageError("trust needs a reason", "--why TEXT")
    vetting = open_vetting(vetting_folder(options.vetting, (), ()))
    criteria = options.criteria or (vetting.policy.demand,)
    wanted = TrustedPublisher(
        normalised(options.name), options.publisher, "", "", criteria, options.since, options.until, options.why
    )
    return canonical.trusted_text(trusting(vetting, wanted))
