"""Template fingerprints: files as a maker of environments (venv, virtualenv, uv) writes them.

A template is text with places that are filled in: the environment's folder, its prompt, the folder of programs. A
fingerprint is the lengths of the text between those places and one sha256 over it. So a file is recognised exactly,
with no value at such a place but those that this environment can have, and no text of other projects is kept.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby

from peep.dataclass import dataclass

Values = Mapping[str, Sequence[bytes]]
"""Kind of place (one letter) -> what may stand there in this environment."""

FOLDER, PROMPT, PROGRAMS, SEPARATOR, MODULES, LIBRARY, FLAG, PYTHON = "DPBSLTRY"
"""The environment's folder, its prompt or name, `bin`, `:`, site-packages seen from `bin`, Tcl's or Tk's folder, a word
for yes or no, the interpreter."""
PLACEHOLDERS: Mapping[str, str] = {
    "__VENV_DIR__": FOLDER,
    "__VENV_NAME__": PROMPT,
    "__VENV_PROMPT__": PROMPT,
    "__VENV_BIN_NAME__": PROGRAMS,
    "__VENV_PYTHON__": PYTHON,
}
"""Those of the standard library's `venv` (`EnvBuilder.replace_variables`)."""
_PLACEHOLDER = re.compile(b"|".join(re.escape(name.encode()) for name in PLACEHOLDERS))
RELOCATABLE = (
    """'"$(dirname -- "$(dirname -- "$(realpath -- "$SCRIPT_PATH")")")"'""",
    "'(dirname -- (dirname -- (realpath -- (status -f))))'",
    "(path self | path dirname | path dirname)",
    "%~dp0..",
)
"""What stands for the folder in the scripts of an environment that may be moved (`uv venv --relocatable`)."""
_PROMPT_BY_NAME = ("""'('"$_virtualenv_prompt_tcsh:q"') '""", """'('"$_virtualenv_prompt_plain:q"') '""")
"""Newer scripts for csh put the prompt into a variable first."""
_COMMANDS = re.compile(r"""["$`\\\r\n]|'.*[;&|<>(){}]""", re.DOTALL)
"""Some makers write a prompt as it is between quotes, where this would be a command."""
_MOST_READINGS = 64


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One template: lengths (bytes) and kinds in turn, such as `120D14P3`, and the sha256 (hex) of all between."""

    shape: str
    sha256: str


def fingerprint(pieces: Sequence[bytes], kinds: Sequence[str]) -> Fingerprint:
    """Of a template that was taken apart: one piece more than there are kinds."""
    shape = "".join(f"{len(piece)}{kind}" for piece, kind in zip(pieces, [*kinds, ""], strict=True))
    return Fingerprint(shape, _digest(pieces))


def venv_fingerprint(template: bytes) -> Fingerprint:
    """Of a script in `venv/scripts` of the standard library."""
    kinds = [PLACEHOLDERS[match[0].decode()] for match in _PLACEHOLDER.finditer(template)]
    return fingerprint(_PLACEHOLDER.split(template), kinds)


def is_written(content: bytes, candidates: Iterable[Fingerprint], values: Values) -> bool:
    """Whether `content` is one of the templates, filled in for this environment."""
    present = {kind: [value for value in known if value in content] for kind, known in values.items()}
    return any(_fits(content, one, present) for one in candidates)


def _fits(content: bytes, template: Fingerprint, values: Values) -> bool:
    parts = re.findall(r"([0-9]+)([A-Z]?)", template.shape)
    if sum(int(length) for length, _ in parts) > len(content):
        return False
    readings: dict[tuple[bytes, ...], int] = {(): 0}
    for length, kind in parts:
        step: dict[tuple[bytes, ...], int] = {}
        for pieces, start in readings.items():
            end = start + int(length)
            found = (*pieces, content[start:end])
            for value in values.get(kind, ()) if kind else (b"",):
                if content.startswith(value, end):
                    step[(*found, value) if kind else found] = end + len(value)
        # Which value was taken matters no more; where the text goes on, does.
        readings = dict(list(_by_end(step).items())[:_MOST_READINGS])
    return any(end == len(content) and _digest(pieces[::2]) == template.sha256 for pieces, end in readings.items())


def _by_end(readings: Mapping[tuple[bytes, ...], int]) -> dict[tuple[bytes, ...], int]:
    """One reading for each place where it goes on and each text so far."""
    unique = {(end, pieces[::2]): pieces for pieces, end in readings.items()}
    return {pieces: end for (end, _), pieces in unique.items()}


def _digest(pieces: Iterable[bytes]) -> str:
    return sha256(b"\0".join(pieces)).hexdigest()


def values_for(folders: Iterable[str], prompts: Iterable[str], modules: str, libraries: Iterable[str]) -> Values:
    """Everything that may be filled in.

    `folders`: the environment's, in every spelling under which it is known. `prompts`: its name, and what its settings
    say. `modules`: site-packages, relative to the folder of programs. `libraries`: folders of Tcl and Tk.
    """
    known = list(dict.fromkeys(folders))
    told = list(dict.fromkeys(["", *prompts]))
    plain = [one for one in told if not _COMMANDS.search(one)]
    return {
        FOLDER: (*_encoded(known), *(one.encode() for one in RELOCATABLE)),
        PROMPT: (
            *_spelled(_shown(told), _quoted),
            *_spelled(_shown(plain), _bare),
            *(one.encode() for one in _PROMPT_BY_NAME),
        ),
        PROGRAMS: _encoded(["bin", "Scripts"]),
        SEPARATOR: _encoded([":", ";"]),
        MODULES: _encoded([modules]),
        LIBRARY: _encoded(["", *libraries]),
        FLAG: _encoded(["true", "false", "", "yes"]),
        PYTHON: _encoded(f"{one}/bin/{name}" for one in known for name in ("python", "python3")),
    }


def _shown(prompts: Iterable[str]) -> list[str]:
    return [form for one in prompts for form in (one, f"({one}) ", f"({one})")]


def _encoded(values: Iterable[str]) -> tuple[bytes, ...]:
    known = list(values)
    return (*_spelled(known, _quoted), *_spelled(known, _bare))


def _spelled(values: Iterable[str], spellings: Callable[[str], Iterator[str]]) -> tuple[bytes, ...]:
    forms = dict.fromkeys(form for value in values for form in spellings(value))
    return tuple(form.encode("utf-8", "surrogateescape") for form in forms)


def _bare(value: str) -> Iterator[str]:
    """A value that the template itself has between quotes, or that needs none."""
    yield value
    yield value.replace("'", "'\"'\"'")
    yield f'"{value}"'


def _quoted(value: str) -> Iterator[str]:
    """A value as the languages of these scripts quote it: shells, PowerShell, fish, nushell, Python."""
    yield shlex.quote(value)
    yield "'" + value.replace("'", "''") + "'"
    yield "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    yield "'" + re.sub(r"[\\']", r"'\\\g<0>'", value) + "'"
    yield from _quoted_for_csh(value)
    yield repr(value)
    yield ascii(value)
    points = tuple(map(ord, value))
    yield f"''.join(__import__('builtins').map(__import__('builtins').chr, {points!r}))"
    octets = value.encode("utf-8", "surrogateescape")
    yield f"__import__('builtins').bytes.fromhex('{octets.hex()}')"
    yield f'b"{"".join(map(_escaped, octets))}".decode("utf-8")'
    sharps = "#" * (1 + max(map(len, re.findall("#+", value)), default=0))
    yield f"r{sharps}'{value}'{sharps}"
    if not value.isascii():
        yield "".join(_octal_for_bash("".join(run), is_ascii=kind) for kind, run in groupby(value, str.isascii))


def _quoted_for_csh(value: str) -> Iterator[str]:
    quoted = "'" + value.replace("'", "'\"'\"'") + "'"
    yield quoted
    guarded = quoted.replace("\\", "'\\\\'").replace("!", "'\\!'")
    yield guarded
    # Every byte by itself, so that no locale makes a quote a part of a letter.
    yield re.sub(r"[^\x00-\x7f]", _octets_apart, guarded)
    drawn = {"'": "'\"'\"'", "!": "'\\\\'\\!", "\\": "'\\\\'"}
    yield "'" + "".join(drawn.get(letter, letter) for letter in value) + "'"
    drawn |= {"%": "%%", "^": "'\\\\^'", "\\": "'\\\\\\\\'"}
    yield "'" + "".join(drawn.get(letter, letter) for letter in value) + "'"


def _escaped(octet: int) -> str:
    letter = chr(octet)
    if letter in "\\'\"":
        return f"\\{letter}"
    return letter if letter.isprintable() and letter.isascii() else f"\\x{octet:02x}"


def _octets_apart(match: re.Match[str]) -> str:
    octets = match[0].encode("utf-8", "surrogateescape")
    return "".join(f"{chr(0xDC00 + octet)}''" for octet in octets)


def _octal_for_bash(text: str, *, is_ascii: bool) -> str:
    if is_ascii:
        return shlex.quote(text)
    octal = "".join(f"\\0{octet:03o}" for octet in text.encode("utf-8", "surrogateescape"))
    return f"\"$(unset -f printf 2>/dev/null || :; \\printf '%b' '{octal}')\""
