"""Vetting policy of a project: what is demanded, accepted, trusted and overridden."""

from __future__ import annotations

from datetime import date

from peep.dataclass import dataclass
from peep.formats.digest_lines import DigestLine
from peep.vetting.criteria import SAFE_TO_RUN

POLICY_FORMAT = "peep policy 1"


@dataclass(frozen=True, slots=True)
class TrustedPublisher:
    """A publisher whose archives of one project count as examined, for at most a year.

    The ids come from the certificate: they survive renames and expose an account that was registered anew.
    """

    project: str
    publisher: str
    repository_id: str
    owner_id: str
    criteria: tuple[str, ...]
    since: date
    until: date
    why: str


@dataclass(frozen=True, slots=True)
class Override:
    """One source's violations do not count for one archive."""

    source: str
    project: str
    archive: DigestLine
    why: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What `policy.toml` says; the defaults are those of a project without one."""

    demand: str = SAFE_TO_RUN
    """For `--require-examined` without a value."""
    demand_build: str = SAFE_TO_RUN
    """For build requirements, and for sdists that are built."""
    accept_compiled: bool = True
    accept_skipped: frozenset[str] = frozenset({"tests/**", "docs/**"})
    accept_machine: bool = False
    trust_root: str = ""
    """`SHA256  FILE`; '' for the one that comes with the verifier."""
    trusted: tuple[TrustedPublisher, ...] = ()
    overrides: tuple[Override, ...] = ()
