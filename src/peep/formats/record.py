"""RECORD of a wheel or of an installed project: its table, and a wheel's rows against its archive.

Source: binary distribution format, "The .dist-info directory" (every file listed with a strong hash, RECORD itself and
its signatures without), and "Recording installed projects" (the columns path, hash, size).
"""

from __future__ import annotations

import binascii
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from peep.dataclass import NamedTuple
from peep.formats.member_names import printable
from peep.model import STRONG_ALGORITHMS

_DIGEST_BYTES = {name: hashlib.new(name).digest_size for name in STRONG_ALGORITHMS}
_COLUMNS = 3
_HEXADECIMAL_SHA256 = len("sha256=") + 64
SIGNATURE_SUFFIXES = (".jws", ".p7s")
"""RECORD.jws and RECORD.p7s carry no hash; PEP 815 withdrew their meaning, so they are neither checked nor missed."""


class RecordRow(NamedTuple):
    """What RECORD states of one file; `size` in bytes, None where it states none."""

    algorithm: str
    hex: str
    size: int | None


class ParsedRecord(NamedTuple):
    """RECORD's rows by path, without those of RECORD itself and its signatures, and what is wrong or odd about it."""

    rows: dict[str, RecordRow]
    problems: list[str]
    warnings: list[str]


def record_table(text: str) -> list[list[str]]:
    """The cells of a RECORD, or of some of its lines, row by row; an empty line is a row without cells.

    Lines end in LF or CRLF. The only reader of this grammar. Raises `ValueError` for what is no CSV.
    """
    try:
        return list(csv.reader(io.StringIO(text, newline="\n"), strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def parse_record(content: bytes, record_path: str) -> ParsedRecord:
    """Read the RECORD of a wheel, whose own path is `record_path`."""
    try:
        table = record_table(content.decode("utf-8"))
    except ValueError as error:  # `UnicodeDecodeError` is one
        return ParsedRecord({}, [f"{record_path}: is not CSV text in UTF-8: {error}"], [])
    exempt = {record_path, *(record_path + suffix for suffix in SIGNATURE_SUFFIXES)}
    rows: dict[str, RecordRow] = {}
    problems: list[str] = []
    hexadecimal = 0
    for columns in table:
        if len(columns) != _COLUMNS:
            problems += _odd_row(columns, record_path)
            continue
        path, digest, size = columns
        if len(digest) == _HEXADECIMAL_SHA256 and digest.startswith("sha256="):
            digest, hexadecimal = _from_hexadecimal(digest), hexadecimal + 1
        if path in exempt:
            continue
        try:
            rows[path] = _row(digest, size)
        except ValueError as error:
            problems.append(f"{record_path}: the row of {printable(path)} {error}")
    problems += _repetitions(table, record_path)
    warnings = [f"{record_path}: writes {hexadecimal} hashes in hexadecimal, not in base64"] if hexadecimal else []
    return ParsedRecord(rows, problems, warnings)


def _odd_row(columns: list[str], record_path: str) -> list[str]:
    if not columns:
        return []
    return [f"{record_path}: has a row with {len(columns)} columns, not 3: {_shortened(columns)}"]


def _repetitions(table: list[list[str]], record_path: str) -> list[str]:
    counted = Counter(columns[0] for columns in table if columns)
    problems = [f"{record_path}: lists {printable(path)} twice" for path, count in counted.items() if count > 1]
    return problems if record_path in counted else [*problems, f"{record_path}: does not list itself"]


def _from_hexadecimal(digest: str) -> str:
    """A real project's build writes sha256 in hexadecimal; 64 such digits can mean nothing else, so they count."""
    try:
        return "sha256=" + binascii.b2a_base64(bytes.fromhex(digest[7:]), newline=False).decode()
    except ValueError:
        return digest


@lru_cache(maxsize=4096)
def _row(digest: str, size: str) -> RecordRow:
    """One row; two releases of a project share most of them."""
    algorithm, separator, encoded = digest.partition("=")
    if algorithm != "sha256" and algorithm not in _DIGEST_BYTES:
        if not separator:
            raise ValueError("states no hash")
        raise ValueError(f"has a hash of a weak or unknown algorithm, {algorithm!r}")
    # The specification asks for no padding; what a writer padded is the same digest.
    encoded = encoded.rstrip("=")
    expected = _DIGEST_BYTES[algorithm]
    try:
        raw = binascii.a2b_base64(encoded.replace("-", "+").replace("_", "/") + "==")
    except ValueError:
        raw = b""
    if len(raw) != expected or len(encoded) != (expected * 4 + 2) // 3:
        raise ValueError(f"has a hash that is no {algorithm} digest: {encoded!r}")
    if not size:
        return RecordRow(algorithm, raw.hex(), None)
    if not (size.isascii() and size.isdigit()):
        raise ValueError(f"has a size that is no number: {size!r}")
    return RecordRow(algorithm, raw.hex(), int(size))


def compare_record(rows: Mapping[str, RecordRow], sizes: Mapping[str, int], record_path: str) -> list[str]:
    """Compare RECORD's rows with the files of the archive (path -> size): every file once in both, sizes equal."""
    exempt = {record_path, *(record_path + suffix for suffix in SIGNATURE_SUFFIXES)}
    unlisted = sizes.keys() - rows.keys() - exempt
    absent = rows.keys() - sizes.keys()
    problems = [f"{printable(path)}: is not listed in RECORD" for path in sorted(unlisted)]
    problems += [f"{record_path}: lists {printable(path)}, which the archive does not hold" for path in sorted(absent)]
    problems += [
        f"{printable(path)}: is {sizes[path]} bytes, and RECORD says {row.size}"
        for path, row in rows.items()
        if row.size is not None and path in sizes and row.size != sizes[path]
    ]
    return problems


def _shortened(columns: Iterable[str]) -> str:
    text = printable(",".join(columns))
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004 - one line of a terminal
