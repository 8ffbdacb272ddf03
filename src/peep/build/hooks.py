"""Build backend hooks (PEP 517, PEP 660), each called in a process of its own inside the sandbox."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from packaging.requirements import InvalidRequirement
from pyproject_hooks import BackendUnavailable, BuildBackendHookCaller, HookMissing, UnsupportedOperation

from peep.build.build_system import BuildSystem
from peep.build.diagnosis import Surroundings, likely_cause
from peep.build.untrusted_output import make_new_folder, read_written
from peep.dataclass import dataclass, field
from peep.errors import BackendFailed, BuildError
from peep.formats.core_metadata import LARGEST_METADATA
from peep.formats.dependency_specifiers import read_requirement
from peep.formats.documents import parse_json
from peep.system.sandbox import BuildArea, Sandbox

_ANSWER_LIMIT = 16 * 1024 * 1024
_WHEEL_LIMIT = 4 * 1024**3
_SHOWN_LINES = 20

ConfigSettings = Mapping[str, str | list[str]]
"""`-C key=value`; a key given several times holds a list."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """Everything that one build runs with, apart from what is built."""

    area: BuildArea
    sandbox: Sandbox
    python: str
    """Inside path of the build environment's interpreter."""
    variables: Mapping[str, str]
    """The whole environment of the backend."""
    log_path: str
    surroundings: Surroundings = field(default_factory=Surroundings)
    """For the explanation of a failure."""


class Backend:
    """The backend of one source tree. Raises `BackendFailed` for whatever it does wrong."""

    def __init__(self, sdist: str, system: BuildSystem, source: str, workplace: Workplace) -> None:
        """`sdist` names the tree in messages; `source` is the tree's inside path."""
        self._sdist = sdist
        self._workplace = workplace
        self._calls = 0
        self._caller = BuildBackendHookCaller(
            source, system.backend, system.backend_path, runner=self._run, python_executable=workplace.python
        )

    def requires_for_wheel(self, settings: ConfigSettings, *, editable: bool = False) -> tuple[str, ...]:
        """What building needs besides `build-system.requires` (PEP 517; PEP 660 for editables), as PEP 508 texts."""
        hook = "get_requires_for_build_editable" if editable else "get_requires_for_build_wheel"
        answer = self._ask(hook, config_settings=settings)
        if not isinstance(answer, list) or not all(isinstance(text, str) for text in answer):
            raise self._unusable(hook, "it did not give a list of requirements")
        for text in answer:
            try:
                read_requirement(text)
            except InvalidRequirement as error:
                raise self._unusable(hook, f"{text!r} is no requirement: {error}") from error
        return tuple(answer)

    def build_wheel(self, settings: ConfigSettings, *, editable: bool = False) -> tuple[str, bytes]:
        """Build: the wheel's file name and bytes, exactly as the backend made them. Nothing of it is trusted yet."""
        hook = "build_editable" if editable else "build_wheel"
        name = self._ask(hook, wheel_directory=self._new_folder("wheel"), config_settings=settings)
        if not isinstance(name, str) or os.path.basename(name) != name or not name.endswith(".whl"):
            raise self._unusable(hook, f"it gave {name!r} as the wheel's file name")
        try:
            return name, read_written(self._workplace.area.outside("build"), ("wheel", name), _WHEEL_LIMIT)
        except OSError as error:
            raise self._unusable(hook, f"the wheel cannot be read: {error.strerror or error}") from error

    def metadata(self, settings: ConfigSettings) -> bytes | None:
        """METADATA of the wheel to be, by `prepare_metadata_for_build_wheel`; None where there is no such hook."""
        hook = "prepare_metadata_for_build_wheel"
        folder = self._new_folder("metadata")
        try:
            name = self._caller.prepare_metadata_for_build_wheel(folder, settings, _allow_fallback=False)
        except HookMissing:
            return None
        except (BackendUnavailable, UnsupportedOperation):
            raise self._unusable(hook, "it cannot do this") from None
        if not isinstance(name, str) or os.path.basename(name) != name or not name.endswith(".dist-info"):
            raise self._unusable(hook, f"it gave {name!r} as the name of a .dist-info folder")
        try:
            outside = self._workplace.area.outside("build")
            return read_written(outside, ("metadata", name, "METADATA"), LARGEST_METADATA)
        except OSError as error:
            raise self._unusable(hook, f"METADATA cannot be read: {error.strerror or error}") from error

    def _ask(self, hook: str, **arguments: Any) -> Any:
        try:
            return getattr(self._caller, hook)(**arguments)
        except BackendUnavailable as error:
            lines = (error.traceback or "").splitlines()
            cause = likely_cause([*lines, str(error)], None, surroundings=self._workplace.surroundings)
            raise BackendFailed(
                self._sdist,
                hook,
                None,
                cause=cause,
                last_lines=lines[-_SHOWN_LINES:],
                log_path=self._workplace.log_path,
            ) from None
        except HookMissing:
            raise self._unusable(hook, "it does not have this hook") from None
        except UnsupportedOperation as error:
            lines = str(error.traceback or "").splitlines()[-1:]
            raise self._unusable(
                hook, "it says that it cannot do this" + "".join(f" ({line})" for line in lines)
            ) from None

    def _unusable(self, hook: str, cause: str) -> BackendFailed:
        return BackendFailed(self._sdist, hook, None, cause=cause, log_path=self._workplace.log_path)

    def _new_folder(self, name: str) -> str:
        """A fresh folder of the build area, as an inside path."""
        try:
            make_new_folder(self._workplace.area.outside("build"), name)
        except FileExistsError:
            raise BuildError(f"its backend put something in the place of {name}", subject=self._sdist) from None
        return self._workplace.area.inside("build", name)

    def _run(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        """Run pyproject_hooks' script; its folder for questions and answers is carried over the sandbox's edge."""
        python, script, hook, exchange = cmd
        workplace = self._workplace
        self._calls += 1
        name = f"control-{self._calls}"
        inside = self._new_folder(name)
        outside = workplace.area.outside("build", name)
        shutil.copyfile(script, os.path.join(outside, "_in_process.py"))
        shutil.copyfile(os.path.join(exchange, "input.json"), os.path.join(outside, "input.json"))
        done = workplace.sandbox.run(
            workplace.area,
            [python, f"{inside}/_in_process.py", hook, inside],
            env={**workplace.variables, **(extra_environ or {})},
            cwd=cwd or workplace.area.inside("build"),
            log_path=workplace.log_path,
        )
        if done.status != 0 or done.timed_out:
            cause = likely_cause(
                done.last_lines, done.status, timed_out=done.timed_out, surroundings=workplace.surroundings
            )
            shown = done.last_lines[-_SHOWN_LINES:]
            raise BackendFailed(
                self._sdist, hook, done.status, cause=cause, last_lines=shown, log_path=workplace.log_path
            )
        with open(os.path.join(exchange, "output.json"), "wb") as file:
            file.write(self._answer(hook, name))

    def _answer(self, hook: str, folder: str) -> bytes:
        try:
            text = read_written(self._workplace.area.outside("build"), (folder, "output.json"), _ANSWER_LIMIT)
            answer = parse_json(text)
        except (OSError, ValueError) as error:
            raise self._unusable(hook, f"its answer cannot be read: {error}") from error
        if not isinstance(answer, dict):
            raise self._unusable(hook, "its answer is no object")
        # Newer pyproject_hooks raises the backend's warnings in this process; they are the backend's business.
        answer.pop("warnings", None)
        return json.dumps(answer).encode()
