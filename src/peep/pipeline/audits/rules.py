"""Options of an audit, and the rules by which it judges: policy, suppressions, VEX, baseline, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from peep.advisories.policy import AuditPolicy
from peep.advisories.suppressions import Suppression
from peep.dataclass import dataclass, replace
from peep.errors import UsageError
from peep.formats.ages import DURATION_FORM, parse_duration
from peep.pipeline.audits.settings import read_policy, read_suppression_file, suppressions_path
from peep.pipeline.options import InstallOptions
from peep.pipeline.settings_place import settings_folder
from peep.system.bounded import read_file
from peep.system.files import ToldAs


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What to audit, and how. `run` has sources, target, indexes, network, store and output as for any verb."""

    run: InstallOptions
    files_from: str | None = None
    advisories: tuple[str, ...] = ()
    is_offline: bool = False
    asks_indexes: bool = True
    watches_publishers: bool = False
    max_age: str | None = None
    fail_on: str | None = None
    is_strict: bool = False
    only_here: bool = False
    policy: str | None = None
    suppressions: str | None = None
    baseline: str | None = None
    vex_in: tuple[str, ...] = ()
    kev: str | None = None
    epss: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRules:
    """By what an audit judges; `left_aside` are statements of VEX documents that do not count."""

    policy: AuditPolicy
    suppressions: tuple[Suppression, ...] = ()
    suppressions_path: str = ""
    baseline: tuple[tuple[str, str | None, frozenset[str]], ...] = ()
    kev: frozenset[str] | None = None
    epss: Mapping[str, float] | None = None
    left_aside: tuple[str, ...] = ()


def read_rules(options: AuditOptions, files: Sequence[str]) -> AuditRules:
    """Everything that a user wrote about the judgement. Raises `UsageError` for whatever means nothing."""
    folder = settings_folder(files)
    policy = _overridden(read_policy(files, options.policy), options)
    path = suppressions_path(folder, options.suppressions)
    suppressions = read_suppression_file(path, policy, is_named=options.suppressions is not None)
    rules = AuditRules(policy, suppressions, path)
    if options.vex_in:
        rules = _with_vex(rules, options.vex_in)
    if options.kev is not None or options.epss is not None:
        rules = _with_lists(rules, options)
    if options.baseline is not None:
        from peep.pipeline.audits.baseline import read_baseline  # noqa: PLC0415 - few runs have one

        rules = replace(rules, baseline=read_baseline(options.baseline))
    return rules


def _overridden(policy: AuditPolicy, options: AuditOptions) -> AuditPolicy:
    """The command line before the policy."""
    if options.max_age is not None:
        age = parse_duration(options.max_age)
        if age is None:
            raise UsageError(f"--max-age: {options.max_age!r} is no duration", f"write {DURATION_FORM}")
        policy = replace(policy, max_age=age)
    return policy if options.fail_on is None else replace(policy, fail_on=options.fail_on)


def _with_vex(rules: AuditRules, paths: Sequence[str]) -> AuditRules:
    from peep.advisories.vex_statements import LARGEST_DOCUMENT, UnreadableVex, read_vex  # noqa: PLC0415 - as above

    suppressions, left_aside = list(rules.suppressions), list(rules.left_aside)
    for path in paths:
        try:
            statements = read_vex(_content(path, LARGEST_DOCUMENT), path, rules.policy.longest_suppression)
        except UnreadableVex as error:
            raise UsageError(f"--vex-in {path}: {error}") from error
        suppressions += statements.suppressions
        left_aside += statements.left_aside
    return replace(rules, suppressions=tuple(suppressions), left_aside=tuple(left_aside))


def _with_lists(rules: AuditRules, options: AuditOptions) -> AuditRules:
    from peep.advisories.exploited import LARGEST_LIST, UnreadableList, read_epss, read_kev  # noqa: PLC0415 - as above

    given = options.kev
    try:
        kev = None if options.kev is None else read_kev(_content(options.kev, LARGEST_LIST))
        given = options.epss
        epss = None if options.epss is None else read_epss(_content(options.epss, LARGEST_LIST))
    except UnreadableList as error:
        raise UsageError(f"{given}: {error}") from error
    return replace(rules, kev=kev, epss=epss)


def _content(path: str, limit: int) -> bytes:
    with ToldAs(UsageError, f"{path}"):
        return read_file(path, limit, is_regular=False)
