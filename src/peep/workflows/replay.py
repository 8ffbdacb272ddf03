"""Repeats a run whose inputs are what they were: the same pins, the same wheels, already in the store.

Reading requirements files, asking pip and choosing archives give the same answers for the same inputs (promise 4), so
the answers are kept with the inputs. What the environment holds is looked at afresh, and every wheel passes the store's
own checks. Whatever is missing, different or damaged sends the run the long way (workflows/install.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from peep.dataclass import asdict, dataclass
from peep.environment.installed import installed_projects
from peep.environment.plan import PlanOptions, plan_install
from peep.environment.target import TargetRequest, discover_target, require_changeable
from peep.environment.transaction import ApplyOptions, apply_plan, recover
from peep.errors import EnvironmentChangedMeanwhile, StoredWheelsDamaged
from peep.formats.documents import parse_json
from peep.model import (
    Digest,
    InstallPlan,
    ListedFile,
    Location,
    PinnedRequirement,
    Provenance,
    TargetEnvironment,
)
from peep.reporting import Reporter, SilentReporter
from peep.store.layout import store_root
from peep.store.wheels import Store
from peep.workflows.settled import content, run_key, signature

KIND = "replays"


@dataclass(frozen=True, slots=True)
class Recording:
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
    """Path -> sha256 of the bytes that were read."""
    signatures: Mapping[str, str]
    """Path of what was only looked at -> its signature."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recall:
    """A recording whose inputs are unchanged, and the store that it is in."""

    recording: Recording
    store: Store


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run that was repeated: what it did, and to what."""

    plan: InstallPlan
    target: TargetEnvironment


def recalled(words: Sequence[str], environ: Mapping[str, str]) -> Recall | None:
    """The recording of this command, if there is one and all its inputs are what they were."""
    store = Store(store_root(environ), SilentReporter())
    recording = parsed(store.lookup(KIND, run_key(words, environ)))
    if recording is None or not _inputs_are_unchanged(recording):
        return None
    return Recall(recording, store)


def replay(recall: Recall, reporter: Reporter) -> Replayed | None:
    """Run the command again from its recording; None, with nothing changed, when the long way has to be taken.

    Raises what `require_changeable`, `recover` and `apply_plan` raise.
    """
    recording, store = recall.recording, recall.store
    target = discover_target(recording.request, store)
    if target_key(target) != recording.target:
        return None
    require_changeable(target, break_system_packages=recording.break_system_packages)
    with store.held():
        if repaired := recover(target, reporter):
            reporter.note(repaired)
        wheels = store.get_many(recording.wheels.values())
        stored = {name: wheels[sha256] for name, sha256 in recording.wheels.items() if sha256 in wheels}
        plan = plan_install(recording.pins, installed_projects(target), stored, recording.origins, recording.planning)
        if plan.missing or not _applied(plan, target, recording, reporter):
            return None
    return Replayed(plan, target)


def _applied(plan: InstallPlan, target: TargetEnvironment, recording: Recording, reporter: Reporter) -> bool:
    """Change the target as planned; False when the store was edited: then nothing has changed."""
    for told in recording.warnings:
        reporter.warning(told)
    for told in plan.notes:
        reporter.note(told)
    try:
        if not plan.is_empty:
            for told in apply_plan(plan, target, recording.apply, reporter).notes:
                reporter.note(told)
    except (StoredWheelsDamaged, EnvironmentChangedMeanwhile):
        return False
    return True


def _inputs_are_unchanged(recording: Recording) -> bool:
    return all(signature(path).decode() == seen for path, seen in recording.signatures.items()) and all(
        digest_of(content(path)) == seen for path, seen in recording.inputs.items()
    )


def digest_of(text: bytes | None) -> str:
    return "" if text is None else hashlib.sha256(text).hexdigest()


def target_key(target: TargetEnvironment) -> str:
    """Everything of a target that choices depend on."""
    facts = (target.version, target.tags, sorted(target.markers.items()), sorted(target.paths.items()), target.root)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


# -- as text ---------------------------------------------------------------------------------------


def rendered(recording: Recording) -> bytes:
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
    }
    return json.dumps(document, separators=(",", ":")).encode()


def parsed(text: bytes | None) -> Recording | None:
    """The recording that `rendered` wrote; None when there is none or it means nothing to this version."""
    if text is None:
        return None
    try:
        document = parse_json(text)
        fields = {name: document[name] for name in ("target", "break_system_packages", "quiet", "inputs", "signatures")}
        return Recording(
            request=TargetRequest(**{name: _frozen(value) for name, value in document["request"].items()}),
            pins=tuple(_pin(row) for row in document["pins"]),
            wheels=document["wheels"],
            origins={name: _origin(row) for name, row in document["origins"].items()},
            apply=ApplyOptions(**document["apply"]),
            planning=PlanOptions(**document["planning"]),
            warnings=tuple(document["warnings"]),
            **fields,
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _pin_json(pin: PinnedRequirement) -> list[Any]:
    listed = [[file.filename, [str(digest) for digest in file.hashes]] for file in pin.listed_files]
    hashes = [str(digest) for digest in pin.hashes]
    source = [pin.url, pin.subdirectory]
    return [pin.name, pin.written_name, pin.version, source, pin.arbitrary_equality, pin.is_requested, hashes, listed]


def _pin(row: Sequence[Any]) -> PinnedRequirement:
    name, written_name, version, (url, subdirectory), arbitrary_equality, is_requested, hashes, listed = row
    return PinnedRequirement(
        name=name,
        written_name=written_name,
        version=version,
        locations=(Location("", 0),),
        hashes=_digests(hashes),
        url=url,
        subdirectory=subdirectory,
        arbitrary_equality=arbitrary_equality,
        is_requested=is_requested,
        listed_files=tuple(ListedFile(filename, _digests(texts)) for filename, texts in listed),
    )


def _digests(texts: Sequence[str]) -> tuple[Digest, ...]:
    return tuple(Digest(*text.split(":", 1)) for text in texts)


def _origin_json(origin: Provenance) -> list[Any]:
    hashes = [str(digest) for digest in origin.hashes]
    return [origin.url, hashes, origin.is_direct, origin.vcs_commit, origin.is_editable, origin.subdirectory]


def _origin(row: Sequence[Any]) -> Provenance:
    url, hashes, *rest = row
    return Provenance(url, _digests(hashes), *rest)
