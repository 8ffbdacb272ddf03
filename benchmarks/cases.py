"""What is measured: each case puts a program's cache and environment into a known state, then names the command."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from programs import Program

Prepare = Callable[[Program, Path, int], list[str]]


@dataclass(frozen=True)
class Case:
    name: str
    prepare: Prepare
    """Gets the program, the requirements file and the number of the round; gives the command to time."""
    programs: tuple[str, ...] = ()
    """Those that can do it; empty: all."""
    workloads: tuple[str, ...] = ()
    """Those that have what it takes; empty: all."""

    def suits(self, program: Program) -> bool:
        return not self.programs or program.name in self.programs


def nothing_to_do(program: Program, requirements: Path, _: int) -> list[str]:
    return program.install_command(requirements)


def warm(program: Program, requirements: Path, _: int) -> list[str]:
    program.fresh_environment()
    return program.install_command(requirements)


def cold(program: Program, requirements: Path, _: int) -> list[str]:
    program.forget()
    program.fresh_environment()
    return program.install_command(requirements)


def one_upgraded(program: Program, requirements: Path, number: int) -> list[str]:
    """Everything installed but one project, whose next version has to be fetched."""
    return program.install_command(upgraded_file(requirements, program.work, number))


def verify(program: Program, requirements: Path, _: int) -> list[str]:
    python = program.environment / "bin" / "python"
    return [*program.command, "verify", "-q", "--python", str(python), "-r", str(requirements)]


def hash_archives(program: Program, requirements: Path, _: int) -> list[str]:
    """sha256 of every archive of the workload."""
    archives = program.work.parents[2] / "archives" / requirements.stem
    return [*program.command, "hash", *map(str, sorted(archives.glob("*.whl")))]


def upgraded_file(requirements: Path, work: Path, number: int) -> Path:
    """`requirements` with the pin of one project replaced by the pin in line `number` of upgrades.txt."""
    upgrades = requirements.with_name("upgrades.txt").read_text().splitlines()
    pin = upgrades[number % len(upgrades)]
    name = pin.partition("==")[0]
    text = requirements.read_text().replace("\\\n", " ")
    changed = re.sub(rf"^{re.escape(name)}==.*$", pin, text, flags=re.MULTILINE)
    target = work / f"upgraded-{number}.txt"
    target.write_text(changed)
    return target


_WHEELS = ("web", "data")
_PEEP = ("peep", "peep.pyz")
CASES = [
    Case("cold", cold),
    Case("warm", warm),
    Case("nothing to do", nothing_to_do),
    Case("verify", verify, programs=_PEEP),
    Case("hash", hash_archives, programs=(*_PEEP, "pip"), workloads=_WHEELS),
    Case("one upgraded", one_upgraded, workloads=_WHEELS),
]
GROWTH_CASES = ("cold", "warm", "nothing to do")
