"""What bundles and mirrors learn of an archive, from the archive alone."""

import io
import zipfile

import pytest

from peep.archives.carried_metadata import read_carried_metadata
from peep.errors import ArchiveError
from peep.model import ArchiveKind
from support.wheels import sdist_bytes, wheel_bytes, zip_bytes


def read(filename, content):
    return read_carried_metadata(filename, io.BytesIO(content))


def test_a_wheel_brings_its_metadata_whole():
    content = wheel_bytes("Demo", "1.0", requires=["six>=1"], metadata=["Requires-Python: >=3.8,<4"])
    carried = read("Demo-1.0-py3-none-any.whl", content)
    assert (carried.name, carried.version, carried.kind) == ("demo", "1.0", ArchiveKind.WHEEL)
    assert (carried.requires_python, carried.requires_dist) == (">=3.8,<4", ("six>=1",))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [path] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        assert carried.metadata == archive.read(path)


def test_a_source_archive_brings_what_is_final():
    carried = read("demo-1.0.tar.gz", sdist_bytes("demo", "1.0", requires=["six"]))
    assert (carried.name, carried.version, carried.kind) == ("demo", "1.0", ArchiveKind.SDIST)
    assert (carried.metadata, carried.requires_dist) == (None, ("six",))
    assert carried.pyproject.startswith(b"[build-system]")


def test_a_source_archive_that_only_its_backend_knows():
    members = {"demo-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.7\n"}
    carried = read("demo-1.0.zip", zip_bytes(members))
    assert (carried.requires_dist, carried.requires_python, carried.pyproject) == (None, ">=3.7", None)


def test_an_archive_of_a_repository_is_known_by_its_pkg_info_or_not_at_all():
    members = {"demo-abc/PKG-INFO": b"Metadata-Version: 2.2\nName: De.Mo\nVersion: 3\n", "demo-abc/x.py": b""}
    assert read("v3.zip", zip_bytes(members)).name == "de-mo"
    with pytest.raises(ArchiveError, match="which project"):
        read("v3.zip", zip_bytes({"demo-abc/x.py": b""}))


@pytest.mark.parametrize("filename", ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "demo-1.0.zip"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\x1f\x8b\x08", b"<html>"])
def test_what_is_no_archive_is_refused(filename, content):
    with pytest.raises(ArchiveError) as refused:
        read(filename, content)
    assert refused.value.filename == filename


def test_a_wheel_of_another_project_is_refused():
    with pytest.raises(ArchiveError):
        read("other-1.0-py3-none-any.whl", wheel_bytes("demo", "1.0"))
