"""Build environment of a backend: an interpreter and build requirements, linked from the store."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from peep.dataclass import replace
from peep.environment.launchers import checked_entry_points, launchers, rewritten_script
from peep.environment.mapping import MappedFile, mapped_files
from peep.errors import BuildError
from peep.model import StoredWheel, TargetEnvironment
from peep.system.files import ToldAs
from peep.system.processes import RunProgram, printable_lines, run
from peep.system.sandbox import BuildArea, Isolation
from peep.transaction.link_modes import LinkMode
from peep.transaction.linking import WheelFiles, link_wheels

_ON_WINDOWS = sys.platform == "win32"
_SECONDS = 300.0


def base_interpreter(target: TargetEnvironment) -> str:
    """The interpreter that a virtual environment of `target`'s Python starts from; absolute path.

    Looked up below `base_prefix` first: `target.python` may be a link of a virtual environment, or a version manager's
    shell script, which would not start in the sandbox.
    """
    major, minor = target.version[:2]
    if _ON_WINDOWS:
        names = ["python.exe"]
    elif target.implementation == "pypy":
        names = [f"bin/pypy{major}.{minor}", "bin/pypy3"]
    else:
        names = [f"bin/python{major}.{minor}", "bin/python3", "bin/python"]
    candidates = [os.path.join(target.base_prefix, *name.split("/")) for name in names]
    return next((path for path in candidates if os.path.isfile(path)), os.path.realpath(target.python))


class BuildEnvironment:
    """A virtual environment (PEP 405) of the build tools that were put into it and nothing else, not even pip."""

    def __init__(self, area: BuildArea, target: TargetEnvironment) -> None:
        """Make it, empty, in the area's `environment` folder, for `target`'s interpreter."""
        self._area = area
        self._place = _place(area, target)
        self._wheels: dict[str, StoredWheel] = {}
        os.makedirs(self._place.paths["scripts"])
        os.makedirs(self._place.paths["purelib"])
        _make_virtual(area, base_interpreter(target), target)

    @property
    def python(self) -> str:
        """Inside path of the interpreter."""
        return self._place.python

    def add(self, wheels: Mapping[str, StoredWheel]) -> None:
        """Put wheels (by project name) into it; those that it has already are passed over.

        Raises `BuildError` when a stored file was edited, `EnvironmentChangeError` when two wheels bring one file.
        """
        fresh = [wheel for name, wheel in wheels.items() if name not in self._wheels]
        self._wheels.update(wheels)
        for wheel in fresh:
            entries = checked_entry_points(wheel.entry_points, wheel.identity.filename)
            for name, content in launchers(entries, self.python, self._place.launcher_kind):
                _write_program(os.path.join(self._place.paths["scripts"], name), content)
        mapped = [(wheel, list(mapped_files(wheel, self._place))) for wheel in fresh]
        faults = link_wheels([_files_to_link(wheel, files) for wheel, files in mapped], _safe_mode(self._area)).faults
        if faults:
            raise BuildError(
                f"{faults[0].path} in the store is not what was stored there: {faults[0].reason}",
                "run 'peep store verify', which drops what is damaged, and then this command again",
            )
        for wheel, files in mapped:
            _write_scripts(wheel, files, self.python)


def _files_to_link(wheel: StoredWheel, files: Iterable[MappedFile]) -> WheelFiles:
    """All but the scripts, which are rewritten."""
    linked = [file for file in files if file.scheme != "scripts"]
    return WheelFiles(wheel, "", (), linked)


def _safe_mode(area: BuildArea) -> LinkMode:
    """Copies where nothing keeps a build from writing through hard links into the store."""
    return LinkMode.COPY if area.isolation is Isolation.NONE else LinkMode.AUTO


def _scripts_name() -> str:
    return "Scripts" if _ON_WINDOWS else "bin"


def _place(area: BuildArea, target: TargetEnvironment) -> TargetEnvironment:
    """The build environment as a target: files are written outside, launchers name the interpreter inside."""
    outside = area.outside("environment")
    if _ON_WINDOWS:
        site, program = os.path.join(outside, "Lib", "site-packages"), "python.exe"
    else:
        python = "{}{}.{}".format("pypy" if target.implementation == "pypy" else "python", *target.version[:2])
        site, program = os.path.join(outside, "lib", python, "site-packages"), "python"
    paths = {
        "purelib": site,
        "platlib": site,
        "scripts": os.path.join(outside, _scripts_name()),
        "data": outside,
        "headers": os.path.join(outside, "include"),
    }
    inside = area.inside("environment", _scripts_name(), program)
    return replace(target, python=inside, prefix=outside, paths=paths, root=None, is_externally_managed=None)


def _make_virtual(area: BuildArea, base: str, target: TargetEnvironment) -> None:
    """PEP 405: an interpreter beside (or in a folder beside) a `pyvenv.cfg` that names the folder it came from."""
    outside = area.outside("environment")
    if _ON_WINDOWS:
        have_made(outside, base)
        return
    scripts = os.path.join(outside, _scripts_name())
    version = ".".join(map(str, target.version))
    with open(os.path.join(outside, "pyvenv.cfg"), "w", encoding="utf-8") as file:
        file.write(f"home = {os.path.dirname(base)}\ninclude-system-site-packages = false\nversion = {version}\n")
    for name in ("python", "python3", f"python{target.version[0]}.{target.version[1]}"):
        os.symlink(base, os.path.join(scripts, name))


def have_made(folder: str, base: str, run_program: RunProgram = run) -> None:
    """Have the interpreter `base` make a virtual environment in `folder`, which may exist, without pip.

    For Windows, where an environment's interpreter is a redirector that only the `venv` of the same Python can place.
    Raises `BuildError` when it doesn't.
    """
    command = [base, "-I", "-m", "venv", "--without-pip", folder]
    with ToldAs(BuildError, f"{base} does not start"):
        done = run_program(command, env=dict(os.environ), timeout=_SECONDS)
    if done.status != 0:
        said = printable_lines(done.errors) or printable_lines(done.output) or (f"exit status {done.status}",)
        raise BuildError(f"{base} could not make an environment for build tools: {said[-1]}")


def _write_scripts(wheel: StoredWheel, files: Iterable[MappedFile], python: str) -> None:
    for mapped in files:
        if mapped.scheme == "scripts":
            with open(wheel.location(mapped.file), "rb") as source:
                _write_program(mapped.destination, rewritten_script(source.read(), python))


def _write_program(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, 0o755)  # noqa: S103 - programs are there to be run
