"""`peep add`: a project put into a list with its hashes, or into a source whose lock is renewed.

All is written or nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from peep.dataclass import dataclass, replace
from peep.errors import PeepError, UsageError
from peep.formats.names import is_lock_path, normalised
from peep.locking.additions import CannotAdd, add_to_pyproject, add_to_requirements
from peep.locking.candidates import Release
from peep.locking.completeness import Judged, JudgedPin, Kind, judge
from peep.locking.edges import Edge, UnreadableRequirement, parse_edge
from peep.locking.group_judge import Unusable, ViewSources
from peep.locking.group_view import GroupView
from peep.locking.lock_plan import HashPolicy, listed_files
from peep.locking.page_archives import PageArchives
from peep.locking.release_facts import ReleaseFacts
from peep.locking.source_files import admission_of
from peep.locking.target_groups import joint_groups
from peep.model import Digest
from peep.pipeline.context import RunContext
from peep.pipeline.locking.lock_file import PresentLock, read_present, write_lock
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.locking.session import LockSession, opened_lock
from peep.pipeline.locking.whole_list import WholeList, read_whole
from peep.requirements.blocks import NewPin, append_block, replace_blocks
from peep.requirements.decoding import decode
from peep.requirements.file_parser import RequirementLine, parse_text
from peep.system.bounded import LISTS, read_file
from peep.system.files import ToldAs
from peep.workflows.install import STAGES
from peep.workflows.lock import LockResult, lock_in


@dataclass(frozen=True, slots=True)
class AddOptions:
    """Everything that `peep add` can be asked for."""

    lock: LockOptions
    """What a renewed lock is made with."""
    requirements: tuple[str, ...]
    path: str
    """`-r FILE`."""
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class AddedPin:
    """A project as it was listed."""

    name: str
    version: str
    hashes: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class AddResult:
    """What was written."""

    path: str
    is_written: bool
    added: tuple[AddedPin, ...] = ()
    warnings: tuple[str, ...] = ()
    lock: LockResult | None = None
    """Where a source was changed, what became of its lock."""


def add(options: AddOptions, context: RunContext) -> AddResult:
    """Add requirements to a file. Raises `PeepError` for what cannot be added; then nothing was written."""
    with opened_lock(options.lock, context, STAGES) as session:
        if is_source(options.path):
            return _into_source(options, session)
        return _into_list(options, session)


def is_source(path: str) -> bool:
    """Tell whether a file says what is wanted, and not what is locked. Raises as `has_hashes` does."""
    return os.path.basename(path) == "pyproject.toml" or not has_hashes(path)


def has_hashes(path: str) -> bool:
    """Tell whether a file lists hashes: then it's a list, else a source. Raises `RequirementsErrors`."""
    if is_lock_path(path):
        raise UsageError(f"{path} is written by peep lock", "add to its source: peep add REQUIREMENT -r SOURCE")
    text = read_source(path)[1]
    parsed = parse_text(text, path, {})
    return any(isinstance(entry, RequirementLine) and entry.hash_form is not None for entry in parsed.entries)


def read_source(path: str) -> tuple[bytes, str]:
    """Give back a file's bytes and text. Raises `PeepError`."""
    with ToldAs(PeepError, f"{path} cannot be read"):
        content = read_file(path, LISTS)
    return content, decode(content, path).text


def _into_list(options: AddOptions, session: LockSession) -> AddResult:
    """Replace or append a block for each project, with the hashes of all files of its release."""
    present = read_present(options.path)
    text = present.source.text
    edges = [_named_pin(requirement) for requirement in options.requirements]
    if present.arguments is not None:
        _refuse_new_names(edges, present, options.path)
    _refuse_included(edges, _whole(text, options.path, session), options.path)
    pages, metadata = session.pages(), session.index_metadata()
    targets = session.declared_targets(present.targets)
    policy = session.policy()
    facts = ReleaseFacts(policy)
    sources = ViewSources(pages, metadata, facts, admission_of(edges), {})
    views = [GroupView(group, sources, {}) for group in joint_groups(targets)]
    added: list[AddedPin] = []
    for edge in edges:
        release = _release(edge, views)
        choosers = [facts.chooser(edge.name, one) for view in views for one in view.group.members]
        listed = listed_files(release, choosers, HashPolicy(policy), metadata)
        new = NewPin(edge.name, release.text, listed.hashes, listed.names())
        text = _edited(text, options.path, new)
        added.append(AddedPin(edge.name, release.text, listed.hashes))
    pins = _whole(text, options.path, session).pins
    warnings = list(_missing(pins, views, PageArchives(pages, metadata, facts)))
    is_written = not options.is_dry_run and text != present.source.text
    if is_written:
        write_lock(options.path, present.source.encode(text))
    return AddResult(options.path, is_written, tuple(added), tuple(dict.fromkeys(warnings)))


