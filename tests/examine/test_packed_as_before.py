"""A wheel's file that is packed as in the older release is not unpacked again, and nothing else is taken for it."""

import io

import pytest

from peep.archives.zip_reader import ZipReader
from peep.examine.release import Release
from support.wheels import wheel_bytes, wheel_filename, wheel_members

FILES = {"inert/__init__.py": b"import os\n" * 400, "inert/data.txt": bytes(200_000), "inert/empty.py": b""}
OTHER = {**FILES, "inert/__init__.py": b"import sys\n" * 400}


def opened(version, content, earlier=None):
    release = Release(earlier)
    release.add_wheel(wheel_filename("inert", version), io.BytesIO(content), is_main=True)
    return release


def wheel(version, files):
    return wheel_bytes("inert", version, files=files)


@pytest.fixture
def unpacked(monkeypatch):
    """Names of members whose content is inflated, in order."""
    names = []
    whole, chunks = ZipReader.whole, ZipReader.chunks
    monkeypatch.setattr(ZipReader, "whole", lambda self, member: names.append(member.name) or whole(self, member))
    monkeypatch.setattr(ZipReader, "chunks", lambda self, member: names.append(member.name) or chunks(self, member))
    return names


@pytest.mark.parametrize("files", [pytest.param(FILES, id="the same"), pytest.param(OTHER, id="one changed")])
def test_a_release_is_the_same_whatever_came_before(files):
    with opened("1.0", wheel("1.0", FILES)) as old:
        alone, after = opened("1.1", wheel("1.1", files)), opened("1.1", wheel("1.1", files), old)

        assert after.main_wheel == alone.main_wheel
        assert after.main_wheel.warnings == ()
        assert {
            path: after.content(file.sha256) for path, file in after.main_wheel.files.items() if path in files
        } == files


def test_only_what_is_packed_otherwise_is_unpacked(unpacked):
    with opened("1.0", wheel("1.0", FILES)) as old:
        unpacked.clear()
        opened("1.1", wheel("1.1", OTHER), old)

    assert [name for name in dict.fromkeys(unpacked) if name in FILES] == ["inert/__init__.py"]


def test_a_digest_that_record_states_falsely_is_noticed():
    """RECORD states the digest of the older release's content; the bytes are others."""
    changed = {**FILES, "inert/__init__.py": FILES["inert/__init__.py"].replace(b"os", b"sO", 1)}
    record = wheel_members("inert", "1.1", files=FILES)["inert-1.1.dist-info/RECORD"]
    false_record = wheel_bytes("inert", "1.1", files=changed, record=record)
    with opened("1.0", wheel("1.0", FILES)) as old:
        after = opened("1.1", false_record, old)

    assert after.main_wheel == opened("1.1", false_record).main_wheel
    assert any("inert/__init__.py" in warning for warning in after.main_wheel.warnings)
