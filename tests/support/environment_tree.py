"""Real environments to install into, and what is in them, file by file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from peep.environment.installed import installed_projects
from peep.environment.plan import PlanOptions, plan_install
from peep.model import Digest, InstallPlan, Location, PinnedRequirement, Provenance, StoredWheel, TargetEnvironment
from peep.target.discovery import TargetRequest, discover_target


def make_environment(folder: Path, python: str = sys.executable) -> TargetEnvironment:
    """A virtual environment without pip at `folder`."""
    arguments = [python, "-I", "-m", "venv", "--without-pip", "--symlinks" if os.name == "posix" else "--copies"]
    subprocess.run([*arguments, str(folder)], check=True)
    return discover_target(TargetRequest(python=str(folder)))


def tree_of(folder: str | Path, ignore: Iterable[str] = ()) -> dict[str, str]:
    """Relative path -> kind, mode and content digest of everything below `folder`, empty folders included."""
    found: dict[str, str] = {}
    # Windows can't lock a folder, and the file that stands for it stays.
    ignored = (*ignore, ".peep.lock") if os.name == "nt" else tuple(ignore)
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(place, name)
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            if not relative.endswith(ignored or ("\0",)):
                found[relative] = _entry(path)
    return found


def _entry(path: str) -> str:
    if os.path.islink(path):
        return f"link {os.readlink(path)}"
    if os.path.isdir(path):
        return "folder"
    mode = os.lstat(path).st_mode & 0o111
    return f"file {'x' if mode else '-'} {hashlib.sha256(Path(path).read_bytes()).hexdigest()}"


def tree_digest(folder: str | Path) -> str:
    """One digest of `tree_of`."""
    lines = (f"{path}\0{entry}\n" for path, entry in sorted(tree_of(folder).items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def pin_of(wheel: StoredWheel, *, is_requested: bool = True, extras: Sequence[str] = ()) -> PinnedRequirement:
    """The pin that a user would write for a stored wheel."""
    identity = wheel.identity
    return PinnedRequirement(
        name=identity.name,
        written_name=identity.name,
        version=identity.version,
        locations=(Location("requirements.txt", 1),),
        hashes=(Digest("sha256", wheel.sha256),),
        extras=tuple(extras),
        is_requested=is_requested,
    )


def plan_for(
    wheels: Sequence[StoredWheel], target: TargetEnvironment, options: PlanOptions | None = None
) -> InstallPlan:
    """What installing exactly these wheels means for `target`, all of them from an index."""
    stored: Mapping[str, StoredWheel] = {wheel.identity.name: wheel for wheel in wheels}
    origins = {
        name: Provenance(f"https://index.example/{wheel.identity.filename}", (Digest("sha256", wheel.sha256),))
        for name, wheel in stored.items()
    }
    return plan_install([pin_of(wheel) for wheel in wheels], installed_projects(target), stored, origins, options)
