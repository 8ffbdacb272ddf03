"""Probe of an interpreter: its own facts, in peep's process or, as text, in another one.

This file must stay readable for Python 3.8, may import the standard library only, and must not import anything of
peep: its source is handed to `python -I -S -c`, so that no `.pth` file or `sitecustomize` of that environment runs.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

PLACE = os.sep + "@peep-place@"
"""Stands for the folder that `--prefix` will name."""


def facts() -> dict[str, Any]:
    """Give back plain values (JSON types) about the running interpreter: version, paths, ABI, markers."""
    if sys.flags.no_site:
        _enter_virtual_environment()
    import platform  # noqa: PLC0415 -- after sys.prefix is right, and only when nothing is remembered
    import sysconfig  # noqa: PLC0415 -- computes its paths from sys.prefix when it is imported

    return {
        "executable": sys.executable,
        "version": list(sys.version_info[:3]),
        "implementation": platform.python_implementation().lower(),
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "stdlib": sysconfig.get_path("stdlib"),
        "paths": sysconfig.get_paths(),
        "prefix_paths": _prefix_paths(sysconfig),
        "user_paths": _user_paths(sysconfig),
        "user_site": _user_site_is_visible(),
        "markers": _markers(platform),
        "abi": _abi(sysconfig),
        "libc": _libc(),
        "macos": platform.mac_ver()[0] if sys.platform == "darwin" else "",
    }


def _enter_virtual_environment() -> None:
    """Without `site`, nobody has looked for pyvenv.cfg (PEP 405): beside the executable or one folder above it."""
    folder = os.path.dirname(os.path.abspath(sys.executable))
    for candidate in (folder, os.path.dirname(folder)):
        if os.path.isfile(os.path.join(candidate, "pyvenv.cfg")):
            sys.prefix = sys.exec_prefix = candidate
            return


def _prefix_paths(sysconfig: Any) -> dict[str, str]:
    """The scheme that `--prefix` means, below a placeholder."""
    if hasattr(sysconfig, "get_preferred_scheme"):
        scheme = sysconfig.get_preferred_scheme("prefix")
    else:
        scheme = "nt" if os.name == "nt" else "posix_prefix"
    place = {"base": PLACE, "platbase": PLACE, "installed_base": PLACE, "installed_platbase": PLACE}
    return dict(sysconfig.get_paths(scheme, vars=place))


def _user_paths(sysconfig: Any) -> dict[str, str]:
    """The scheme of `--user`; PYTHONUSERBASE counts, although the probe runs isolated (PEP 370)."""
    import site  # noqa: PLC0415 -- importing it under -S runs nothing

    scheme = os.name + "_user"
    if hasattr(sysconfig, "get_preferred_scheme"):
        scheme = sysconfig.get_preferred_scheme("user")
    return dict(sysconfig.get_paths(scheme, vars={"userbase": site.getuserbase()}))


def _user_site_is_visible() -> bool:
    """Whether a virtual environment lets its base and the user's folder show through (PEP 405)."""
    if sys.prefix == sys.base_prefix:
        return True
    try:
        with open(os.path.join(sys.prefix, "pyvenv.cfg"), encoding="utf-8", errors="replace") as stream:
            lines = [line.replace(" ", "").strip().lower() for line in stream.read(1 << 20).splitlines()]
    except OSError:
        return True
    return "include-system-site-packages=true" in lines


def _markers(platform: Any) -> dict[str, str]:
    """The environment of PEP 508, `extra` left out."""
    implementation = sys.implementation.version
    version = f"{implementation.major}.{implementation.minor}.{implementation.micro}"
    if implementation.releaselevel != "final":
        version += implementation.releaselevel[0] + str(implementation.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def _abi(sysconfig: Any) -> dict[str, Any]:
    variable = sysconfig.get_config_var
    debug = variable("Py_DEBUG")
    if debug is None:  # Windows has no such variable
        debug = hasattr(sys, "gettotalrefcount")
    return {
        "name": sys.implementation.name,
        "extension_suffix": variable("EXT_SUFFIX") or "",
        "version_digits": variable("py_version_nodot") or "{}{}".format(*sys.version_info[:2]),
        "is_debug": bool(debug),
        "is_free_threaded": bool(variable("Py_GIL_DISABLED")),
        "is_32_bit": sys.maxsize < 2**32,
        "platform": sysconfig.get_platform(),
    }


def _libc() -> str:
    """`glibc 2.36`, `musl 1.2`, or '' (PEP 600, PEP 656)."""
    libc = ""
    if sys.platform.startswith("linux"):
        try:
            libc = os.confstr("CS_GNU_LIBC_VERSION") or _musl()
        except (AttributeError, OSError, ValueError):
            libc = _musl()
    return libc


def _musl() -> str:
    """The dynamic loader of musl prints its version when it is started without arguments."""
    import glob  # noqa: PLC0415 -- musl only
    import re  # noqa: PLC0415 -- musl only
    import subprocess  # noqa: PLC0415 -- musl only

    for loader in sorted(glob.glob("/lib/ld-musl-*.so.1")):
        try:
            told = subprocess.run([loader], stderr=subprocess.PIPE, check=False, timeout=10).stderr
        except (OSError, subprocess.SubprocessError):
            continue
        match = re.search(rb"Version (\d+\.\d+)", told)
        if match:
            return "musl " + match.group(1).decode()
    return ""


if __name__ == "__main__":
    sys.stdout.write(json.dumps(facts()))
