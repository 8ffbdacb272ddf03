"""Expected files of a project, byte for byte, if it was installed from a certain wheel.

Built from the functions that installing uses (`environment.mapping`, `programs`, `records`), so that the two cannot
drift apart. Reads nothing but scripts in the store, which are written anew for each environment.
"""

from __future__ import annotations

import os
from hashlib import sha256

from peep.dataclass import dataclass, field
from peep.environment.mapping import data_file, installed_files, plain_files, site_scheme
from peep.environment.programs import program_files
from peep.environment.records import generated_files, manifest_rows, row, row_of
from peep.model import PlannedWheel, StoredFile, TargetEnvironment, record_hash
from peep.transaction.staging import recorded_path


@dataclass(slots=True)
class ExpectedProject:
    """One project as it must be; paths are absolute."""

    planned: PlannedWheel
    site: str
    files: dict[str, StoredFile]
    """Everything but RECORD, by path; for generated files the hash and size of what is generated."""
    rows: list[str]
    """The rows of RECORD, bytecode aside."""
    programs: frozenset[str] = frozenset()
    """Those of `files` that are launchers or rewritten scripts."""
    written: dict[str, bytes] = field(default_factory=dict)
    """The content of generated metadata, by path."""
    is_by_pip: bool = False
    """pip installed it: the rows of RECORD stand in its order, with its line ends."""

    @property
    def name(self) -> str:
        return self.planned.wheel.identity.name

    @property
    def dist_info(self) -> str:
        return os.path.join(self.site, self.planned.wheel.identity.dist_info)

    @property
    def record(self) -> str:
        return os.path.join(self.dist_info, "RECORD")


def expected_project(planned: PlannedWheel, target: TargetEnvironment) -> ExpectedProject:
    """What installing `planned` into `target` leaves behind; `target.paths` are free of links, `root` is None.

    Raises `EnvironmentChangeError` for a wheel that can't have been installed, `StoredWheelsDamaged` for a script in
    the store that is not what was put there.
    """
    wheel = planned.wheel
    site = target.paths[site_scheme(wheel)]
    plain, data = installed_files(wheel)
    expected = ExpectedProject(
        planned,
        site,
        files={mapped[1]: mapped[0] for mapped in plain_files(wheel, plain, site)},
        rows=manifest_rows(plain),
    )
    for file in data:
        mapped = data_file(wheel, file, target.paths)
        if mapped.scheme != "scripts":
            expected.files[mapped.destination] = file
            expected.rows.append(row(recorded_path(mapped.destination, site), file.record_hash, str(file.size)))
    _add_programs(expected, dict(program_files(wheel, data, target)))
    _add_generated(expected)
    return expected


def _add_programs(expected: ExpectedProject, programs: dict[str, bytes]) -> None:
    for path, content in programs.items():
        expected.files[path] = stated(path, content, is_executable=True)
        expected.rows.append(row_of(recorded_path(path, expected.site), content))
    expected.programs = frozenset(programs)


def _add_generated(expected: ExpectedProject) -> None:
    dist_info = expected.planned.wheel.identity.dist_info
    for name, content in generated_files(expected.planned):
        path = os.path.join(expected.dist_info, name)
        expected.files[path] = stated(path, content, is_executable=False)
        expected.written[path] = content
        expected.rows.append(row_of(f"{dist_info}/{name}", content))
    expected.rows.append(row(f"{dist_info}/RECORD", "", ""))


def stated(path: str, content: bytes, *, is_executable: bool) -> StoredFile:
    """A file of known content."""
    return StoredFile(path, record_hash(sha256(content).digest()), len(content), is_executable)
