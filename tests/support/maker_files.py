"""Rows for `peep.proof.maker_table`, of what an installed virtualenv or uv writes.

When a new version is not known yet (`tests/workflows/test_untouched_environments.py` fails), add what

    python tests/support/maker_files.py uv virtualenv

prints, each row below the name of its file. Programs are found on PATH or given by their path. Each makes environments
of a name and a prompt that occur nowhere else, so that the places that were filled in show.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from peep.model import record_hash
from peep.proof import makers
from peep.proof.maker_table import known_fingerprints
from peep.proof.makers import Fingerprint, fingerprint, is_written, values_for

_PROMPT = "ZqPromptQz"
_NAMES = ("bin/*activate*", "bin/pydoc*", ".gitignore", "CACHEDIR.TAG", "lib/*/site-packages/_virtualenv.*")


def unknown_fingerprints(environment: Path) -> Iterator[tuple[str, Fingerprint]]:
    """Name and fingerprint of each file that the maker of `environment` wrote and that the table lacks."""
    [site] = environment.glob("lib/python*/site-packages")
    modules = f"../{site.relative_to(environment)}"
    values = values_for([str(environment)], [_PROMPT], modules, ())
    places = dict.fromkeys(makers.RELOCATABLE, makers.FOLDER)
    places |= {str(environment): makers.FOLDER, _PROMPT: makers.PROMPT, modules: makers.MODULES}
    pattern = re.compile(b"|".join(re.escape(one.encode()) for one in places))
    for path in sorted(path for glob in _NAMES for path in environment.glob(glob)):
        text = path.read_bytes()
        if not is_written(text, known_fingerprints(path.name), values):
            kinds = [places[match[0].decode()] for match in pattern.finditer(text)]
            yield path.name, fingerprint(pattern.split(text), kinds)


def made(program: str, folder: Path, *options: str) -> Path:
    """An environment by uv or virtualenv."""
    words = [program, "venv"] if Path(program).name.startswith("uv") else [program, "--no-seed"]
    environment = folder / f"ZqFolderQz{len(options)}"
    command = [*words, "--prompt", _PROMPT, *options, "--python", sys.executable, str(environment)]
    subprocess.run(command, check=True, capture_output=True)
    return environment


def main(programs: list[str]) -> None:
    """Print the rows that the table lacks."""
    for program in programs:
        is_uv = Path(program).name.startswith("uv")
        for options in [(), ("--relocatable",)] if is_uv else [()]:
            with tempfile.TemporaryDirectory() as folder:
                for name, one in unknown_fingerprints(made(program, Path(folder), *options)):
                    print(f"{name}: {record_hash(bytes.fromhex(one.sha256))} {one.shape}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
