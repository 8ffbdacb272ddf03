"""Actions of `peep bundle`: what each first word does, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from peep.bundle.folder import WrittenBundle
from peep.bundle.manifest import ARCHIVES, BundleManifest
from peep.cli.options.bundle_options import check_options, create_options
from peep.cli.options.install_options import network_options, output_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.output.console import Console
from peep.cli.output.problem_json import problems_as_json
from peep.cli.output.report_bundles import bundle_lines
from peep.cli.output.reports import report_text
from peep.cli.output.text import counted, size_text
from peep.errors import InstallRefused, Problem, UsageError
from peep.http.oci import parse_reference
from peep.pipeline.bundles.open_bundle import parse_digest
from peep.pipeline.context import RunContext
from peep.place_faults import BundleFileFault, IncompleteTarget, UnpulledFile
from peep.workflows.bundle_apply import apply_delta
from peep.workflows.bundle_check import check_bundle, check_lists
from peep.workflows.bundle_create import create_bundle
from peep.workflows.bundle_diff import diff_bundles
from peep.workflows.bundle_pack import pack_bundle
from peep.workflows.bundle_pull import pull_bundle
from peep.workflows.bundle_push import push_bundle
from peep.workflows.bundle_unpack import unpack_bundle

Answer = tuple[Sequence[str], Mapping[str, Any], Sequence[Problem]]
"""Lines for people, value for programs, and what is wrong."""


def run_action(parsed: ParsedArguments, usages: Sequence[str]) -> int:
    """Do what the first word says; gives back the exit status. Raises `PeepError`."""
    action, *words = parsed.words or ("",)
    if action not in _ACTIONS:
        raise UsageError(f"peep bundle wants one of {', '.join(_ACTIONS)}", "see: peep bundle --help")
    count, answer = _ACTIONS[action]
    if len(words) != count:
        usage = next(line for line in usages if line.startswith(f"bundle {action} "))
        raise UsageError(f"peep bundle {action} wants {counted(count, 'word')} after it", f"as in: peep {usage}")
    output = output_options(parsed)
    with Console(output) as console:
        try:
            lines, value, problems = answer(words, parsed, console)
        except InstallRefused as refused:
            lines, value, problems = (), {}, refused.problems
        if output.format == "json":
            console.result(json.dumps({**value, **problems_as_json(problems)}, indent=2))
        elif len(told := bundle_lines(problems)) == len(problems):
            is_brief = bool(output.quiet) and action != "diff"  # whose lines are what it was asked for
            console.result("\n".join([*told, *(lines[-1:] if is_brief else lines)]))  # the last names the whole
        else:
            last = "No bundle was written." if action == "create" else "\n".join(lines)
            console.result(report_text(problems, console.width, last))
    return 1 if problems else 0


def _create(words: Sequence[str], parsed: ParsedArguments, console: Console) -> Answer:
    for warning in parsed.warnings:
        console.warning(warning)
    created = create_bundle(create_options(parsed, words[0]), RunContext.of_process(console))
    targets = _targets(created.manifest)
    value = {**_written_value(created.written, created.digest), "targets": targets, "warnings": created.warnings}
    for warning in created.warnings:
        console.warning(warning)
    return [*_target_lines(targets), *_written_lines(created.written, created.digest)], value, ()


def _check(words: Sequence[str], parsed: ParsedArguments, console: Console) -> Answer:
    digest = parse_digest(parsed.value("digest"))
    options, context = check_options(parsed), RunContext.of_process(console)
    if options is None:
        checked = check_bundle(words[0], digest, network_options(parsed), context)
    else:
        checked = check_lists(words[0], digest, options, context)
    for warning in checked.warnings:
        console.warning(warning)
    lacking = {one.target.partition(" ")[0] for one in checked.problems if isinstance(one, IncompleteTarget)}
    targets = _targets(checked.manifest, checked.problems, lacking)
    judged = [{"name": name, "complete": name not in lacking} for name in checked.targets]
    value = {"digest": str(checked.digest), "targets": targets, "judged": judged, "warnings": checked.warnings}
    lines = [f"{name}: all that the lists need is in the bundle" for name in checked.targets if name not in lacking]
    if checked.advisories_of:
        lines.append(f"advisories of {checked.advisories_of}")
    return [*_target_lines(targets), *lines, f"bundle {checked.digest}"], value, checked.problems


def _diff(words: Sequence[str], parsed: ParsedArguments, _console: Console) -> Answer:
    diffed = diff_bundles(words[0], words[1], parsed.value("output"))
    found = diffed.difference
    lines = [f"+ {ARCHIVES}{name}" for name in found.added] + [f"- {ARCHIVES}{name}" for name in found.removed]
    lines += [f"~ {path}" for path in found.inputs]
    lines.append(f"{counted(len(found.files), 'file')}, {size_text(found.bytes)}, from {diffed.old} to {diffed.new}")
    value = {
        "old": str(diffed.old),
        "new": str(diffed.new),
        "archives": {"added": found.added, "removed": found.removed},
        "inputs": found.inputs,
        "bytes": found.bytes,
    }
    return lines, value, ()


def _apply(words: Sequence[str], _parsed: ParsedArguments, _console: Console) -> Answer:
    applied = apply_delta(words[0], words[1])
    value = {**_written_value(applied.written, applied.digest), "targets": _targets(applied.manifest)}
    return _written_lines(applied.written, applied.digest), value, ()


def _pack(words: Sequence[str], parsed: ParsedArguments, console: Console) -> Answer:
    output = parsed.value("output")
    if output is None:
        raise UsageError("peep bundle pack: -o names the tar to write", "as in: peep bundle pack FOLDER -o FILE.tar")
    packed = pack_bundle(words[0], output, console)
    value = {
        "digest": str(packed.digest), "path": packed.path, "sha256": packed.sha256, "bytes": packed.size,
        "sent": packed.size,
    }  # fmt: skip
    return [f"{packed.path}: {size_text(packed.size)}, sha256:{packed.sha256}", f"bundle {packed.digest}"], value, ()


def _unpack(words: Sequence[str], parsed: ParsedArguments, console: Console) -> Answer:
    digest, context = parse_digest(parsed.value("digest")), RunContext.of_process(console)
    unpacked = unpack_bundle(words[0], words[1], digest, network_options(parsed), context)
    value = {**_written_value(unpacked.written, unpacked.digest), "targets": _targets(unpacked.manifest)}
    return _written_lines(unpacked.written, unpacked.digest), value, ()


def _push(words: Sequence[str], _parsed: ParsedArguments, _console: Console) -> Answer:
    pushed = push_bundle(words[0], parse_reference(words[1]))
    value = {
        "digest": str(pushed.digest), "reference": pushed.reference, "sha256": pushed.sha256, "bytes": pushed.bytes,
        "sent": pushed.sent,
    }  # fmt: skip
    lines = [f"{pushed.reference}: sent {size_text(pushed.sent)} of {size_text(pushed.bytes)}"]
    return [*lines, f"bundle {pushed.digest}"], value, ()


def _pull(words: Sequence[str], _parsed: ParsedArguments, _console: Console) -> Answer:
    pulled = pull_bundle(parse_reference(words[0]), words[1])
    value = {**_written_value(pulled.written, pulled.digest), "targets": _targets(pulled.manifest)}
    return [pulled.reference, *_written_lines(pulled.written, pulled.digest)], value, ()


_ACTIONS: Mapping[str, tuple[int, Callable[[Sequence[str], ParsedArguments, Console], Answer]]] = {
    "create": (1, _create),
    "check": (1, _check),
    "diff": (2, _diff),
    "apply": (2, _apply),
    "pack": (1, _pack),
    "unpack": (2, _unpack),
    "push": (2, _push),
    "pull": (2, _pull),
}
"""How many words follow each, and what it does."""


def _targets(
    manifest: BundleManifest, problems: Sequence[Problem] = (), lacking: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Each with whether all that the manifest lists for it is there, and all that the lists need but for `lacking`."""
    faulty = {one.path for one in problems if isinstance(one, BundleFileFault | UnpulledFile)}
    found = []
    for target in manifest.targets:
        archives = manifest.archives_for(target.name)
        complete = target.name not in lacking and faulty.isdisjoint(one.path for one in archives)
        size = sum(one.size for one in archives)
        found.append({"name": target.name, "archives": len(archives), "bytes": size, "complete": complete})
    return found


def _target_lines(targets: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{one['name']}: {counted(one['archives'], 'archive')}, {size_text(one['bytes'])}" for one in targets]


def _written_lines(written: WrittenBundle, digest: object) -> list[str]:
    lines = [f"+ {path}" for path in written.added] + [f"- {path}" for path in written.removed]
    told = f"{len(written.added)} added, {len(written.removed)} removed, {written.kept} kept"
    return [*lines, told, f"bundle {digest}"]


def _written_value(written: WrittenBundle, digest: object) -> dict[str, Any]:
    return {
        "digest": str(digest),
        "targets": [],
        "added": [path.rpartition("/")[2] for path in written.added],
        "removed": [path.rpartition("/")[2] for path in written.removed],
        "kept": written.kept,
        "warnings": [],
    }
