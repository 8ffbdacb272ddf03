"""`peep mirror sync`: what lists pin, brought from the owners of the names, all of it or nothing.

Read the lists, refuse names of other sources before anything is asked, judge each list for its targets, fetch and
verify what is not there, then change the mirror. Nothing is resolved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial

from peep.archives.download import Downloader
from peep.dataclass import dataclass, replace
from peep.errors import InstallRefused, NoUsableFile, PeepError, Problem
from peep.formats.ages import sortable_time
from peep.formats.names import normalised
from peep.formats.simple_pages import ProjectStatus
from peep.formats.url_secrets import redacted
from peep.formats.versions import same_version
from peep.locking.candidates import CandidatePolicy
from peep.locking.completeness import Archives, Incompleteness, JudgedPin, Kind, NoArchive, TargetArchive
from peep.locking.lock_paths import LockPaths
from peep.locking.marker_atoms import UnreadableMarker, marker_judge
from peep.locking.page_archives import PageArchives
from peep.locking.release_facts import ReleaseFacts
from peep.locking.settings import LockSettings
from peep.locking.target_groups import joint_groups
from peep.mirror.changes import with_status
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import MirrorFolder, NewFile
from peep.mirror.outcome import MirrorOutcome
from peep.mirror.ownership import Owner, Ownership, SourceKind
from peep.model import Digest
from peep.pipeline.bundles.served_provenance import served_provenance
from peep.pipeline.context import RunContext
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.locking.session import LockSession, opened_lock
from peep.pipeline.mirrors.archives import (
    described,
    holds,
    known_file,
    linked_again,
    not_owned,
    projects_with,
    refuse_new_owners,
    stated_text,
    stored_files_of,
)
from peep.pipeline.mirrors.fetch import ArchiveFetch, WantedFile, held_file, listed_files
from peep.pipeline.mirrors.lists import MirroredList, MirroredPin, read_lists
from peep.pipeline.mirrors.pages import OwnedPages
from peep.pipeline.mirrors.run import change, facts_of, opened_mirror
from peep.pipeline.options import InstallOptions
from peep.pipeline.read_pins import Reading
from peep.place_faults import NotOwned
from peep.system.files import temporary_folder
from peep.target.declared import DeclaredTarget
from peep.workflows.check import verdicts_on
from peep.workflows.install import STAGES


class IncompleteLists(PeepError):
    """Lists that lack something for a target; nothing was brought."""

    def __init__(self, faults: Sequence[Incompleteness]) -> None:
        lines = []
        for fault in faults:
            where = f"{', '.join(map(str, fault.locations))}: " if fault.locations else ""
            lines.append(f"{where}{fault.name}: {fault.reason} ({fault.target})")
        hint = "complete the list, as peep lock does; with --all-files nothing is judged"
        super().__init__("\n".join(lines), hint)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """What to bring."""

    base: InstallOptions
    """Network, store, interpreter, output."""
    settings: LockSettings
    """Targets among them."""
    lists: tuple[str, ...]
    build_constraints: tuple[str, ...] = ()
    all_files: bool = False
    """Every listed file of each pinned version, not those of targets only."""
    transfer: tuple[str, ...] = ()


def sync_mirror(directory: str, options: SyncOptions, context: RunContext) -> MirrorOutcome:
    """Bring what the lists pin.

    Raises `RequirementsErrors`, `InstallRefused` with every name that is not owned and every archive that is not what
    was listed, `IncompleteLists`, and what the network and the disk raise; the mirror is as it was then.
    """
    lock_options = LockOptions(options.base, LockPaths((), (), options.lists[0]), options.settings)
    with (
        opened_lock(lock_options, context, STAGES) as session,
        opened_mirror(directory, "peep mirror sync", context.reporter) as mirror,
    ):
        read = Reading(session.network.transport, context.standard_input).read
        lists = read_lists(options.lists, options.build_constraints, read, context.environ)
        for one in lists:
            for pin in one.elsewhere:
                context.reporter.warning(f"{redacted(str(pin))}: is not brought: an install asks where its line says")
        return _Sync(mirror, options, session, lists).run()


class _Sync:
    """One run, once its lists are read."""

    def __init__(
        self, mirror: MirrorFolder, options: SyncOptions, session: LockSession, lists: Sequence[MirroredList]
    ) -> None:
        self._mirror = mirror
        self._options = options
        self._session = session
        self._lists = lists
        self._ownership = mirror.ownership()
        self._now = datetime.now(timezone.utc)
        pins = dict.fromkeys(pin for one in lists for pin in one.all_pins)
        self._before = facts_of(mirror, (pin.judged.name for pin in pins))
        self._pins = tuple(pins)

    def run(self) -> MirrorOutcome:
        owners = self._owners()
        refuse_new_owners(self._before, owners, [normalised(name) for name in self._options.transfer])
        transport = self._session.network.transport()
        pages = OwnedPages(self._mirror, owners, transport, self._session.context.reporter)
        wanted = self._every_file(pages) if self._options.all_files else self._files_for_targets(pages)
        brought = [one for one in wanted if owners[one.pin.judged.name].source.kind is SourceKind.INDEX]
        with temporary_folder(self._mirror.root, ".peep-") as scratch:
            files, facts = self._archives(brought, owners, scratch)
            after = projects_with(facts, self._before_of(owners), owners, self._now)
            told = [self._with_status(one, pages) for one in after]
            return change(self._mirror, self._before_of(owners), told, files)

    def _owners(self) -> dict[str, Owner]:
        """The owner of each name. Raises `InstallRefused` with all names that no index may bring."""
        owners: dict[str, Owner] = {}
        refused: list[NotOwned] = []
        for pin in self._pins:
            owner = self._ownership.owner_of(pin.judged.name)
            if owner is None or not (owner.source.kind is SourceKind.INDEX or self._is_here(pin)):
                refused.append(self._refusal(pin, self._ownership))
            else:
                owners[pin.judged.name] = owner
        if refused:
            raise InstallRefused(tuple(dict.fromkeys(refused)))
        return owners

    def _refusal(self, pin: MirroredPin, ownership: Ownership) -> NotOwned:
        bringers = [one.name for one in ownership.sources if one.kind is SourceKind.INDEX]
        bringer = bringers[0] if len(bringers) == 1 else ""
        return not_owned(ownership, pin.judged.name, bringer, self._mirror, str(pin.judged.location or ""))

    def _is_here(self, pin: MirroredPin) -> bool:
        """Whether a private name is listed as the mirror has it: then there is nothing to be brought."""
        facts = self._before[pin.judged.name]
        return any(
            same_version(file.version, pin.judged.version)
            and Digest("sha256", file.sha256) in pin.hashes
            and file.is_linked
            and holds(self._mirror, file)
            for file in (facts.files if facts else ())
        )

    def _before_of(self, owners: dict[str, Owner]) -> dict[str, ProjectFacts | None]:
        return {name: self._before[name] for name, owner in owners.items() if owner.source.kind is SourceKind.INDEX}

    def _every_file(self, pages: OwnedPages) -> list[WantedFile]:
        wanted: list[WantedFile] = []
        problems: list[Problem] = []
        for pin in self._pins:
            found = listed_files(pin, pages.page(pin.judged.name))
            if not found:
                page = pages.page(pin.judged.name)
                reason = f"{page.index} offers no listed file of it" if page.exists else "the index does not have it"
                problems.append(NoUsableFile(pin.stated, reason))
            wanted += found
        if problems:
            raise InstallRefused(tuple(problems))
        return wanted

    def _files_for_targets(self, pages: OwnedPages) -> list[WantedFile]:
        """Judge each list for its targets, and note what those take. Raises `IncompleteLists`."""
        policy = CandidatePolicy(self._options.base.format_control)
        chosen = _Chosen(PageArchives(pages, self._session.index_metadata(), ReleaseFacts(policy)))
        faults: list[Incompleteness] = []
        for one in self._lists:
            targets = self._session.declared_targets(self._stated_targets(one))
            for verdict in verdicts_on([pin.judged for pin in one.pins], targets, chosen):
                faults += verdict.incomplete
                for warning in verdict.warnings:
                    self._session.context.reporter.warning(warning)
            for group in joint_groups(targets):
                for target in group.members:
                    faults += _build_faults(one.build_pins, target, chosen)
        if faults:
            raise IncompleteLists(list(dict.fromkeys(faults)))
        found: list[WantedFile] = []
        for pin in self._pins:
            found += listed_files(pin, pages.page(pin.judged.name), chosen.filenames(pin.judged))
        return found

    def _stated_targets(self, one: MirroredList) -> tuple[str, ...]:
        """Targets that the list was locked for; this interpreter, which is told, where nobody names any."""
        if not (one.targets or self._options.settings.targets):
            note = (
                "no targets are named: files for this interpreter are brought; --target and --all-files say otherwise"
            )
            self._session.context.reporter.note(f"{one.path}: {note}")
        return one.targets or ("here",)

    def _archives(
        self, wanted: Sequence[WantedFile], owners: dict[str, Owner], scratch: str
    ) -> tuple[list[NewFile], list[tuple[ArchiveFacts, str]]]:
        """Fetch what is not there. Gives back new files, and the facts of all wanted archives with their project."""
        facts: dict[tuple[str, str, str], ArchiveFacts] = {}
        receiver = self._session.network.receiver(self._session.scratch)
        provenance = partial(served_provenance, transport=receiver.transport, reporter=self._session.context.reporter)
        fetch = ArchiveFetch(Downloader(receiver, STAGES.receive, STAGES.verify), scratch, provenance)
        for one in wanted:
            name = one.pin.judged.name
            known = held_file(self._before[name], one, self._mirror)
            if known is None:
                fetch.add(one, is_exact=not self._options.all_files)
            else:
                facts[name, known.filename, known.sha256] = self._told_anew(known, one)
        fetch.run()
        files: list[NewFile] = []
        for incoming, one in fetch.incoming:
            name = one.pin.judged.name
            known = known_file(self._before[name], incoming)
            new = self._told_anew(known, one) if known else described(incoming, owners[name].source.name, self._now)
            facts[name, new.filename, new.sha256] = new
            files += stored_files_of(incoming, new, scratch)
        return files, [(one, name) for (name, _, _), one in sorted(facts.items())]

    def _told_anew(self, known: ArchiveFacts, wanted: WantedFile) -> ArchiveFacts:
        """A file that is there, on its page, and yanked if upstream says so now and nobody here spoke of it."""
        file = linked_again(known, self._now)
        if wanted.file.yanked is None or known.yanked_at is not None:
            return file
        return replace(file, yanked=stated_text(wanted.file.yanked), yanked_at=sortable_time(self._now))

    def _with_status(self, facts: ProjectFacts, pages: OwnedPages) -> ProjectFacts:
        """Upstream's status, unless one was stated here: the mirror's own word counts."""
        detail = pages.detail(facts.name)
        known = {status.value: status for status in ProjectStatus}
        if detail is None or facts.status_at is not None or detail.status not in known or detail.status == "active":
            return facts
        return with_status(facts, known[detail.status], stated_text(detail.status_reason), self._now)


class _Chosen:
    """Implements `completeness.Archives`, noting what targets take of pins that hold on them."""

    def __init__(self, archives: Archives) -> None:
        self._archives = archives
        self._found: dict[JudgedPin, dict[str, None]] = {}

    def chosen(self, pin: JudgedPin, target: DeclaredTarget) -> TargetArchive | NoArchive:
        if not _holds(pin, target):
            return self._archives.chosen(pin, target)
        found = self._archives.chosen(pin, target)
        if isinstance(found, TargetArchive):
            self._found.setdefault(pin, {})[found.filename] = None
        return found

    def filenames(self, pin: JudgedPin) -> tuple[str, ...]:
        return tuple(self._found.get(pin, ()))


def _holds(pin: JudgedPin, target: DeclaredTarget) -> bool:
    try:
        return marker_judge(target.environment.markers, target.open_names).holds(pin.marker)
    except UnreadableMarker:
        return False  # the judge of the list tells of it


def _build_faults(pins: Sequence[MirroredPin], target: DeclaredTarget, archives: Archives) -> Iterator[Incompleteness]:
    """What builds on a target use must be there, too; what they require is known only to them."""
    for pin in pins:
        if _holds(pin.judged, target):
            found = archives.chosen(pin.judged, target)
            if isinstance(found, NoArchive):
                where = () if pin.judged.location is None else (pin.judged.location,)
                yield Incompleteness(Kind.NO_FILE, target.id.text, pin.judged.name, found.reason, locations=where)
