"""How each program is asked to do the same job: the same hashed file, the same index, an environment of its own."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

BUILD_CONSTRAINTS = Path(__file__).resolve().parent / "workloads" / "build-constraints.txt"
PINS = ("pip==26.3", "uv==0.13.8")
_numbers = itertools.count()


@dataclass(frozen=True)
class Program:
    """An installer under test, with a cache and an environment that no other one touches."""

    name: str
    command: tuple[str, ...]
    """The command without a verb."""
    install: tuple[str, ...]
    """What follows it, up to the requirements file; `{environment}` stands for the environment's folder."""
    work: Path
    variables: dict[str, str] = field(default_factory=dict)
    is_slow: bool = False
    """Measured in fewer rounds."""

    @property
    def environment(self) -> Path:
        return self.work / "environment"

    @property
    def cache(self) -> Path:
        return self.work / "cache"

    def install_command(self, requirements: Path) -> list[str]:
        options = [part.format(environment=self.environment) for part in self.install]
        if requirements.stem == "sdists":
            options += ["--build-constraint", str(BUILD_CONSTRAINTS)]
        return [*self.command, *options, "-r", str(requirements)]

    def fresh_environment(self) -> None:
        """An empty environment in the usual place."""
        self._set_aside(self.environment)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.environment)], check=True)

    def forget(self) -> None:
        """Start with an empty cache or store."""
        self._set_aside(self.cache)

    def _set_aside(self, folder: Path) -> None:
        """Move away and do not delete: after a large deletion ext4 makes new files slowly for about a minute."""
        if folder.exists():
            aside = self.work / "aside"
            aside.mkdir(exist_ok=True)
            folder.rename(aside / str(next(_numbers)))


def tools_environment(cache: Path, checkout: Path) -> Path:
    """An environment with peep from this checkout, compiled, and pinned pip and uv; gives its scripts folder."""
    folder = cache / "tools"
    python = folder / "bin" / "python"
    if not (folder / "bin" / "uv").exists():
        _run([sys.executable, "-m", "venv", folder])
        _run([python, "-m", "pip", "install", "-q", *PINS])
        _run([python, "-m", "pip", "install", "-q", f"{checkout}[fast]"])
    _run([python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", checkout])
    return folder / "bin"


def _run(command: Sequence[str | Path]) -> None:
    """Installed modules are to be byte-compiled, whatever the shell says."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, env=variables)


def one_file_edition(scripts: Path, cache: Path) -> Path:
    """Have peep write itself into one file."""
    path = cache / "peep.pyz"
    _run([scripts / "peep", "embed", "-o", path])
    return path


def programs(scripts: Path, work: Path, index: str, one_file: Path | None) -> list[Program]:
    """Every program to compare, peep first."""
    common = {
        "PATH": os.environ["PATH"],
        "HOME": str(work / "home"),
        "LC_ALL": "C.UTF-8",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "UV_DEFAULT_INDEX": index,
        "UV_NO_CONFIG": "1",
    }
    (work / "home").mkdir(parents=True, exist_ok=True)
    python = "{environment}/bin/python"
    peep = ("install", "-q", "--python", python)

    def program(name: str, command: tuple[str, ...], install: tuple[str, ...], variable: str) -> Program:
        folder = work / name
        folder.mkdir(parents=True, exist_ok=True)
        return Program(name, command, install, folder, {**common, variable: str(folder / "cache")}, name == "pip")

    found = [
        program("peep", (str(scripts / "peep"),), peep, "PEEP_STORE"),
        program("uv", (str(scripts / "uv"),), ("pip", "install", "-q", "--python", python), "UV_CACHE_DIR"),
        program("pip", (str(scripts / "pip"),), ("--python", python, "install", "-q"), "PIP_CACHE_DIR"),
    ]
    if one_file:
        found.insert(1, program("peep.pyz", (sys.executable, str(one_file)), peep, "PEEP_STORE"))
    return found
