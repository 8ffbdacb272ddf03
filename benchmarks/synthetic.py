"""Small made-up wheels, for measuring how a run grows with the number of projects."""

from __future__ import annotations

import hashlib
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

_EPOCH = (2020, 1, 1, 0, 0, 0)


def write_wheels(folder: Path, count: int) -> Path:
    """Write `count` wheels of five files each to `folder`; give back a requirements file that pins them all."""
    lines = []
    for number in range(count):
        archive = _write_wheel(folder, f"growth_{number:04}")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        lines.append(f"growth-{number:04}==1.0 --hash=sha256:{digest}")
    requirements = folder / f"growth-{count}.txt"
    requirements.write_text("\n".join(lines) + "\n")
    return requirements


def _write_wheel(folder: Path, name: str) -> Path:
    info = f"{name}-1.0.dist-info"
    members = {
        f"{name}/__init__.py": f'"""Made for measuring: {name}."""\n',
        f"{name}/module.py": "VALUE = 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: benchmarks\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_record_hash(text)},{len(text.encode())}" for path, text in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    archive = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, text in members.items():
            wheel.writestr(zipfile.ZipInfo(path, _EPOCH), text)
    return archive


def _record_hash(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
