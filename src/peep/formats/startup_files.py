"""Start-up files: what an interpreter reads or runs at every start, judged by the place where a file lies. Pure.

Specifications: `site` (`.pth`, `sitecustomize`, `usercustomize`), PEP 829 (`.start`), PEP 420 and `importlib.machinery`
(a module may be a source, bytecode, an extension or a package), binary distribution format (`.data`).

Installing, `check-wheel` and `verify` all ask `startup_entry`, so that they can't differ. Case never counts: some file
systems have none, and Python can be told not to mind it (`PYTHONCASEOK`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_READ_BY_SITE = (".pth", ".start")
_HOOKS = frozenset({"sitecustomize", "usercustomize"})
_MODULE_SUFFIXES = (".py", ".pyc", ".pyo", ".pyw", ".so", ".pyd", ".dll", ".sl")
"""Extension modules carry a tag before theirs: `.cpython-312-x86_64-linux-gnu.so`, `.abi3.so`."""
_MODULE_FOLDER = re.compile(
    # POSIX: lib/python3.12/site-packages, lib64, Debian's dist-packages; Windows: Lib/site-packages. The standard
    # library's own folders are on the path as well, where the prefix is not a virtual environment's.
    r"(?:(?:local/)?lib(?:64)?/(?:(?:python|pypy|graalpy)[0-9.]*[a-z]{0,2}/)?(?P<site>(?:site|dist)-packages/)?"
    r"(?:lib-dynload/)?|dlls/)"
)
_NOMINAL_SITE = "lib/python3/site-packages/"
"""Where purelib and platlib lie in an environment that is not known yet; any that `_MODULE_FOLDER` knows will do."""
_PLACES = {"purelib": _NOMINAL_SITE, "platlib": _NOMINAL_SITE, "data": "", "scripts": "bin/", "headers": "include/"}


def startup_entry(path: str, root: str = "", sites: Iterable[str] = ()) -> str:
    """The part of `path` that every start of the interpreter reads, or '' where it reads none of it.

    `path`, `root` and `sites` are `/`-separated; `root` is the environment, '' where `path` is relative to it; `sites`
    are the folders of modules that are known, while those of the usual form are known anyway. Given back is what is
    read: the path of a `.pth` or `.start` file, of a module `sitecustomize` or `usercustomize`, or, for a file anywhere
    in a package of that name, of the package.
    """
    lowered = path.lower()
    if ".pth" not in lowered and ".start" not in lowered and "customize" not in lowered:
        return ""  # as of nearly all files: a run asks of thousands
    starts = [(len(prefix), True) for one in sites if lowered.startswith(prefix := one.lower().rstrip("/") + "/")]
    top = root.lower().rstrip("/") + "/" if root else ""
    if lowered.startswith(top):
        # Windows reads the environment's own folder, too (`site.getsitepackages`).
        starts.append((len(top), True))
        if match := _MODULE_FOLDER.match(lowered, len(top)):
            starts.append((match.end(), match["site"] is not None))
    for start, is_site in starts:
        if length := _read_length(lowered[start:], is_site=is_site):
            return path[: start + length]
    return ""


def _read_length(inside: str, *, is_site: bool) -> int:
    """How many letters of a lower-case path below a folder of modules name what is read at the start; 0 for none."""
    top, slash, _ = inside.partition("/")
    if slash:
        return len(top) if top in _HOOKS else 0
    if top.endswith(_READ_BY_SITE):
        return len(top) if is_site else 0
    is_hook = top.partition(".")[0] in _HOOKS and top.endswith(_MODULE_SUFFIXES)
    return len(top) if is_hook else 0


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
