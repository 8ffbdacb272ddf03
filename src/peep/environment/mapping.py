"""Mapping of a wheel's files to paths of an environment: for installing as for verifying."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat

from peep.dataclass import NamedTuple
from peep.errors import EnvironmentChangeError
from peep.formats.program_names import protected_program
from peep.model import StoredFile, StoredWheel, TargetEnvironment

WORK_FOLDER = ".peep"
"""In site-packages while a transaction runs; its name can't be imported, and no wheel may bring it."""

_OWN = {WORK_FOLDER, f"{WORK_FOLDER}.lock"}
_GENERATED = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "provenance_url.json")
"""Files of `.dist-info` that the installer writes; those that a wheel brings are ignored (THREATS W21)."""
_SCHEMES = ("purelib", "platlib", "scripts", "data", "headers")


class MappedFile(NamedTuple):
    """A file of a wheel and its place in an environment."""

    file: StoredFile
    destination: str
    """Absolute, with the separators of this system, below `--root` where one is given."""
    scheme: str
    """purelib, platlib, scripts, data or headers."""


def rooted(target: TargetEnvironment, path: str) -> str:
    """The place on disk of a path of the scheme: below `--root`, when there is one."""
    if target.root is None:
        return path
    return os.path.join(target.root, os.path.splitdrive(path)[1].lstrip(os.sep + "/"))


def rooted_paths(target: TargetEnvironment) -> dict[str, str]:
    """The five scheme folders as they lie on disk."""
    return {scheme: rooted(target, path) for scheme, path in target.paths.items()}


def site_scheme(wheel: StoredWheel) -> str:
    """The scheme of everything outside of `.data` (binary distribution format, "Spread")."""
    return "purelib" if wheel.identity.root_is_purelib else "platlib"


def is_ignored(wheel: StoredWheel, path: str) -> bool:
    """Whether a member is left out: what installers generate, and bytecode that only claims to match its source.

    Bytecode outside of `__pycache__` is a module without source and stays.
    """
    if "__pycache__/" in path:
        return True
    folder, _, name = path.rpartition("/")
    return name in _GENERATED and folder == wheel.identity.dist_info


def mapped_files(wheel: StoredWheel, target: TargetEnvironment) -> Iterator[MappedFile]:
    """Say where each file that is installed goes, in the manifest's order; launchers and generated files left out.

    Raises `EnvironmentChangeError` for a place that no wheel may claim (THREATS W9, W10).
    """
    paths = rooted_paths(target)
    plain, data = installed_files(wheel)
    yield from plain_files(wheel, plain, paths[site_scheme(wheel)])
    yield from (data_file(wheel, file, paths) for file in data)


def installed_files(wheel: StoredWheel) -> tuple[list[StoredFile], list[StoredFile]]:
    """The members that are installed: those outside of `.data`, and those in it."""
    data, own = data_prefix(wheel), wheel.identity.dist_info + "/"
    special = (data, own)
    # Tens of thousands of files per run: one pass over them, in which nothing is looked at twice.
    plain = [file for file in wheel.files if not file[0].startswith(special) and "__pycache__/" not in file[0]]
    others = [file for file in wheel.files if file[0].startswith(special) and not is_ignored(wheel, file[0])]
    plain += [file for file in others if not file.path.startswith(data)]
    return plain, [file for file in others if file.path.startswith(data)]


_bare_tuple = partial(tuple.__new__, MappedFile)


def plain_files(wheel: StoredWheel, files: Sequence[StoredFile], site: str) -> list[MappedFile]:
    """Files outside of `.data`, which keep their path below the site-packages folder `site`.

    Raises `EnvironmentChangeError` for a wheel that brings a folder of peep's own.
    """
    prefix = site + os.sep
    paths = [prefix + file[0] for file in files]
    if os.sep != "/":
        paths = [path.replace("/", os.sep) for path in paths]
    refuse_work_folder(wheel, top_level_of(files))
    # The C constructor: making a named tuple in the usual way takes longer than all the rest of this.
    return list(map(_bare_tuple, zip(files, paths, repeat(site_scheme(wheel)), strict=False)))


def refuse_work_folder(wheel: StoredWheel, top_level: Iterable[str]) -> None:
    """Raise `EnvironmentChangeError` for a wheel that brings a folder of peep's own."""
    # Lower-case: some file systems take `.PEEP` for the same.
    if any(top.lower().startswith(WORK_FOLDER) for top in top_level):
        raise EnvironmentChangeError(f"{wheel.identity.filename}: brings a file called {WORK_FOLDER}…, which is peep's")


def top_level_of(files: Sequence[StoredFile]) -> set[str]:
    """The names that files outside of `.data` bring to the top of site-packages."""
    return {file[0].split("/", 1)[0] for file in files}


def data_prefix(wheel: StoredWheel) -> str:
    """`NAME-VERSION.data/`."""
    return wheel.identity.dist_info.removesuffix(".dist-info") + ".data/"


def data_file(wheel: StoredWheel, file: StoredFile, paths: Mapping[str, str]) -> MappedFile:
    """The place of a file of `.data`; `paths` are the five schemes."""
    scheme, _, inside = file.path.removeprefix(data_prefix(wheel)).partition("/")
    parts = inside.split("/")
    if scheme not in _SCHEMES or not inside or any(part in {"", ".", ".."} for part in parts):
        raise EnvironmentChangeError(f"{wheel.identity.filename}: {file.path} names no place of an install scheme")
    refuse_work_folder(wheel, (part for part in parts if part.lower() in _OWN))  # several schemes lead to it
    folder = headers_folder(paths, wheel.identity.name) if scheme == "headers" else paths[scheme]
    destination = os.path.normpath(os.path.join(folder, *parts))
    if is_protected(destination, paths):
        raise EnvironmentChangeError(
            f"{wheel.identity.filename}: {file.path} would replace a part of the environment itself"
        )
    return MappedFile(file, destination, scheme)


def headers_folder(paths: Mapping[str, str], name: str) -> str:
    """Each project's headers have a folder of their own (as pip and uv do; PEP 427 leaves it open)."""
    return os.path.join(paths["headers"], name)


def is_protected(path: str, paths: Mapping[str, str]) -> bool:
    """Whether `path` is what makes the environment one: interpreters, `pyvenv.cfg`, activation scripts.

    Compared without regard to case, for some file systems have none (THREATS W10). No wheel may bring such a file and
    no RECORD may have one removed.
    """
    folder, name = os.path.split(os.path.normcase(path))
    if name.lower() == "pyvenv.cfg":
        return True
    if folder.lower() == os.path.normcase(paths["data"]).lower() and name.lower().endswith((".exe", ".dll", "._pth")):
        return bool(protected_program(name))  # where Windows has it, unless the environment is a virtual one
    if name.lower() == "setup.local":
        folder, inside = os.path.split(folder)
        name = f"{inside}/{name}"
    if folder.lower() not in {os.path.normcase(paths["scripts"]).lower(), _binaries(paths)}:
        return False
    return bool(protected_program(name))


def _binaries(paths: Mapping[str, str]) -> str:
    return os.path.normcase(os.path.join(paths["data"], "bin")).lower()
