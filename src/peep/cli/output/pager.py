"""Long texts on a terminal, by way of the user's pager; elsewhere printed as they are."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable


def show_paged(texts: Iterable[str], *, is_paged: bool) -> None:
    """Print each text; with `is_paged` through PAGER (`less` by default), which may end before all was read.

    The texts hold no control characters but line feeds and colours, so the pager may pass these on (`-R`).
    """
    command = _pager() if is_paged else []
    if not command:
        for text in texts:
            print(text)
        return
    sys.stdout.flush()
    environment = {**os.environ, "LESS": os.environ.get("LESS", "FRX"), "LESSSECURE": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as pager:
        stream = pager.stdin
        assert stream is not None  # noqa: S101 - it is a pipe
        try:
            for text in texts:
                stream.write(text.encode("utf-8", "backslashreplace") + b"\n")
            stream.close()
        except BrokenPipeError:  # the reader had enough
            return


def _pager() -> list[str]:
    """The program and its arguments; empty where there is none, or it is `cat`."""
    try:
        words = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:
        return []
    if not words or words[0] == "cat" or shutil.which(words[0]) is None:
        return []
    return words
