"""Making of a lock within its session: what is asked, and how the answer is written.

A run that finds nothing to do ends before this is imported: solver, builder and readers of archives come with it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from peep.archives.download import Downloader
from peep.dataclass import dataclass, replace
from peep.errors import UsageError
from peep.formats.open_markers import ANY_MICRO
from peep.formats.target_ids import TargetId
from peep.index.compatibility import python_objection
from peep.locking.candidates import CandidatePolicy
from peep.locking.group_view import GroupView
from peep.locking.kept_directives import kept_directives
from peep.locking.lock_plan import HashPolicy, PlannedPin, stated_sha256
from peep.locking.lock_run import LockInputs, view_sources
from peep.locking.make_lock import Lock, LockFormat, OutsideWorld, make_lock, written_pins
from peep.locking.output.pylock import KnownFiles, PylockStyle, lock_file_text
from peep.locking.output.requirements_txt import RequirementsLock, requirements_text
from peep.locking.roots import Root
from peep.locking.solution import TargetSolution
from peep.locking.source_files import admission
from peep.locking.target_groups import joint_groups
from peep.locking.tool_list import LockedTools, ToolFormat
from peep.model import FormatControl, TargetEnvironment
from peep.pipeline.fetch import WheelProvider
from peep.pipeline.locking.builds import LockBuilds
from peep.pipeline.locking.direct_pages import DirectPages, DirectProject, KnownDirect
from peep.pipeline.locking.lock_file import PresentLock, read_pins
from peep.pipeline.locking.metadata import IndexMetadata
from peep.pipeline.locking.pages import IndexPages
from peep.pipeline.locking.prefetch import walk
from peep.pipeline.locking.request import shadow_warnings, wanted_versions
from peep.pipeline.locking.session import LockSession
from peep.pipeline.locking.sources import ReadSources
from peep.pipeline.locking.verify_files import verify_files
from peep.pipeline.session import target_request
from peep.requirements.pinned_set import Directive
from peep.target.discovery import discover_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from peep.pipeline.locking.build_hooks import LockHooks

_MOST_UNSEEN = 1_000_000
"""Objects that may be made before the interpreter looks for circles among them."""
_TURN = 0.02
"""Seconds that a thread may compute while others want to."""


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Tell the interpreter what a lock is like: one thread computes while 32 wait, and what it makes lives to the end.

    With the usual 5 ms, all that wait look four times as often whether it is their turn, which takes a twentieth of the
    processor's time. What pages hold is in no circle: to search them for circles takes 30 ms and more. That stays so,
    for afterwards it would take as long.
    """
    before = sys.getswitchinterval()
    if unseen := gc.get_threshold()[0]:  # 0: it never looks
        gc.set_threshold(max(unseen, _MOST_UNSEEN))
    sys.setswitchinterval(max(before, _TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@dataclass(frozen=True, slots=True)
class LockMaking:
    """One lock that is made."""

    session: LockSession

    def make(self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId], tools: PresentLock) -> Lock:
        """Ask the indexes and solve."""
        with _undisturbed():
            return self._made(read, present, targets, tools)

    def _made(self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId], tools: PresentLock) -> Lock:
        self.session.network.stated = read.index_options
        inputs = self._inputs(read, present, targets, tools)
        index_pages = self.session.pages()
        self.session.pages_seen.names = index_pages.names
        metadata = self.session.index_metadata()
        builds = self.session.builds(metadata)
        hooks = self._allow_builds(inputs, index_pages, metadata, builds, (*read.directives, *present.directives))
        roots, direct = self._direct(inputs.roots, present, metadata, builds, hooks)
        inputs = replace(inputs, roots=roots)
        pages = DirectPages(index_pages, direct)
        sources = replace(view_sources(inputs, pages, metadata), expect=metadata.expect)
        walk([GroupView(group, sources, {}) for group in joint_groups(inputs.targets)], inputs.roots)
        is_narrow = self.session.options.settings.hashes == "targets"
        hashes = HashPolicy(inputs.policy, is_narrow, self.session.options.refresh_hashes)
        made = make_lock(
            inputs,
            OutsideWorld(pages, metadata, metadata, builds, sources),
            hashes,
            replace(self._format(read, present, targets, index_pages), tools=self._tool_format(read, tools, targets)),
        )
        if made.tools.text and tools.foreign:
            stem = os.path.splitext(os.path.basename(self.session.options.paths.output))[0]
            hint = f"give this lock one of its own, as in: --build-output {stem}-build-constraints.txt"
            raise UsageError(f"{tools.foreign}, and builds of this lock need one", hint)
        if self.session.options.is_verified:
            self._verify(made, inputs.policy, metadata)
        more = (*_other_pythons(read, targets), *shadow_warnings(index_pages.shadowed(), made.pins))
        return replace(made, warnings=(*made.warnings, *more))

    def _verify(self, made: Lock, policy: CandidatePolicy, metadata: IndexMetadata) -> None:
        """Raises `FilesDiffer`."""
        count = verify_files((*made.pins, *made.tools.pins), policy, metadata)
        self.session.context.reporter.note(f"{count} files downloaded: each is what the index states")

    def _allow_builds(
        self,
        inputs: LockInputs,
        pages: IndexPages,
        metadata: IndexMetadata,
        builds: LockBuilds,
        directives: Sequence[Directive],
    ) -> LockHooks | None:
        """Let the backends that the user names answer, on this machine. `directives`: of sources and list."""
        options = self.session.options
        allowed = options.settings.allow_build
        if not allowed:
            return None
        from peep.pipeline.audits.lock_builds_gate import refuse_malware_in_builds  # noqa: PLC0415 - few locks build
        from peep.pipeline.locking.build_hooks import LockHooks, Machine  # noqa: PLC0415 - as above
        from peep.pipeline.locking.host_tools import HostTools  # noqa: PLC0415 - as above

        environment = discover_target(target_request(options.base.target), self.session.store)
        tools = HostTools(self.session.here(), environment, inputs, pages, metadata, builds)
        files = options.paths.files or (options.paths.output,)  # where settings are looked for, as by the command line
        refuse = refuse_malware_in_builds(options.base, files, directives, self.session.context)
        needs_sandbox = any(one.option == "--require-sandbox" for one in directives)
        provider = self._provider(environment)
        machine = Machine(environment, provider, self.session.context, refuse, requires_sandbox=needs_sandbox)
        hooks = LockHooks(allowed, machine, tools, lambda file: stated_sha256(file) or metadata.sha256(file))
        metadata.hooks = builds.hooks = hooks
        return hooks

    def _direct(
        self,
        roots: Sequence[Root],
        present: PresentLock,
        metadata: IndexMetadata,
        builds: LockBuilds,
        hooks: LockHooks | None,
    ) -> tuple[tuple[Root, ...], Mapping[str, DirectProject]]:
        """Find out what roots lead to that name a URL."""
        if not any(root.direct for root in roots):
            return tuple(roots), {}
        from peep.pipeline.locking.direct_projects import direct_projects  # noqa: PLC0415 - few roots name URLs
        from peep.pipeline.locking.direct_roots import DirectRoots  # noqa: PLC0415 - as above

        known = KnownDirect() if self.session.options.upgrade else self._known_direct(present)
        finder = DirectRoots(self.session.store, metadata, known, self.session.context.environ, self.session.scratch)
        return direct_projects(roots, finder, metadata, builds, hooks)

    def _known_direct(self, present: PresentLock) -> KnownDirect:
        names = self.session.upgraded_names
        commits = {name: found for name, found in present.commits.items() if name not in names}
        if self.session.options.refresh_hashes:
            return KnownDirect(commits)
        pins = (pin for pin in present.pins if pin.url and pin.name not in names)
        return KnownDirect(commits, {pin.name: (pin.url, pin.hashes) for pin in pins})

    def _provider(self, environment: TargetEnvironment) -> WheelProvider:
        return WheelProvider(
            stages=self.session.stages,
            target=environment,
            formats=FormatControl(),
            store=self.session.store,
            reporter=self.session.context.reporter,
            open_index=self.session.network.index,
            open_downloader=lambda stages: Downloader(
                self.session.network.receiver(self.session.scratch), self.session.received, stages.verify
            ),
        )

    def _tool_format(self, read: ReadSources, tools: PresentLock, targets: Sequence[TargetId]) -> ToolFormat:
        line_end = tools.line_end if tools.content is not None else read.line_end
        ids = tuple(target.text for target in targets)

        def write(pins: Sequence[PlannedPin]) -> str:
            written = written_pins(pins, annotates_files=self.session.options.settings.annotate_files)
            return requirements_text(
                RequirementsLock(self.session.arguments(), ids, written, self.session.option_lines(read)), line_end
            )

        return ToolFormat(write, partial(read_pins, path=self.session.tools_path))

    def _format(
        self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId], pages: IndexPages
    ) -> LockFormat:
        path = self.session.options.paths.output
        ids = tuple(target.text for target in targets)
        reader = partial(read_pins, path=path)
        line_end = present.line_end if present.content is not None else read.line_end
        if self.session.options.paths.is_pylock:

            def write_lock_file(
                planned: Sequence[PlannedPin], solutions: Sequence[TargetSolution], tools: LockedTools
            ) -> str:
                names = {pin.merged.name: pages.index_name(pin.merged.name) for pin in planned}
                style = PylockStyle(
                    ids,
                    read.extras,
                    read.groups,
                    build_constraint=self.session.tools_name() if tools.text else "",
                    arguments=self.session.arguments(),
                    index_names=names,
                    known_files=self._known_files(present),
                    directives=kept_directives(read.directives, present.directives),
                )
                return lock_file_text(planned, solutions, style).replace("\n", line_end)

            return LockFormat(write_lock_file, reader, tells_extras=False)

        def write(planned: Sequence[PlannedPin], _: Sequence[TargetSolution], tools: LockedTools) -> str:
            pins = written_pins(planned, annotates_files=self.session.options.settings.annotate_files)
            name = self.session.tools_name() if tools.text else ""
            kept = kept_directives(read.directives, present.directives)
            lock = RequirementsLock(self.session.arguments(), ids, pins, self.session.option_lines(read), name, kept)
            return requirements_text(lock, line_end)

        return LockFormat(write, reader)

    def _known_files(self, present: PresentLock) -> KnownFiles:
        return {} if self.session.options.refresh_hashes else present.files

    def _inputs(
        self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId], tools: PresentLock
    ) -> LockInputs:
        sources = read.sources
        constraints = (*sources.constraints, *wanted_versions(self.session.options.upgraded))
        known, known_tools = ({}, {}) if self.session.options.upgrade else (present.known, tools.known)
        names = self.session.upgraded_names
        return LockInputs(
            tuple(targets),
            sources.roots,
            constraints,
            self.session.policy(read.formats, allows_pre_releases=read.allows_pre_releases),
            admission(sources.roots, constraints),
            {name: pins for name, pins in known.items() if name not in names},
            names,
            {name: pins for name, pins in known_tools.items() if name not in names},
        )


def _other_pythons(read: ReadSources, targets: Sequence[TargetId]) -> Iterator[str]:
    """Tell of targets that no project of the sources is for: its own Requires-Python leaves no version of theirs."""
    for path, specifiers in read.pythons:
        outside = [target.text for target in targets if not _any_fits(specifiers, target)]
        if outside:
            yield f"{path} requires Python {specifiers}, which {', '.join(sorted(outside))} is not"


def _any_fits(specifiers: str, target: TargetId) -> bool:
    micros = (0, ANY_MICRO) if target.micro is None else (target.micro,)
    return any(not python_objection(specifiers, (*target.minor, micro)) for micro in micros)
