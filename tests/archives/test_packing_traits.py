"""Traits of packing are what the standard library reads of the same archives."""

import io
import tarfile
import zipfile

import pytest

from peep.archives.packing_traits import TarTraits, tar_traits, zip_traits
from peep.archives.random_access import file_size, read_at

LONG = "folder/" + "x" * 120


def told_by_tarfile(file):
    """Owner and mode of each member, and whether an extended header speaks of it, as `tarfile` has them."""
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:") as archive:
        return [
            TarTraits(
                f"{member.uname or member.uid}:{member.gname or member.gid}",
                member.mode if member.isfile() else None,
                bool(member.pax_headers),
            )
            for member in archive
        ]


def tar_of(form, members, **options):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form, **options) as archive:
        for name, values in members.items():
            member = tarfile.TarInfo(name)
            for key, value in values.items():
                setattr(member, key, value)
            archive.addfile(member)
    return file


MEMBERS = {
    "a": {"uname": "anna", "gname": "staff", "uid": 501, "gid": 20, "mode": 0o644},
    "b": {"uname": "", "gname": "", "uid": 501, "gid": 0, "mode": 0o755},
    "c": {"uname": "jürgen", "gname": "", "mode": 0o600},
    "d": {"type": tarfile.DIRTYPE, "mode": 0o755},
    "e": {"type": tarfile.SYMTYPE, "linkname": "a"},
}
LARGE_NUMBERS = {"f": {"uid": 3_000_000, "gid": 3_000_001}, LONG: {"mode": 0o640}}


@pytest.mark.parametrize(
    ("form", "members", "options"),
    [
        pytest.param(tarfile.USTAR_FORMAT, MEMBERS, {}, id="ustar"),
        pytest.param(tarfile.GNU_FORMAT, MEMBERS | LARGE_NUMBERS, {}, id="gnu"),
        pytest.param(tarfile.PAX_FORMAT, MEMBERS | LARGE_NUMBERS, {}, id="pax"),
        pytest.param(tarfile.PAX_FORMAT, MEMBERS, {"pax_headers": {"comment": "0" * 40}}, id="global comment"),
        pytest.param(tarfile.PAX_FORMAT, MEMBERS, {"pax_headers": {"uname": "all"}}, id="global owner"),
    ],
)
def test_tar_traits(form, members, options):
    file = tar_of(form, members, **options)

    found = list(tar_traits(read_at(file)))

    assert found == told_by_tarfile(file)
    assert len(found) == len(members)


def test_zip_traits():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (name, method) in enumerate([("a", 0), ("b/", 0), ("b/c", 8)]):
            member = zipfile.ZipInfo(name)
            member.create_system, member.create_version = 3 * number, 20 + number
            member.external_attr = (0o100644 + number) << 16 | number
            member.compress_type = method
            archive.writestr(member, b"" if name.endswith("/") else b"content" * 9)
        members = archive.infolist()

    found = list(zip_traits(read_at(file), file_size(file)))

    assert found == [
        (one.create_system, one.create_version, one.compress_type, one.external_attr >> 16, one.is_dir())
        for one in members
    ]
