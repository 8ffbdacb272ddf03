"""Run inside a mount namespace of its own by `tests/mirror/test_full_disk.py`: a mirror on a disk that gets full.

`python -m support.full_mirror add|publish FOLDER` prints what happened as JSON.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from support.mirror_verbs import Said, begun, mirror_verb
from support.mounts import fill
from support.wheels import wheel_bytes

_PAGE = 4096


def main(verb: str, folder: Path) -> dict[str, object]:
    """Run the verb with ever more space, from none, each time on the mirror that was there before."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=True)
    old, archive = begun(folder / "old"), folder / "billing-1.1-py3-none-any.whl"
    _added(old, folder / "billing-1.0-py3-none-any.whl", "1.0")
    archive.write_bytes(wheel_bytes("billing", "1.1", files={"billing.py": "x = 1\n" * 2000}))
    told: list[Said] = []
    broken: list[str] = []
    for pages in range(40):
        place = disk / "mirror"
        if verb == "add":
            shutil.copytree(old, place)
            words = ["add", str(place), str(archive), "--source", "ours"]
        else:
            words = ["publish", str(old), str(place)]
        filler = fill(disk, pages * _PAGE)
        said = mirror_verb(*words, "--format", "json")
        broken += [f"{pages}: {fault}" for fault in _half(place)]
        filler.unlink()
        again = mirror_verb(*words)
        broken += [f"{pages}: {one}" for one in (again.err, *_half(place)) if one]
        if verb == "add" and mirror_verb("check", place).status:
            broken.append(f"{pages}: {mirror_verb('check', place).out}")
        told.append(said)
        shutil.rmtree(place, ignore_errors=True)
        if said.status == 0:
            break
    reasons = {problem["reason"] for said in told[:-1] for problem in json.loads(said.out)["problems"]}
    return {"statuses": [said.status for said in told], "reasons": sorted(reasons), "broken": broken}


def _added(mirror: Path, path: Path, version: str) -> None:
    path.write_bytes(wheel_bytes("billing", version))
    assert mirror_verb("add", mirror, path, "--source", "ours").status == 0


def _half(mirror: Path) -> list[str]:
    """Pages that are not whole, and links of whole ones that lead to nothing or to other bytes."""
    found = []
    for page in mirror.rglob("index.html"):
        text = page.read_text("utf-8")
        if not text.endswith("</html>\n"):
            found.append(f"half a page: {page}")
        for link in text.split('href="')[1:]:
            path, _, digest = unquote(link.partition('"')[0]).partition("#sha256=")
            linked = page.parent / path
            if digest and not (linked.is_file() and sha256(linked.read_bytes()).hexdigest() == digest):
                found.append(f"no such file: {path}")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
