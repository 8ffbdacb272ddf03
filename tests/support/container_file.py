"""Container file as a list of stages, each built in a folder of its own: what a builder does, as far as files go.

Only what examples use is understood: ARG, FROM, WORKDIR, COPY, RUN in the shell form, USER, CMD; anything else is an
error. Absolute paths of a stage lie below the stage's folder, so a RUN sees its own files and this machine's programs.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """One stage: where its root lies, and what was said of it."""

    name: str
    root: Path
    workdir: str = "/"
    ran: list[tuple[dict[str, str], str]] = field(default_factory=list)
    """Flags and command of each RUN."""
    user: str = ""
    command: list[str] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """Where a path of the stage lies on this machine."""
        return self.root / str(Path(self.workdir) / path).lstrip("/")


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield word and rest of each instruction, comments left out, continued lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def build(text: str, context: Path, scratch: Path, environ: Mapping[str, str]) -> list[Stage]:
    """Build every stage below `scratch`; raises `AssertionError` where a RUN fails."""
    stages: list[Stage] = []
    for word, rest in instructions(text):
        if word == "FROM":
            name = rest.split()[-1] if " AS " in rest else f"stage-{len(stages)}"
            stages.append(Stage(name, scratch / name))
            stages[-1].root.mkdir()
        elif word != "ARG":
            _carry_out(word, rest, stages, context, environ)
    return stages


def _carry_out(word: str, rest: str, stages: list[Stage], context: Path, environ: Mapping[str, str]) -> None:
    stage = stages[-1]
    flags, rest = _flags(rest)
    if word == "WORKDIR":
        stage.workdir = rest
        stage.place(".").mkdir(parents=True, exist_ok=True)
    elif word == "COPY":
        source = next((one for one in stages if one.name == flags.get("from")), None)
        assert source is not None or "from" not in flags, f"COPY --from={flags['from']}: no such stage"
        *names, target = rest.split()
        for name in names:
            _copy(source.place(name) if source else context / name, stage, target)
    elif word == "RUN":
        stage.ran.append((flags, rest))
        _run(stage, flags, rest, environ)
    elif word == "USER":
        stage.user = rest
    elif word == "CMD":
        stage.command = json.loads(rest)
    else:
        raise AssertionError(f"{word} is not understood here")


def _flags(rest: str) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    while match := re.match(r"--([\w-]+)=(\S+)\s+", rest):
        found[match[1]] = match[2]
        rest = rest[match.end() :]
    return found, rest


def _copy(source: Path, stage: Stage, target: str) -> None:
    place = stage.place(target)
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        return
    if target.endswith("/"):
        place = place / source.name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, place)


def _run(stage: Stage, flags: Mapping[str, str], command: str, environ: Mapping[str, str]) -> None:
    """Without network where the flag says so and this machine can; pip's index is then nowhere to be found either."""
    rooted = re.sub(r"(?<=\s)/(?=\w)", f"{stage.root}/", command)
    words = ["sh", "-euc", rooted]
    known = dict(environ)
    if flags.get("network") == "none":
        known.pop("PIP_INDEX_URL", None)
        if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0:
            words = ["unshare", "-rn", *words]
    done = subprocess.run(
        words, cwd=stage.place("."), env=known, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"RUN {command}\n{done.stdout}{done.stderr}"
