"""Contents of a bundle: the archives of every target and of each boundary inside it, complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from peep.build.source_pins import is_source_tree
from peep.bundle.assembly import ObtainedArchive
from peep.bundle.manifest import ArchiveRole
from peep.dataclass import dataclass
from peep.errors import NoUsableFile, UnusableRequirement
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.dependency_specifiers import read_marker
from peep.formats.open_markers import Truth
from peep.formats.open_markers import judge as judge_marker
from peep.formats.target_ids import TargetId
from peep.locking.completeness import Incompleteness, Judged, JudgedPin, Kind, NoArchive, TargetArchive, Verdict, judge
from peep.locking.edges import UnreadableRequirement, parse_edge
from peep.locking.group_judge import python_thresholds
from peep.locking.marker_atoms import UnreadableMarker, micro_thresholds
from peep.locking.target_groups import Micros, declared_minors, joint_groups, more_micros
from peep.model import ArchiveKind, FormatControl, PinnedRequirement
from peep.pipeline.bundles.archives import ObtainedArchives, WantedArchive
from peep.pipeline.bundles.build_tools import BundleContents, Found, TargetTools
from peep.pipeline.bundles.inputs import BundleInputs, TargetPins
from peep.pipeline.read_pins import with_formats
from peep.place_faults import IncompleteTarget
from peep.requirements.pinned_set import PinnedSet
from peep.target.declared import DeclaredTarget

_NO_ARCHIVE = "it names a repository or a folder, which comes as no archive"


@dataclass(frozen=True, slots=True)
class Judging:
    """How a run judges."""

    obtained: ObtainedArchives
    formats: FormatControl
    """Of the command line."""
    checks_dependencies: bool
    tried: frozenset[str] = frozenset()
    """Names of targets for which what is built will be built, to see whether it can be."""


def contents_for(
    ids: Sequence[TargetId], inputs: BundleInputs, judging: Judging, state: Callable[[PinnedSet], None]
) -> BundleContents:
    """Read, obtain and judge for each target, at every version of Python at which something changes.

    `state` is told what the inputs say of indexes, before one is asked. Raises `RequirementsErrors`.
    """
    inputs.pins_for(joint_groups(ids))  # all files are known then
    minors = declared_minors(ids)
    micros: Micros = more_micros({}, ((minor, inputs.micros(minor)) for minor in minors))
    while True:
        pins = inputs.pins_for(joint_groups(ids, micros))
        state(pins[0].pinned)
        found = installed_archives(judging, pins)
        more = more_micros(micros, ((minor, _stated_micros(minor, pins, found)) for minor in minors))
        if more == micros:
            return judged_contents(judging, pins, found)
        micros = more


def _stated_micros(
    minor: tuple[int, int], pins: Sequence[TargetPins], found: Sequence[Mapping[PinnedRequirement, Found]]
) -> frozenset[int]:
    of_minor = (archives for one, archives in zip(pins, found, strict=True) if one.target.id.minor == minor)
    return frozenset().union(*(micros_of_archives(minor, archives.values()) for archives in of_minor))


def installed_archives(judging: Judging, pins: Sequence[TargetPins]) -> list[dict[PinnedRequirement, Found]]:
    """Obtain, for each witness, what its pins take."""
    wanted: list[WantedArchive] = []
    for one in pins:
        formats = with_formats(one.pinned, judging.formats)
        wanted += (_wanted(pin, one, formats) for pin in _with_archive(one.pinned))
    found = iter(judging.obtained.obtain(wanted))
    return [{pin: next(found) for pin in _with_archive(one.pinned)} for one in pins]


def _with_archive(pinned: PinnedSet) -> Iterator[PinnedRequirement]:
    return (pin for pin in pinned.pins if not is_source_tree(pin))


def _wanted(pin: PinnedRequirement, one: TargetPins, formats: FormatControl) -> WantedArchive:
    return WantedArchive(pin, one.target.environment, one.target.id.text, formats)


def micros_of_archives(minor: tuple[int, int], found: Iterable[Found]) -> frozenset[int]:
    """Micro versions of Python at which what archives say of themselves changes."""
    micros: frozenset[int] = frozenset()
    for archive in found:
        if not isinstance(archive, ObtainedArchive):
            continue
        micros |= python_thresholds(archive.carried.requires_python or "", minor)
        for text in archive.carried.requires_dist or ():
            try:
                micros |= micro_thresholds(parse_edge(text).marker, minor)
            except (UnreadableRequirement, UnreadableMarker):
                continue  # the judge tells of it
    return micros


def judged_contents(
    judging: Judging, pins: Sequence[TargetPins], found: Sequence[Mapping[PinnedRequirement, Found]]
) -> BundleContents:
    """Judge every witness, obtain what builds need, and say what is needed and what is wrong."""
    contents = BundleContents()
    for one, archives in zip(pins, found, strict=True):
        _judge_one(contents, judging, one, archives)
    for problem in judging.obtained.problems:
        contents.add_problem(problem)
    return contents


def _judge_one(
    contents: BundleContents, judging: Judging, one: TargetPins, archives: Mapping[PinnedRequirement, Found]
) -> None:
    trees = [pin for pin in one.pinned.pins if is_source_tree(pin)]
    unusable = [*one.pinned.unusable, *(UnusableRequirement(pin.location, str(pin), _NO_ARCHIVE) for pin in trees)]
    for problem in unusable:
        contents.add_problem(problem)
    verdict = _verdict(one, archives)
    for warning in (*one.pinned.warnings, *verdict.warnings):
        contents.warn(warning)
    for fault in _told(verdict, one, checks=judging.checks_dependencies):
        _add_fault(contents, fault, one)
    for pin, archive in archives.items():
        if isinstance(archive, ObtainedArchive):
            is_open = _is_open(pin, one.target)
            contents.need(archive, one.target.id.text, ArchiveRole.INSTALL, is_optional=is_open)
    is_tried = one.target.id.text in judging.tried
    TargetTools(contents, judging.obtained, one, is_tried=is_tried).add_for(list(archives.values()))


def _is_open(pin: PinnedRequirement, target: DeclaredTarget) -> bool:
    """Whether a pin's marker holds for some interpreters that the target's ID names, and not for others."""
    if not pin.marker:
        return False
    known = dict(target.environment.markers)
    if target.id.micro is None:
        for name in ("python_full_version", "implementation_version"):
            known.pop(name, None)
    return judge_marker(read_marker(pin.marker), known) is Truth.OPEN


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Implements `completeness.Archives` over what was obtained."""

    found: Mapping[str, Found]
    """By project."""

    def chosen(self, pin: JudgedPin, target: DeclaredTarget) -> TargetArchive | NoArchive:
        del target  # it is that for which these were chosen
        found = self.found[pin.name]
        if isinstance(found, NoUsableFile):
            return NoArchive(found.reason, tuple((one.filename, one.reason) for one in found.rejections))
        if found is None:  # a problem of its own tells why
            return TargetArchive("", ProjectMetadata(pin.name, pin.version))
        cautions = () if found.source.yanked is None else (f"was yanked: {found.source.yanked}".rstrip(": "),)
        carried = found.carried
        stated = carried.requires_dist
        metadata = ProjectMetadata(carried.name, carried.version, stated or (), carried.requires_python or "")
        is_sdist = carried.kind is ArchiveKind.SDIST
        return TargetArchive(found.filename, None if stated is None else metadata, is_sdist, cautions=cautions)


