"""Opening wheels: what the store and the workflows read off one, and the override for a RECORD that is wrong."""

from __future__ import annotations

import hashlib
import io

import pytest

from peep.archives.wheel import PlainWheel, open_wheel
from peep.errors import ArchiveError
from support.wheels import record_row, wheel_bytes, wheel_members, zip_bytes

NAME = "demo-1.0-py3-none-any.whl"
LYING = {"demo/__init__.py": b"right\n", "demo/large.bin": b"ab" * 100_000}


def plain(content: bytes, filename: str = NAME) -> PlainWheel:
    return PlainWheel(filename, io.BytesIO(content), hashlib.sha256(content).hexdigest())


def lying_wheel() -> bytes:
    """RECORD has the digest of one file wrong, misses another, and lists one that is not there."""
    right = wheel_members("demo", "1.0", files=LYING)
    rows = [
        record_row(path, b"other\n" if path == "demo/__init__.py" else content)
        for path, content in right.items()
        if path != "demo/large.bin" and not path.endswith("RECORD")
    ]
    record = "\n".join([*rows, record_row("demo/ghost.py", b""), "demo-1.0.dist-info/RECORD,,"]) + "\n"
    return wheel_bytes("demo", "1.0", files=LYING, record=record)


def test_reads_what_the_wheel_holds() -> None:
    content = wheel_bytes("demo", "1.0", files=LYING, executable={"demo/large.bin"})
    contents = open_wheel(plain(content))

    assert hashlib.sha256(content).hexdigest() == contents.sha256
    assert [entry.path for entry in contents.entries] == sorted(wheel_members("demo", "1.0", files=LYING))
    assert [entry.path for entry in contents.entries if entry.is_executable] == ["demo/large.bin"]
    for entry in contents.entries:
        whole = b"".join(contents.chunks(entry))
        assert whole == contents.small(entry)
        assert len(whole) == entry.size
        assert entry.sha256 in ("", hashlib.sha256(whole).hexdigest())
    assert contents.read("demo-1.0.dist-info/WHEEL").startswith(b"Wheel-Version: 1.0\n")
    assert sorted(contents.archive_order(), key=lambda entry: entry.path) == list(contents.entries)
    assert contents.warnings == ()


def test_a_member_that_is_not_there_cannot_be_read() -> None:
    with pytest.raises(ArchiveError, match=r"demo/none\.py: is not in the wheel"):
        open_wheel(plain(wheel_bytes("demo", "1.0"))).read("demo/none.py")


def test_a_wrong_record_is_refused_with_all_it_has_wrong_and_names_the_way_out() -> None:
    with pytest.raises(ArchiveError) as caught:
        open_wheel(plain(lying_wheel()))

    assert caught.value.problems == (
        "demo/large.bin: is not listed in RECORD",
        "demo-1.0.dist-info/RECORD: lists demo/ghost.py, which the archive does not hold",
    )
    assert "--allow-record-mismatch" in caught.value.hint


def test_w1_on_request_a_wrong_record_is_a_warning_and_the_digests_are_those_of_the_contents() -> None:
    contents = open_wheel(plain(lying_wheel()), allow_record_mismatch=True)

    assert contents.warnings == (
        "demo/large.bin: is not listed in RECORD",
        "demo-1.0.dist-info/RECORD: lists demo/ghost.py, which the archive does not hold",
        "demo/__init__.py: its content does not have the hash that RECORD states",
    )
    digests = {entry.path: entry.sha256 for entry in contents.entries}
    assert {path: digests[path] for path in LYING} == {
        path: hashlib.sha256(content).hexdigest() for path, content in LYING.items()
    }
    assert contents.content_problems() == []


def test_the_override_excuses_nothing_else() -> None:
    with pytest.raises(ArchiveError, match=r"is of version 2, and the archive's name is of 1\.0"):
        open_wheel(
            plain(wheel_bytes("demo", "1.0", files={"demo-1.0.dist-info/METADATA": "Name: demo\nVersion: 2\n"})),
            allow_record_mismatch=True,
        )


@pytest.mark.parametrize(
    ("filename", "dist_info"),
    [
        ("Foo.Bar-1.0-py3-none-any.whl", "foo_bar-1.0.dist-info"),
        ("foo_bar-1.0-py3-none-any.whl", "Foo.Bar-1.0.dist-info"),
        ("foo_bar-1.0+cpu-py3-none-any.whl", "foo_bar-1.0_cpu.dist-info"),
        ("foo_bar-01.0-7_b-py3-none-any.whl", "foo_bar-1.0.dist-info"),
        ("foo_bar-1.0.post1-py2.py3-none-any.whl", "foo_bar-1.0_post1.dist-info"),
    ],
)
def test_w4_the_dist_info_folder_may_spell_the_same_name_and_version_otherwise(filename: str, dist_info: str) -> None:
    version = filename.split("-")[1]
    tag = "-".join(filename.removesuffix(".whl").split("-")[-3:])
    files = {
        f"{dist_info}/METADATA": f"Name: foo-bar\nVersion: {version}\n",
        f"{dist_info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    rows = [record_row(path, content.encode()) for path, content in files.items()]
    files[f"{dist_info}/RECORD"] = "\n".join([*rows, f"{dist_info}/RECORD,,"]) + "\n"
    content = zip_bytes({path: text.encode() for path, text in files.items()})

    assert dist_info == open_wheel(plain(content, filename)).identity.dist_info
