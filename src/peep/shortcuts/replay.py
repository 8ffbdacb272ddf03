"""Replay of a run whose inputs are unchanged: the same pins and wheels, from the store.

Reading requirements files, asking pip and choosing archives give the same answers for the same inputs (promise 4), so
the answers are kept with the inputs. What the environment holds is looked at afresh, and every wheel passes the store's
own checks. Whatever is missing, different or damaged sends the run the long way (workflows/install.py).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peep.dataclass import asdict, dataclass
from peep.environment.installed import installed_projects
from peep.environment.plan import PlanOptions, plan_install
from peep.errors import EnvironmentChangedMeanwhile, StoredWheelsDamaged
from peep.formats.documents import parse_json
from peep.model import (
    Commit,
    Digest,
    DirectUrl,
    FromIndex,
    InstallPlan,
    ListedFile,
    LocalFolder,
    Location,
    LockedFiles,
    PinnedRequirement,
    Provenance,
    Source,
    TargetEnvironment,
    assert_never,
)
from peep.reporting import Reporter, SilentReporter
from peep.shortcuts.fingerprint import content, run_key
from peep.shortcuts.noop import ALWAYS
from peep.store.layout import NoHomeFolderError, store_root
from peep.store.wheels import Store
from peep.system.file_signature import signature
from peep.target.discovery import TargetRequest, discover_target, require_changeable
from peep.transaction.apply import ApplyOptions, apply_plan, recover

KIND = "replays"


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """What the long way found out, and all that it depended on."""

    request: TargetRequest
    target: str
    """`target_key` of the environment that the archives were chosen for."""
    pins: tuple[PinnedRequirement, ...]
    wheels: Mapping[str, str]
    """Project name -> sha256 of the stored wheel."""
    origins: Mapping[str, Provenance]
    apply: ApplyOptions
    planning: PlanOptions
    break_system_packages: bool
    quiet: int
    inputs: Mapping[str, str]
    """Path -> sha256 of the bytes that were read; '' for what was not there."""
    signatures: Mapping[str, str]
    """Path of what was only looked at -> its signature."""
    warnings: tuple[str, ...] = ()
    skipped: int = 0
    """Lines whose markers do not hold."""
    examined: str = ""
    """What the run told of examined archives, where something demanded such; then it is not replayed."""
    moments: tuple[int, int] = ALWAYS
    """Between which its answer holds; see `noop.NoopRecord`."""


@dataclass(frozen=True, slots=True)
class LoadedReplay:
    """A recording whose inputs are unchanged, and the store that it is in."""

    recording: ReplayRecord
    store: Store


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run that was repeated: what it did, and to what."""

    plan: InstallPlan
    target: TargetEnvironment


def loaded_replay(words: Sequence[str], environ: Mapping[str, str]) -> LoadedReplay | None:
    """The recording of this command, if there is one and all its inputs are what they were."""
    try:
        store = Store(store_root(environ), SilentReporter())
    except NoHomeFolderError:
        return None
    recording = parsed(store.get_value(KIND, run_key(words, environ)))
    if recording is None or not (_is_of_now(recording) and _inputs_are_unchanged(recording)):
        return None
    return LoadedReplay(recording, store)


def replay(load: LoadedReplay, reporter: Reporter) -> Replayed | None:
    """Run the command again from its recording; None, with nothing changed, when the long way has to be taken.

    Raises what `require_changeable`, `recover` and `apply_plan` raise.
    """
    recording, store = load.recording, load.store
    target = discover_target(recording.request, store)
    if target_key(target) != recording.target:
        return None
    require_changeable(target, break_system_packages=recording.break_system_packages)
    with store.in_use():
        if repaired := recover(target, reporter):
            reporter.note(repaired)
        wheels = store.get_many(recording.wheels.values())
        stored = {name: wheels[sha256] for name, sha256 in recording.wheels.items() if sha256 in wheels}
        plan = plan_install(recording.pins, installed_projects(target), stored, recording.origins, recording.planning)
        done = None if plan.missing else _applied(plan, target, recording, reporter)
    return None if done is None else Replayed(done, target)


def _applied(
    plan: InstallPlan, target: TargetEnvironment, recording: ReplayRecord, reporter: Reporter
) -> InstallPlan | None:
    """Change the target; what was carried out of the plan, None when the store was edited: then nothing has changed."""
    for told in recording.warnings:
        reporter.warning(told)
    for told in plan.notes:
        reporter.note(told)
    try:
        if plan.is_empty:
            return plan
        changes = apply_plan(plan, target, recording.apply, reporter)
    except (StoredWheelsDamaged, EnvironmentChangedMeanwhile):
        return None
    for told in changes.notes:
        reporter.note(told)
    return changes.plan


def _is_of_now(recording: ReplayRecord) -> bool:
    first, end = recording.moments
    return first <= time.time() < end


