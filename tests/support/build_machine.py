"""A machine to install on from source: one index, one store, one target folder; projects that tell when they ran."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from peep.pipeline.context import RunContext
from peep.pipeline.options import BuildOptions, GivenIndexes, InstallOptions, SourceOptions, StoreOptions, TargetOptions
from peep.pipeline.result import InstallResult
from peep.workflows.install import install
from support.fake_index import FakeIndex
from support.listener import Listener
from support.wheels import sdist_bytes

MARKING = "import os\nopen({mark!r}, 'a').write('ran ')\nfrom in_tree_backend import *\n"
PYPROJECT = '[build-system]\nrequires = {requires!r}\nbuild-backend = "marking"\nbackend-path = ["."]\n'
EDITABLE = '''

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """A wheel with a .pth that leads to this folder (PEP 660)."""
    global _members
    regular, here = _members, os.getcwd()

    def _members():
        yield "editable_of_good.pth", here.encode()
        yield from ((path, content) for path, content in regular() if ".dist-info/" in path)

    return build_wheel(wheel_directory)
'''


class BuildMachine:
    """One index, one store, one target folder."""

    def __init__(self, folder: Path, index: FakeIndex) -> None:
        self.folder, self.index = folder, index
        self.mark = folder / "mark"
        self.told = Listener()
        self.lines: list[str] = []
        self.target = TargetOptions()
        self.indexes = GivenIndexes(index_url=index.simple_url)

    def sdist(
        self, name: str = "good", *, requires: Sequence[str] = (), right: bool = True, failing: bool = False
    ) -> None:
        """Publish an sdist whose backend leaves a mark when it is imported, and list it."""
        marking = MARKING.format(mark=str(self.mark)) + ("raise SystemExit(5)\n" if failing else "")
        content = sdist_bytes(
            name, "1.0", files={"marking.py": marking}, pyproject=PYPROJECT.format(requires=list(requires))
        )
        self.publish(name, f"{name}-1.0.tar.gz", content, right=right)

    def publish(self, name: str, filename: str, content: bytes, *, right: bool = True) -> None:
        self.index.content.projects.setdefault(name, {})[filename] = content
        self.lines.append(self.line(name, content if right else content + b"!"))

    @staticmethod
    def line(name: str, content: bytes) -> str:
        return f"{name}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}"

    def install(self, *head: str, run: Mapping[str, Any] | None = None, **build: Any) -> InstallResult:
        """Install what `lines` list, with `head` above them; `run` are fields of the run's options."""
        requirements = self.folder / "requirements.txt"
        requirements.write_text("\n".join([*head, *self.lines]))
        return self.install_from(SourceOptions(requirement_files=(str(requirements),)), run, **build)

    def install_from(self, sources: SourceOptions, run: Mapping[str, Any] | None = None, **build: Any) -> InstallResult:
        options = InstallOptions(
            sources=sources,
            indexes=self.indexes,
            target=replace(self.target, target=str(self.folder / "target")),
            # Without a sandbox a mark outside of the build area is possible, and shows that a backend ran.
            build=BuildOptions(**{"use_sandbox": False, **build}),
            store=StoreOptions(folder=str(self.folder / "store")),
            **(run or {}),
        )
        return install(options, RunContext(dict(os.environ), self.told))

    def builds(self) -> list[str]:
        return [note for note in self.told.notes if note.startswith("building ")]

    def installed(self) -> list[str]:
        target = self.folder / "target"
        return sorted(path.name for path in target.iterdir()) if target.exists() else []

    def recorded_origin(self) -> Any:
        """direct_url.json of the project `good`."""
        return json.loads((self.folder / "target" / "good-1.0.dist-info" / "direct_url.json").read_text())


def project_folder(folder: Path, *, stated_name: str = "") -> Path:
    """The project `good` 1.0 with an in-tree backend that can build it editable, too; its name is in `[project]`."""
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(sdist_bytes("good", "1.0"))) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            (folder / member.name.partition("/")[2]).write_bytes(content.read())
    with open(folder / "in_tree_backend.py", "a", encoding="utf-8") as file:
        file.write(EDITABLE)
    if stated_name:
        with open(folder / "pyproject.toml", "a", encoding="utf-8") as file:
            file.write(f'\n[project]\nname = "{stated_name}"\nversion = "1.0"\n')
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git without anybody's configuration; gives back what it printed."""
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@mail.example"]
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, env=environ)
    return done.stdout.decode().strip()


def committed(folder: Path) -> str:
    """Make a repository of a folder; gives back its one commit."""
    git(folder, "init", "--quiet", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "one")
    return git(folder, "rev-parse", "HEAD")
