"""Environment digest: one sha256 over all that is installed, the same on every machine.

The recipe is written down for people in docs/environment-digest.md; whatever changes here changes the digest of every
environment, and with it every deployment script that pins one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from hashlib import sha256

from peep.concurrency.file_hashing import FileToHash, HashedFile, hash_files
from peep.dataclass import dataclass
from peep.environment.installed import installed_projects, rows_if_any
from peep.environment.launchers import without_console
from peep.environment.mapping import WORK_FOLDER
from peep.environment.scheme_paths import SchemePaths, shown_path
from peep.errors import EnvironmentChangeError
from peep.formats.program_names import replaced_program
from peep.proof.directory_scan import DirectoryScan, scan_directories, walked_roots
from peep.proof.spellings import HEAD, is_own_interpreter, named_in
from peep.system.files import regular_only
from peep.transaction.uninstall_files import recorded_paths

_LEFT_OUT = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "provenance_url.json")
"""Of `.dist-info`: who installed it, from which mirror, at whose request, into which folder. None of it is code."""
_NEUTRAL = b"#!python\n"
_HEAD_SIZE = 1 << 16
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class EnvironmentDigest:
    """The digest of an environment and what it was made of."""

    hex: str
    lines: tuple[str, ...]
    """`HEX  PATH`, sorted by path, as `sha256sum` writes them."""


def environment_digest(scheme_paths: SchemePaths) -> EnvironmentDigest:
    """Read and hash all that is installed. Raises `EnvironmentChangeError` for what can't be read."""
    walked = scan_directories(walked_roots(scheme_paths))
    if walked.unreadable:
        folder, why = next(iter(sorted(walked.unreadable.items())))
        raise EnvironmentChangeError(f"{folder} can't be listed: {why}")
    paths = [
        path for path in (*walked.files, *_recorded_elsewhere(scheme_paths, walked)) if _counts(path, scheme_paths)
    ]
    scripts = scheme_paths.target.paths["scripts"]
    programs = [path for path in paths if os.path.dirname(path) == scripts]
    plain = hash_files([FileToHash(path, 0) for path in set(paths).difference(programs)])
    digests = {path: _digest_of(path, hashed) for path, hashed in plain.items()}
    digests.update({path: sha256(_neutral(path, scheme_paths)).digest() for path in programs})
    for path, what in walked.others.items():
        if _counts(path, scheme_paths):
            digests[path] = sha256(what.encode("utf-8", "surrogateescape")).digest()
    return digest_of(digests, scheme_paths.target.paths["data"])


def digest_of(digests: Mapping[str, bytes], root: str) -> EnvironmentDigest:
    """Digests by absolute path as one; paths are written relative to `root` with `/`."""
    named = sorted(
        (shown_path(path, root).encode("utf-8", "surrogateescape"), digest) for path, digest in digests.items()
    )
    lines = [_line(name.decode("utf-8", "surrogateescape"), digest) for name, digest in named]
    text = "".join(f"{line}\n" for line in lines)
    return EnvironmentDigest(sha256(text.encode("utf-8", "surrogateescape")).hexdigest(), tuple(lines))


def _line(name: str, digest: bytes) -> str:
    """As `sha256sum` writes it: a backslash in front tells that the name is escaped."""
    escaped = name.translate(_ESCAPES)
    return f"{'' if escaped == name else chr(92)}{digest.hex()}  {escaped}"


def _counts(path: str, scheme_paths: SchemePaths) -> bool:
    """Whether a file is part of what was installed and the same in every installation."""
    folder, name = os.path.split(path)
    paths = scheme_paths.target.paths
    sites = {paths["purelib"], paths["platlib"]}
    if folder == paths["scripts"] and folder not in sites:
        return not replaced_program(name) and not _leads_to_interpreter(path, scheme_paths)
    if name in _LEFT_OUT and folder.endswith(".dist-info"):
        return os.path.dirname(folder) not in sites
    return not (folder in sites and name.startswith(WORK_FOLDER))


def _leads_to_interpreter(path: str, scheme_paths: SchemePaths) -> bool:
    return os.path.islink(path) and os.path.realpath(path) == os.path.realpath(scheme_paths.target.python)


def _recorded_elsewhere(scheme_paths: SchemePaths, walked: DirectoryScan) -> Iterable[str]:
    """Files of projects outside of the walk: data and headers, and programs where their folder is everybody's."""
    found: set[str] = set()
    for project in installed_projects(scheme_paths.target).values():
        outside = [row for row in rows_if_any(project) if row.path.startswith("..") or os.path.isabs(row.path)]
        paths = recorded_paths(outside, project.metadata_path, scheme_paths, [])
        found.update(path for path in paths if not walked.covers(path) and not path.endswith(".pyc"))
    return {path for path in found if os.path.lexists(path)}


def _digest_of(path: str, hashed: HashedFile | OSError) -> bytes:
    if isinstance(hashed, OSError):
        raise EnvironmentChangeError(f"{path} can't be read: {hashed.strerror}")
    if not stat.S_ISREG(hashed.mode):
        raise EnvironmentChangeError(f"{path} is no file")
    return hashed.digest


def _neutral(path: str, scheme_paths: SchemePaths) -> bytes:
    try:
        with open(path, "rb", opener=regular_only) as file:
            content = file.read()
    except OSError as error:
        raise EnvironmentChangeError(f"{path} can't be read: {error.strerror}") from error
    return neutral_program(content, scheme_paths.target.python, scheme_paths.target.paths["scripts"])


def neutral_program(content: bytes, python: str, scripts: str) -> bytes:
    """A program without the place of the interpreter that its first line names; any other interpreter stays."""
    match = HEAD.match(content[:_HEAD_SIZE])
    if match is None:
        return _neutral_executable(content, python)
    return _NEUTRAL + content[match.end() :] if is_own_interpreter(named_in(match), python, scripts) else content


def _neutral_executable(content: bytes, python: str) -> bytes:
    """A Windows launcher: its `#!` line stands between the executable and the ZIP archive at its end."""
    if not content.startswith(b"MZ"):
        return content
    for spelled in (form for one in (without_console(python), python) for form in (one, f'"{one}"')):
        content = content.replace(b"#!" + spelled.encode("utf-8", "surrogateescape"), b"#!python")
    return content
