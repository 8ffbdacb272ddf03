"""Words of `peep audit --fix` -> what `peep lock` would be asked for to make each file anew."""

from __future__ import annotations

from peep.cli.options.lock_options import lock_options, options_for_file
from peep.cli.options.parser import ParsedArguments, parse
from peep.cli.verbs.lock import VERB as LOCK
from peep.dataclass import replace
from peep.formats.names import is_lock_path
from peep.pipeline.audits.rules import AuditOptions
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.options import SourceOptions
from peep.workflows.audit_fix import FixOptions
from peep.workflows.audit_fix_lock import is_generated


def fix_options(parsed: ParsedArguments, options: AuditOptions) -> FixOptions:
    """The options of a fix. Indexes, network and store are those of the audit."""

    def options_of(path: str) -> LockOptions:
        stated = parse(["-o", path], LOCK.options, verb=LOCK.name, environ={})
        found = (
            lock_options(stated, LOCK)
            if is_generated(path) or is_lock_path(path)
            else options_for_file(stated, LOCK, path)
        )
        base = replace(options.run, sources=SourceOptions())
        return replace(found, base=base, is_offline=options.is_offline, is_dry_run=True)

    return FixOptions(parsed.has("in-place"), options_of, options.run.sources.constraint_files)
