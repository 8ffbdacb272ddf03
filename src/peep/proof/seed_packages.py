"""Seed packages: pip and setuptools as `venv` installs them from wheels beside the interpreter.

Nobody recorded their origin, but the wheels are part of the interpreter (`ensurepip`), which is trusted anyway: an
untouched copy in a virtual environment is thereby proven. An interpreter inside of the environment proves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256

from peep.archives.wheel import PlainWheel, open_wheel
from peep.environment.records import row_of
from peep.environment.scheme_paths import is_inside
from peep.errors import ArchiveError
from peep.model import InstalledProject, PlannedWheel, StoredFile, StoredWheel, TargetEnvironment, record_hash
from peep.proof.expected_files import ExpectedProject, expected_project, stated
from peep.system.files import regular_only

NAMES = frozenset({"pip", "setuptools"})
_OF_THE_SYSTEM = "/usr/share/python-wheels"
"""Where Debian, Fedora and their like keep them for the system's interpreter (configure's `--with-wheel-pkg-dir`)."""
_INSTALLER = b"pip\n"
_LAUNCHERS = (
    b"""#!%s
# -*- coding: utf-8 -*-
import re
import sys
from pip._internal.cli.main import main
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(main())
""",
    b"""#!%s
import sys
from pip._internal.cli.main import main
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(main())
""",
)
"""What the pips of these interpreters write to start themselves."""


def bundled_wheel(project: InstalledProject, target: TargetEnvironment) -> StoredWheel | None:
    """The wheel that the base interpreter brings for just this version of a project, as if stored; or None."""
    if project.name not in NAMES or project.other_metadata or is_inside(target.base_prefix, target.prefix):
        return None
    filename = f"{project.name}-{project.version}-py3-none-any.whl"
    for folder in _folders(target):
        path = os.path.join(folder, filename)
        if target.base_prefix != target.prefix and os.path.isfile(path) and not os.path.islink(path):
            return _read(path, filename)
    return None


def _folders(target: TargetEnvironment) -> Iterator[str]:
    library = "Lib" if os.name == "nt" else os.path.join("lib", "python{}.{}".format(*target.version[:2]))
    yield os.path.join(target.base_prefix, library, "ensurepip", "_bundled")
    if target.base_prefix == "/usr":
        yield _OF_THE_SYSTEM


def _read(path: str, filename: str) -> StoredWheel | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
            file.seek(0)
            contents = open_wheel(PlainWheel(filename, file))
            files = tuple(
                StoredFile(entry.path, record_hash(bytes.fromhex(entry.sha256)), entry.size, entry.is_executable)
                for entry in contents.entries
                if entry.sha256
            )
            return StoredWheel(contents.identity, sha256(content).hexdigest(), "", files)
    except (OSError, ArchiveError):
        return None


def bundled_project(wheel: StoredWheel, project: InstalledProject, target: TargetEnvironment) -> ExpectedProject:
    """What `venv` leaves of a wheel: as peep would install it, but for INSTALLER and pip's own launchers."""
    expected = expected_project(PlannedWheel(wheel, None, project.is_requested), target)
    expected.is_by_pip = True
    folder = wheel.identity.dist_info
    installer = os.path.join(expected.dist_info, "INSTALLER")
    expected.rows = [one for one in expected.rows if not one.startswith(f"{folder}/INSTALLER,")]
    expected.rows.append(row_of(f"{folder}/INSTALLER", _INSTALLER))
    expected.files[installer] = stated(installer, _INSTALLER, is_executable=False)
    expected.written[installer] = _INSTALLER
    if project.name == "pip":
        _add_launchers(expected, target)
    return expected


def _add_launchers(expected: ExpectedProject, target: TargetEnvironment) -> None:
    scripts = target.paths["scripts"]
    version = "{}.{}".format(*target.version[:2])
    interpreters = [os.path.join(scripts, name) for name in ("python", "python3", f"python{version}")]
    known = [launcher % os.fsencode(python) for python in interpreters for launcher in _LAUNCHERS]
    programs = set()
    for name in ("pip", "pip3", f"pip{version}"):
        path = os.path.join(scripts, name)
        if os.path.lexists(path):
            content = _matching(path, known)
            expected.files[path] = stated(path, content, is_executable=True)
            expected.rows.append(row_of(os.path.relpath(path, expected.site).replace(os.sep, "/"), content))
            programs.add(path)
    expected.programs = frozenset(programs)


def _matching(path: str, known: Iterable[bytes]) -> bytes:
    """The known content that a file has, else the first: comparing will then tell the difference."""
    contents = list(known)
    try:
        with open(path, "rb", opener=regular_only) as file:
            found = file.read(len(max(contents, key=len)) + 1)
    except OSError:
        return contents[0]
    return found if found in contents else contents[0]