def _verdict(one: TargetPins, archives: Mapping[PinnedRequirement, Found]) -> Verdict:
    pins = [_judged(pin) for pin in archives]
    by_name = {pin.name: found for pin, found in archives.items()}
    return judge(pins, one.target, Judged(_Chosen(by_name), name=one.label))


def _judged(pin: PinnedRequirement) -> JudgedPin:
    """The marker has been found true for the target."""
    return JudgedPin(pin.name, pin.version or "", "", pin.extras, pin.hashes, pin.url or "", pin.location)


def _told(verdict: Verdict, one: TargetPins, *, checks: bool) -> Iterator[Incompleteness]:
    checks = checks and not one.pinned.directive_values("--no-check-dependencies")
    for fault in verdict.incomplete:
        if checks or fault.kind not in {Kind.OMITTED, Kind.CONFLICT}:
            yield fault


def _add_fault(contents: BundleContents, fault: Incompleteness, one: TargetPins) -> None:
    """Tell of a fault once for a target: that it is there at later versions of Python, too, is no news."""
    requirement = fault.requirement or next((str(pin) for pin in one.pinned.pins if pin.name == fault.name), fault.name)
    ways = "; ".join(" -> ".join(chain) for chain in fault.chains if len(chain) > 1)
    way = f" ({ways})" if ways else ""
    if IncompleteTarget(one.target.id.text, requirement, fault.reason + way) not in contents.problems:
        contents.add_problem(IncompleteTarget(one.label, requirement, fault.reason + way))
