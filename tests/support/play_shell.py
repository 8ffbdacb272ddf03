"""Commands of a page that need a shell or another program than peep, run by `sh` with the programs under test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from support.small_project import programs

_WORKS_HERE = re.compile(r"\b(?:peep|peep\.pyz) (?:\S+ )*?(?:install|sync)\b(?!.*--(?:python|target))")
_AUTHOR = {"GIT_AUTHOR_NAME": "Reviewer", "GIT_AUTHOR_EMAIL": "reviewer@example.org"}
_COMMITTER = {"GIT_COMMITTER_NAME": "Reviewer", "GIT_COMMITTER_EMAIL": "reviewer@example.org"}
ARGUMENT = "3"
"""What a script is given."""


class Shell:
    """Runs lines and scripts in `here`, with programs `peep`, `python` and `python3` that are those under test."""

    def __init__(self, here: Path, environment: str) -> None:
        self._here = here
        self._environment = environment
        self._programs = programs(here.parent / "programs")["PATH"]
        self.missing: set[str] = set()
        """Programs that this machine has not; what names them was not run."""

    def run(self, text: str) -> tuple[int, str]:
        """The exit status and all that is printed; (0, '') for what cannot be run here."""
        if _WORKS_HERE.search(text):  # else it would be the environment of these tests
            assert (self._here / self._environment).is_dir(), f"into which environment? {text}"
        environ = {**os.environ, **_AUTHOR, **_COMMITTER, "PATH": self._programs, "PIP_PYTHON": self._environment}
        if not (self._here / self._environment).is_dir():
            environ.pop("PIP_PYTHON")
        if missing := [name for name in _named(text) if not shutil.which(name, path=self._programs)]:
            self.missing.update(missing)
            return 0, ""
        ended = subprocess.run(
            ["sh", "-euc", text, "sh", ARGUMENT],
            cwd=self._here,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return ended.returncode, ended.stdout


def _named(text: str) -> list[str]:
    """The programs that lines begin with, after `&&` and `|` too, as far as they can be told."""
    found = []
    for piece in re.split(r"&&|\|\|?|;|\n", text):
        words = [word for word in piece.split() if not re.match(r"\w+=", word)]
        found += [word for word in words[:1] if word in _LOOKED_FOR]
    return found


_LOOKED_FOR = frozenset({"git", "grep", "pip", "sha256sum", "ssh-keygen", "uv"})
"""Programs that a machine may be without."""
