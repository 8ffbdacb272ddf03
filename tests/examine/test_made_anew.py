"""What every build makes anew is no signal: packed copies, compiled modules named by digests, tables of data.

Each is beside its neighbour that is one: bytes behind a packed copy, other names, data in a file that runs data.
"""

import gzip
import random
import string

import pytest

from support.comparing import compared_releases
from support.releases import TextRelease

TABLE = b'{"shapes": []}\n' * 40
PACKED = gzip.compress(TABLE, mtime=0)
NATIVE = b"\x7fELF\x02\x01\x01" + bytes(200)
PLATFORM = "cp311-cp311-manylinux_2_17_x86_64"


def noise(seed: int) -> str:
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=2_500))


def signals(tmp_path, old: TextRelease, new: TextRelease) -> list[tuple[str, str]]:
    return [(hit.rule, hit.path) for hit in compared_releases(tmp_path, old, new).signals]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PACKED, []),
        (PACKED + b"payload", [("wheel-only", "inert/table.json.gz")]),
        (PACKED + PACKED, [("wheel-only", "inert/table.json.gz")]),
        (PACKED[:-4], [("wheel-only", "inert/table.json.gz")]),
        (gzip.compress(b"other", mtime=0), [("wheel-only", "inert/table.json.gz")]),
    ],
)
def test_a_packed_copy_of_a_file_of_the_sdist_is_generated(tmp_path, content, expected):
    old = TextRelease("1.0", sdist={"src/inert/table.json": TABLE})
    new = TextRelease("1.1", sdist={"src/inert/table.json": TABLE}, wheel={"inert/table.json.gz": content})
    assert signals(tmp_path, old, new) == expected


def test_a_compiled_module_that_is_named_by_a_digest_is_no_new_name(tmp_path):
    def release(version: str, name: str) -> TextRelease:
        return TextRelease(version, wheel={f"{name}.cpython-311-x86_64-linux-gnu.so": NATIVE}, tag=PLATFORM)

    old, new = release("1.0", "7bce59c0a152c0e01f70__mypyc"), release("1.1", "955cd85d9c9a4f4b30d3__mypyc")
    assert signals(tmp_path, old, new) == []
    other = release("1.2", "955cd85d9c9a4f4b30d3__other")
    assert [rule for rule, _ in signals(tmp_path / "other", old, other)] == ["top-level-new"]


def test_a_library_of_object_files_is_native_code(tmp_path):
    library = b"!<arch>\n" + bytes(200)
    old, new = TextRelease("1.0", tag=PLATFORM), TextRelease("1.1", wheel={"inert/lib.a": library}, tag=PLATFORM)
    assert signals(tmp_path, old, new) == []
    pure = TextRelease("1.1", wheel={"inert/lib.a": library})
    assert ("binary-in-pure", "inert/lib.a") in signals(tmp_path / "pure", TextRelease("1.0"), pure)


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        ('add(b"{}")\n', 'add(b"{}")\n', set()),
        ('add(b"{}")\n', 'add(b"{}")\nmore = "{}"\n', {"text-blob", "text-long-line"}),
        ('import base64\nadd(base64.b64decode("{}"))\n',) * 2 + ({"text-blob", "text-long-line"},),
    ],
)
def test_a_table_of_data_is_new_where_it_is_one_more_or_its_file_decodes_it(tmp_path, before, after, rules):
    old = TextRelease("1.0", both={"inert/table.py": before.format(noise(1))})
    new = TextRelease("1.1", both={"inert/table.py": after.format(noise(2), noise(3))})
    assert {rule for rule, _ in signals(tmp_path, old, new)} == rules


def test_backslashes_in_one_column_are_no_code_out_of_sight(tmp_path):
    def release(version: str, tail: str) -> TextRelease:
        return TextRelease(version, sdist={"src/fast.h": f"#define A(x){' ' * 130}{tail}\n  x\n"})

    assert signals(tmp_path, release("1.0", ""), release("1.1", "\\")) == []
    code = signals(tmp_path / "code", release("1.0", ""), release("1.1", "run(); \\"))
    assert code == [("text-padding", "src/fast.h")]


@pytest.mark.parametrize(
    ("text", "is_hidden"),
    [
        ("\u26a0\ufe0f Shape mismatch", False),
        ("\U0001f399\ufe0f Listening", False),
        ("\U0001f469\u200d\U0001f4bb \u2764\ufe0f\u200d\U0001f525", False),
        ("\u26a0\ufe0f\ufe01\U000e0101", True),
        ("a\ufe0f", True),
        ("a\u200db", True),
        ("\U0001f469\u200db", True),
        ("\u26a0\u200b", True),
    ],
)
def test_what_gives_emoji_their_shape_hides_nothing(tmp_path, text, is_hidden):
    old, new = TextRelease("1.0"), TextRelease("1.1", both={"inert/core.py": f'mark = "{text}"\n'})
    assert signals(tmp_path, old, new) == ([("text-invisible", "inert/core.py")] if is_hidden else [])
