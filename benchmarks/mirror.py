"""Times and memory of `peep mirror` on made-up mirrors: first write, write again, one yank, for growing numbers.

    python benchmarks/mirror.py [--projects 1000 3000 10000] [--files 20] [--work FOLDER]

Facts are put in place first (not timed), as `sync` and `add` leave them; archives are not needed to render pages. Each
run is a process of its own, whose peak memory the system tells.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.layout import facts_path

SETTINGS = 'format = 1\n[[source]]\nname = "ours"\nkind = "folder"\nowns = ["project-*"]\n'
AT = "2026-01-01T00:00:00.000000Z"
MEGABYTE = 1 << 20


def made_facts(number: int, files: int) -> ProjectFacts:
    """Facts of a project with half as many versions as files."""
    name = f"project-{number}"
    found = []
    for file in range(files):
        version = f"1.{file // 2}"
        tag = "py3-none-any" if file % 2 else "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"
        filename = f"project_{number}-{version}-{tag}.whl"
        digest = hashlib.sha256(filename.encode()).hexdigest()
        found.append(
            ArchiveFacts(
                filename, version, digest, 100_000 + file, "ours", AT,
                requires_python=">=3.9", core_metadata=digest[::-1], upload_time=AT,
            )
        )  # fmt: skip
    return ProjectFacts(name, "ours", files=tuple(sorted(found, key=lambda one: one.filename)))


def timed(*words: str) -> tuple[float, float, float]:
    """Seconds, seconds of CPU, and peak memory in MB of `peep mirror WORDS`."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "peep", "mirror", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"peep mirror {' '.join(words)} failed")
    return taken, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(projects: int, files: int, work: Path) -> None:
    mirror = work / f"mirror-{projects}"
    timed("init", str(mirror))
    (mirror / "mirror.toml").write_text(SETTINGS)
    (mirror / "facts").mkdir()
    for number in range(projects):
        facts = made_facts(number, files)
        (mirror / facts_path(facts.name)).write_bytes(facts.content)
    rows = [
        ("first write", timed("write", str(mirror))),
        ("write again, nothing changed", timed("write", str(mirror))),
        ("one yank", timed("yank", str(mirror), "project-7==1.1", "--reason", "broken")),
    ]
    size = sum(path.stat().st_size for path in mirror.rglob("*") if path.is_file())
    for what, (seconds, cpu, memory) in rows:
        print(f"| {projects:,} x {files} | {what} | {seconds:.2f} | {cpu:.2f} | {memory:.0f} |", flush=True)
    print(f"| {projects:,} x {files} | size of facts and pages, MB | {size / MEGABYTE:.0f} | | |", flush=True)
    shutil.rmtree(mirror)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, nargs="+", default=[1000, 3000, 10000])
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--work", type=Path)
    given = parser.parse_args()
    print("| projects x files | what | seconds | of CPU | memory, MB |\n|---|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        for projects in given.projects:
            measure(projects, given.files, Path(folder))


if __name__ == "__main__":
    main()
