"""Wheel file names and member names: tags, the one `.dist-info`, safe `.data` files.

Functions of names. Source: binary distribution format, "File name convention", "The .data directory"; PEP 503 and
PEP 440 for comparing; THREATS W4 to W10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product

from peep.dataclass import NamedTuple
from peep.formats.member_names import printable
from peep.formats.names import normalised
from peep.formats.program_names import protected_program
from peep.formats.versions import same_version

SCHEMES = ("purelib", "platlib", "headers", "scripts", "data")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_.!+]+", re.ASCII)
_BUILD = re.compile(r"[0-9][A-Za-z0-9_.]*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*", re.ASCII)
_SCRIPT_FOLDERS = ("bin", "scripts")


class WheelFilename(NamedTuple):
    """The parts of `NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl`; `name` normalised, `version` as written."""

    name: str
    version: str
    build: str
    tags: tuple[str, ...]


def parse_wheel_filename(filename: str) -> WheelFilename:
    """Take a wheel's file name apart. Raises `ValueError` where it is none."""
    stem, dot, suffix = filename.rpartition(".")
    parts = stem.split("-")
    if not dot or suffix != "whl" or len(parts) not in (5, 6):
        raise ValueError("its file name is not of the form NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl")
    name, version, *build = parts[:-3]
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version) or (build and not _BUILD.fullmatch(build[0])):
        raise ValueError("its file name has a name, version or build number that no wheel may have")
    if not all(_TAG.fullmatch(part) for part in parts[-3:]):
        raise ValueError("its file name has tags that no wheel may have")
    return WheelFilename(normalised(name), version, "".join(build), expanded_tags("-".join(parts[-3:])))


def expanded_tags(compressed: str) -> tuple[str, ...]:
    """Write a compressed tag set (PEP 425) out: `py2.py3-none-any` -> `py2-none-any`, `py3-none-any`."""
    return tuple("-".join(tag).lower() for tag in product(*(part.split(".") for part in compressed.split("-"))))


def find_dist_info(names: Iterable[str], wheel: WheelFilename) -> tuple[str, list[str]]:
    """Find the one `.dist-info` folder, which must be that of the file name's project and version (W4).

    Returns its name ('' where no choice is safe) and what is wrong.
    """
    top = {name.partition("/")[0] for name in names if ".dist-info/" in name.lower()}
    folders = sorted(folder for folder in top if folder.lower().endswith(".dist-info"))
    if len(folders) != 1:
        found = ", ".join(printable(folder) for folder in folders)
        return "", [f"has several .dist-info folders: {found}" if folders else "has no .dist-info folder"]
    folder = folders[0]
    name, _, version = folder[: -len(".dist-info")].partition("-")
    if not folder.endswith(".dist-info") or normalised(name) != wheel.name:
        return "", [f"{printable(folder)}: is the .dist-info folder of another project than the file name's"]
    if not same_version(version, wheel.version):
        return "", [f"{printable(folder)}: is the .dist-info folder of another version than the file name's"]
    return folder, []


def data_problems(names: Iterable[str], dist_info: str) -> list[str]:
    """Check all below `NAME-VERSION.data`: the folder is this wheel's, the scheme known, no script an interpreter."""
    expected = dist_info.removesuffix(".dist-info") + ".data"
    problems = []
    for name in names:
        folder, _, rest = name.partition("/")
        if folder[-5:].lower() != ".data" or not rest:
            continue
        if folder != expected:
            if _is_data_folder(folder):
                problems.append(f"{printable(name)}: lies in another .data folder than {expected}")
            continue
        reason = _scheme_problem(rest)
        if reason:
            problems.append(f"{printable(name)}: {reason}")
    return problems


def _is_data_folder(folder: str) -> bool:
    """A package folder may happen to be called `x.data`; one with a version in it claims to be the special folder."""
    return "-" in folder


def _scheme_problem(rest: str) -> str | None:
    scheme, slash, path = rest.partition("/")
    if scheme not in SCHEMES or not slash:
        return f"is not below one of the schemes {', '.join(SCHEMES)}"
    if not path or path.endswith("/"):
        return None
    parts = path.split("/")
    if scheme == "scripts":
        if len(parts) > 1:
            return "is a script in a folder of its own, which no installer places alike"
        return _interpreter_problem(parts[0])
    if scheme == "data" and (len(parts) == 1 or parts[-1].lower() == "pyvenv.cfg"):
        return _interpreter_problem(parts[-1])
    if scheme == "data" and len(parts) > 1 and parts[0].lower() in _SCRIPT_FOLDERS:
        return _interpreter_problem("/".join(parts[1:]))
    return None


def _interpreter_problem(script: str) -> str | None:
    replaced = protected_program(script)
    return f"would replace the environment's {replaced}" if replaced else None
