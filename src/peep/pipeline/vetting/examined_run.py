"""Examination of all that a run uses: demands, records, and what each archive is used for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from peep.errors import Problem, RecordsErrors
from peep.model import Commit, LocalFolder, PinnedRequirement, StoredWheel
from peep.pipeline.session import Session
from peep.pipeline.vetting.examined_gate import Asked, ExaminedGate, ExaminedJudgement, Role
from peep.pipeline.vetting.installed_archives import installed_subject, is_folder
from peep.pipeline.vetting.records_place import demands_of, vetting_folder
from peep.pipeline.vetting.subjects import subjects_of
from peep.pipeline.vetting.used_archives import Used
from peep.requirements.pinned_set import PinnedSet
from peep.system.clock import utc_day
from peep.vetting.assembly import OWN_FILES, vetting_of
from peep.vetting.folder import read_folder
from peep.vetting.verdicts import Subject


class RunExamination:
    """The gate of a run that demands examined archives. Records that cannot be believed refuse everything."""

    def __init__(self, session: Session, pinned: PinnedSet, today: date | None = None) -> None:
        """Read the records. Raises `UsageError` for a demand or a folder that is none, and `SettingsError`."""
        options = session.options
        files = options.sources.requirement_files
        self._session = session
        self._pins = {pin.name: pin for pin in pinned.pins}
        self._tools: dict[str, PinnedRequirement] = {}
        self._unreadable: tuple[Problem, ...] = ()
        self._gate: ExaminedGate | None = None
        self.judgement: ExaminedJudgement | None = None
        """Of what is installed or saved, once it was asked for."""
        folder = vetting_folder(options.vetting, pinned.directives, files)
        demands = demands_of(options.require_examined, pinned.directives, files)
        try:
            contents = read_folder(folder)
            self._note(folder, contents)
            self._gate = ExaminedGate(demands, vetting_of(contents, folder), today or utc_day())
        except RecordsErrors as error:
            self._unreadable = error.problems

    def _note(self, folder: str, contents: dict[str, bytes]) -> None:
        """What the answer rests on: the next run of this kind looks whether it is still so."""
        for name in (*OWN_FILES, *contents):
            self._session.reading.records[f"{folder}/{name}"] = contents.get(name)

    def worth_fetching(
        self, pins: Sequence[PinnedRequirement], /
    ) -> tuple[list[PinnedRequirement], tuple[Problem, ...]]:
        """The pins of which some listed archive may pass, and what keeps the others."""
        return self._worth_fetching(pins, Role.INSTALLED)

    def tools_worth_fetching(
        self, pins: Sequence[PinnedRequirement], /
    ) -> tuple[list[PinnedRequirement], tuple[Problem, ...]]:
        """Likewise of build requirements."""
        self._tools.update({pin.name: pin for pin in pins})
        return self._worth_fetching(pins, Role.BUILD)

    def _worth_fetching(
        self, pins: Sequence[PinnedRequirement], role: Role
    ) -> tuple[list[PinnedRequirement], tuple[Problem, ...]]:
        if self._gate is None:
            return [], ()  # told once, by `problems`
        refused = {pin.name: self._gate.refused_unfetched(pin, role) for pin in pins}
        return [pin for pin in pins if not refused[pin.name]], tuple(one for found in refused.values() for one in found)

    def problems(self, used: Used, /) -> tuple[Problem, ...]:
        """What keeps a run from using `used`; sdists among it are to be built."""
        return self._judged([*self._asked(used), *self._sources(used, Role.SOURCE)], used)

    def saving_problems(self, used: Used, /) -> tuple[Problem, ...]:
        """What keeps a run from saving `used`, sdists as they came."""
        return self._judged([*self._asked(used), *self._sources(used, Role.INSTALLED)], used)

    def tool_problems(self, used: Used, /) -> tuple[Problem, ...]:
        """What keeps a build environment from having the wheels and sdists of `used`."""
        if self._gate is None:
            return ()  # told once, by `problems`
        asked = [*_stored(used.wheels, self._tools, Role.BUILD), *self._sources(used, Role.BUILD)]
        return self._gate.judge(asked).problems

    def _judged(self, asked: list[Asked], used: Used) -> tuple[Problem, ...]:
        if self._gate is None:
            return self._unreadable
        self.judgement = self._gate.judge(asked, self._folders(used))
        return self.judgement.problems

    def _asked(self, used: Used) -> Iterator[Asked]:
        linked = (planned.wheel for planned in used.link)
        yield from _stored((*linked, *used.wheels), self._pins, Role.INSTALLED)
        for project in used.keep:
            if not is_folder(project):
                subject = installed_subject(project, self._session.target)
                yield Asked(self._pins[project.name], subject, Role.KEPT)

    def _sources(self, used: Used, role: Role) -> Iterator[Asked]:
        for archive in used.sdists:
            subject = Subject(archive.sha256, archive.pin.name, archive.pin.version or "", archive.filename)
            yield Asked(archive.pin, subject, role)
        for pin in used.trees:
            if isinstance(pin.source, Commit):
                yield Asked(pin, subjects_of(pin)[0], role)

    def _folders(self, used: Used) -> list[str]:
        """Projects that no hash vouches for, to be named."""
        trees = [pin.name for pin in used.trees if isinstance(pin.source, LocalFolder)]
        return sorted({*trees, *(project.name for project in used.keep if is_folder(project))})


def _stored(wheels: Iterable[StoredWheel], pins: Mapping[str, PinnedRequirement], role: Role) -> Iterator[Asked]:
    for wheel in wheels:
        identity = wheel.identity
        subject = Subject(wheel.sha256, identity.name, identity.version, identity.filename)
        yield Asked(pins[identity.name], subject, role)
