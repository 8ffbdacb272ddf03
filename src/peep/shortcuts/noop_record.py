"""Recording of an environment that is as listed, for no-op detection."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from peep.environment.installed import installed_projects
from peep.environment.mapping import WORK_FOLDER, rooted_paths
from peep.environment.plan import PlanOptions, is_proven, is_satisfied
from peep.model import InstalledProject, PinnedRequirement, TargetEnvironment
from peep.shortcuts import noop, replay
from peep.shortcuts.fingerprint import content, metadata_names, run_key
from peep.store.wheels import Store
from peep.system.file_signature import signature
from peep.target.discovery import is_certain

_ORIGIN_FILES = ("provenance_url.json", "direct_url.json")


def record_noop(
    words: Sequence[str],
    environ: Mapping[str, str],
    store: Store,
    recording: replay.ReplayRecord,
    target: TargetEnvironment,
) -> None:
    """Keep a snapshot of an environment that is as listed, if it provably is."""
    if not is_certain(recording.request.python):
        return
    installed = installed_projects(target)
    if not all(_is_proven(pin, installed.get(pin.name), recording.planning) for pin in recording.pins):
        return
    contents = {path: content(path) for path in (*recording.inputs, *_origin_paths(recording.pins, installed))}
    if any(replay.digest_of(contents[path]) != seen for path, seen in recording.inputs.items()):
        return
    paths = rooted_paths(target)
    snapshot = noop.NoopRecord(
        "" if recording.quiet else noop.nothing_to_do(len(recording.pins), recording.examined, recording.skipped),
        {path: text for path, text in contents.items() if text is not None},
        {
            **{path: seen.encode() for path, seen in recording.signatures.items()},
            **{path: signature(path) for path in (target.python, os.path.join(target.prefix, "pyvenv.cfg"))},
        },
        {path: metadata_names(path) for path in dict.fromkeys((paths["purelib"], paths["platlib"]))},
        [os.path.join(paths["purelib"], WORK_FOLDER), *(path for path, seen in recording.inputs.items() if not seen)],
        recording.moments,
    )
    store.put_value(noop.KIND, run_key(words, environ), noop.rendered(snapshot))


def _is_proven(pin: PinnedRequirement, project: InstalledProject | None, options: PlanOptions) -> bool:
    return project is not None and is_proven(pin, project) and is_satisfied(pin, project, options)


def _origin_paths(pins: Sequence[PinnedRequirement], installed: Mapping[str, InstalledProject]) -> list[str]:
    folders = [installed[pin.name].metadata_path for pin in pins]
    candidates = [[os.path.join(folder, name) for name in _ORIGIN_FILES] for folder in folders]
    return [next(filter(os.path.exists, paths), paths[0]) for paths in candidates]
