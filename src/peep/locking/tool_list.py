"""Build constraints of a lock: all builds' tools as hashed pins, found to serve each build."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from peep.dataclass import dataclass, replace
from peep.locking.build_judge import BuildJudge
from peep.locking.build_plan import (
    BuildTools,
    BuildWorld,
    UnbuildableSdist,
    merged_tools,
    sdists_of,
    several_versions,
    solve_builds,
)
from peep.locking.completeness import JudgedPin
from peep.locking.lock_plan import Digests, HashPolicy, PlannedPin, planned_pins
from peep.locking.lock_run import LockInputs
from peep.locking.page_archives import PageArchives
from peep.locking.release_facts import ReleaseFacts
from peep.locking.solution import TargetSolution, Unsolvable
from peep.model import FormatControl


@dataclass(frozen=True, slots=True)
class LockedTools:
    """What builds of a lock require."""

    pins: tuple[PlannedPin, ...] = ()
    text: str = ""
    """Of the build constraints; '' where no build requires anything."""
    warnings: tuple[str, ...] = ()
    failures: tuple[Unsolvable, ...] = ()


NO_TOOLS = LockedTools()


@dataclass(frozen=True, slots=True)
class ToolFormat:
    """How build constraints are written and read."""

    write: Callable[[Sequence[PlannedPin]], str]
    read: Callable[[str], Sequence[JudgedPin]]


@dataclass(frozen=True, slots=True)
class Hashing:
    """Which hashes are listed, and where those come from that an index does not state."""

    policy: HashPolicy
    digests: Digests


def lock_tools(
    solutions: Sequence[TargetSolution], inputs: LockInputs, world: BuildWorld, hashing: Hashing, form: ToolFormat
) -> LockedTools:
    """Choose the tools of all builds, write them, read them back.

    Formats that the user excludes are those of what is installed: applied to tools, each would have to be built.
    Raises `UnbuildableSdist`, and whatever the outside world raises.
    """
    sdists = sdists_of(solutions)
    if not sdists:
        return NO_TOOLS
    policy = replace(inputs.policy, formats=FormatControl())
    limits = replace(inputs, policy=policy, known=inputs.known_tools, constraints=(), roots=())
    found = solve_builds(sdists, limits, world)
    if found.failures:
        return LockedTools(failures=found.failures)
    merged = merged_tools(found.sets)
    if not merged:
        return LockedTools(warnings=found.warnings)
    hashes = replace(hashing.policy, candidates=policy)
    pins = planned_pins(merged, inputs.known_tools, hashes, hashing.digests)
    text = form.write(pins)
    _prove(form.read(text), found, PageArchives(world.pages, world.metadata, ReleaseFacts(policy), world.builds))
    warnings = (*found.warnings, *_several(found), *(text for pin in pins for text in pin.listed.warnings))
    return LockedTools(pins, text, warnings)


def _several(found: BuildTools) -> Iterator[str]:
    for name, versions in several_versions(merged_tools(found.sets), found.sets).items():
        yield (
            f"builds need {name} in several versions ({', '.join(versions)}): peep builds each archive with the "
            "newest that serves it; pip takes only one"
        )


def _prove(tools: Sequence[JudgedPin], found: BuildTools, archives: PageArchives) -> None:
    """Hold the tools, as read from the text, against each build on each target."""
    judge = BuildJudge(tools, (), archives)
    for one in found.sets:
        for member in (member for solution in one.solutions for member in solution.group.members):
            for sdist in (sdist for sdist in one.sdists if member.id in sdist.targets):
                for lacking in judge.lacks(found.needs[sdist.filename], member):
                    reason = f"{sdist.filename} cannot be built on {member.id}: no version of a tool serves {lacking}"
                    hint = "its tools want different versions of what other builds need: pin one of them with -c"
                    raise UnbuildableSdist(reason, hint)
