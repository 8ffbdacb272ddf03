"""Whatever an archive holds: its contents or an `ArchiveError`, and never a second reading of the same bytes."""

import contextlib
import io
import unicodedata
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.archives.sdist import open_sdist
from peep.archives.sdist_metadata import read_static_metadata
from peep.archives.wheel import PlainWheel, open_wheel
from peep.archives.zip_reader import open_zip
from peep.errors import ArchiveError
from peep.formats.entry_points import parse_entry_points
from peep.formats.member_names import collision_problems, name_problems, spelling_problems
from peep.formats.record import parse_record
from peep.formats.wheel_metadata import check_core_metadata, parse_wheel_metadata
from peep.formats.wheel_names import parse_wheel_filename
from support.examples import examples
from support.plain_sdist import PlainSdist
from support.tar_building import build_tar
from support.wheels import sdist_bytes, wheel_bytes
from support.zip_building import build_zip

WHEEL = wheel_bytes("demo", "1.0", entry_points={"console_scripts": {"demo": "demo:main"}})
SDISTS = {suffix: sdist_bytes("demo", "1.0", suffix=suffix) for suffix in (".tar.gz", ".tar", ".zip")}
PLAIN_TAR = build_tar([(b"demo/a", b"x", {"pax": "path=demo/b"}), (b"demo/c", b"", {"type": "2", "link": "b"})], {})

edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True), st.sampled_from(["replace", "insert", "cut", "drop"]), st.binary(max_size=9)
    ),
    min_size=1,
    max_size=4,
)


def edited(content: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    for place, kind, data in changes:
        at = int(place * len(content))
        if kind == "replace":
            content = content[:at] + data + content[at + len(data) :]
        elif kind == "insert":
            content = content[:at] + data + content[at:]
        elif kind == "drop":
            content = content[:at] + content[at + len(data) :]
        else:
            content = content[: len(content) - at // 8]
    return content


@given(edits)
def test_any_damage_to_a_wheel_is_found_or_changes_nothing(changes: list[tuple[float, str, bytes]]) -> None:
    damaged = edited(WHEEL, changes)
    try:
        contents = open_wheel(PlainWheel("demo-1.0-py3-none-any.whl", io.BytesIO(damaged)))
        problems = contents.content_problems()
    except ArchiveError:
        return
    if not problems:
        with zipfile.ZipFile(io.BytesIO(damaged)) as witness:
            assert {entry.path: contents.small(entry) for entry in contents.entries} == {
                name: witness.read(name) for name in witness.namelist()
            }


@given(st.sampled_from(sorted(SDISTS)), edits)
def test_damaged_sdists_give_contents_or_an_error(suffix: str, changes: list[tuple[float, str, bytes]]) -> None:
    read_or_refuse(f"demo-1.0{suffix}", edited(SDISTS[suffix], changes))


@given(edits)
def test_damaged_tar_headers_give_contents_or_an_error(changes: list[tuple[float, str, bytes]]) -> None:
    read_or_refuse("demo-1.0.tar", edited(PLAIN_TAR, changes))


def read_or_refuse(filename: str, content: bytes) -> None:
    with (
        contextlib.suppress(ArchiveError),
        open_sdist(PlainSdist(filename, io.BytesIO(content)), name="demo", version="1.0") as contents,
    ):
        assert contents.entries
        for entry in contents.entries:
            assert sum(len(chunk) for chunk in contents.chunks(entry)) == entry.size
        contents.static_metadata()


hostile_text = st.text(st.sampled_from("./\\:aAé\u0301\0\n \u202econNUL"), max_size=12)
numbers = st.sampled_from(["0", "1", "8", "0xffff", "0xffffffff", "70000"])
options = st.dictionaries(
    st.sampled_from(
        ["local.size", "central.csize", "size", "csize", "crc", "flags", "method", "version", "offset", "disk"]
    ),
    numbers,
    max_size=3,
).map(lambda found: {**found, **({"method": "8"} if "method" in found else {})})


@settings(max_examples=examples(60))
@given(st.lists(st.tuples(hostile_text.map(str.encode), st.binary(max_size=20), options), max_size=4))
def test_lying_headers_give_contents_or_an_error(members: list[tuple[bytes, bytes, dict[str, str]]]) -> None:
    smaller = [
        (name, content, {key: "1" if key in ("disk", "method") else value for key, value in found.items()})
        for name, content, found in members
    ]
    for entry in ("flags", "version"):
        for _, _, found in smaller:
            if entry in found:
                found[entry] = str(int(found[entry], 0) & 0xFFFF)
    with contextlib.suppress(ArchiveError):
        reader = open_zip(io.BytesIO(build_zip(smaller, {})), "x.zip")
        for member in reader.members:
            assert len(reader.whole(member)) == member.size


@given(st.lists(hostile_text, max_size=6))
def test_names_are_judged_whatever_they_are(names: list[str]) -> None:
    found = name_problems(names)
    collision_problems(names)

    assert len(found) <= len(names)
    if not found:
        assert not any(
            name.startswith("/") or "\\" in name or ".." in name.split("/") or "" in name.removesuffix("/").split("/")
            for name in names
        )


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=8), st.data())
def test_t19_every_other_spelling_of_a_path_is_found(name: str, data: st.DataObject) -> None:
    forms = [form for form in ("NFC", "NFD", "NFKC", "NFKD") if "/" not in unicodedata.normalize(form, name)]
    other = unicodedata.normalize(data.draw(st.sampled_from(forms)), name) if forms else name
    other = other.casefold() if data.draw(st.booleans()) else other
    inside = data.draw(st.sampled_from(["demo/{}", "demo/{}/x", "{}/deep/x"]))
    path, second = inside.format(name), inside.format(other)

    found = spelling_problems({*parents(path), *parents(second)})

    assert bool(found) == (path != second)
    assert len(found) <= 1


def parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_metadata_is_read_whatever_it_is(content: bytes) -> None:
    record = parse_record(content, "x/RECORD")
    assert all(len(row.hex) >= 64 for row in record.rows.values())
    for script in parse_entry_points(b"[console_scripts]\n" + content, "x")[0]:
        assert script.name.isascii()
        assert all(part.isidentifier() for part in (*script.module.split("."), *script.attribute.split(".")))
    parse_wheel_metadata(content, "x/WHEEL")
    check_core_metadata(b"Name: " + content, "x", "demo", "1.0")
    read_static_metadata(b"Metadata-Version: 2.2\nName: x\nVersion: " + content, content)


@given(st.text(st.sampled_from("demo-10.py3nonany_+!é/\\\0"), max_size=30))
def test_file_names_are_wheels_or_not(text: str) -> None:
    try:
        parts = parse_wheel_filename(f"{text}.whl")
    except ValueError:
        return
    assert parts.name
    assert parts.tags


@pytest.mark.parametrize("version", ["9" * 5000, "1." * 3000 + "1", "v" * 5000])
def test_versions_beyond_measure_are_only_different(version: str) -> None:
    assert check_core_metadata(f"Name: demo\nVersion: {version}\n".encode(), "x", "demo", "1.0")
    read_static_metadata(f"Metadata-Version: {version}\nName: demo\nVersion: 1\n".encode(), None)
