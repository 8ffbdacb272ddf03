"""Start-up files: what an interpreter reads or runs at every start, by the place where they lie.

Specifications: `site` (`.pth`, `sitecustomize`, `usercustomize`), PEP 829 (`.start`), PEP 420 and `importlib.machinery`
(a module may be a source, bytecode, an extension or a package), binary distribution format (`.data`).

Installing, `check-wheel` and `verify` all ask `startup_entry`, so that they can't differ. Case never counts: some file
systems have none, and Python can be told not to mind it (`PYTHONCASEOK`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import lru_cache

_READ_BY_SITE = (".pth", ".start")
_HOOKS = frozenset({"sitecustomize", "usercustomize"})
_MODULE_SUFFIXES = (".py", ".pyc", ".pyo", ".pyw", ".so", ".pyd", ".dll", ".sl")
"""Extension modules carry a tag before theirs: `.cpython-312-x86_64-linux-gnu.so`, `.abi3.so`."""
_MODULE_FOLDER = (
    # POSIX: lib/python3.12/site-packages, lib64, Debian's dist-packages; Windows: Lib/site-packages, and for a user
    # Python312/site-packages. The standard library's own folders are on the path as well, and before those of
    # packages, where the prefix is not a virtual environment's.
    r"(?:(?:(?:local/)?lib(?:64)?/(?:(?:python|pypy|graalpy)[0-9.]*[a-z]{0,2}/)?|python[0-9]+[a-z0-9-]*/(?=site-))"
    r"(?P<site>(?:site|dist)-packages/)?(?:lib-dynload/)?|dlls/)"
)
_ZIPPED_LIBRARY = r"(?:lib(?:64)?/)?python[0-9]+t?\.zip"
"""Looked into before the folder of the standard library, where it lies in the prefix of an installation."""
_BEFORE_LIBRARY = _HOOKS | frozenset(name.lower() for name in sys.stdlib_module_names)
"""What, in a folder of the standard library, is imported at the start, or stands before a module of it."""
_ENDS = (*_READ_BY_SITE, ".zip")
_NOMINAL_SITE = "lib/python3/site-packages/"
"""Where purelib and platlib lie in an environment that is not known yet; any that `_MODULE_FOLDER` knows will do."""
_PLACES = {"purelib": _NOMINAL_SITE, "platlib": _NOMINAL_SITE, "data": "", "scripts": "bin/", "headers": "include/"}


def startup_entry(path: str, root: str = "", sites: Iterable[str] = ()) -> str:
    """The part of `path` that every start of the interpreter reads, or '' where it reads none of it.

    `path`, `root` and `sites` are `/`-separated; `root` is the environment, '' where `path` is relative to it; `sites`
    are the folders of modules that are known, while those of the usual form are known anyway. Given back is what is
    read: the path of a `.pth` or `.start` file, of a module `sitecustomize` or `usercustomize`, or, for a file anywhere
    in a package of that name, of the package; and of what stands before a module of the standard library, in its own
    folder or as a ZIP file.
    """
    lowered = path.lower()
    if not _may_be_read(lowered):
        return ""
    ends = [_site_length(lowered, one.lower().rstrip("/") + "/") for one in sites]
    top = root.lower().rstrip("/") + "/" if root else ""
    if lowered.startswith(top):
        if re.fullmatch(_ZIPPED_LIBRARY, lowered[len(top) :]):
            return path
        # Windows reads the environment's own folder, too (`site.getsitepackages`).
        ends += [_site_length(lowered, top), _library_length(lowered, len(top))]
    return path[: max(ends, default=0)]


def _may_be_read(lowered: str) -> bool:
    """False for nearly all paths, and only where no part is called like anything that is looked for below."""
    folder, _, name = lowered.rstrip("/").rpartition("/")
    return name.endswith(_ENDS) or name.partition(".")[0] in _BEFORE_LIBRARY or _has_known_part(folder)


@lru_cache(1 << 10)
def _has_known_part(folder: str) -> bool:
    """Most paths that are asked about, one after the other, lie in one folder."""
    return not _BEFORE_LIBRARY.isdisjoint([part.partition(".")[0] for part in folder.split("/")])


def _site_length(lowered: str, folder: str) -> int:
    """How many letters of a lower-case path name what is read in a folder that `site` reads; 0 for none."""
    if not lowered.startswith(folder):
        return 0
    inside = lowered[len(folder) :]
    if "/" not in inside and inside.endswith(_READ_BY_SITE):
        return len(lowered)
    length = _module_length(inside, _HOOKS)
    return length and len(folder) + length


def _library_length(lowered: str, start: int) -> int:
    """The same for what lies in a folder of the usual form below the root, which ends at `start`."""
    match = re.compile(_MODULE_FOLDER).match(lowered, start)
    if match is None:
        return 0
    if match["site"]:
        return _site_length(lowered, lowered[: match.end()])
    # Below a bare `lib`, which is Windows' library, POSIX systems keep much else.
    is_library = "/" in match[0][:-1] or lowered.endswith((".py", ".pyc", ".pyd"))
    length = _module_length(lowered[match.end() :], _BEFORE_LIBRARY if is_library else _HOOKS)
    return length and match.end() + length


def _module_length(inside: str, names: frozenset[str]) -> int:
    """How many letters of a lower-case path below a folder of modules name a module of `names`, or its package."""
    top, slash, _ = inside.partition("/")
    if slash:
        return len(top) if top in names else 0
    return len(top) if top.partition(".")[0] in names and top.endswith(_MODULE_SUFFIXES) else 0


def landing(member: str, data_folder: str) -> str:
    """Where a member of a wheel lands in an environment that is not known yet, relative to it.

    `data_folder`: the name of the wheel's `.data` folder. Members outside of it land in site-packages.
    """
    folder, _, rest = member.partition("/")
    if folder != data_folder:
        return _NOMINAL_SITE + member
    scheme, _, inside = rest.partition("/")
    return _PLACES.get(scheme, "") + inside


def startup_members(members: Iterable[str], data_folder: str) -> tuple[str, ...]:
    """Those members of a wheel that run, or are read, at every start of the interpreter once they are installed."""
    return tuple(member for member in members if startup_entry(landing(member, data_folder)))
