"""One lock, from inputs to proven text: solve, merge, list hashes, write, read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from peep.dataclass import dataclass
from peep.errors import RequirementsErrors
from peep.locking.build_plan import BuildWorld
from peep.locking.completeness import JudgedPin
from peep.locking.derivation import NoSolution
from peep.locking.group_judge import ViewSources
from peep.locking.lock_plan import Digests, HashPolicy, PlannedPin, planned_pins
from peep.locking.lock_run import LockInputs, solve_all, view_sources
from peep.locking.merging import merge
from peep.locking.output.requirements_txt import WrittenPin
from peep.locking.page_archives import PageArchives
from peep.locking.read_back import prove
from peep.locking.solution import TargetSolution
from peep.locking.source_hashes import hash_faults, hash_warnings
from peep.locking.sources import Metadata, Pages, SdistBuilds
from peep.locking.tool_list import NO_TOOLS, Hashing, LockedTools, ToolFormat, lock_tools


@dataclass(frozen=True, slots=True)
class OutsideWorld:
    """Whatever a lock asks for."""

    pages: Pages
    metadata: Metadata
    digests: Digests
    builds: SdistBuilds | None = None
    """None: what builds require is not looked at."""
    sources: ViewSources | None = None
    """What was worked out before of the same inputs."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that was read back and found to give each target its solution."""

    text: str
    pins: tuple[PlannedPin, ...]
    solutions: tuple[TargetSolution, ...]
    warnings: tuple[str, ...]
    tools: LockedTools = NO_TOOLS


@dataclass(frozen=True, slots=True)
class LockFormat:
    """How a lock is written and read."""

    write: Callable[[Sequence[PlannedPin], Sequence[TargetSolution], LockedTools], str]
    """Pins -> text of the file; it names the file of the tools where there are any."""
    read: Callable[[str], Sequence[JudgedPin]]
    """Text of the file -> its pins, by the reader that an installer uses."""
    tells_extras: bool = True
    """Extras stand beside the names of pins."""
    tools: ToolFormat | None = None


def make_lock(inputs: LockInputs, world: OutsideWorld, hashes: HashPolicy, form: LockFormat) -> Lock:
    """Make a lock.

    Raises `NoSolution`, `RequirementsErrors` for hashes of sources that no file has, `LockContradictsItself` (a bug),
    and what the outside world raises.
    """
    sources = world.sources or view_sources(inputs, world.pages, world.metadata)
    found = solve_all(inputs, world.pages, world.metadata, sources)
    if found.failures:
        raise NoSolution(found.failures)
    merged = merge(found.solutions, tells_extras=form.tells_extras)
    planned = planned_pins(merged, inputs.known, hashes, world.digests, inputs.constraints)
    if faults := hash_faults(planned, inputs.constraints):
        raise RequirementsErrors(faults)
    tools = NO_TOOLS
    if world.builds is not None and form.tools is not None:
        builds = BuildWorld(world.pages, world.metadata, world.builds)
        tools = lock_tools(found.solutions, inputs, builds, Hashing(hashes, world.digests), form.tools)
        if tools.failures:
            raise NoSolution(tools.failures)
    text = form.write(planned, found.solutions, tools)
    archives = PageArchives(world.pages, world.metadata, sources.facts)
    prove(form.read(text), found.solutions, archives, tells_extras=form.tells_extras)
    partly = hash_warnings(planned, inputs.constraints)
    warnings = dict.fromkeys((*_warnings(found.solutions, planned), *partly, *tools.warnings))
    return Lock(text, planned, found.solutions, tuple(sorted(warnings)), tools)


def _warnings(solutions: Sequence[TargetSolution], planned: Sequence[PlannedPin]) -> Iterator[str]:
    for solution in solutions:
        yield from solution.warnings
    yield from _built(planned)
    for pin in planned:
        yield from pin.listed.warnings
        if pin.merged.release.is_commit:
            name = pin.merged.name
            yield f"{name} is pinned by its commit, beside which no hash can stand: pip's hash mode refuses it"


def _built(planned: Sequence[PlannedPin]) -> Iterator[str]:
    """Tell of each release that some targets have no wheel of, in one line for all of these."""
    targets: dict[str, set[str]] = {}
    for pin in planned:
        title = f"{pin.merged.name} {pin.merged.release.text}"
        for _, solved in pin.merged.solved:
            ids = {member.id.text for member, one in solved.candidate.files if not one.file.filename.endswith(".whl")}
            targets.setdefault(title, set()).update(ids)
    yield from (f"{title} has to be built on {', '.join(sorted(ids))}" for title, ids in targets.items() if ids)


def written_pins(planned: Sequence[PlannedPin], *, annotates_files: bool = False) -> tuple[WrittenPin, ...]:
    """Give back pins as a requirements file writes them."""
    return tuple(
        WrittenPin(
            pin.merged.name,
            str(pin.merged.version),
            pin.merged.extras,
            pin.merged.marker,
            pin.listed.hashes,
            pin.via,
            pin.listed.names() if annotates_files else (),
            pin.merged.release.direct_url,
        )
        for pin in planned
    )
