"""Inputs of a bundle: requirements, lock and constraints files, carried byte for byte."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from peep.build.tool_choice import Listed
from peep.bundle.assembly import GivenInput
from peep.bundle.manifest import InputRole
from peep.dataclass import dataclass, field
from peep.errors import RequirementsError, RequirementsErrors, UsageError
from peep.formats.names import is_lock_path
from peep.formats.open_markers import ANY_MICRO
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.locking.target_groups import JointGroup
from peep.pipeline.options import SourceOptions
from peep.pipeline.read_pins import Reading, name_of_project, read_pins
from peep.requirements.files import build_lists_of, is_url, parse_requirements_files
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.pins import pinned_choices
from peep.requirements.sources import Accepted
from peep.target.declared import DeclaredTarget

_NAMES = r"(?:python_full_version|implementation_version)"
_TEXT = r"""\\?["']([^"'\\]*)\\?["']"""
_COMPARED = re.compile(rf"{_NAMES}[^\"'\w]*(?:not\s+in|in)?[^\"'\w]*{_TEXT}|{_TEXT}[^\"'\w]*{_NAMES}")
"""A comparison with a version of Python, in a requirements file or a lock file."""
_VERSION = re.compile(r"\b\d{1,2}\.\d{1,3}\.\d{1,4}")
_ACCEPTED = Accepted(repository_commits=True, project_name=name_of_project)


@dataclass(frozen=True, slots=True)
class TargetPins:
    """What the inputs pin for one witness of one target."""

    target: DeclaredTarget
    is_witness: bool
    """It stands for a later micro version of what the target's ID names."""
    pinned: PinnedSet
    tools: Listed = field(default_factory=dict)
    """What builds may use: what build constraints list, and the pins of projects that they do not name."""

    @property
    def label(self) -> str:
        """The target's ID, with the version where it stands for one."""
        at = f" at Python {self.target.python_full_version}" if self.is_witness else ""
        return f"{self.target.id}{at}"


@dataclass(slots=True)
class BundleInputs:
    """The files of a run, each read once."""

    read_file: Callable[[str], bytes]
    sources: SourceOptions
    build_constraints: tuple[str, ...]
    """Those that the command line or the settings name."""
    environ: Mapping[str, str]
    _contents: dict[str, bytes] = field(default_factory=dict)
    """By the path that the run gives."""
    _tools: set[str] = field(default_factory=set)
    """Absolute paths of files that were read as build constraints."""

    def read(self, path: str) -> bytes:
        """Read a file once. Raises `UsageError` for standard input and URLs: a bundle carries its inputs."""
        refuse_unless_file(path)
        if path not in self._contents:
            self._contents[path] = self.read_file(path)
        return self._contents[path]

    def pins_for(self, groups: Sequence[JointGroup]) -> list[TargetPins]:
        """What is pinned for each member of each group. Raises `RequirementsErrors` with all that is wrong for any."""
        found: list[TargetPins] = []
        refused: list[RequirementsErrors] = []
        for group in groups:
            for member in group.members:
                try:
                    found.append(self._pins_for(member, is_witness=group.is_witness and member.id.micro is None))
                except RequirementsErrors as error:
                    refused.append(error)
        if refused:
            raise RequirementsErrors(
                _once(error for one in refused for error in one.errors),
                _once(error for one in refused for error in one.also),
            )
        return found

    def _pins_for(self, target: DeclaredTarget, *, is_witness: bool) -> TargetPins:
        reading = _Remembered(self)
        pinned = read_pins(self.sources, target.environment, reading, self.environ, _ACCEPTED)
        paths = tuple(dict.fromkeys((*self.build_constraints, *build_lists_of(pinned.directives))))
        self._tools.update(map(os.path.abspath, paths))
        files = parse_requirements_files(paths, self.read, self.environ)
        tools = pinned_choices(files, target.environment.markers, pinned.pins)
        return TargetPins(target, is_witness, pinned, tools)

    def micros(self, minor: tuple[int, int]) -> frozenset[int]:
        """Micro versions of a minor version at which a marker of any file may change; once `pins_for` has read them.

        Found in the text: one too many costs a look, and changes nothing.
        """
        texts = b"\n".join(self._contents.values()).decode("utf-8", "replace")
        found = (two or one for one, two in _COMPARED.findall(texts))
        versions = [tuple(map(int, number.split("."))) for text in found for number in _VERSION.findall(text)]
        return frozenset(
            micro
            for *short, last in versions
            if tuple(short) == minor
            for micro in (last, last + 1)
            if micro < ANY_MICRO
        )

    def given(self) -> list[GivenInput]:
        """Every file that was read, with what it was read as; of several roles the first of their order."""
        extras, groups = self.sources.extras, self.sources.groups
        found: dict[str, GivenInput] = {}
        for path, content in self._contents.items():
            place = os.path.abspath(path)
            role = self._role(place)
            is_lock = role is InputRole.LOCK
            found[place] = GivenInput(place, role, content, extras if is_lock else (), groups if is_lock else ())
        return [found[place] for place in sorted(found)]

    def _role(self, place: str) -> InputRole:
        if place in map(os.path.abspath, self.sources.requirement_files):
            return InputRole.LOCK if is_lock_path(place) else InputRole.REQUIREMENTS
        if place in map(os.path.abspath, self.sources.constraint_files):
            return InputRole.CONSTRAINT
        return InputRole.BUILD_CONSTRAINT if place in self._tools else InputRole.INCLUDED


def refuse_unless_file(path: str) -> None:
    """Raise `UsageError` for standard input and URLs: a bundle carries its inputs."""
    if path == "-" or is_url(path):
        what = "standard input" if path == "-" else redacted(path)
        raise UsageError(f"{what}: a bundle carries its inputs as they are, and this is no file", "save it as one")


class _Remembered(Reading):
    """Reads the inputs of a bundle, each once."""

    def __init__(self, inputs: BundleInputs) -> None:
        super().__init__(_nobody, bytes)
        self._inputs = inputs

    def read(self, path: str) -> bytes:
        return self._inputs.read(path)


def _nobody() -> Transport:
    raise AssertionError("URLs were refused before")


def _once(errors: Iterable[RequirementsError]) -> list[RequirementsError]:
    return list({str(error): error for error in errors}.values())
