"""The user's text editor, on the terminal that peep runs in."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping

_DEFAULT = "notepad" if sys.platform == "win32" else "vi"


class EditorFailed(Exception):
    """The editor could not be started, or said that it failed; the message says which."""


def edited(text: str, environ: Mapping[str, str]) -> str:
    """Let the user edit `text` with `VISUAL`, else `EDITOR`; give back what was saved. Raises `EditorFailed`."""
    command = environ.get("VISUAL") or environ.get("EDITOR") or _DEFAULT
    with tempfile.TemporaryDirectory(prefix="peep-edit-", ignore_cleanup_errors=True) as folder:
        path = os.path.join(folder, "edit.txt")
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        try:
            status = subprocess.run([*shlex.split(command), path], check=False).returncode
        except (OSError, ValueError) as error:
            raise EditorFailed(f"the editor {command!r} can't be started: {error}") from error
        if status != 0:
            raise EditorFailed(f"the editor {command!r} ended with status {status}")
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
