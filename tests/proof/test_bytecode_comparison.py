"""Bytecode is what its source compiles to, or it is told: every byte of it, without running any."""

from __future__ import annotations

import compileall
import marshal
import os
import py_compile
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from peep.proof.bytecode import bytecode_findings
from peep.proof.unowned_files import source_of
from peep.system.processes import CompletedRun

SOURCE = '''\
"""Doc."""
import sys

NUMBERS = (1, 2.5, -0.0, 1j, "text", b"bytes", None, True, ...)
NAMES = {"a", "b", "c"}


def outer(x, *, y=3):
    def inner():
        nonlocal x
        x += 1
        return [i for i in range(x) if i in {1, 2, 3}]

    return inner() if x in ("p", "q") else NUMBERS[1:3]


class Thing:
    attribute: int = 5

    async def method(self):
        assert self.attribute
        return lambda: self.attribute
'''


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "package" / "module.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return path


def compiled(path: Path, **options: object) -> Path:
    return Path(py_compile.compile(str(path), doraise=True, **options))  # type: ignore[arg-type]


def findings(*cached: Path, sound: set[str] | None = None) -> list[tuple[str, str]]:
    sources = {str(path.parent.parent / (path.name.split(".")[0] + ".py")) for path in cached}
    found = bytecode_findings(map(str, cached), sources if sound is None else sound, [], sys.executable)
    return [(Path(one.path).name, one.message) for one in found]


@pytest.mark.parametrize("optimize", [0, 1, 2])
@pytest.mark.parametrize("mode", list(py_compile.PycInvalidationMode))
def test_what_python_compiles_is_fine(module: Path, optimize: int, mode: py_compile.PycInvalidationMode):
    cached = compiled(module, optimize=optimize, invalidation_mode=mode)

    assert findings(cached) == []


def test_what_importing_leaves_is_fine(module: Path):
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", "import module"], cwd=module.parent, env=environ, check=True)
    [cached] = (module.parent / "__pycache__").iterdir()

    assert findings(cached) == []


def test_a_large_part_of_the_standard_library_is_fine(tmp_path: Path):
    """Constants and names of all kinds, compiled by another process than the one that compares."""
    library = Path(os.__file__).parent
    for path in sorted(library.glob("*.py"))[:60]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    compileall.compile_dir(str(tmp_path), quiet=2)
    cached = sorted((tmp_path / "__pycache__").iterdir())

    assert len(cached) > 50
    assert findings(*cached) == []


def test_what_pytest_rewrote_has_a_source_and_cannot_be_compared(module: Path):
    """Else no environment that ran tests is ever proven; whoever asks for bytecode is told that nothing is known."""
    cached = module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}-pytest-9.2.0.pyc"
    cached.parent.mkdir(exist_ok=True)
    cached.write_bytes(b"rewritten")

    assert source_of(str(cached)) == str(module)
    [told] = bytecode_findings([str(cached)], {str(module)}, (), sys.executable)
    assert told.message == "it was made by another interpreter or program, so that nothing is known of it"


def test_a_file_whose_name_has_dots_is_compiled_like_any_other(module: Path):
    """pip compiles it, although nothing can import it."""
    dotted = module.with_name("settings.local.py")
    dotted.write_text(SOURCE)
    cached = compiled(dotted)

    assert source_of(str(cached)) == str(dotted)
    assert bytecode_findings([str(cached)], {str(dotted)}, [], sys.executable) == []


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_every_flipped_byte_is_told_or_means_nothing(module: Path, bit: int):
    """What is not told loads as the very same code: marks for sharing objects within the file, and (since Python 3.12)
    counters between the instructions, which loading sets anew.
    """
    size = compiled(module).stat().st_size
    originals: dict[str, bytes] = {}
    for position in range(size):
        copy = module.with_name(f"m{position:05}.py")
        copy.write_text(SOURCE)
        cached = compiled(copy)
        content = cached.read_bytes()
        originals[cached.name] = content
        damaged = bytearray(content)
        damaged[position % len(content)] ^= bit
        cached.write_bytes(damaged)
    cache = module.parent / "__pycache__"
    told = {name for name, _ in findings(*(cache / name for name in originals))}
    untold = originals.keys() - told

    assert len(told) > 0.8 * size
    for name in untold:
        changed = (cache / name).read_bytes()
        assert changed[:16] == originals[name][:16]
        assert marshal.loads(changed[16:]) == marshal.loads(originals[name][16:])
        assert raw_instructions(changed) == raw_instructions(originals[name])


def raw_instructions(content: bytes) -> list[bytes]:
    """What the interpreter would run, of all code in a file: with what `co_code` leaves out."""
    found, waiting = [], [marshal.loads(content[16:])]
    while waiting:
        code = waiting.pop()
        found.append(getattr(code, "_co_code_adaptive", code.co_code))
        waiting += [one for one in code.co_consts if isinstance(one, CodeType)]
    return found


def test_code_of_another_source_is_told(module: Path):
    cached = compiled(module)
    other = module.with_name("other.py")
    other.write_text(SOURCE.replace("y=3", "y=4"))
    os.utime(other, ns=(module.stat().st_atime_ns, module.stat().st_mtime_ns))
    evil = compiled(other)
    cached.write_bytes(evil.read_bytes())

    assert findings(cached) == [(cached.name, "it is not what its source compiles to")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content[:10], "header"),
        (lambda content: b"\0\0\0\0" + content[4:], "header"),
        (lambda content: content[:8] + b"\1\1\1\1" + content[12:], "another time"),
        (lambda content: content[:4] + b"\1\0\0\0" + content[8:], "another hash"),
        (lambda content: content[:4] + b"\7\0\0\0" + content[8:], "another hash"),
        (lambda content: content[:-5], "damaged"),
        (lambda content: content + b"N", "not what its source"),
        (lambda content: content[:16], "damaged"),
    ],
)
def test_damage_is_told(module: Path, change, reason: str):
    cached = compiled(module)
    cached.write_bytes(change(cached.read_bytes()))

    [(_, message)] = findings(cached)

    assert reason in message


def test_bytecode_of_other_interpreters_and_of_broken_sources_is_told(module: Path):
    cached = compiled(module)
    foreign = cached.with_name("module.cpython-27.pyc")
    foreign.write_bytes(cached.read_bytes())
    module.write_text("def (")

    messages = dict(findings(foreign, cached))

    assert "another interpreter" in messages[foreign.name]
    assert "another time" in messages[cached.name]


def test_sources_that_are_not_verified_are_left_to_their_own_finding(module: Path):
    cached = compiled(module)
    cached.write_bytes(b"anything")

    assert findings(cached, sound=set()) == []


def test_an_interpreter_that_crashes_over_a_file_goes_on_with_the_next():
    answers = iter([CompletedRun(-11, b'""\n', b""), CompletedRun(0, b'""\n', b"")])

    def crashing(arguments, **_options) -> CompletedRun:
        del arguments
        return next(answers)

    cached = [f"/x/__pycache__/{name}.cpython-311.pyc" for name in "abc"]
    found = bytecode_findings(cached, {f"/x/{name}.py" for name in "abc"}, [], "/python", crashing)

    assert [(one.path, one.message) for one in found] == [(cached[1], "it makes the interpreter crash")]
