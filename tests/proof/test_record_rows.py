"""An installed RECORD is the one that installing wrote, bytecode rows aside."""

from __future__ import annotations

import pytest

from peep.environment.records import record_bytes
from peep.proof.record_rows import is_bytecode_row, record_faults

ROWS = ["a.py,sha256=x,1", "a/b.py,sha256=y,2", '"odd,name.py",sha256=z,3', "a-1.dist-info/RECORD,,"]


def faults(content: bytes, excused: tuple[str, ...] = ()) -> list[str]:
    return list(record_faults(content, ROWS, excused))


def with_rows(*rows: str) -> bytes:
    return record_bytes([*ROWS, *rows])


def test_what_was_written_is_fine_with_bytecode_and_without():
    assert faults(record_bytes(ROWS)) == []
    assert faults(with_rows("__pycache__/a.cpython-311.pyc,,", "a/__pycache__/b.cpython-311.opt-1.pyc,,")) == []
    assert faults(with_rows("__pycache__/a.pypy311-pp73.pyc,,")) == []


@pytest.mark.parametrize(
    "row",
    [
        "__pycache__/c.cpython-311.pyc,,",
        "__pycache__/a.evil.pyc,,",
        "__pycache__/a.cpython-311.pyc,sha256=x,3",
        "__pycache__/a.cpython-311.pyc",
        "../../bin/python,,",
        "a.py,sha256=other,1",
    ],
)
def test_any_other_row_is_told(row: str):
    assert faults(with_rows(row))


@pytest.mark.parametrize("position", range(0, 90, 3))
def test_every_flipped_bit_is_told(position: int):
    content = bytearray(with_rows("__pycache__/a.cpython-311.pyc,,"))
    told = []
    for bit in range(8):
        damaged = bytearray(content)
        damaged[position % len(content)] ^= 1 << bit
        told.append(bool(faults(bytes(damaged))))

    harmless = told.count(False)
    in_version = content[position % len(content)] in b"0123456789"
    assert harmless == 0 or in_version, "only the number of an interpreter may change within a bytecode row"


def test_the_words_name_the_path():
    edited = record_bytes([ROWS[0].replace("=x", "=w"), *ROWS[1:]])

    assert faults(edited) == ["its row of 'a.py' was edited"]
    assert faults(record_bytes(ROWS[1:])) == ["it does not list 'a.py'"]
    assert faults(with_rows("evil.py,,")) == ["it lists 'evil.py', which is not its own"]
    assert faults(record_bytes([ROWS[0], ROWS[1], ROWS[3]])) == ["it does not list 'odd,name.py'"]
    assert faults(b"\n".join(reversed(record_bytes(ROWS).splitlines())) + b"\n") == ["its rows were moved or repeated"]
    assert faults(b"\xff") == ["it is not UTF-8"]


def test_what_another_project_has_need_not_be_listed():
    assert faults(record_bytes(ROWS[1:]), ("a.py",)) == []


def test_bytecode_rows_belong_to_sources():
    assert is_bytecode_row("a/__pycache__/b.cpython-38.pyc,,", {"a/b.py"})
    assert not is_bytecode_row("a/__pycache__/b.cpython-38.pyc,,", {"b.py"})
    assert not is_bytecode_row("a/b.cpython-38.pyc,,", {"a/b.py"})
