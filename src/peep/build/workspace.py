"""Workspace of one build: the unpacked tree, the build environment, the sandbox around them."""

from __future__ import annotations

import os

from peep.archives.sdist import DEFAULT_MTIME
from peep.build.build_environment import BuildEnvironment, base_interpreter
from peep.build.diagnosis import Surroundings
from peep.build.hooks import Backend, Workplace
from peep.build.plan import BuildSettings, PlannedBuild
from peep.build.variables import build_variables, is_passed_on
from peep.model import StoredWheel, TargetEnvironment
from peep.system.sandbox import BuildArea, Sandbox, interpreter_folders


class Workspace:
    """One build's area with the unpacked tree and, unless the target's own environment is used, its toolbox."""

    def __init__(self, root: str, build: PlannedBuild, settings: BuildSettings, target: TargetEnvironment) -> None:
        self._build = build
        self._settings = settings
        self._target = target
        self._area = BuildArea(root, settings.isolation)
        self._area.make_folders()
        self.build_environment = BuildEnvironment(self._area, target) if settings.use_build_environment else None
        self._source = self._unpack()

    def backend(self, tools: dict[str, StoredWheel], log_path: str) -> Backend:
        """The backend in its surroundings, ready to be asked."""
        if self.build_environment is not None:
            self.build_environment.add(tools)
        python = self.build_environment.python if self.build_environment is not None else self._target.python
        settings = self._settings
        variables = build_variables(
            self._area, os.path.dirname(python), DEFAULT_MTIME, settings.steering, settings.toolchains.search_path()
        )
        workplace = Workplace(self._area, self._sandbox(), python, variables, log_path, self._surroundings())
        return Backend(self._build.tree.label, self._build.system, self._source, workplace)

    def _sandbox(self) -> Sandbox:
        target, home = self._target, os.path.expanduser("~")
        readable = interpreter_folders(base_interpreter(target), target.base_prefix, home)
        if self.build_environment is None:
            readable += interpreter_folders(target.python, target.prefix, home)
        readable += self._settings.toolchains.folders
        in_place = self._build.tree.in_place
        return Sandbox(self._settings.isolation, readable, self._settings.limits, (in_place,) if in_place else ())

    def _surroundings(self) -> Surroundings:
        settings, toolchains = self._settings, self._settings.toolchains
        return Surroundings(
            self._build.name, toolchains.explain, toolchains.rustup_home(), settings.withheld, is_passed_on
        )

    def _unpack(self) -> str:
        """Write the tree, unless it is built where it lies; gives back the project's folder as an inside path."""
        tree, parts = self._build.tree, self._build.subdirectory.split("/")
        if tree.in_place:
            return os.path.join(tree.in_place, *parts).rstrip("/")
        top = tree.write_to(self._area.outside("build", "source"))
        return self._area.inside("build", "source", top, *parts).rstrip("/")
