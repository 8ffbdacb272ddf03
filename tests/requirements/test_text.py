import codecs

import pytest

from peep.errors import RequirementsError
from peep.requirements.decoding import decode, physical_lines


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"flask==1.0\n", "flask==1.0\n"),
        (b"\xef\xbb\xbfflask==1.0", "flask==1.0"),
        ("# caf\u00e9\nflask==1.0".encode(), "# caf\u00e9\nflask==1.0"),
        (codecs.BOM_UTF16_LE + "flask==1.0\r\n".encode("utf-16-le"), "flask==1.0\r\n"),
        (codecs.BOM_UTF16_BE + "flask==1.0".encode("utf-16-be"), "flask==1.0"),
        (codecs.BOM_UTF32_LE + "flask==1.0".encode("utf-32-le"), "flask==1.0"),
        (codecs.BOM_UTF32_BE + "flask==1.0".encode("utf-32-be"), "flask==1.0"),
        ("# coding: utf-16-le\nflask==1.0".encode("utf-16-le"), "# coding: utf-16-le\nflask==1.0"),
        ("# coding: utf_16\nflask==1.0".encode("utf-16-be"), "# coding: utf_16\nflask==1.0"),
        (b"# -*- coding: latin-1 -*-\n# caf\xe9", "# -*- coding: latin-1 -*-\n# caf\u00e9"),
        (b"# a\n# coding=cp1252\n# \x80", "# a\n# coding=cp1252\n# \u20ac"),
        ("# coding: koi8-r\n# \u043c\u0438\u0440".encode("koi8-r"), "# coding: koi8-r\n# \u043c\u0438\u0440"),
        (b"# a\n# b\n# coding: latin-1\n# ok", "# a\n# b\n# coding: latin-1\n# ok"),
    ],
)
def test_decodes_what_a_mark_a_declaration_or_utf8_says(content, text):
    assert decode(content, "r.txt").text == text


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"a\nb\r\n\xff", 3, "not valid utf-8"),
        (b"a\n# b \xe9\nc", 2, "not valid utf-8"),
        (codecs.BOM_UTF16_LE + b"a\x00\n\x00\x00\xd8", 2, "not valid utf-16-le"),
        (b"# coding: no-such-codec\n", 1, "unknown"),
        (b"# coding: rot13\n", 1, "mean something else"),
        (b"# coding: zlib\n", 1, "mean something else"),
        (b"# coding: utf-7\n# +AAo-flask==1.0", 1, "mean something else"),
        (b"# coding: unicode_escape\n# \\x0aflask==1.0", 1, "mean something else"),
        (b"# coding: cp037\n", 1, "mean something else"),
        (b"# coding: utf-16\nflask==1.0", 1, "mean something else"),
        ("flask==1.0".encode("utf-16-le"), 1, "NUL"),
        ("# coding: latin-1\n".encode("utf-16-be"), 1, "NUL"),
        (b"flask==1.0\nx\x00y", 2, "NUL"),
    ],
)
def test_r15_names_the_line_of_bytes_that_cannot_be_read(content, line, reason):
    with pytest.raises(RequirementsError, match=reason) as caught:
        decode(content, "r.txt")

    assert (caught.value.location.path, caught.value.location.line) == ("r.txt", line)


@pytest.mark.parametrize("separator", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_r2_refuses_what_only_some_tools_take_for_the_end_of_a_line(separator):
    text = f"# fine\n# harmless{separator}--index-url https://evil.example/simple\n"

    with pytest.raises(RequirementsError) as caught:
        decode(text.encode(), "r.txt")

    assert caught.value.location.line == 2


@pytest.mark.parametrize("character", ["\x01", "\x08", "\x1b", "\x1f", "\x7f", "\x9b", "\ufeff"])
def test_r2_refuses_other_control_characters(character):
    with pytest.raises(RequirementsError):
        decode(f"# a{character}b".encode(), "r.txt")


def test_lines_end_at_lf_crlf_and_cr_only():
    lines = physical_lines("a\nb\r\nc\rd\n\n\re")

    assert [(line.number, line.text, line.end) for line in lines] == [
        (1, "a", "\n"),
        (2, "b", "\r\n"),
        (3, "c", "\r"),
        (4, "d", "\n"),
        (5, "", "\n"),
        (6, "", "\r"),
        (7, "e", ""),
    ]


@pytest.mark.parametrize(
    "content",
    [b"a\r\n", b"\xef\xbb\xbfa\n", codecs.BOM_UTF16_LE + "a\n".encode("utf-16-le"), b"# coding: latin-1\n\xe9"],
)
def test_a_text_is_written_back_in_the_encoding_it_came_in(content):
    decoded = decode(content, "r.txt")

    assert decoded.encode(decoded.text) == content
