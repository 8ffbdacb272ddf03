"""Cache of pip's options, valid until pip, its configuration files or variables change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping

from peep.dataclass import dataclass
from peep.formats.documents import parse_json
from peep.system import bounded
from peep.system.file_signature import signature
from peep.system.files import make_private, write_atomically

FORMAT = 1
HEEDED = ("HOME", "USERPROFILE", "APPDATA", "PROGRAMDATA", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "PYTHONPATH")
"""Variables besides `PIP_*` that decide which configuration files pip reads, or which pip is found."""


@dataclass(frozen=True, slots=True)
class PipMemory:
    """One small file per interpreter in `folder`. Losing it costs a fifth of a second and nothing else."""

    folder: str

    def recall(self, python: str, environ: Mapping[str, str]) -> Mapping[str, object] | None:
        """The remembered answer, None when there is none that still holds."""
        try:
            kept = parse_json(bounded.read_file(self._path(python), bounded.SETTINGS))
            answer = kept["answer"]
            if kept["state"] == _state(python, environ, answer) and isinstance(answer, dict):
                return answer
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return None

    def keep(self, python: str, environ: Mapping[str, str], answer: Mapping[str, object]) -> None:
        """Remember, unless a value may hold credentials or pip does not tell its files; not being able to is fine."""
        if not isinstance(answer.get("files"), list) or _may_hold_secrets(answer.get("values")):
            return
        content = json.dumps({"state": _state(python, environ, answer), "answer": answer}).encode()
        try:
            make_private(self.folder)
            write_atomically(self._path(python), content, 0o600)
        except OSError:
            return

    def _path(self, python: str) -> str:
        return os.path.join(self.folder, f"pip-options-{hashlib.sha256(python.encode()).hexdigest()[:24]}.json")


def _may_hold_secrets(value: object) -> bool:
    """Whether any text in pip's options has an `@`, as all credentials do, and is not the path of a file."""
    if isinstance(value, Mapping):
        return any(_may_hold_secrets(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_may_hold_secrets(inner) for inner in value)
    return isinstance(value, str) and "@" in value and not os.path.isabs(value)


def _state(python: str, environ: Mapping[str, str], answer: Mapping[str, object]) -> list[object]:
    """Everything that the answer depends on, in a form that JSON gives back unchanged."""
    files = answer["files"]
    named = [str(name) for name in files] if isinstance(files, list) else []
    return [FORMAT, _variables(environ), *map(_stamp, (python, os.path.realpath(python), str(answer["pip"]), *named))]


def _variables(environ: Mapping[str, str]) -> str:
    """A digest, because the values may be secret; with the folder that a relative `PIP_CONFIG_FILE` starts from."""
    heeded = sorted((name, value) for name, value in environ.items() if name.startswith("PIP_") or name in HEEDED)
    config = environ.get("PIP_CONFIG_FILE")
    text = json.dumps([heeded, os.path.abspath(config) if config else ""])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _stamp(path: str) -> list[object]:
    """Changes whenever the file does."""
    return [path, signature(path).decode()]
