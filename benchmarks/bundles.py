"""Bundles against `sha256sum`: how long creating from archives that are there, and checking, take beside hashing them.

    python benchmarks/bundles.py [--megabytes N] [--archives N] [--repeat N]

Prints a table: seconds (the best of all repeats) and the ratio to `sha256sum` of the same files, one after another.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "src"
LIMIT = 1.5
"""What creating and checking may take, in units of `sha256sum`."""


def wheel(path: Path, size: int) -> None:
    """A sound wheel whose one module holds `size` bytes that do not compress."""
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}/data.bin": os.urandom(size),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{member},sha256={_digest(content)},{len(content)}" for member, content in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def inputs(folder: Path, count: int, size: int) -> list[str]:
    """Wheels in `wheels/`, a list of all of them; gives back the words of `peep bundle create`."""
    (folder / "wheels").mkdir()
    lines = []
    for number in range(count):
        path = folder / "wheels" / f"project{number}-1.0-py3-none-any.whl"
        wheel(path, size)
        lines.append(f"project{number}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}")
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    given = ["-r", "requirements.txt", "--target", "cp312-manylinux_2_28_x86_64", "--no-peep"]
    return ["bundle", "create", *given, "--no-index", "--find-links", "wheels", "bundle"]


def best(repeat: int, run: Callable[[], object]) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--archives", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        create = inputs(folder, asked.archives, asked.megabytes * (1 << 20) // asked.archives)
        environ = {**os.environ, "PYTHONPATH": str(SOURCES), "PEEP_STORE": str(folder / "store")}

        def peep(*words: str) -> None:
            command = [sys.executable, "-m", "peep", "-q", *words]
            subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)

        peep(*create)
        archives = [str(path) for path in sorted((folder / "bundle" / "archives").glob("*.whl"))]
        hashing = best(
            asked.repeat, lambda: subprocess.run(["sha256sum", *archives], check=True, stdout=subprocess.DEVNULL)
        )
        rows = {
            "create, archives there": best(asked.repeat, lambda: peep(*create)),
            "check": best(asked.repeat, lambda: peep("bundle", "check", "bundle")),
        }
    print(f"{asked.megabytes} MB in {asked.archives} archives, {os.cpu_count()} processors; sha256sum: {hashing:.2f} s")
    for name, seconds in rows.items():
        print(f"{name:<24}{seconds:6.2f} s  {seconds / hashing:5.2f} x")
    return int(any(seconds > LIMIT * hashing for seconds in rows.values()))


if __name__ == "__main__":
    raise SystemExit(main())
