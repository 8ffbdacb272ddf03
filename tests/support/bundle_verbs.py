"""peep in this process, in a folder and with variables of its own: what takes a process each would take minutes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess

from peep.cli.main import run


def peep_here(folder: Path, *words: str, status: int = 0, environ: Mapping[str, str]) -> CompletedProcess[str]:
    """Run `peep WORDS` in `folder`, `environ` added to the variables; the exit status must be `status`."""
    out, err = io.StringIO(), io.StringIO()
    with _inside(folder, environ), redirect_stdout(out), redirect_stderr(err):
        got = run(list(words))
    asked = CompletedProcess(words, got, out.getvalue(), err.getvalue())
    assert asked.returncode == status, asked.stdout + asked.stderr
    assert "Traceback" not in asked.stderr
    return asked


@contextmanager
def _inside(folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    place, variables = Path.cwd(), dict(os.environ)
    os.chdir(folder)
    os.environ.update(environ)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(variables)
