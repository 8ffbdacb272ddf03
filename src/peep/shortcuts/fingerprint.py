"""Fingerprint of a run: all that it depends on, for both short cuts (docs/shortcuts.md).

It is imported before anything else: it may import nothing that costs time.
"""

import os
import sys

from peep import __version__
from peep.system.file_signature import ABSENT

TYPE_CHECKING = False  # what `typing` calls so, without importing it
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_METADATA = (".dist-info", ".egg-info", ".egg-link", ".egg")
COUNTED_STARTS = (
    "PIP_", "PEEP_", "XDG_", "PYTHON",
    # Beginnings of `build.variables`: versions that backends are told, options of CMake.
    "CMAKE_", "RUSTUP_", "SETUPTOOLS_", "SKBUILD_", "VCS_VERSIONING_",
)  # fmt: skip
COUNTED = (
    "APPDATA", "HOME", "VIRTUAL_ENV",
    # What steers compilers and so the wheels that were built: `build.variables.PASSED_ON`, a test holds both together.
    "AR", "ARCHFLAGS", "CARGO_BUILD_TARGET", "CC", "CFLAGS", "CPPFLAGS", "CXX", "CXXFLAGS", "DEVELOPER_DIR",
    "DISTUTILS_USE_SDK", "FC", "LD", "LDFLAGS", "MACOSX_DEPLOYMENT_TARGET", "MATURIN_PEP517_ARGS", "MSSDK",
    "PBR_VERSION", "PDM_BUILD_SCM_VERSION",
    "PKG_CONFIG", "PKG_CONFIG_PATH", "POETRY_DYNAMIC_VERSIONING_BYPASS", "RUSTFLAGS", "SDKROOT",
    "UV_DYNAMIC_VERSIONING_BYPASS",
    # Where toolchains are that `--build-path` shows to builds: `build.toolchains`.
    "ASDF_DATA_DIR", "ASDF_DIR", "CUDA_HOME", "CUDA_PATH", "GOROOT", "JAVA_HOME", "NVM_DIR", "PYENV_ROOT",
    "RBENV_ROOT", "SDKMAN_DIR",
)  # fmt: skip
_READ_SIZE = 1 << 16
_MOST_PIECES = 1024
"""As many bytes as may be remembered (`system.bounded.RECORDS`)."""
_FILE_TYPE, _REGULAR_FILE = 0o170000, 0o100000  # `stat.S_ISREG`, without a call for each of hundreds of files


def run_key(words: "Sequence[str]", environ: "Mapping[str, str]") -> str:
    """The text of everything that a run depends on and that is no file: words, variables, folder, interpreter."""
    exact = {*COUNTED, *environ.get("PEEP_BUILD_VARIABLES", "").replace(",", " ").split()}
    counted = sorted(
        f"{name}={value}" for name, value in environ.items() if name.startswith(COUNTED_STARTS) or name in exact
    )
    facts = (__version__, os.getcwd(), sys.executable, sys.prefix, sys.version, os.path.abspath(__file__))
    return "\0".join(("settled 2", *facts, *words, "", *counted))


def content(path: str) -> bytes | None:
    """The bytes of a regular file, None when it cannot be read; a pipe is left alone, with all that is in it."""
    try:
        if os.stat(path).st_mode & _FILE_TYPE != _REGULAR_FILE:
            return None
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        pieces = [os.read(descriptor, _READ_SIZE)]
        while len(pieces[-1]) == _READ_SIZE:
            if len(pieces) > _MOST_PIECES:
                return None
            pieces.append(os.read(descriptor, _READ_SIZE))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def metadata_names(folder: str) -> bytes:
    """The names of all metadata folders and files in a site-packages folder, sorted: the projects that are there."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ABSENT
    return "\0".join(sorted(name for name in names if name.endswith(_METADATA))).encode("utf-8", "surrogatepass")
