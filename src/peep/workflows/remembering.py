"""Keeps what a run found out, for the next one of the same kind: see `settled` and `replay` for what that saves.

Nothing that is kept decides anything: each record names all that it depended on, and counts only while all of it is
unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from peep.model import PinnedRequirement
from peep.store.wheels import Store
from peep.system.url_secrets import holds_credentials
from peep.workflows import replay, settled
from peep.workflows.options import InstallOptions
from peep.workflows.outcome import Outcome
from peep.workflows.session import Session, apply_options, plan_options, target_request
from peep.workflows.settling import remember_settled


def remember(session: Session, outcome: Outcome) -> None:
    """Keep what the run found out, if another run of the same command would find out the same."""
    recording = recording_of(session, outcome)
    if recording is not None:
        surroundings = session.surroundings
        place = (surroundings.words, surroundings.environ, session.store)
        remember_recording(*place, recording)
        remember_settled(*place, recording, session.target)


def recording_of(session: Session, outcome: Outcome) -> replay.Recording | None:
    """The run as a recording; None when something went into it that cannot be looked at again."""
    options, inputs = session.options, session.reading.contents
    if any(one.wheel.record_mismatches for one in outcome.wheels.values()):
        return None  # told on every use
    has_variables = any(b"${" in text for text in inputs.values())
    if has_variables or not (session.reading.is_repeatable and is_plain(options)):
        return None
    if any(is_unvouched(pin) for pin in outcome.pinned.pins):
        return None
    if any(map(holds_credentials, (*inputs.values(), *_urls(outcome.pinned.pins)))):
        return None  # records hold files and pins as they are, and no password is written down (THREATS N18)
    return replay.Recording(
        request=target_request(options.target),
        target=replay.target_key(session.target),
        pins=outcome.pinned.pins,
        wheels={name: one.wheel.sha256 for name, one in outcome.wheels.items()},
        origins={name: one.provenance for name, one in outcome.wheels.items() if one.provenance},
        apply=apply_options(options),
        planning=plan_options(options),
        break_system_packages=options.target.break_system_packages,
        quiet=options.output.quiet,
        inputs={path: replay.digest_of(text) for path, text in inputs.items()},
        signatures={path: settled.signature(path).decode() for path in session.pip_files()},
        warnings=outcome.pinned.warnings,
    )


def _urls(pins: Sequence[PinnedRequirement]) -> Iterator[bytes]:
    for pin in pins:
        places = (pin.url, pin.index_url, *(file.url for file in pin.listed_files))
        yield from (place.encode() for place in places if place)


def is_plain(options: InstallOptions) -> bool:
    """Whether the run is one that may be repeated from memory: it changes an environment and prints lines, no more."""
    asks_for_more = options.dry_run or options.report or options.force_reinstall or options.ignore_installed
    output, store = options.output, options.store
    prints_more = output.format != "text" or output.log or output.verbose
    uses_other_tools = not options.build.isolation  # those of the target, which may be others by then
    return not (asks_for_more or prints_more or uses_other_tools or store.folder or not store.is_kept)


def is_unvouched(pin: PinnedRequirement) -> bool:
    """Whether a pin names a trusted folder, which may hold something else by the next run."""
    return (pin.url or "").startswith("file:") and not (pin.hashes or pin.listed_files)


def remember_recording(
    words: Sequence[str], environ: Mapping[str, str], store: Store, recording: replay.Recording
) -> None:
    """Keep a recording, so that the same command can be replayed."""
    store.note(replay.KIND, settled.run_key(words, environ), replay.rendered(recording))
