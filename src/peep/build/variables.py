"""Environment variables of a build: a short list, the same on every machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from peep.build.toolchains import SYSTEM_PATH
from peep.system.sandbox import BuildArea

PASSED_ON = (
    "AR",
    "ARCHFLAGS",
    "CARGO_BUILD_TARGET",
    "CC",
    "CFLAGS",
    "CMAKE_ARGS",
    "CMAKE_BUILD_PARALLEL_LEVEL",
    "CMAKE_GENERATOR",
    "CMAKE_PREFIX_PATH",
    "CMAKE_TOOLCHAIN_FILE",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "DEVELOPER_DIR",
    "DISTUTILS_USE_SDK",
    "FC",
    "LD",
    "LDFLAGS",
    "MACOSX_DEPLOYMENT_TARGET",
    "MATURIN_PEP517_ARGS",
    "MSSDK",
    "PBR_VERSION",
    "PDM_BUILD_SCM_VERSION",
    "PKG_CONFIG",
    "PKG_CONFIG_PATH",
    "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "RUSTFLAGS",
    "SDKROOT",
    "SETUPTOOLS_SCM_PRETEND_METADATA",
    "SETUPTOOLS_SCM_PRETEND_VERSION",
    "SETUPTOOLS_USE_DISTUTILS",
    "SKBUILD_CMAKE_ARGS",
    "SKBUILD_CMAKE_DEFINE",
    "UV_DYNAMIC_VERSIONING_BYPASS",
    "VCS_VERSIONING_PRETEND_VERSION",
)
"""What users set to steer compilers and backends, as these advise. It goes through, and enters the build's key."""

PASSED_ON_FOR_ONE = (
    "SETUPTOOLS_SCM_OVERRIDES_FOR_",
    "SETUPTOOLS_SCM_PRETEND_METADATA_FOR_",
    "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_",
    "VCS_VERSIONING_PRETEND_VERSION_FOR_",
)
"""Beginnings of further ones, which end in the name of a project."""

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


def steering_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Those of the user's variables that a build gets: the documented ones, and what `PEEP_BUILD_VARIABLES` names."""
    named = environ.get(MORE, "").replace(",", " ").split()
    return {name: value for name, value in environ.items() if value and (is_passed_on(name) or name in named)}


def is_passed_on(name: str) -> bool:
    """Whether builds get a variable of this name without being told to."""
    return name in PASSED_ON or name.startswith(PASSED_ON_FOR_ONE)


def build_variables(
    area: BuildArea, scripts: str, epoch: int, steering: Mapping[str, str], search_path: str = SYSTEM_PATH
) -> dict[str, str]:
    """The whole environment of a backend.

    `scripts` is the inside path of the build tools' programs; `epoch` is SOURCE_DATE_EPOCH in seconds
    (reproducible-builds.org); `steering` comes from `steering_variables`; `search_path` is the PATH behind those
    programs, from `Toolchains.search_path`.
    """
    home, temporary = area.inside("build", "home"), area.inside("build", "tmp")
    variables = {
        "HOME": home,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join((scripts, search_path)),
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
