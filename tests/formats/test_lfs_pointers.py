import pytest

from peep.formats.lfs_pointers import LfsPointer, lfs_pointer

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = f"version https://git-lfs.example/spec/v1\noid sha256:{OID}\nsize 12345\n".encode()


def test_a_pointer_tells_digest_and_size():
    assert lfs_pointer(POINTER) == LfsPointer(OID, 12345)


def test_a_pointer_with_an_extension_is_one():
    content = POINTER.replace(b"\noid", b"\next-0-x sha256:" + b"0" * 64 + b"\noid")
    assert lfs_pointer(content) == LfsPointer(OID, 12345)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04" + POINTER,
        POINTER.replace(b"oid sha256", b"oid md5"),
        POINTER.replace(b"size 12345", b"size -1"),
        POINTER + b"x" * 1024,
        POINTER + b"\xff",
        POINTER.upper(),
    ],
)
def test_anything_else_is_none(content):
    assert lfs_pointer(content) is None
