"""No archive has two readings: peep refuses it, or all readers agree on names, kinds, sizes and bytes (THREATS T17).

`PEEP_MUTATIONS` sets how many archives are made (the default takes seconds), `PEEP_FIRST_MUTATION` the first number:
each archive follows from its number alone, which a failure names.
"""

from __future__ import annotations

import io
import os
import unicodedata
from pathlib import Path
from random import Random

import pytest

from peep.archives.compression import Malformed
from peep.archives.random_access import ReadAt
from peep.archives.sdist import open_sdist
from peep.archives.tar_reader import read_tar, tar_chunks
from peep.archives.zip_reader import open_zip
from peep.errors import ArchiveError
from support.archive_witnesses import (
    Found,
    plain_name,
    program,
    tarfile_members,
    tree_of,
    unpacked_by,
    zip_stream_unpacked_by,
    zipfile_members,
)
from support.plain_sdist import PlainSdist
from support.tar_mutations import mutant
from support.zip_mutations import zip_mutant

COUNT = int(os.environ.get("PEEP_MUTATIONS", "2000"))
FIRST = int(os.environ.get("PEEP_FIRST_MUTATION", "0"))
UNPACKED = max(COUNT // 50, 20)


def read_by_peep(content: bytes) -> list[Found] | None:
    """The members as peep lists them; None where it refuses the archive."""
    try:
        with open_sdist(PlainSdist("demo-1.0.tar", io.BytesIO(content))):
            pass
        read = reading(content)
        members, problems = read_tar(read, len(content))
    except (ArchiveError, Malformed):
        return None
    assert not problems
    return [
        Found(
            plain_name(member.name),
            member.kind,
            b"".join(tar_chunks(read, member)),
            member.mode,
            member.link if member.kind.endswith("link") else "",
        )
        for member in members
    ]


def reading(content: bytes) -> ReadAt:
    return lambda offset, count: content[offset : offset + count]


def test_t17_peep_refuses_a_tar_file_or_reads_it_as_tarfile_does() -> None:
    accepted = 0
    for number in range(FIRST, FIRST + COUNT):
        content = mutant(Random(number))
        found = read_by_peep(content)
        if found is not None:
            accepted += 1
            assert tarfile_members(content) == found, f"archive {number}"

    assert COUNT // 10 < accepted < COUNT * 9 // 10


@pytest.mark.parametrize("name", ["tar", "bsdtar"])
def test_t17_peep_refuses_a_tar_file_or_unpacks_it_as_other_programs_do(name: str, tmp_path: Path) -> None:
    path = program(name)
    if path is None:
        pytest.skip(f"no {'GNU tar' if name == 'tar' else name} is installed")
    compared = 0
    for number in range(FIRST, FIRST + COUNT):
        content = mutant(Random(number))
        ours = unpacked_by_peep(content, tmp_path / f"{number}-peep")
        if ours is not None:
            compared += 1
            status, said, theirs = unpacked_by(path, content, tmp_path / str(number))
            assert (number, theirs) == (number, ours), said
            assert status == 0 or "left out" in said, (number, said)
        if compared == UNPACKED:
            break

    assert compared == UNPACKED


def unpacked_by_peep(content: bytes, folder: Path, filename: str = "demo-1.0.tar") -> dict[str, bytes | None] | None:
    try:
        with open_sdist(PlainSdist(filename, io.BytesIO(content))) as contents:
            top = folder / contents.top_folder
            top.mkdir(parents=True)
            contents.extract_to(str(top))
    except ArchiveError:
        return None
    return dict(tree_of(folder))


def composed(tree: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """bsdtar composes the names of ZIP files (NFC); peep takes no two that then are one (T19)."""
    found = {unicodedata.normalize("NFC", path): content for path, content in tree.items()}
    assert len(found) == len(tree)
    return found


def zip_read_by_peep(content: bytes) -> dict[str, bytes] | None:
    """The contents of a ZIP file by name; None where it is refused, as a whole or while it is read."""
    try:
        with open_sdist(PlainSdist("demo-1.0.zip", io.BytesIO(content))) as contents:
            for entry in contents.entries:
                assert sum(map(len, contents.chunks(entry))) == entry.size
        reader = open_zip(io.BytesIO(content), "demo-1.0.zip")
        found = {member.name: reader.whole(member) for member in reader.members}
    except ArchiveError:
        return None
    assert not reader.problems
    assert found == {member.name: b"".join(reader.chunks(member)) for member in reader.members}
    return found


def test_z4_peep_refuses_a_zip_file_or_reads_it_as_zipfile_does() -> None:
    accepted = 0
    for number in range(FIRST, FIRST + COUNT):
        content = zip_mutant(Random(number))
        found = zip_read_by_peep(content)
        if found is not None:
            accepted += 1
            assert zipfile_members(content) == found, f"archive {number}"

    assert COUNT // 10 < accepted < COUNT * 9 // 10


def test_z4_peep_refuses_a_zip_file_or_unpacks_it_as_bsdtar_does_by_either_table(tmp_path: Path) -> None:
    """bsdtar believes the central directory of a file, and the local headers of a stream."""
    path = program("bsdtar")
    if path is None:
        pytest.skip("no bsdtar is installed")
    compared = 0
    for number in range(FIRST, FIRST + COUNT):
        content = zip_mutant(Random(number))
        ours = unpacked_by_peep(content, tmp_path / f"{number}-peep", "demo-1.0.zip")
        if ours is not None:
            compared += 1
            for read in (unpacked_by, zip_stream_unpacked_by):
                status, said, theirs = read(path, content, tmp_path / f"{number}-{read.__name__}")
                assert (number, status, composed(theirs)) == (number, 0, composed(ours)), said
        if compared == UNPACKED:
            break

    assert compared == UNPACKED
