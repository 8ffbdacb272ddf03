"""How each program is asked to do the same job: the same hashed file, the same index, an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Program:
    """An installer under test, with a cache and an environment that no other one touches."""

    name: str
    install: tuple[str, ...]
    """The command up to the requirements file; `{environment}` stands for the environment's folder."""
    work: Path
    variables: dict[str, str] = field(default_factory=dict)
    other: tuple[str, ...] = ()
    """The command without a verb, for verbs that only peep has."""

    @property
    def environment(self) -> Path:
        return self.work / "environment"

    @property
    def cache(self) -> Path:
        return self.work / "cache"

    def install_command(self, requirements: Path) -> list[str]:
        return [*(part.format(environment=self.environment) for part in self.install), "-r", str(requirements)]

    def fresh_environment(self) -> None:
        shutil.rmtree(self.environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.environment)], check=True)

    def forget(self) -> None:
        """Empty its cache or store."""
        shutil.rmtree(self.cache, ignore_errors=True)


def tools_environment(cache: Path, checkout: Path) -> Path:
    """An environment with peep from this checkout, and pinned pip and uv; gives its scripts folder."""
    folder = cache / "tools"
    scripts = folder / "bin"
    if not (scripts / "uv").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pins = ["pip==26.3", "uv==0.13.8"]
        subprocess.run([scripts / "python", "-m", "pip", "install", "-q", *pins], check=True)
    subprocess.run([scripts / "python", "-m", "pip", "install", "-q", "--force-reinstall", str(checkout)], check=True)
    return scripts


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
    found = [
        ("peep", (str(scripts / "peep"), *peep), "PEEP_STORE", (str(scripts / "peep"),)),
        ("uv", (str(scripts / "uv"), "pip", "install", "-q", "--python", python), "UV_CACHE_DIR", ()),
        ("pip", (str(scripts / "pip"), "--python", python, "install", "-q"), "PIP_CACHE_DIR", ()),
    ]
    if one_file:
        command = (sys.executable, str(one_file))
        found.insert(1, ("peep.pyz", (*command, *peep), "PEEP_STORE", command))
    return [
        Program(name, install, work / name, {**common, variable: str(work / name / "cache")}, other)
        for name, install, variable, other in found
    ]
