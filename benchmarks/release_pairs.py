"""Real pairs of consecutive releases: make the manifest, fetch what it lists, compare, and print what was found.

    python benchmarks/release_pairs.py add PROJECT...     adds to benchmarks/release_pairs.tsv from the configured index
    python benchmarks/release_pairs.py measure [FOLDER [PROJECT...]]    compares all pairs; FOLDER keeps the archives

The manifest states each archive's sha256; what comes with another one is an error, never another measurement.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from machine_index import index_of_machine
from packaging.tags import sys_tags
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from peep.examine.answer import decoded_comparison
from peep.examine.rules import grade_of
from peep.examine.summary import line_counts
from peep.examine.types import RUNS_UNASKED, Comparison, Hit
from peep.index.client import PackageIndex

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "release_pairs.tsv"
_TUNED_ON = 61
"""Projects at the beginning of the manifest that the rules were tuned on."""
_RELEASES = 4
_LARGEST = 20_000_000
QUIET = {"note"}
_MEASURE = """
import json, resource, sys, time
from peep.examine.analysis import answer_to
sys.setrecursionlimit(3000)
import gc; gc.disable()
import warnings; warnings.simplefilter("ignore")
start = time.process_time()
answer = answer_to(json.loads(sys.argv[1]))
usage = resource.getrusage(resource.RUSAGE_SELF)
# ru_maxrss would be that of the process that started this one, where that is larger.
memory = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
json.dump({"cpu": usage.ru_utime + usage.ru_stime, "memory": memory, "answer": answer}, sys.stdout)
"""


@dataclass(frozen=True)
class Archive:
    project: str
    version: str
    filename: str
    sha256: str


def read_manifest() -> dict[str, dict[str, list[Archive]]]:
    """Project -> version (oldest first) -> archives."""
    found: dict[str, dict[str, list[Archive]]] = {}
    for line in MANIFEST.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            archive = Archive(*line.split("\t"))
            found.setdefault(archive.project, {}).setdefault(archive.version, []).append(archive)
    return found


def pairs(manifest: dict[str, dict[str, list[Archive]]]) -> Iterator[tuple[str, str, str]]:
    for project, versions in manifest.items():
        names = list(versions)
        for old, new in pairwise(names):
            yield project, old, new


# -- fetching ------------------------------------------------------------------------------------------


def fetch(manifest: dict[str, dict[str, list[Archive]]], folder: Path) -> None:
    """Put every archive into FOLDER/PROJECT/VERSION, by peep's own download, and compare its digest.

    One run lists one archive of each project: more versions of a project are nothing that one list can hold.
    """
    listed = {
        project: [one for archives in versions.values() for one in archives] for project, versions in manifest.items()
    }
    for number in range(max(map(len, listed.values()), default=0)):
        batch = [archives[number] for archives in listed.values() if number < len(archives)]
        missing = [one for one in batch if not _place(folder, one).exists()]
        for is_wheel in (True, False):
            _download([one for one in missing if one.filename.endswith(".whl") is is_wheel], folder, is_wheel=is_wheel)
        for one in batch:
            digest = hashlib.sha256(_place(folder, one).read_bytes()).hexdigest()
            if digest != one.sha256:
                raise SystemExit(f"{one.filename}: sha256 {digest}, the manifest lists {one.sha256}")


def _place(folder: Path, archive: Archive) -> Path:
    return folder / archive.project / archive.version / archive.filename


def _download(archives: list[Archive], folder: Path, *, is_wheel: bool) -> None:
    if not archives:
        return
    lines = "".join(f"{one.project}=={one.version} --hash=sha256:{one.sha256}\n" for one in archives)
    kind = "--only-binary" if is_wheel else "--no-binary"
    words = ["-q", "download", "-r", "-", "--no-check-dependencies", "--ignore-requires-python", kind, ":all:"]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [sys.executable, "-m", "peep", *words, "-d", scratch]
        subprocess.run(command, input=lines.encode(), check=True, env=_environment())
        for one in archives:
            _place(folder, one).parent.mkdir(parents=True, exist_ok=True)
            (Path(scratch) / one.filename).rename(_place(folder, one))


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE.parent / "src")}


# -- the manifest --------------------------------------------------------------------------------------


def add(projects: list[str]) -> None:
    """Append the newest final releases of each project that have a wheel for this interpreter and an sdist.

    What the manifest has stays as it is. A project without two such releases is told, and left out.
    """
    known = read_manifest()
    with index_of_machine() as index, MANIFEST.open("a", encoding="utf-8") as manifest:
        for project in projects:
            if project not in known:
                releases = _complete_releases(_listed(project, index))
                print(project, *releases if len(releases) > 1 else ["left out: fewer than two releases fit"])
                for version, archives in releases.items() if len(releases) > 1 else ():
                    manifest.writelines(f"{project}\t{version}\t{name}\t{sha256}\n" for name, sha256 in archives)


def _complete_releases(files: Iterable[dict[str, object]]) -> dict[str, list[tuple[str, str]]]:
    """Version, oldest first -> name and sha256 of the wheel and of the sdist."""
    releases: dict[str, dict[str, tuple[int, str, str]]] = defaultdict(dict)
    for file in files:
        _note(file, releases)
    complete = [version for version, kinds in releases.items() if {"wheel", "sdist"} <= kinds.keys()]
    newest = sorted(complete, key=Version)[-_RELEASES:]
    return {version: [releases[version][kind][1:] for kind in ("wheel", "sdist")] for version in newest}


def _listed(project: str, index: PackageIndex) -> Iterator[dict[str, object]]:
    for detail in index.project(project)[:1]:
        for file in detail.files:
            digests = [digest.hex for digest in file.hashes if digest.algorithm == "sha256"]
            if digests and (file.size or 0) < _LARGEST and file.yanked is None:
                yield {"name": file.filename, "sha256": digests[0], "size": file.size or 0}


def _note(file: dict[str, object], releases: dict[str, dict[str, tuple[int, str, str]]]) -> None:
    name = str(file["name"])
    try:
        if name.endswith(".whl"):
            _, version, _, tags = parse_wheel_filename(name)
            ranks = {tag: rank for rank, tag in enumerate(sys_tags())}
            rank = min((ranks[tag] for tag in tags if tag in ranks), default=-1)
            kind = "wheel"
        else:
            _, version = parse_sdist_filename(name)
            rank, kind = 0, "sdist"
    except (InvalidWheelFilename, InvalidSdistFilename):
        return
    if rank < 0 or version.is_prerelease:
        return
    known = releases[str(version)].get(kind)
    if known is None or rank < known[0]:
        releases[str(version)][kind] = (rank, name, str(file["sha256"]))


# -- measuring -----------------------------------------------------------------------------------------


def measured(folder: Path, project: str, old: str, new: str) -> dict[str, Any]:
    """Compare one pair in a process of its own."""
    order = {side: _order(folder / project / version) for side, version in (("old", old), ("new", new))}
    command = [sys.executable, "-c", _MEASURE, json.dumps(order)]
    done = subprocess.run(command, capture_output=True, env=_environment(), check=False)
    if done.returncode:
        raise SystemExit(f"{project} {old} {new}: {done.stderr.decode()[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _order(folder: Path) -> list[tuple[str, str, str]]:
    return [(path.name, str(path), "wheel" if path.suffix == ".whl" else "sdist") for path in sorted(folder.iterdir())]


def _loud(found: Comparison) -> list[Hit]:
    return [hit for hit in found.signals if grade_of(hit.rule) not in QUIET]


def _print_found(name: str, found: Comparison) -> None:
    for hit in _loud(found):
        print(f"{name}: {hit.rule} {hit.path}:{hit.line} {hit.evidence[:110]!a}")
    for one in found.capabilities:
        print(f"{name}: can {one.capability} {one.when} {one.path}:{one.line} {one.call}")


class Tally:
    """What some pairs came to."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.numbers: dict[str, list[float]] = defaultdict(list)

    def add(self, found: Comparison, measured: dict[str, float]) -> None:
        self._count_signals(found, _loud(found))
        self._count_origins(found)
        self._note_numbers(found, measured)

    def _count_signals(self, found: Comparison, loud: list[Hit]) -> None:
        self.totals["pairs"] += 1
        self.totals["pairs with a signal outside tests"] += any(hit.moment != "metadata" for hit in loud)
        self.totals["pairs with metadata"] += any(hit.moment == "metadata" for hit in loud)
        self.totals["pairs with capabilities"] += bool(found.capabilities)
        self.totals["pairs with anything"] += bool(loud or found.capabilities)
        self.totals["pairs with a stop"] += any(grade_of(hit.rule) == "stop" for hit in loud)
        self.totals["pairs with files not analysed"] += bool(found.not_analysed)
        self.rules.update({hit.rule for hit in found.signals})
        self.rules.update({f"{hit.rule} (in tests)" for hit in found.folded})

    def _count_origins(self, found: Comparison) -> None:
        if found.identity is not None:
            self.totals["wheel files"] += found.identity.files
            for origin in ("same", "line_ends", "elsewhere", "differs", "generated", "compiled", "only_in_wheel"):
                self.totals[f"wheel files {origin}"] += getattr(found.identity, origin)

    def _note_numbers(self, found: Comparison, measured: dict[str, float]) -> None:
        counts = line_counts(found.changes, frozenset())
        unasked = [one for one in found.changes if one.moment in RUNS_UNASKED and one.sha256]
        self.numbers["CPU seconds"].append(measured["cpu"])
        self.numbers["memory MB"].append(measured["memory"] / 1024)
        self.numbers["lines that can run"].append(counts.run)
        self.numbers["lines that run unasked"].append(sum(one.plus + one.minus for one in unasked))

    def show(self) -> None:
        for name, count in sorted(self.totals.items()):
            print(f"{name:<40}{count:>8}")
        for name, values in self.numbers.items():
            values.sort()
            p90 = values[int(len(values) * 0.9)]
            print(f"{name:<24} median {median(values):>9.2f}  p90 {p90:>9.2f}  max {values[-1]:>9.2f}")


