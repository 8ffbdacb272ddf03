"""A real virtual environment, installed by the real workflow from a fake index, to be tampered with and verified."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from peep.model import TargetEnvironment
from peep.pipeline.context import RunContext
from peep.pipeline.options import GivenIndexes, InstallOptions, SourceOptions, StoreOptions, TargetOptions
from peep.reporting import SilentReporter
from peep.workflows.digest import digest
from peep.workflows.install import install
from peep.workflows.verify import Verification, VerifyOptions, verify
from support.environment_tree import make_environment
from support.fake_index import FakeIndex
from support.wheels import wheel_bytes, wheel_filename

ALPHA_FILES: Mapping[str, str | bytes] = {
    "alpha/__init__.py": "from alpha.core import main\n",
    "alpha/core.py": "def main():\n    print('alpha runs')\n",
    "alpha/data.bin": bytes(range(256)) * 300,
    "alpha/empty.txt": "",
    "alpha.pth": "# nothing\n",
    "alpha-1.0.data/scripts/alpha-script": "#!python\nprint('script')\n",
    "alpha-1.0.data/data/share/alpha/notes.txt": "notes\n",
    "alpha-1.0.data/headers/alpha.h": "#define ALPHA\n",
}


def alpha(version: str = "1.0") -> bytes:
    """A wheel with every kind of file that there is."""
    files = {path.replace("alpha-1.0", f"alpha-{version}"): content for path, content in ALPHA_FILES.items()}
    scripts = {"console_scripts": {"alpha": "alpha.core:main"}}
    return wheel_bytes("alpha", version, files=files, entry_points=scripts, executable=["alpha/data.bin"])


def beta(version: str = "1.0") -> bytes:
    return wheel_bytes("beta", version, files={"beta.py": f"VERSION = {version!r}\n", "shared/x.txt": "x\n"})


@dataclass
class Ground:
    """An environment with its index, its store and its requirements file."""

    folder: Path
    index: FakeIndex
    projects: Mapping[str, Mapping[str, bytes]]
    target: TargetEnvironment
    store: StoreOptions = field(default_factory=StoreOptions)

    @property
    def site(self) -> Path:
        return Path(self.target.paths["purelib"])

    @property
    def scripts(self) -> Path:
        return Path(self.target.paths["scripts"])

    @property
    def requirements(self) -> Path:
        return self.folder / "requirements.txt"

    def options(self, *, with_files: bool = True) -> InstallOptions:
        return InstallOptions(
            sources=SourceOptions((str(self.requirements),)) if with_files else SourceOptions(),
            indexes=GivenIndexes(index_url=self.index.simple_url),
            target=TargetOptions(python=self.target.python),
            store=self.store,
        )

    def pin(self, *names: str) -> None:
        """Write the requirements file: these projects, each at the version that the index has."""
        lines = []
        for name in names:
            [(filename, content)] = self.projects[name].items()
            version = filename.split("-")[1].removesuffix(".tar.gz")
            lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(content).hexdigest()}")
        self.requirements.write_text("\n".join(lines) + "\n")

    def install(self, **changes: object) -> None:
        install(replace(self.options(), **changes), self.context)  # type: ignore[arg-type]

    def verify(self, *, with_files: bool = False, **more: object) -> Verification:
        options = VerifyOptions(self.options(with_files=with_files), **more)  # type: ignore[arg-type]
        return verify(options, self.context)

    def kinds(self, *, with_files: bool = False, **more: object) -> list[str]:
        """The kinds of all findings, sorted."""
        return sorted(one.rule for one in self.verify(with_files=with_files, **more).findings)

    def digest(self) -> str:
        return digest(self.options(with_files=False), self.context).hex

    @property
    def context(self) -> RunContext:
        return RunContext(dict(os.environ), SilentReporter())

    def installed_files(self) -> list[Path]:
        """Every file that installing put there."""
        found = [path for path in self.site.rglob("*") if path.is_file()]
        found += [path for path in self.scripts.iterdir() if path.name.startswith("alpha")]
        prefix = Path(self.target.prefix)
        found += [path for place in ("share", "include") for path in (prefix / place).rglob("*") if path.is_file()]
        return sorted(found)


def proving_ground(
    folder: Path, index: FakeIndex, projects: Mapping[str, Mapping[str, bytes]], names: Sequence[str]
) -> Ground:
    """An environment in `folder` with `names` installed."""
    folder.mkdir(exist_ok=True)
    ground = Ground(folder, index, projects, make_environment(folder / "env"))
    ground.pin(*names)
    ground.install()
    return ground


def usual_projects() -> dict[str, dict[str, bytes]]:
    return {
        "alpha": {wheel_filename("alpha", "1.0"): alpha()},
        "beta": {wheel_filename("beta", "1.0"): beta()},
        "gamma": {wheel_filename("gamma", "1.0"): wheel_bytes("gamma", "1.0")},
    }


def overwrite(path: Path, content: bytes) -> None:
    """Write in place, whatever the mode, leaving mode and time as they are: the cheap signs of an edit are gone."""
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(before.st_mode & 0o7777)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flipped(content: bytes, position: int) -> bytes:
    damaged = bytearray(content)
    damaged[position] ^= 1
    return bytes(damaged)


def run_python(ground: Ground, *words: str) -> None:
    """Run the environment's interpreter as a program would, bytecode and all."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([ground.target.python, *words], check=True, env=environ, capture_output=True)


def pip(ground: Ground, *words: str) -> None:
    """Have pip change the environment from outside."""
    command = [sys.executable, "-m", "pip", "--python", ground.target.python, "--disable-pip-version-check", *words]
    subprocess.run(command, check=True, capture_output=True)
