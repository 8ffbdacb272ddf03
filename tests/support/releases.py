"""Releases of a small made-up project as a wheel and an sdist, built from texts at test time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Content = str | bytes

NAME = "inert"
PACKAGE: dict[str, Content] = {
    "inert/__init__.py": '"""A project that does nothing."""\n\nfrom inert.core import add\n\n__all__ = ["add"]\n',
    "inert/core.py": "import json\n\n\ndef add(one, other):\n    return one + other\n\n\ndef text(value):\n"
    "    return json.dumps(value)\n",
    "inert/cli.py": "import sys\n\nfrom inert.core import add\n\n\n"
    "def main():\n    print(add(*map(int, sys.argv[1:3])))\n",
    "inert/extra.py": "def unused():\n    return None\n",
}
SOURCES: dict[str, Content] = {
    "README.md": "# inert\n\nDoes nothing.\n",
    "pyproject.toml": '[build-system]\nrequires = ["setuptools>=70"]\nbuild-backend = "setuptools.build_meta"\n\n'
    '[project]\nname = "inert"\ndynamic = ["version"]\n',
    "tests/test_core.py": "from inert.core import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
    "docs/index.rst": "inert\n=====\n",
    "LICENSE": "Do what you like.\n",
}
ENTRY_POINTS = "[console_scripts]\ninert = inert.cli:main\n"


@dataclass
class TextRelease:
    """One release: what differs from the harmless one, by path. A value of None takes a file away.

    `both`: package files, in the wheel as they are and in the sdist below `src/`; `wheel`, `sdist`: of one alone.
    """

    version: str
    both: Mapping[str, Content | None] = field(default_factory=dict)
    wheel: Mapping[str, Content | None] = field(default_factory=dict)
    sdist: Mapping[str, Content | None] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    entry_points: str = ENTRY_POINTS
    tag: str = "py3-none-any"
    owner: str = "runner"
    generator: str = "setuptools (80.0)"
    mode: int = 0o644
    has_wheel: bool = True
    has_sdist: bool = True

    @property
    def dist_info(self) -> str:
        return f"{NAME}-{self.version}.dist-info"

    def metadata(self) -> str:
        lines = ["Metadata-Version: 2.4", f"Name: {NAME}", f"Version: {self.version}"]
        return "\n".join([*lines, *(f"Requires-Dist: {one}" for one in self.requires)]) + "\n"

    def package(self) -> dict[str, Content]:
        return _merged(PACKAGE, self.both)

    def wheel_members(self) -> dict[str, bytes]:
        members = _merged(self.package(), self.wheel)
        info = self.dist_info
        members[f"{info}/METADATA"] = self.metadata()
        members[f"{info}/WHEEL"] = (
            f"Wheel-Version: 1.0\nGenerator: {self.generator}\nRoot-Is-Purelib: true\nTag: {self.tag}\n"
        )
        if self.entry_points:
            members[f"{info}/entry_points.txt"] = self.entry_points
        return {path.replace("{info}", info): _bytes(content) for path, content in members.items()}

    def sdist_members(self) -> dict[str, bytes]:
        members = {f"src/{path}": content for path, content in self.package().items()}
        members = _merged({**members, **SOURCES}, self.sdist)
        members["PKG-INFO"] = self.metadata()
        return {path: _bytes(content) for path, content in members.items()}

    def write(self, folder: Path) -> Path:
        """Write the archives into a folder that is made, and give that back."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.has_wheel:
            (folder / f"{NAME}-{self.version}-{self.tag}.whl").write_bytes(self.wheel_bytes())
        if self.has_sdist:
            (folder / f"{NAME}-{self.version}.tar.gz").write_bytes(self.sdist_bytes())
        return folder

    def wheel_bytes(self) -> bytes:
        members = self.wheel_members()
        record = [_record_row(path, content) for path, content in members.items()]
        record.append(f"{self.dist_info}/RECORD,,")
        members[f"{self.dist_info}/RECORD"] = ("\n".join(record) + "\n").encode()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in members.items():
                member = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
                member.external_attr = (0o100000 | self.mode) << 16
                member.create_system = 3
                archive.writestr(member, content, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()

    def sdist_bytes(self) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path, content in self.sdist_members().items():
                member = tarfile.TarInfo(f"{NAME}-{self.version}/{path}")
                member.size, member.mode = len(content), self.mode
                member.uname = member.gname = self.owner
                archive.addfile(member, io.BytesIO(content))
        return gzip.compress(buffer.getvalue(), mtime=0)


def _merged(files: Mapping[str, Content | None], others: Mapping[str, Content | None]) -> dict[str, Content]:
    merged = {**files, **others}
    return {path: content for path, content in merged.items() if content is not None}


def _bytes(content: Content) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _record_row(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}"


CORE_TEXT = str(PACKAGE["inert/core.py"])
HARMLESS = TextRelease("1.0")
