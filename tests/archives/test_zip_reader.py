"""The ZIP reader against archives that an index accepts and refuses, and in the ways that the store uses it."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from peep.archives.zip_reader import LARGEST_CHUNK, ZipReader, open_zip
from peep.errors import ArchiveError
from support.corpus import CORPUS, needs_corpus

SAMPLES = sorted((CORPUS / "archives" / "warehouse-zipdata").rglob("zipdata/*/*"))
ACCEPTED = [path for path in SAMPLES if path.parent.name == "accept"]
REFUSED = [path for path in SAMPLES if path.parent.name == "reject"]
LIES_ABOUT_CONTENT = {"short_usize.zip", "short_usize_zip64.zip"}
"""An index looks at headers alone and takes these; what they hold is not what their headers state (Z11)."""


def read_all(reader: ZipReader) -> dict[str, bytes]:
    return {member.name: b"".join(reader.chunks(member)) for member in reader.members}


@needs_corpus
@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.name)
def test_reads_what_an_index_accepts(path: Path) -> None:
    with path.open("rb") as file:
        reader = open_zip(file, path.name)
        if path.name in LIES_ABOUT_CONTENT:
            with pytest.raises(ArchiveError):
                read_all(reader)
        else:
            assert {name: zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()} == read_all(
                reader
            )

    assert reader.problems == ()


@needs_corpus
@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
def test_refuses_what_an_index_refuses(path: Path) -> None:
    with path.open("rb") as file:
        try:
            problems = open_zip(file, path.name).problems
        except ArchiveError as error:
            problems = error.problems

    assert problems


def zip_of(contents: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer


CONTENTS = {
    "empty": b"",
    "small": b"x",
    "text": b"some words, again and again\n" * 1000,
    "chunk": bytes(range(256)) * 512,
    "just above": b"y" * (LARGEST_CHUNK + 1),
    "large": b"".join(number.to_bytes(4, "big") for number in range(300_000)),
    "zeros": bytes(5_000_000),
}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_gives_the_same_bytes_whole_and_in_chunks(method: int) -> None:
    reader = open_zip(zip_of(CONTENTS, method), "x.zip")

    assert read_all(reader) == CONTENTS
    assert {member.name: reader.whole(member) for member in reader.members} == CONTENTS
    assert max(len(chunk) for member in reader.members for chunk in reader.chunks(member)) <= LARGEST_CHUNK


def test_zlib_gives_the_same_as_the_optional_inflater(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zip_of(CONTENTS).getvalue())
    program = (
        "import hashlib, sys, zlib; sys.modules['isal'] = None; sys.modules['isal.isal_zlib'] = None\n"
        "from peep.archives import inflating, zip_reader\n"
        "assert inflating.new_inflater is zlib.decompressobj\n"
        "reader = zip_reader.open_zip(open(sys.argv[1], 'rb'), 'x.zip')\n"
        "for member in reader.members:\n"
        "    digest = hashlib.sha256(b''.join(reader.chunks(member))).hexdigest()\n"
        "    assert digest == hashlib.sha256(reader.whole(member)).hexdigest()\n"
        "    print(digest)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(path)], check=True, capture_output=True, text=True
    )

    reader = open_zip(zip_of(CONTENTS), "x.zip")
    assert answer.stdout.split() == [hashlib.sha256(reader.whole(member)).hexdigest() for member in reader.members]


def test_many_threads_read_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zip_of(CONTENTS).getvalue())
    with path.open("rb") as file, ThreadPoolExecutor(8) as pool:
        reader = open_zip(file, "x.zip")
        found = list(pool.map(lambda member: b"".join(reader.chunks(member)), reader.members * 8))

    assert list(CONTENTS.values()) * 8 == found


def test_many_threads_read_one_file_in_memory() -> None:
    reader = open_zip(zip_of(CONTENTS), "x.zip")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(reader.whole, reader.members * 8))

    assert list(CONTENTS.values()) * 8 == found


@pytest.mark.parametrize("size", range(22))
def test_cut_off_end_records_are_refused(size: int) -> None:
    with pytest.raises(ArchiveError):
        open_zip(io.BytesIO(zip_of({}).getvalue()[:size]), "x.zip")


def test_no_cut_and_no_flipped_byte_goes_unnoticed() -> None:
    whole = zip_of({"a.txt": b"hello, hello", "b/c.txt": b"x" * 100}).getvalue()
    clean = read_all(open_zip(io.BytesIO(whole), "x.zip"))

    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0x55
        for damaged in (bytes(changed), whole[:position]):
            try:
                reader = open_zip(io.BytesIO(damaged), "x.zip")
                contents = read_all(reader) if not reader.problems and not reader.unreadable else {}
            except ArchiveError:
                continue
            if not reader.problems and not reader.unreadable:
                # What is still accepted differs in fields without meaning (times, versions, modes, the names).
                assert sorted(contents.values()) == sorted(clean.values()), position


def test_n16_a_closed_file_is_an_error_not_the_file_that_got_its_number(tmp_path: Path) -> None:
    path, other = tmp_path / "x.zip", tmp_path / "other"
    path.write_bytes(zip_of(CONTENTS).getvalue())
    other.write_bytes(path.read_bytes())
    with path.open("rb") as file:
        reader = open_zip(file, "x.zip")

    with other.open("rb"), pytest.raises(ValueError, match="closed file"):
        reader.whole(reader.members[1])


class Unseekable(io.RawIOBase):
    """A pipe: what is written to it cannot be gone back to, so that writers need data descriptors."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.content += data
        return len(data)


def test_z10_reads_what_was_written_to_a_pipe() -> None:
    pipe = Unseekable()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in CONTENTS.items():
            archive.writestr(name, content)
    reader = open_zip(io.BytesIO(bytes(pipe.content)), "x.zip")

    assert reader.problems == ()
    assert read_all(reader) == CONTENTS


def test_z8_reads_members_that_were_written_with_zip64_in_case_they_grow() -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x", "w", force_zip64=True) as member,
    ):
        member.write(b"hello")
    reader = open_zip(buffer, "x.zip")

    assert reader.problems == ()
    assert read_all(reader) == {"x": b"hello"}


def test_z20_reads_more_members_than_the_plain_end_record_can_count() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(0x10000 + 1):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    reader = open_zip(buffer, "x.zip")

    assert reader.problems == ()
    assert len(reader.members) == 0x10000 + 1