def measure(folder: Path, projects: list[str]) -> None:
    manifest = {name: found for name, found in read_manifest().items() if not projects or name in projects}
    folder.mkdir(parents=True, exist_ok=True)
    fetch(manifest, folder)
    tallies = {name: Tally() for name in ("all", "tuned on", "chosen later")}
    tuned_on = set(list(read_manifest())[:_TUNED_ON])
    started = time.monotonic()
    for project, old, new in pairs(manifest):
        group = tallies["tuned on" if project in tuned_on else "chosen later"]
        result = measured(folder, project, old, new)
        if "comparison" not in result["answer"]:
            for tally in (tallies["all"], group):
                tally.totals["pairs not analysed"] += 1
            print(f"{project} {old} {new}: {result['answer']}")
            continue
        found = decoded_comparison(result["answer"]["comparison"])
        _print_found(f"{project} {old} {new}", found)
        for tally in (tallies["all"], group):
            tally.add(found, result)
    print(f"\n{time.monotonic() - started:.0f} s, {len(manifest)} projects, load {os.getloadavg()[2]:.1f} at the end")
    _show(tallies)


def _show(tallies: dict[str, Tally]) -> None:
    for name, tally in tallies.items():
        print(f"\n{name}")
        tally.show()
    for rule, count in tallies["all"].rules.most_common():
        print(f"{rule:<40}{count:>8}")


def main(words: list[str]) -> None:
    if words[:1] == ["add"]:
        add(words[1:])
    elif words[:1] == ["measure"] and len(words) > 1:
        measure(Path(words[1]), words[2:])
    elif words == ["measure"]:
        with tempfile.TemporaryDirectory() as scratch:
            measure(Path(scratch), [])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
