"""`peep bundle create`: every archive that pins need on declared targets, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from peep.advisories.lookup import sidecar_path
from peep.advisories.policy import AuditPolicy
from peep.advisories.snapshot import is_zip
from peep.bundle.assembly import Assembly, assemble
from peep.bundle.folder import BundleWriter, WrittenBundle, claimed_folder, refuse_other_folders
from peep.bundle.layout import stored_files
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleArchive, BundleFile, BundleManifest, BundleTarget
from peep.bundle.tree import FilesTree
from peep.dataclass import dataclass, replace
from peep.errors import InstallRefused, NoIndexToAsk, PeepError, Problem, UsageError
from peep.formats.target_ids import TargetId
from peep.model import Digest
from peep.pipeline.bundles.archives import ObtainedArchives, World
from peep.pipeline.bundles.build_tools import BundleContents
from peep.pipeline.bundles.contents import Judging, contents_for
from peep.pipeline.bundles.inputs import BundleInputs, refuse_unless_file
from peep.pipeline.bundles.shelf import carried_before, open_shelf
from peep.pipeline.context import RunContext
from peep.pipeline.declared_targets import declared_targets
from peep.pipeline.locking.locked_for import not_carried_for
from peep.pipeline.options import BundleSource, InstallOptions, SourceOptions
from peep.pipeline.session import Session, named_indexes, open_session
from peep.requirements.pinned_set import Directive, PinnedSet
from peep.system.file_digest import digest_of_file
from peep.workflows.advisories_fetch import FetchOptions, fetch_advisories
from peep.workflows.embed import embed
from peep.workflows.install import STAGES
from peep.workflows.wheel import wheel

PEEP = "peep.pyz"
_ADVISORIES = "advisories/PyPI.zip"


@dataclass(frozen=True, slots=True)
class CreateOptions:
    """Everything that `peep bundle create` can be asked for."""

    base: InstallOptions
    """Inputs, indexes, network, store, interpreter (for `here`), output."""
    folder: str
    targets: tuple[str, ...] = ()
    """Nobody named any: this interpreter."""
    places: tuple[str, ...] = ()
    """Bundles and mirrors whose archives need not be fetched."""
    with_peep: bool = True
    advisories: str | None = None
    """A snapshot, or the URL of one."""
    with_provenance: bool = False
    tries_builds: bool = False
    prunes: bool = True


@dataclass(frozen=True, slots=True)
class CreatedBundle:
    """The bundle that lies in the folder now, and what was written."""

    digest: Digest
    manifest: BundleManifest
    written: WrittenBundle
    warnings: tuple[str, ...]


def create_bundle(options: CreateOptions, context: RunContext) -> CreatedBundle:
    """Obtain, judge, and write, in this order; the folder shows nothing before all targets are complete.

    Raises `InstallRefused` with every problem of every target, `RequirementsErrors` with every bad line,
    `DestinationError` for a folder that holds something else.
    """
    sources = options.base.sources
    for path in (*sources.requirement_files, *sources.constraint_files, *options.base.build.constraint_files):
        refuse_unless_file(path)
    refuse_other_folders(options.folder)
    with ExitStack() as stack:
        beside = sources.requirement_files
        # Without the inputs: a bundle that they name for installs has no say in what is put into a new one.
        base = replace(options.base, sources=SourceOptions(), settings_beside=beside)
        session = stack.enter_context(open_session(base, context, STAGES))
        stack.enter_context(session.store.in_use())
        run = _Run(options, context, session, stack.enter_context(session.store.workshop()), stack)
        ids = run.declared()
        contents = run.contents(ids)
        assembly = run.assembled(ids, contents)
        if options.tries_builds:
            run.try_builds(ids, assembly)
        files = FilesTree(assembly.sources, options.folder)
        with claimed_folder(options.folder):
            writer = BundleWriter(options.folder, assembly.manifest, bundle_lock(assembly.manifest, files))
            written = writer.write(files)
        return CreatedBundle(assembly.manifest.digest, assembly.manifest, written, tuple(contents.warnings))


class _Run:
    """One run: what was asked for, and what it works with."""

    def __init__(
        self, options: CreateOptions, context: RunContext, session: Session, scratch: str, stack: ExitStack
    ) -> None:
        self._options = options
        self._context = context
        self._session = session
        self._scratch = scratch
        network = session.network
        base = options.base
        world = World(
            STAGES,
            open_shelf(options.folder, options.places, stack),
            network.index,
            lambda: network.receiver(scratch),
            scratch,
            context.reporter,
            options.with_provenance,
        )
        self._judging = Judging(ObtainedArchives(world), base.format_control, base.check_dependencies)
        self._inputs = BundleInputs(session.reading.read, base.sources, base.build.constraint_files, context.environ)

    def declared(self) -> tuple[TargetId, ...]:
        """The targets of the run; `here` becomes what it stands for. Raises `UsageError`."""
        return declared_targets(self._options.targets or ("here",), lambda: self._session.target)

    def contents(self, ids: Sequence[TargetId]) -> BundleContents:
        """Read, obtain and judge."""
        network = self._session.network

        locked: list[Directive] = []

        def state(pinned: PinnedSet) -> None:
            network.stated = pinned.index_options
            network.extra_indexes = named_indexes(pinned)
            locked.extend(pinned.directives)

        tried = frozenset(one.text for one in self._own(ids)) if self._options.tries_builds else frozenset()
        contents = contents_for(ids, self._inputs, replace(self._judging, tried=tried), state)
        if not self._options.targets:
            for text in not_carried_for(locked, ids):
                contents.warn(text)
        return contents

    def _own(self, ids: Sequence[TargetId]) -> list[TargetId]:
        """The targets that the interpreter of this run is one of."""
        target = self._session.target
        platforms = {tag.rpartition("-")[2] for tag in target.tags}
        return [one for one in ids if one.minor == target.version[:2] and one.platform in platforms]

    def assembled(self, ids: Sequence[TargetId], contents: BundleContents) -> Assembly:
        """The manifest with the places of all bytes. Raises `InstallRefused` with everything that is wrong."""
        problems: list[Problem] = list(contents.problems)
        targets = [BundleTarget.of(one) for one in ids]
        tools = self._tools(problems)
        made = assemble(targets, self._inputs.given(), contents.archives.values(), contents.needs, tools)
        if isinstance(made, list):
            raise InstallRefused((*problems, *made))
        if problems:
            raise InstallRefused(tuple(problems))
        if self._options.advisories:
            made = self._with_advisories(made, self._options.advisories, contents)
        return made if self._options.prunes else _with_earlier(made, self._options.folder)

    def _tools(self, problems: list[Problem]) -> dict[str, bytes]:
        if not self._options.with_peep:
            return {}
        try:
            return {PEEP: embed(self._options.base, self._context)}
        except InstallRefused as refused:
            problems += refused.problems
            self._context.reporter.warning(f"{PEEP} cannot be made; --no-peep leaves it out")
            return {}
        except NoIndexToAsk as error:
            raise PeepError(f"{PEEP} cannot be made: {error}", "--no-peep leaves it out") from error

    def _with_advisories(self, made: Assembly, place: str, contents: BundleContents) -> Assembly:
        if "://" in place:
            fetched = os.path.join(self._scratch, "advisories.zip")
            network = self._options.base.network
            fetch_advisories(FetchOptions(network, fetched, place), self._context, AuditPolicy())
            place = fetched
        if not os.path.isfile(place) or not is_zip(place):
            raise UsageError(f"--advisories {place}: is no snapshot", "peep advisories fetch -o FILE.zip brings one")
        places = {_ADVISORIES: place}
        if os.path.isfile(sidecar_path(place)):
            places[sidecar_path(_ADVISORIES)] = sidecar_path(place)
        else:
            contents.warn(f"{sidecar_path(place)} is not there: nothing will tell when the advisories were fetched")
        listed = []
        for path, source in places.items():
            digest, size = digest_of_file(source)
            listed.append(BundleFile(path, digest.hex, size))
        return Assembly(replace(made.manifest, advisories=tuple(listed)), {**made.sources, **places})

    def try_builds(self, ids: Sequence[TargetId], made: Assembly) -> None:
        """Build every wheel for this interpreter out of the bundle alone, in a private place; keep none of them.

        Raises `InstallRefused` and `BuildError`; nothing has been written then.
        """
        if not self._own(ids):
            raise UsageError("--try-builds: none of the targets is this interpreter", "add --target here")
        folder = os.path.join(self._scratch, "bundle")
        files = FilesTree(made.sources, folder)
        with claimed_folder(folder):
            BundleWriter(folder, made.manifest, bundle_lock(made.manifest, files)).write(files)
        tried = replace(
            self._options.base,
            sources=SourceOptions(),
            bundle=BundleSource(folder, str(made.manifest.digest)),
            destination=os.path.join(self._scratch, "wheels"),
        )
        wheel(tried, self._context)


def _with_earlier(made: Assembly, folder: str) -> Assembly:
    """The bundle with archives of the one before, for no target, as far as their names are free and bytes are right."""
    earlier, places = carried_before(folder)
    present = {one.filename.casefold() for one in made.manifest.archives}
    kept = [one for one in earlier if one.filename.casefold() not in present and _is_whole(one, places)]
    archives = sorted((*made.manifest.archives, *kept), key=lambda one: one.filename)
    manifest = replace(made.manifest, archives=tuple(archives))
    paths = stored_files(manifest).keys() - made.sources.keys()
    return Assembly(manifest, {**made.sources, **{path: places[path] for path in paths}})


def _is_whole(archive: BundleArchive, places: Mapping[str, str]) -> bool:
    """Whether an archive, and what lies beside it, is there as its manifest says."""
    expected = {archive.path: archive.sha256}
    if archive.core_metadata:
        expected[archive.core_metadata.path] = archive.core_metadata.sha256
    if archive.provenance:
        expected[archive.provenance_path] = archive.provenance
    try:
        return all(digest_of_file(places[path])[0].hex == digest for path, digest in expected.items())
    except OSError:
        return False
