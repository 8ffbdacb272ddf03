"""N6: the metadata files that an index offers beside its archives (PEP 658) are never asked for, so they cannot lie."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from support.fake_index import FakeIndex
from support.wheels import wheel_bytes

FILE = "demo-1.0-py3-none-any.whl"


def test_n6_lying_core_metadata_is_never_looked_at(tmp_path: Path) -> None:
    wheel = wheel_bytes("demo", "1.0")
    digest = hashlib.sha256(wheel).hexdigest()
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"demo==1.0 --hash=sha256:{digest}\n")
    with FakeIndex({"demo": {FILE: wheel}}) as index:
        page = f'<a href="{index.file_url("demo", FILE)}" data-core-metadata="sha256={"0" * 64}">{FILE}</a>'
        index.content.pages["/simple/demo/"] = ("text/html", page.encode())
        target = ["--target", str(tmp_path / "lib"), "--index-url", index.simple_url]
        done = subprocess.run(
            [sys.executable, "-m", "peep", "install", *target, "-r", str(requirements)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        asked = [request.path for request in index.requests]

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lib" / "demo").is_dir()
    assert asked
    assert [path for path in asked if "metadata" in path] == []
