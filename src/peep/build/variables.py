"""Environment variables of a build: a short list, the same on every machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from peep.system.sandbox import BuildArea, Isolation

PASSED_ON = (
    "AR",
    "ARCHFLAGS",
    "CC",
    "CFLAGS",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "DEVELOPER_DIR",
    "DISTUTILS_USE_SDK",
    "FC",
    "LD",
    "LDFLAGS",
    "MACOSX_DEPLOYMENT_TARGET",
    "MSSDK",
    "PKG_CONFIG",
    "PKG_CONFIG_PATH",
    "RUSTFLAGS",
    "SDKROOT",
)
"""What users set to steer compilers. It goes through, and enters the key of what was built."""

MORE = "PEEP_BUILD_VARIABLES"
"""Holds the names, separated by commas or spaces, of further variables that builds are to see."""

_WINDOWS = (
    "COMMONPROGRAMFILES",
    "COMMONPROGRAMFILES(X86)",
    "COMSPEC",
    "INCLUDE",
    "LIB",
    "LIBPATH",
    "NUMBER_OF_PROCESSORS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROCESSOR_ARCHITEW6432",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "PROGRAMW6432",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "WINDIR",
)
"""What programs on Windows count on: Python learns from them what machine it is on, build tools where compilers are."""
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def steering_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Those of the user's variables that a build gets: the compilers', and those that `PEEP_BUILD_VARIABLES` names."""
    named = environ.get(MORE, "").replace(",", " ").split()
    return {name: environ[name] for name in (*PASSED_ON, *named) if environ.get(name)}


def build_variables(
    area: BuildArea, scripts: str, epoch: int, steering: Mapping[str, str], search_path: str = ""
) -> dict[str, str]:
    """The whole environment of a backend.

    `scripts` is the inside path of the build tools' programs; `epoch` is SOURCE_DATE_EPOCH in seconds
    (reproducible-builds.org); `steering` comes from `steering_variables`; `search_path` is the user's PATH, which
    counts only where a build sees the whole machine anyway.
    """
    home, temporary = area.inside("build", "home"), area.inside("build", "tmp")
    variables = {
        "HOME": home,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join((scripts, _search_path(area.isolation, search_path))),
        # A backend that calls pip gets none of the user's configuration, and no index to ask.
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "SOURCE_DATE_EPOCH": str(epoch),
        "TMPDIR": temporary,
        "TZ": "UTC",
        **steering,
    }
    if sys.platform == "win32":
        variables |= windows_variables(os.environ, home, temporary)
    return variables


def windows_variables(environ: Mapping[str, str], home: str, temporary: str) -> dict[str, str]:
    """What a build on Windows gets besides: the machine's facts, and its own folders in the places of the user's.

    The names in `environ` are in capitals, as `os.environ` has them there.
    """
    facts = {name: environ[name] for name in _WINDOWS if name in environ}
    folders = dict.fromkeys(("APPDATA", "LOCALAPPDATA", "USERPROFILE"), home) | dict.fromkeys(
        ("TEMP", "TMP"), temporary
    )
    return facts | folders


def _search_path(isolation: Isolation, search_path: str) -> str:
    return search_path if isolation is Isolation.NONE and search_path else _SYSTEM_PATH
