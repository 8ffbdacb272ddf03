"""The bytes of the one-file edition: the same everywhere, and nothing in them that was not asked for."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from peep.errors import PeepError
from peep.pipeline.one_file import MAIN, SHEBANG, archive_bytes, combined, is_wanted
from peep.workflows.embed import LIBRARIES, embedded_pins, own_members


def test_the_bytes_depend_on_nothing_but_the_members():
    """A fixed digest: any clock, version of Python, of zlib or of zipfile that leaks in would change it."""
    content = archive_bytes({"b.py": b"B = 2\n", "a/x.py": b"", "ä.txt": b"\xff"}, b"pass\n")
    assert hashlib.sha256(content).hexdigest() == "794f39e31db6bfb09648ad58a6bf557876ae6933fe4416a0c4134641e7ade3b1"
    listed = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert [member.filename for member in listed] == ["__main__.py", "a/x.py", "b.py", "ä.txt"]
    assert {member.date_time for member in listed} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.compress_type for member in listed} == {zipfile.ZIP_STORED}
    assert content.startswith(SHEBANG)
    assert archive_bytes({"ä.txt": b"\xff", "a/x.py": b"", "b.py": b"B = 2\n"}, b"pass\n") == content


def test_members_may_come_from_one_origin_only():
    with pytest.raises(PeepError, match=r"shared\.py is in a and in b"):
        combined({"a": {"shared.py": b""}, "b": {"shared.py": b""}})
    with pytest.raises(PeepError, match="entry point of its own"):
        archive_bytes({"__main__.py": b""})


@pytest.mark.parametrize("path", ["x/_speedups.cpython-310-x86_64-linux-gnu.so", "x.pyd", "a/b.dylib", "c.dll"])
def test_native_code_is_refused(path: str):
    with pytest.raises(PeepError, match="native code"):
        is_wanted(path)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("urllib3/connection.py", True),
        ("urllib3-2.8.0.dist-info/licenses/LICENSE.txt", True),
        ("urllib3-2.8.0.dist-info/METADATA", True),
        ("urllib3-2.8.0.dist-info/RECORD", False),
        ("urllib3/py.typed", False),
        ("urllib3/x.pyi", False),
    ],
)
def test_what_is_taken_of_a_library(path: str, wanted: bool):
    assert is_wanted(path) is wanted


def test_peep_pins_every_library_that_it_embeds():
    pins = embedded_pins().pins
    assert {pin.name for pin in pins} == LIBRARIES
    assert all(len(pin.hashes) == 1 for pin in pins)


def test_the_source_of_peep_is_all_there():
    members = dict(own_members())
    package = Path(__file__).parents[2] / "src" / "peep"
    sources = {f"peep/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")}
    assert {path for path in members if path.endswith(".py")} == sources
    assert "peep/runtime-requirements.txt" in members
    assert not any("__pycache__" in path for path in members)


def test_the_edition_imports_nothing_that_is_installed(tmp_path: Path):
    """What is installed beside it was not examined: not even what stands on PYTHONPATH may be imported."""
    report = (
        b"import sys\n\n\ndef main():\n    import json, _ctypes\n    print(*sys.path, sep='\\n')\n    import evil\n"
    )
    edition = tmp_path / "peep.pyz"
    edition.write_bytes(
        archive_bytes({"peep/__init__.py": b"", "peep/cli/__init__.py": b"", "peep/cli/main.py": report})
    )
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "evil.py").write_text("print('evil ran')")
    result = subprocess.run(
        [sys.executable, str(edition)],
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.splitlines()[0] == str(edition)
    assert "evil ran" not in result.stdout
    assert "No module named 'evil'" in result.stderr
    assert "site-packages" not in result.stdout


def test_an_old_python_is_told_so():
    assert MAIN.index(b"version_info < (3, 10)") < MAIN.index(b"import os")
    compile(MAIN, "__main__.py", "exec", dont_inherit=True)
