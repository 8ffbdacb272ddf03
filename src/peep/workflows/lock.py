"""`peep lock`: requirements to hashed pins, complete for every declared target, or not written.

Read the sources and the present lock, ask the indexes, solve for each target, merge, read the text back, write it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from types import MappingProxyType

from peep.dataclass import dataclass, replace
from peep.formats.url_secrets import redacted
from peep.locking.changes import PinChange, changes
from peep.locking.lock_paths import LockPaths
from peep.locking.lock_plan import ReportedPin, reported
from peep.locking.sources import Pages
from peep.pipeline.context import RunContext
from peep.pipeline.locking.lock_file import PresentLock, read_present, write_lock
from peep.pipeline.locking.remembered_lock import RememberedRun
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.locking.session import LockSession, opened_lock
from peep.pipeline.locking.sources import ReadSources
from peep.pipeline.options import InstallOptions
from peep.requirements.file_parser import Include, parse_text
from peep.workflows.install import STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from peep.locking.make_lock import Lock


@dataclass(frozen=True, slots=True)
class LockResult:
    """What a run made, and what it changed."""

    path: str
    is_written: bool
    is_different: bool
    """The file is, or would be, another than before."""
    targets: tuple[str, ...]
    pins: tuple[ReportedPin, ...]
    changes: tuple[PinChange, ...]
    warnings: tuple[str, ...]
    tools: tuple[ReportedPin, ...] = ()
    """Of the build constraints."""
    tools_path: str = ""
    """Where those are; '' for none."""
    tool_changes: tuple[PinChange, ...] = ()
    names: tuple[str, ...] = ()
    """Projects of a list that was refreshed without a source."""


@dataclass(frozen=True, slots=True)
class MadeLock:
    """A lock that was not written yet."""

    content: bytes
    result: LockResult
    tools_content: bytes | None = None
    """Of the build constraints; None where there are none, or where they stay as they are."""

    def write(self) -> LockResult:
        """Write the build constraints, then the lock that names them: each whole, or as it was before."""
        if self.tools_content is not None:
            write_lock(self.result.tools_path, self.tools_content)
        write_lock(self.result.path, self.content)
        return replace(self.result, is_written=True)


def lock(options: LockOptions, context: RunContext) -> LockResult:
    """Make the lock and write it, unless `--check` or `--dry-run` forbid that, or nothing changes.

    Raises `NoSolution` with every target that has none, `RequirementsErrors` with every bad line; nothing is written.
    """
    with opened_lock(options, context, STAGES) as session:
        made = refreshed(session) if options.refreshes_alone else lock_in(session)
        if made.result.is_different and not (options.is_check or options.is_dry_run):
            return made.write()
        return made.result


def lock_in(session: LockSession, changed: Mapping[str, bytes] = MappingProxyType({})) -> MadeLock:
    """Make the lock of a session without writing it; `changed` files are read as if they held these bytes."""
    output = session.options.paths.output
    present = read_present(output, takes_edited=True)
    targets = session.declared_targets(present.targets)
    sources = session.read_sources(changed)
    tools = session.present_tools(present)
    ids = tuple(sorted(target.text for target in targets))
    key = session.run_key(sources, ids, (present.content, tools.content))
    if present.content is not None and (known := session.recalled(key)) is not None:
        result = LockResult(output, False, False, ids, known.pins, (), known.warnings, known.tools, known.tools_path)  # noqa: FBT003
        return MadeLock(present.content, result)
    from peep.pipeline.locking.making import LockMaking  # noqa: PLC0415 - most runs find nothing to do

    made = LockMaking(session).make(sources, present, targets, tools)
    lock = _compared(session, made, ids, present, tools)
    _remember(session, sources, lock, tools)
    return lock


def _compared(
    session: LockSession, made: Lock, ids: tuple[str, ...], present: PresentLock, tools: PresentLock
) -> MadeLock:
    """Hold what was made against what is there."""
    output = session.options.paths.output
    content = present.source.encode(made.text)
    gone = [one for solution in made.solutions for one in solution.given_up]
    found = changes(present.known, made.pins, present.urls, gone)
    pins = tuple(map(reported, made.pins))
    known = {
        *(pin.name for pin in (*pins, *map(reported, made.tools.pins))),
        *present.known,
        *present.urls,
        *tools.known,
    }
    warnings = (*made.warnings, *_not_upgraded(session, known), *_not_read(session, present))
    result = LockResult(output, False, content != present.content, ids, pins, found, warnings)  # noqa: FBT003
    if not made.tools.text:
        if present.build_constraints and tools.content is not None and not tools.foreign:
            idle = f"{session.tools_path} is not needed any more: nothing has to be built; it stays as it is"
            result = replace(result, warnings=(*result.warnings, idle))
        return MadeLock(content, result)
    tools_content = tools.source.encode(made.tools.text)
    is_different = result.is_different or tools_content != tools.content
    found = changes(tools.known, made.tools.pins)
    result = replace(
        result,
        is_different=is_different,
        tools=tuple(map(reported, made.tools.pins)),
        tools_path=session.tools_path,
        tool_changes=found,
    )
    return MadeLock(content, result, tools_content if tools_content != tools.content else None)


def _not_upgraded(session: LockSession, known: AbstractSet[str]) -> Iterator[str]:
    """Tell of names that `--upgrade-package` names and no lock has: likely misspelt."""
    for name in sorted(session.upgraded_names - known):
        yield f"--upgrade-package {name}: neither the lock nor what it's made of has that project"


def _not_read(session: LockSession, present: PresentLock) -> Iterator[str]:
    """Tell of sources that the present lock was made from and that this run, which names none, does not read."""
    paths = session.options.paths
    stated = [word for word in present.arguments or () if not word.startswith("-")]
    others = [word for word in stated if word not in (*paths.files, *paths.requirements)]
    if paths.were_chosen and others:
        again = f"peep lock -o {paths.output}"
        yield f"{paths.output} was made from {', '.join(others)} as well, which this run does not read; {again} does"


def _remember(session: LockSession, sources: ReadSources, made: MadeLock, tools: PresentLock) -> None:
    """Keep a run that found nothing to change: the next one like it needs to ask for pages only."""
    result = made.result
    if result.is_different:
        return
    contents = (made.content, tools.content)
    run = RememberedRun(result.pins, result.warnings, result.tools, result.tools_path)
    session.remember(session.run_key(sources, result.targets, contents), run)


def refreshed(session: LockSession) -> MadeLock:
    """Give a list without a source today's hashes of its own pins: blocks edited in place, no project added."""
    path = session.options.paths.output
    present = read_present(path)
    targets = session.declared_targets(present.targets)
    from peep.pipeline.locking.refresh_hashes import refreshed_list  # noqa: PLC0415 - few runs ask for that

    found = refreshed_list(session, present, targets)
    ids = tuple(sorted(target.text for target in targets))
    untouched = () if session.options.paths.is_pylock else _untouched(present.source.text, path)
    is_different = found.content != present.content
    result = LockResult(path, False, is_different, ids, (), found.changes, (*found.warnings, *untouched))  # noqa: FBT003
    return MadeLock(found.content, replace(result, names=tuple(sorted({pin.name for pin in present.pins}))))


def _untouched(text: str, path: str) -> Iterator[str]:
    """Tell of each file that a refreshed list includes."""
    for entry in parse_text(text, path, {}).entries:
        if isinstance(entry, Include):
            yield f"{entry.location}: {redacted(entry.path)} is a file of its own, and stays as it is"


@contextmanager
def opened_pages(base: InstallOptions, context: RunContext) -> Iterator[Callable[[], Pages]]:
    """Give what opens pages of the configured indexes when they are wanted; the network is let go at the end."""
    with opened_lock(LockOptions(base, LockPaths((), (), "")), context, STAGES) as session:
        yield session.pages