def _inputs_are_unchanged(recording: ReplayRecord) -> bool:
    return all(signature(path).decode() == seen for path, seen in recording.signatures.items()) and all(
        digest_of(content(path)) == seen for path, seen in recording.inputs.items()
    )


def digest_of(text: bytes | None) -> str:
    return "" if text is None else hashlib.sha256(text).hexdigest()


def target_key(target: TargetEnvironment) -> str:
    """Everything of a target that choices depend on."""
    facts = (target.version, target.tags, sorted(target.markers.items()), sorted(target.paths.items()), target.root)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def rendered(recording: ReplayRecord) -> bytes:
    """A recording as JSON; only what planning needs of a pin is kept."""
    document = {
        "request": asdict(recording.request),
        "target": recording.target,
        "pins": [_pin_json(pin) for pin in recording.pins],
        "wheels": dict(recording.wheels),
        "origins": {name: _origin_json(origin) for name, origin in recording.origins.items()},
        "apply": asdict(recording.apply),
        "planning": asdict(recording.planning),
        "break_system_packages": recording.break_system_packages,
        "quiet": recording.quiet,
        "inputs": dict(recording.inputs),
        "signatures": dict(recording.signatures),
        "warnings": list(recording.warnings),
        "skipped": recording.skipped,
        "moments": list(recording.moments),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def parsed(text: bytes | None) -> ReplayRecord | None:
    """The recording that `rendered` wrote; None when there is none or it means nothing to this version."""
    if text is None:
        return None
    try:
        document = parse_json(text, is_checked=False)  # large, and our own
        fields = {name: document[name] for name in ("target", "break_system_packages", "quiet", "inputs", "signatures")}
        return ReplayRecord(
            request=TargetRequest(**{name: _frozen(value) for name, value in document["request"].items()}),
            pins=tuple(_pin(row) for row in document["pins"]),
            wheels=document["wheels"],
            origins={name: _origin(row) for name, row in document["origins"].items()},
            apply=ApplyOptions(**{name: _frozen(value) for name, value in document["apply"].items()}),
            planning=PlanOptions(**document["planning"]),
            warnings=tuple(document["warnings"]),
            skipped=int(document["skipped"]),
            moments=_moments(document["moments"]),
            **fields,
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


def _moments(row: Sequence[Any]) -> tuple[int, int]:
    first, end = row
    return int(first), int(end)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _pin_json(pin: PinnedRequirement) -> list[Any]:
    hashes = [str(digest) for digest in pin.hashes]
    rest = [pin.arbitrary_equality, pin.is_requested, hashes]
    return [pin.name, pin.written_name, pin.version, _source_json(pin.source), *rest]


def _pin(row: Sequence[Any]) -> PinnedRequirement:
    name, written_name, version, source, arbitrary_equality, is_requested, hashes = row
    return PinnedRequirement(
        name=name,
        written_name=written_name,
        version=version,
        locations=(Location("", 0),),
        hashes=_digests(hashes),
        source=_source(source),
        arbitrary_equality=arbitrary_equality,
        is_requested=is_requested,
    )


def _source_json(source: Source) -> list[Any]:
    match source:
        case FromIndex():
            return ["index"]
        case DirectUrl(url=url, subdirectory=subdirectory):
            return ["url", url, subdirectory]
        case Commit(url=url, subdirectory=subdirectory):
            return ["commit", url, subdirectory]
        case LocalFolder(url=url, is_editable=is_editable, subdirectory=subdirectory):
            return ["folder", url, is_editable, subdirectory]
        case LockedFiles(files=files, direct_url=direct_url, subdirectory=subdirectory):
            listed = [[file.filename, [str(digest) for digest in file.hashes]] for file in files]
            return ["locked", listed, None, direct_url, subdirectory]
        case _ as never:
            assert_never(never)


def _source(row: Sequence[Any]) -> Source:
    """The source that `_source_json` wrote; of a listed file only what planning needs."""
    kind, *fields = row
    if kind == "locked":
        files, *rest = fields
        return LockedFiles(tuple(ListedFile(filename, _digests(texts)) for filename, texts in files), *rest)
    kinds: dict[str, Callable[..., Source]] = {
        "index": FromIndex,
        "url": DirectUrl,
        "commit": Commit,
        "folder": LocalFolder,
    }
    return kinds[kind](*fields)


def _digests(texts: Sequence[str]) -> tuple[Digest, ...]:
    return tuple(Digest(*text.split(":", 1)) for text in texts)


def _origin_json(origin: Provenance) -> list[Any]:
    hashes = [str(digest) for digest in origin.hashes]
    return [origin.url, hashes, origin.is_direct, origin.vcs_commit, origin.is_editable, origin.subdirectory]


def _origin(row: Sequence[Any]) -> Provenance:
    url, hashes, *rest = row
    return Provenance(url, _digests(hashes), *rest)
