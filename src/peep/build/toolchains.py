"""Toolchains outside of the system's folders: how builds see them, and what the sandbox hides."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence

from peep.dataclass import dataclass

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

TOOLCHAIN_HOMES = {
    "ASDF_DATA_DIR": ".asdf",
    "ASDF_DIR": ".asdf",
    "CUDA_HOME": "",
    "CUDA_PATH": "",
    "GOROOT": "",
    "JAVA_HOME": "",
    "NVM_DIR": ".nvm",
    "PYENV_ROOT": ".pyenv",
    "RBENV_ROOT": ".rbenv",
    "RUSTUP_HOME": ".rustup",
    "SDKMAN_DIR": ".sdkman",
}
"""Variables that tell toolchains where they are, and the folder of the home folder that each means when it is unset."""
_ALSO_GIVEN = ("RUSTUP_TOOLCHAIN", "RUSTUP_AUTO_INSTALL")


@dataclass(frozen=True, slots=True)
class Toolchains:
    """The user's programs, and which of them builds see."""

    user_path: str = ""
    """The user's PATH."""
    folders: tuple[str, ...] = ()
    """Absolute paths of the folders that `--build-path` names."""
    home: str = ""
    """The user's home folder."""
    sees_everything: bool = False
    """Builds run without a sandbox, with the user's PATH."""

    def search_path(self) -> str:
        """The build's PATH after its own tools: programs of the folders named, then the user's or the system's."""
        named = [place for folder in self.folders for place in _program_folders(folder, self.user_path)]
        rest = self.user_path if self.sees_everything and self.user_path else SYSTEM_PATH
        return os.pathsep.join((*dict.fromkeys(named), rest))

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """What tells the toolchains in the folders named where they are."""
        found = {}
        for name, usual in TOOLCHAIN_HOMES.items():
            place = environ.get(name) or (os.path.join(self.home, usual) if usual else "")
            if place and any(_is_within(place, folder) for folder in self.folders):
                found[name] = place
        given = {name: environ[name] for name in _ALSO_GIVEN if environ.get(name)}
        return {**found, **given} if found else {}

    def hiding(self, program: str) -> tuple[str, ...]:
        """The folders to name so that builds see a program of the user's; () when they see it, or there is none."""
        if self.sees_everything or os.sep in program:
            return ()
        path = shutil.which(program, path=self.user_path) if self.user_path else None
        if path is None or shutil.which(program, path=self.search_path()) is not None:
            return ()
        return tuple(folder for folder in self._folders_of(os.path.abspath(path)) if not self._is_seen(folder))

    def explain(self, program: str) -> str:
        """How to let builds see a program that they do not see; '' when it is not there either, or they do."""
        folders = self.hiding(program)
        if not folders:
            return ""
        options = " ".join(f"--build-path {folder}" for folder in folders)
        return f"the program {program} is installed, but hidden from builds by the sandbox; {options} lets them see it"

    def rustup_home(self) -> str:
        """The folder of rustup's toolchains, when builds do not see it; '' otherwise."""
        folder = os.path.join(self.home, TOOLCHAIN_HOMES["RUSTUP_HOME"])
        return folder if os.path.isdir(folder) and not self._is_seen(folder) and not self.sees_everything else ""

    def _is_seen(self, folder: str) -> bool:
        return any(_is_within(folder, named) for named in self.folders)

    def _folders_of(self, path: str) -> Sequence[str]:
        real = os.path.realpath(path)
        if os.path.basename(real) in {"rustup", "rustup-init"}:  # a stand-in that starts what lies elsewhere
            homes = [os.path.join(self.home, TOOLCHAIN_HOMES["RUSTUP_HOME"])]
            return list(dict.fromkeys([os.path.dirname(path), os.path.dirname(real), *filter(os.path.isdir, homes)]))
        folders = [self._installation(path), self._installation(real)]
        if folders[1] == folders[0] or _is_within(folders[1], folders[0]) or _is_within(real, "/usr"):
            return folders[:1]
        return folders

    def _installation(self, path: str) -> str:
        """The folder that a program was installed into; its own where that one holds more than the toolchain."""
        folder = os.path.dirname(path)
        above = os.path.dirname(folder)
        shared = {self.home, os.path.join(self.home, ".local"), os.path.join(self.home, ".cargo"), "/"}
        return folder if os.path.basename(folder) not in {"bin", "shims"} or above in shared else above


def _program_folders(folder: str, user_path: str) -> list[str]:
    """Where a toolchain's programs are: places in it that the user's PATH names, else its `bin`, else itself."""
    named = [place for place in user_path.split(os.pathsep) if place and _is_within(place, folder)]
    inner = os.path.join(folder, "bin")
    return [*named, inner if os.path.isdir(inner) else folder]


def _is_within(path: str, folder: str) -> bool:
    return (os.path.abspath(path) + os.sep).startswith(folder.rstrip(os.sep) + os.sep)
