"""The vetting folder on disk."""

from __future__ import annotations

import os
import sys

import pytest

from peep.errors import RecordsErrors, VettingError
from peep.vetting import folder as disk
from support.vetting import audit, audits_file, folder


def put(path, files):
    disk.write_files(str(path), files)


def test_what_is_written_is_read_with_the_copies_that_imports_names(tmp_path):
    files = folder(audit("a"), "accept-machine = true\n", imports={"m": audits_file()})
    put(tmp_path, {**files, "imports/stray.toml": b"x", "notes.txt": b"y"})

    assert disk.read_folder(str(tmp_path)) == files


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert disk.read_folder(str(tmp_path / "vetting")) == {}


def test_what_cannot_be_read_is_not_taken_for_absent(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "MOST_BYTES", 100)
    (tmp_path / "policy.toml").mkdir()
    (tmp_path / "excused.toml").write_bytes(b"#" * 101)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "audits.toml")
        (tmp_path / "published.toml").symlink_to("nowhere")

    with pytest.raises(RecordsErrors) as caught:
        disk.read_folder(str(tmp_path))

    told = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert any(text.startswith("policy.toml: ") for text in told)
    assert "excused.toml: it is longer than the 100 bytes that are read" in told
    if sys.platform != "win32":
        assert "audits.toml: it is no regular file" in told
        assert "published.toml: is a link to what is not there" in told


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_nothing_is_told(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(VettingError, match="it was not written"):
        put(tmp_path, {"audits.toml": b"x"})


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "vetting").write_bytes(b"")

    with pytest.raises(VettingError, match="it was not written"):
        put(tmp_path / "vetting", {"audits.toml": b"x"})
    with pytest.raises(RecordsErrors):
        disk.read_folder(str(tmp_path / "vetting"))