def _named_pin(requirement: str) -> Edge:
    """Read `NAME` or `NAME==VERSION`. Raises `UsageError` for anything else."""
    try:
        edge = parse_edge(requirement)
    except UnreadableRequirement as error:
        raise UsageError(str(error)) from None
    clauses = list(edge.specifier)
    is_pin = len(clauses) == 1 and clauses[0].operator == "==" and not clauses[0].version.endswith(".*")
    if edge.url or edge.marker or edge.extras or (clauses and not is_pin):
        raise UsageError(f"{requirement!r} is neither NAME nor NAME==VERSION", "a list of hashes holds exact versions")
    return edge


def _refuse_new_names(edges: Sequence[Edge], present: PresentLock, path: str) -> None:
    """A generated file takes new projects from its source alone: the next lock would drop them."""
    listed = {pin.name for pin in present.pins}
    for edge in edges:
        if edge.name not in listed:
            sources = [word for word in present.arguments or () if not word.startswith("-")]
            source = sources[0] if sources else "SOURCE"
            reason = f"{path} is generated by peep lock and has no {edge.name}"
            raise CannotAdd(reason, f"add it to the source: peep add {edge.name} -r {source}")


def _release(edge: Edge, views: Sequence[GroupView]) -> Release:
    """Choose the newest admitted release that every target can use. Raises `CannotAdd`."""
    first = views[0]
    page = first.page(edge.name)
    if not page.exists:
        raise CannotAdd(page.nobody_has(edge.name))
    allowed = first.mask(edge.name, edge.specifier)
    reasons: list[str] = []
    exact = {f"=={page.releases[number].text}": number for number in first.order(edge.name)}
    named = exact.get(str(edge.specifier))  # ==2.0 is 2.0, though 2.0+cpu fits as well, and is newer
    for number in dict.fromkeys((*([] if named is None else [named]), *first.order(edge.name))):
        if not allowed >> number & 1:
            continue
        found = [view.candidate(edge.name, number) for view in views]
        unusable = [one.reason for one in found if isinstance(one, Unusable)]
        if not unusable:
            return page.releases[number]
        reasons.append(f"{page.releases[number].text} {unusable[0]}")
    told = "; ".join(reasons[:5]) or f"{page.index} has {', '.join(map(str, page.versions[:5]))}"
    raise CannotAdd(f"no release of {edge.name}{edge.specifier} can be used: {told}")


def _edited(text: str, path: str, new: NewPin) -> str:
    lines = [line for line in _lines(text, path) if normalised(line.parsed.name) == new.name]
    if len(lines) > 1:
        numbers = ", ".join(str(line.location.line) for line in lines)
        raise CannotAdd(f"{path} has {new.name} on lines {numbers}", "edit it by hand, or add to its source")
    if not lines:
        return append_block(text, path, new)
    return replace_blocks(text, path, lambda line: new if normalised(line.parsed.name) == new.name else None)


def _lines(text: str, path: str) -> list[RequirementLine]:
    return [entry for entry in parse_text(text, path, {}).entries if isinstance(entry, RequirementLine)]


def _whole(text: str, path: str, session: LockSession) -> WholeList:
    """Read the list as it would be with this text, and all that it includes. Raises `RequirementsErrors`."""
    reading = session.reading()
    return read_whole(path, lambda one: text.encode() if one == path else reading.read(one), session.context.environ)


def _refuse_included(edges: Sequence[Edge], listed: WholeList, path: str) -> None:
    """Raise `CannotAdd` for a project that an included file lists: two lines would contradict each other."""
    for edge in edges:
        for pin in listed.pins:
            if pin.name == edge.name and pin.location is not None and pin.location.path != path:
                where = pin.location.path
                hint = f"add it there: peep add {edge.name} -r {where}"
                raise CannotAdd(f"{path} includes {where}, which lists {edge.name}", hint)


def _missing(pins: Sequence[JudgedPin], views: Sequence[GroupView], archives: PageArchives) -> Iterator[str]:
    """Tell what the edited list lacks on its targets."""
    for view in views:
        for member in view.group.members:
            for fault in judge(pins, member, Judged(archives)).incomplete:
                if fault.kind in {Kind.OMITTED, Kind.CONFLICT}:
                    yield f"{fault.name}: {fault.reason} (on {fault.target})"


def _into_source(options: AddOptions, session: LockSession) -> AddResult:
    """Put requirements into the source and renew its lock; both are written, or none."""
    content, text = read_source(options.path)
    edit = add_to_pyproject if os.path.basename(options.path) == "pyproject.toml" else add_to_requirements
    changed = text
    for requirement in options.requirements:
        changed = edit(changed, options.path, requirement)
    new = decode(content, options.path).encode(changed)
    renewed = replace(session, options=replace(options.lock, is_dry_run=True))
    made = lock_in(renewed, {options.path: new})
    if options.is_dry_run:
        return AddResult(options.path, is_written=False, lock=made.result, warnings=made.result.warnings)
    if new != content:
        write_lock(options.path, new)
    try:
        result = made.write() if made.result.is_different else made.result
    except BaseException:
        write_lock(options.path, content)
        raise
    is_written = new != content or result.is_written
    return AddResult(options.path, is_written=is_written, lock=result, warnings=result.warnings)
