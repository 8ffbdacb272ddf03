"""Text and what is none, by content."""

import pytest

from peep.examine.file_kinds import is_text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["plain\r\ntext\n", "日本語\n", "Ω" * 5000, ""])
def test_wide_text_behind_its_mark(encoding, text):
    assert is_text(f"\ufeff{text}".encode(encoding))


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_two_bytes_in_front_make_no_text(mark):
    assert not is_text(mark + bytes(range(256)) * 3)
    assert not is_text(mark + b"\1\0\2\0\3\0\0\4" * 20)
