"""Recording of a run for the next one of the same kind: see `noop` and `replay`.

Nothing that is kept decides anything: each record names all that it depended on, and counts only while all of it is
unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from peep.formats.url_secrets import holds_credentials
from peep.model import LocalFolder, LockedFiles, PinnedRequirement
from peep.pipeline.admission import Admission
from peep.pipeline.options import InstallOptions
from peep.pipeline.result import InstallResult
from peep.pipeline.session import Session, apply_options, plan_options, target_request
from peep.pipeline.settings_place import settings_paths
from peep.shortcuts import replay
from peep.shortcuts.fingerprint import run_key
from peep.shortcuts.noop_record import record_noop
from peep.store.wheels import Store
from peep.system.file_signature import signature

if TYPE_CHECKING:
    from datetime import date

    from peep.pipeline.vetting.examined_gate import ExaminedJudgement

_EPOCH = 719_163
"""1970-01-01, as `date.toordinal` counts days."""
_SECONDS_OF_A_DAY = 24 * 60 * 60


def remember(session: Session, result: InstallResult, admission: Admission) -> None:
    """Keep what the run found out, if another run of the same command would find out the same."""
    recording = replay_record_of(session, result, admission) if admission.until else None
    if recording is not None:
        context = session.context
        place = (context.words, context.environ, session.store)
        if result.examined is None:  # a replay looks at what is installed by then, and nobody would examine that
            record_replay(*place, recording)
        record_noop(*place, recording, session.target)


def replay_record_of(session: Session, result: InstallResult, admission: Admission) -> replay.ReplayRecord | None:
    """The run as a recording; None when something went into it that cannot be looked at again."""
    options, reading = session.options, session.reading
    inputs = reading.contents
    records = {path: text or b"" for path, text in reading.records.items()}
    if any(one.wheel.record_mismatches for one in result.wheels.values()):
        return None  # told on every use
    has_variables = any(b"${" in text for text in inputs.values())
    if has_variables or options.bundle or not (session.reading.is_repeatable and is_plain(options)):
        return None
    if any(is_unvouched(pin) for pin in result.pinned.pins):
        return None
    if any(map(holds_credentials, (*inputs.values(), *records.values(), *_urls(result.pinned.pins)))):
        return None  # records hold files and pins as they are, and no password is written down (THREATS N18)
    return replay.ReplayRecord(
        request=target_request(options.target),
        target=replay.target_key(session.target),
        pins=result.pinned.pins,
        wheels={name: one.wheel.sha256 for name, one in result.wheels.items()},
        origins={name: one.provenance for name, one in result.wheels.items() if one.provenance},
        apply=apply_options(options, result.pinned),
        planning=plan_options(options),
        break_system_packages=options.target.break_system_packages,
        quiet=options.output.quiet,
        inputs={path: replay.digest_of(text) for path, text in (*inputs.items(), *reading.records.items())},
        signatures={
            **{
                path: signature(path).decode()
                for path in (*session.pip_files(), *settings_paths(options.sources.requirement_files))
            },
            **{path: seen.decode() for path, seen in reading.signatures.items()},
        },
        warnings=result.pinned.warnings,
        skipped=len(result.pinned.skipped),
        examined=str(result.examined.summary) if result.examined else "",
        moments=_moments(result.examined, admission),
    )


def _moments(judgement: ExaminedJudgement | None, admission: Admission) -> tuple[int, int]:
    """Between which moments both gates say the same, in seconds since 1970-01-01."""
    first, end = admission.since, admission.until
    if judgement is not None and judgement.since is not None:
        first = max(first, _moment(judgement.since))
    if judgement is not None and judgement.until is not None:
        end = min(end, _moment(judgement.until))
    return first, end


def _moment(day: date) -> int:
    """When a day begins, in seconds since 1970-01-01 in UTC."""
    return (day.toordinal() - _EPOCH) * _SECONDS_OF_A_DAY


def _urls(pins: Sequence[PinnedRequirement]) -> Iterator[bytes]:
    for pin in pins:
        index_url = pin.source.index_url if isinstance(pin.source, LockedFiles) else None
        urls = (pin.url, index_url, *(file.url for file in pin.listed_files))
        yield from (url.encode() for url in urls if url)


def is_plain(options: InstallOptions) -> bool:
    """Whether the run is one that may be repeated from memory: it changes an environment and prints lines, no more."""
    asks_for_more = options.dry_run or options.report or options.force_reinstall or options.ignore_installed
    output, store = options.output, options.store
    prints_more = output.format != "text" or output.log or output.verbose
    uses_other_tools = not options.build.isolation  # those of the target, which may be others by then
    return not (asks_for_more or prints_more or uses_other_tools or store.folder or not store.is_kept)


def is_unvouched(pin: PinnedRequirement) -> bool:
    """Whether a pin names a trusted folder, which may hold something else by the next run."""
    return isinstance(pin.source, LocalFolder)


def record_replay(
    words: Sequence[str], environ: Mapping[str, str], store: Store, recording: replay.ReplayRecord
) -> None:
    """Keep a recording, so that the same command can be replayed."""
    store.put_value(replay.KIND, run_key(words, environ), replay.rendered(recording))
