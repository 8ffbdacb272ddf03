"""Build requirements of a bundle's source archives: followed through build constraints, and obtained."""

from __future__ import annotations

from collections.abc import Sequence

from peep.build.build_system import read_build_system
from peep.build.requirements import BuildNeed, Closure, Suggest, close_needs, foreseen_needs
from peep.build.tool_choice import tool_key
from peep.bundle.assembly import ArchiveNeed, ObtainedArchive
from peep.bundle.manifest import ArchiveRole
from peep.dataclass import dataclass, field
from peep.errors import BadArchive, BuildError, NoUsableFile, PeepError, Problem
from peep.model import ArchiveKind, FormatControl, PinnedRequirement
from peep.pipeline.bundles.archives import ObtainedArchives, WantedArchive
from peep.pipeline.bundles.inputs import TargetPins
from peep.pipeline.suggestions import lines_to_paste
from peep.place_faults import IncompleteTarget

_ANY = FormatControl()
"""`--no-binary` speaks of what is installed; applied to build tools it would have each of them built first."""
Found = ObtainedArchive | NoUsableFile | None
"""None: a problem of the run tells why it did not come."""


@dataclass(slots=True)
class BundleContents:
    """What was found for all targets."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    needs: list[ArchiveNeed] = field(default_factory=list)
    archives: dict[str, ObtainedArchive] = field(default_factory=dict)
    """By sha256."""

    def add_problem(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def need(self, archive: ObtainedArchive, target: str, role: ArchiveRole, *, is_optional: bool) -> None:
        self.archives[archive.sha256] = archive
        self.needs.append(ArchiveNeed(archive.sha256, target, role, is_optional))


class TargetTools:
    """What the builds of one witness need."""

    def __init__(
        self, contents: BundleContents, obtained: ObtainedArchives, one: TargetPins, *, is_tried: bool
    ) -> None:
        """`is_tried`: the builds will be run, so that what their backends ask for need not be guessed at."""
        self._contents = contents
        self._obtained = obtained
        self._one = one
        self._is_tried = is_tried
        self._needs: list[BuildNeed] = []
        self._known: dict[str, Sequence[str]] = {}
        self._tools: dict[str, ObtainedArchive] = {}
        """Here and in `_known`: by `tool_key`."""

    def add_for(self, archives: Sequence[Found]) -> None:
        """Obtain what the source archives among `archives` need; tell of everything that nothing pins."""
        sdists = [one for one in archives if isinstance(one, ObtainedArchive) and one.carried.kind is ArchiveKind.SDIST]
        if not sdists:
            return
        closure = self._follow(sdists)
        for problem in self._closed(self._suggested).problems:
            self._contents.add_problem(problem)
        used = {tool_key(pin) for pin in (*closure.pins, *self._one.pinned.pins)}
        listed = [pin for pins in self._one.tools.values() for pin in pins]
        self._add_spare([pin for pin in listed if tool_key(pin) not in used])
        for archive in self._tools.values():
            self._contents.need(archive, self._one.target.id.text, ArchiveRole.BUILD, is_optional=False)

    def _follow(self, sdists: Sequence[ObtainedArchive]) -> Closure:
        """Tools may have to be built, too, and need tools."""
        while True:
            for sdist in sdists:
                self._needs += self._needs_of(sdist)
            closure = self._closed()
            if not closure.unread:
                return closure
            new = self._obtain(closure.unread)
            self._known.update({tool_key(pin): () for pin in closure.unread})
            self._known.update({key: archive.carried.requires_dist or () for key, archive in new.items()})
            self._tools.update(new)
            sdists = [archive for archive in new.values() if archive.carried.kind is ArchiveKind.SDIST]

    def _closed(self, suggest: Suggest = lambda _name, _texts: ()) -> Closure:
        markers = self._one.target.environment.markers
        return close_needs(self._needs, self._one.tools, self._known, markers, suggest)

    def _needs_of(self, sdist: ObtainedArchive) -> list[BuildNeed]:
        try:
            system = read_build_system(sdist.carried.pyproject, sdist.filename)
        except BuildError as error:
            self._contents.add_problem(BadArchive(self._pin_of(sdist), sdist.filename, (error.reason,), error.hint))
            return []
        if not self._is_tried:
            self._contents.warn(
                f"{sdist.filename} has to be built: what its build backend asks for beyond pyproject.toml is known "
                "only to its code, which was not run (--try-builds runs it, from the bundle alone)"
            )
        texts = (*system.requires, *foreseen_needs(system.backend, system.requires, self._one.tools))
        return [BuildNeed(sdist.filename, text, (sdist.carried.name,)) for text in texts]

    def _pin_of(self, sdist: ObtainedArchive) -> PinnedRequirement:
        name = sdist.carried.name
        return next(pin for pin in (*self._one.pinned.pins, *self._one.tools.get(name, ())) if pin.name == name)

    def _obtain(self, pins: Sequence[PinnedRequirement]) -> dict[str, ObtainedArchive]:
        target = self._one.target
        wanted = [WantedArchive(pin, target.environment, target.id.text, _ANY) for pin in pins]
        tools: dict[str, ObtainedArchive] = {}
        for pin, archive in zip(pins, self._obtained.obtain(wanted), strict=True):
            if isinstance(archive, ObtainedArchive):
                tools[tool_key(pin)] = archive
            elif isinstance(archive, NoUsableFile):
                reason = f"a build needs it, and {archive.reason}"
                self._contents.add_problem(IncompleteTarget(target.id.text, str(pin), reason))
        return tools

    def _add_spare(self, pins: Sequence[PinnedRequirement]) -> None:
        """Add what build constraints pin besides: a backend's code may ask for it. What has no file here is told."""
        target = self._one.target
        listed = [pin for pin in pins if pin.hashes or pin.listed_files]
        wanted = [WantedArchive(pin, target.environment, target.id.text, _ANY) for pin in listed]
        for pin, archive in zip(listed, self._obtained.obtain(wanted), strict=True):
            if isinstance(archive, ObtainedArchive):
                self._tools[tool_key(pin)] = archive
            elif isinstance(archive, NoUsableFile):
                self._contents.warn(f"{target.id}: {pin} of the build constraints is left out: {archive.reason}")
        for pin in (pin for pin in pins if pin not in listed):
            self._contents.warn(f"{pin.location}: {pin} has no hash, and is left out")

    def _suggested(self, name: str, texts: Sequence[str]) -> tuple[str, ...]:
        try:
            details = self._obtained.answers(name).details
        except PeepError:
            return ()  # the report stands without lines to paste
        return lines_to_paste(name, texts, details, self._one.target.environment, _ANY)
