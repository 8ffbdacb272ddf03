"""`peep mirror` in this process, and what it says; a mirror with a private and a public source."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from peep.cli.main import run

SETTINGS = """\
format = 1
[[source]]
name = "ours"
kind = "folder"
owns = ["billing", "acme-*"]
[[source]]
name = "public"
kind = "index"
url = "{url}"
owns = "listed"
"""


@dataclass(frozen=True)
class Said:
    """The exit status of a run and what it printed."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


def mirror_verb(*words: str | Path) -> Said:
    """Run `peep mirror WORDS`."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(["mirror", *map(str, words)])
    return Said(status, out.getvalue(), err.getvalue())


def as_json(*words: str | Path) -> Any:
    """Run it with `--format json` and give back its value; it must succeed."""
    said = mirror_verb(*words, "--format", "json")
    assert said.status == 0, said.out + said.err
    return said.value


def begun(folder: Path, url: str = "http://127.0.0.1:9/simple/") -> Path:
    """An empty mirror with the two sources of `SETTINGS`."""
    assert mirror_verb("init", folder).status == 0
    (folder / "mirror.toml").write_text(SETTINGS.format(url=url))
    return folder


def pin(name: str, version: str, *contents: bytes, marker: str = "") -> str:
    """A line of a list."""
    hashes = "".join(f" --hash=sha256:{sha256(content).hexdigest()}" for content in contents)
    return f"{name}=={version}{f' ; {marker}' if marker else ''}{hashes}\n"


def facts(mirror: Path, name: str) -> Any:
    return json.loads((mirror / "facts" / f"{name}.json").read_bytes())


def pages(mirror: Path, name: str) -> tuple[str, Any]:
    """The two pages of a project."""
    folder = mirror / "simple" / name
    return (folder / "index.html").read_text(), json.loads((folder / "index.v1_json").read_bytes())


def filenames(mirror: Path, name: str) -> list[str]:
    """Of the files that the page of a project offers."""
    return [file["filename"] for file in pages(mirror, name)[1]["files"]]


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of each file."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".peep-mirror.lock")
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
