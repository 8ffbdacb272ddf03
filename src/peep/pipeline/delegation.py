"""Delegation of verbs to pip of the target interpreter, with its streams, signals and exit status."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from importlib.metadata import distributions

from peep.dataclass import dataclass
from peep.errors import PeepError, UsageError
from peep.formats.url_secrets import redacted_in
from peep.pipeline.delegated_secrets import may_be_printed, refuse_ambiguous
from peep.system.relay import run_with_filtered_errors, wait_for
from peep.target.discovery import named_interpreter
from peep.target.steering import refuse_steered

_ASK_FOR_PIP = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"


@dataclass(frozen=True, slots=True)
class PipCall:
    """Words for pip, with `--python` taken out of them: `python` is what it named, or None."""

    python: str | None
    words: tuple[str, ...]


def pip_call(words: Sequence[str]) -> PipCall:
    """Take `--python X` and `--python=X` out of pip's words; what stands after `--` is left alone.

    Raises `UsageError` when its value is missing.
    """
    python: str | None = None
    kept: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return PipCall(python, (*kept, word, *rest))
        if word == "--python":
            if not rest:
                raise UsageError("--python wants an interpreter, or the folder of a virtual environment")
            python = rest.pop(0)
        elif word.startswith("--python="):
            python = word.partition("=")[2]
        else:
            kept.append(word)
    return PipCall(python, tuple(kept))


def run_pip(words: Sequence[str]) -> int:
    """Become pip with these words; on Windows, where nothing can become something else, wait for it.

    Gives back pip's exit status, if it comes back at all; raises `PeepError` when there is no pip to be had, and
    `UsageError` for what must not reach it. No verb that gets here fetches what a requirements file lists: those that
    do are peep's own, and see hashes in comments. Where passwords are among what pip gets, peep stays, and hides them
    in what pip says on standard error; its results are left as they are.
    """
    refuse_ambiguous(words, os.environ)
    command = pip_command(pip_call(words))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if may_be_printed(words, os.environ):
        return run_with_filtered_errors(command, redacted_in)
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606 - the point: pip takes this process over, signals and all
    with subprocess.Popen(command) as process:
        return wait_for(process)


def pip_command(call: PipCall) -> list[str]:
    """Name the program and all words: the target's own pip, or ours told of the target when it has none."""
    if call.python is None:
        if not has_pip():
            raise PeepError(
                f"{sys.executable} has no pip, and this verb is pip's",
                "name an interpreter that has one: peep --python PATH …; or run: python -m ensurepip",
            )
        # -P: not even a folder named pip in the working directory may stand in for pip
        safe_path = ["-P"] if sys.version_info >= (3, 11) else []
        return [sys.executable, *safe_path, "-m", "pip", *call.words]
    python = named_interpreter(call.python)
    refuse_steered(python)
    if subprocess.run([python, "-I", "-c", _ASK_FOR_PIP], check=False).returncode == 0:
        return [python, "-m", "pip", *call.words]
    return pip_command(PipCall(None, ("--python", call.python, *call.words)))


def has_pip() -> bool:
    """Whether a fresh interpreter of the running kind would find pip."""
    return PathFinder.find_spec("pip", _import_folders()) is not None


def pip_version_line() -> str | None:
    """What `pip --version` prints, without the time that starting pip takes; None when there is no pip."""
    spec = PathFinder.find_spec("pip", _import_folders())
    if spec is None or spec.origin is None:
        return None
    package = os.path.dirname(spec.origin)
    found = next(iter(distributions(name="pip", path=[os.path.dirname(package)])), None)
    version = found.version if found else "?"
    return f"pip {version} from {package} (python {sys.version_info[0]}.{sys.version_info[1]})"


def _import_folders() -> list[str]:
    """Where a fresh interpreter looks: `sys.path` alone won't do, since the one-file edition takes much off it."""
    variable = os.environ.get("PYTHONPATH", "")
    folders = [*sys.path, *filter(None, variable.split(os.pathsep)), *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return folders
