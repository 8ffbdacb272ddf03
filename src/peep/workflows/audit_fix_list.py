"""Fixes of hand-kept lists: versions that all other pins allow on every target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from peep.advisories.findings import Fix
from peep.advisories.fixed_files import Blocked, FixedPin
from peep.advisories.roster import Subject
from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, RequirementsErrors
from peep.formats.names import normalised
from peep.formats.target_ids import TargetId
from peep.formats.versions import same_version
from peep.locking.candidates import FileChooser
from peep.locking.completeness import Incompleteness, Judged, JudgedPin, Kind, judge
from peep.locking.listed_pins import judged_pins
from peep.locking.lock_plan import HashPolicy, ListedRelease, listed_files
from peep.locking.page_archives import PageArchives
from peep.locking.release_facts import ReleaseFacts
from peep.locking.target_groups import JointGroup, joint_groups
from peep.model import IndexOptions
from peep.pipeline.audits.audited_pins import stated_indexes
from peep.pipeline.context import RunContext
from peep.pipeline.locking.lock_file import PresentLock, read_present
from peep.pipeline.locking.metadata import IndexMetadata
from peep.pipeline.locking.pages import IndexPages
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.locking.session import LockSession, opened_lock
from peep.requirements.blocks import NewPin, replace_blocks
from peep.requirements.file_parser import RequirementLine
from peep.requirements.files import RequirementsFile, in_reading_order, is_url, read_requirements_files
from peep.system.bounded import LISTS, read_file
from peep.workflows.audit_fix_wishes import Reasons, Wish
from peep.workflows.check import fetch_ahead
from peep.workflows.install import STAGES

_MOST_TRIES = 50
"""Versions of one project that are tried."""
_MOST_ROUNDS = 3
NOT_EXAMINED = "not examined"
Fault = tuple[str, str, str, str]
"""Target, kind, project, requirement: what tells whether a fault is a new one."""


@dataclass(frozen=True, slots=True)
class EditedLists:
    """Lists that share files, as they would be."""

    contents: Mapping[str, bytes]
    pins: tuple[FixedPin, ...]
    places: Mapping[tuple[str, str | None], frozenset[str]] = field(default_factory=dict)
    """The files in which each pin stood."""
    command: str | None = None


@dataclass(frozen=True, slots=True)
class ListsToEdit:
    """Lists that share files, with the constraints that the command line names, and what an earlier round made."""

    group: Sequence[Subject]
    constraints: tuple[str, ...] = ()
    former: EditedLists | None = None


def edited_lists(
    lists: ListsToEdit, wishes: Sequence[Wish], lock_options: Callable[[str], LockOptions], context: RunContext
) -> tuple[EditedLists | None, Blocked]:
    """Edit the pins that have a version to go to; the others come back with what stands in the way."""
    files, former = _ListFiles(lists, context), lists.former
    blocked: Reasons = {}
    with opened_lock(lock_options(files.path), context, STAGES) as session:
        trials = _Trials(files, session)
        chosen = trials.chosen(wishes, blocked)
        new = {key: trials.new_pin(key[0], fix) for key, fix in chosen.items()}
    contents = files.edited(new)
    if not contents:
        return None, blocked
    pins = tuple(FixedPin(name, old, new[name, old].version) for name, old in sorted(new))
    places: dict[tuple[str, str | None], frozenset[str]] = {wish.key: wish.paths for wish in wishes}
    if former is not None:
        pins = (*former.pins, *pins)
        places = {**former.places, **places}
    return EditedLists({**(former.contents if former else {}), **contents}, pins, places), blocked


class _ListFiles:
    """The files of some lists, read."""

    def __init__(self, wanted: ListsToEdit, context: RunContext) -> None:
        changed = {} if wanted.former is None else wanted.former.contents
        self.lists: list[list[JudgedPin]] = []
        self._files: dict[str, RequirementsFile] = {}
        self.indexes = IndexOptions()
        """As the last of the lists states them."""

        def read(path: str) -> bytes:
            if path in changed:
                return changed[path]
            if is_url(path):
                raise PeepError("a list that includes a file from the network can't be fixed")
            return read_file(path, LISTS)

        for subject in wanted.group:
            files, errors = read_requirements_files([subject.path], read, context.environ, wanted.constraints)
            if errors:
                raise RequirementsErrors(errors)
            self._files.update({file.path: file for file in files})
            self.lists.append(_pins_of(files))
            self.indexes = stated_indexes(in_reading_order(files))
        self.path = wanted.group[0].path

    def edited(self, new: Mapping[tuple[str, str], NewPin]) -> dict[str, bytes]:
        """New contents of the files that change. Raises `PeepError` where one of them is generated."""
        contents = {}
        for path, file in self._files.items():
            text = replace_blocks(file.source.text, path, partial(_choice, new))
            if text == file.source.text:
                continue
            if path != self.path and read_present(path).arguments is not None:
                raise PeepError(f"{path} is written by peep lock", f"fix it alone: peep audit --fix -r {path}")
            contents[path] = file.source.encode(text)
        return contents


def _pins_of(files: Sequence[RequirementsFile]) -> list[JudgedPin]:
    lines = [entry for entry in in_reading_order(files) if isinstance(entry, RequirementLine)]
    unpinned = {normalised(one.parsed.name) for one in lines if not one.is_constraint and one.parsed.version is None}
    counting = [one for one in lines if not one.is_constraint or normalised(one.parsed.name) in unpinned]
    return list(judged_pins(counting)[0])


def _choice(new: Mapping[tuple[str, str], NewPin], line: RequirementLine) -> NewPin | None:
    """What the block of a line is to say: hashes only where it has some."""
    name, version = normalised(line.parsed.name), line.parsed.version
    if version is None:
        return None
    pins = (pin for (other, old), pin in new.items() if other == name and same_version(old, version))
    pin = next(pins, None)
    return pin if pin is None or line.hash_form is not None else replace(pin, hashes=(), filenames=())


class _Trials:
    """Versions tried in the lists, which are judged for every target before and after."""

    def __init__(self, files: _ListFiles, session: LockSession) -> None:
        self._lists = files.lists
        session.network.stated = files.indexes
        self._policy = session.policy()
        self._pages: IndexPages = session.pages()
        self._metadata: IndexMetadata = session.index_metadata()
        self._archives = PageArchives(self._pages, self._metadata, ReleaseFacts(self._policy))
        self._groups: Sequence[JointGroup] = joint_groups(_targets(session, _present(files.path)))
        for pins in self._lists:
            fetch_ahead(pins, self._groups, self._archives)
        self._before = set(map(_key, self._faults(self._lists)))

    def chosen(self, wishes: Sequence[Wish], blocked: Reasons) -> dict[tuple[str, str], Fix]:
        """A fix for each wish that has one; again for the others as long as one of them may have become possible."""
        found: dict[tuple[str, str], Fix] = {}
        for _ in range(_MOST_ROUNDS):
            open_wishes = [wish for wish in wishes if wish.key not in found]
            for wish in open_wishes:
                fix, reasons = self._tried(wish)
                if fix is None:
                    blocked[wish.key] = reasons
                else:
                    blocked.pop(wish.key, None)
                    found[wish.key] = fix
            if not any(wish.key in found for wish in open_wishes):
                break
        return found

    def _tried(self, wish: Wish) -> tuple[Fix | None, tuple[str, ...]]:
        """The smallest version that brings no new fault, or the faults of the smallest of all."""
        reasons: tuple[str, ...] = ()
        for fix in wish.fixes[:_MOST_TRIES]:
            lists = [[_moved(pin, wish, fix) for pin in pins] for pins in self._lists]
            new = [one for one in self._faults(lists) if _key(one) not in self._before]
            if not new:
                self._lists = lists
                return fix, ()
            reasons = reasons or tuple(dict.fromkeys(_told(one, wish, fix, lists) for one in new))
        return None, reasons

    def _faults(self, lists: Sequence[Sequence[JudgedPin]]) -> list[Incompleteness]:
        return [
            fault
            for pins in lists
            for group in self._groups
            for member in group.members
            for fault in judge(pins, member, Judged(self._archives)).incomplete
        ]

    def new_pin(self, name: str, fix: Fix) -> NewPin:
        """What the block of a fixed pin says: all hashes of the release."""
        listed = self._listed(name, fix)
        version = fix.version or ""
        return NewPin(name, version, listed.hashes, listed.names(), note=f"{NOT_EXAMINED}: {name} {version}")

    def _listed(self, name: str, fix: Fix) -> ListedRelease:
        release = self._pages.page(name).release(fix.version or "")
        if release is None:
            raise PeepError(f"no index has {name} {fix.version} any more")
        choosers = [FileChooser(name, one, self._policy) for group in self._groups for one in group.members]
        return listed_files(release, choosers, HashPolicy(self._policy), self._metadata)


def _targets(session: LockSession, present: PresentLock) -> Sequence[TargetId]:
    """Those that settings or directives declare, else this interpreter."""
    settings = session.options.settings
    if settings.targets or present.targets:
        return session.declared_targets(present.targets)
    here = replace(session.options, settings=replace(settings, targets=("here",)))
    return replace(session, options=here).declared_targets(present.targets)


def _present(path: str) -> PresentLock:
    try:
        return read_present(path)
    except PeepError:  # a line that pins nothing: no lock, and so it is for this interpreter or for what settings say
        return PresentLock()


def _key(fault: Incompleteness) -> Fault:
    return fault.target, fault.kind.value, fault.name, fault.requirement


def _moved(pin: JudgedPin, wish: Wish, fix: Fix) -> JudgedPin:
    """The pin as it would be; without hashes, for all files of the new release will be listed."""
    is_meant = pin.name == wish.name and pin.version and same_version(pin.version, wish.version)
    return replace(pin, version=fix.version or "", hashes=()) if is_meant else pin


def _told(fault: Incompleteness, wish: Wish, fix: Fix, lists: Sequence[Sequence[JudgedPin]]) -> str:
    """What stands in the way, in a line."""
    if fault.kind is Kind.CONFLICT and fault.name == wish.name and fault.chains:
        requirer = fault.chains[0][-1]
        version = next((pin.version for pins in lists for pin in pins if pin.name == requirer), "")
        limit = fault.requirement.removeprefix(wish.name)
        return f"{requirer} {version} allows {wish.name} {limit}"
    if fault.kind is Kind.OMITTED:
        return f"{wish.name} {fix.version} requires {fault.requirement}, which is not listed"
    if fault.kind is Kind.CONFLICT:
        return f"{wish.name} {fix.version}: {fault.reason}"
    return f"{fault.name} {fix.version}: {fault.reason}"
