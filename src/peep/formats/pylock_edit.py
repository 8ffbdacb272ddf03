"""Edits of a lock file's text (PEP 751) in place: other files of some packages, and no other byte."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from peep.dataclass import replace
from peep.formats.documents import parse_toml
from peep.formats.pylock_text import PylockPackage, source_lines

_PACKAGE = re.compile(r"[ \t]*\[\[[ \t]*packages[ \t]*\]\][ \t]*(?:#.*)?")
_FILES_TABLE = re.compile(r"[ \t]*\[{1,2}[ \t]*packages[ \t]*\.[ \t]*(?:sdist|wheels)\b.*")
_TABLE = re.compile(r"[ \t]*\[{1,2}[ \t]*[A-Za-z\"'].*\]{1,2}[ \t]*(?:#.*)?")
_FILES_KEY = re.compile(r"[ \t]*(?:sdist|wheels)[ \t]*(?:\.[^=]*)?=.*")
_FILES = ("sdist", "wheels")


class UneditableLock(ValueError):
    """A text that is written in a way that cannot be edited without reading it as a whole."""


def with_files(text: str, changed: Mapping[int, PylockPackage]) -> str:
    """Replace sdist and wheels of some packages; keys are numbers of `[[packages]]`, from 0.

    The result is read back: it must say the same as before but for these files. Raises `UneditableLock`.
    """
    end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    head, *packages = _blocks(text.splitlines(keepends=True))
    snippets = {number: list(source_lines(_files_only(package))) for number, package in changed.items()}
    for number, lines in snippets.items():
        if number >= len(packages):
            raise UneditableLock("its packages do not begin with lines [[packages]]")
        packages[number] = _edited(packages[number], [f"{line}{end}" for line in lines])
    edited = "".join(line for block in (head, *packages) for line in block)
    expected = parse_toml(text)
    for number, lines in snippets.items():
        others = {key: value for key, value in expected["packages"][number].items() if key not in _FILES}
        expected["packages"][number] = {**others, **parse_toml("\n".join(lines))}
    if _read(edited) != expected:
        raise UneditableLock("its packages are not written one key or table a line")
    return edited


def _files_only(package: PylockPackage) -> PylockPackage:
    return replace(package, vcs=None, directory=None, archive=None)


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        return parse_toml(text)
    except ValueError:
        return None


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """Divide lines into what stands before the first package, and one block for each package."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if _PACKAGE.fullmatch(line.rstrip("\r\n")):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _edited(block: Sequence[str], snippet: Sequence[str]) -> list[str]:
    """Give back a block with a snippet in place of its files: where these stood, else below its other keys."""
    keys, tables = _divided(block)
    kept, place = _without_files(keys)
    lines = [*kept[:place], *snippet, *kept[place:]]
    is_of_files, blank = False, ""
    for line in tables:
        if _TABLE.fullmatch(line.rstrip("\r\n")):
            is_of_files = bool(_FILES_TABLE.fullmatch(line.rstrip("\r\n")))
        if not is_of_files:
            lines += [blank, line]
            blank = ""
        else:
            blank = line if not line.strip() and lines[-1].strip() else ""
    return [*lines, blank]


def _divided(block: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Divide a package's own keys from the tables below them; the first line is its header."""
    for number, line in enumerate(block[1:], start=1):
        if _TABLE.fullmatch(line.rstrip("\r\n")):
            return block[:number], block[number:]
    return block, ()


def _without_files(keys: Sequence[str]) -> tuple[list[str], int]:
    """Give back the lines of other keys, and how many of them stand before the files."""
    kept: list[str] = []
    place = -1
    lines = iter(keys)
    for line in lines:
        if not _FILES_KEY.fullmatch(line.rstrip("\r\n")):
            kept.append(line)
            continue
        place = len(kept) if place < 0 else place
        statement = line
        while _read(statement) is None:
            more = next(lines, None)
            if more is None:
                raise UneditableLock("a list of files does not end")
            statement += more
    if place < 0:
        place = next((number for number in range(len(kept), 0, -1) if kept[number - 1].strip()), 1)
    return kept, place
