"""Run context: environment variables, reporter, words and standard input, as one value."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from peep.dataclass import dataclass
from peep.reporting import Reporter
from peep.system import bounded


def read_standard_input() -> bytes:
    """What standard input holds, up to the limit of a list."""
    return bounded.read_stream(sys.stdin.buffer, bounded.LISTS, "standard input")


@dataclass(frozen=True, slots=True)
class RunContext:
    """The process's environment variables and words, who is told of progress, and standard input."""

    environ: Mapping[str, str]
    reporter: Reporter
    words: tuple[str, ...] = ()
    """The command line without the program's name: what a repeated run is recognised by."""
    standard_input: Callable[[], bytes] = read_standard_input

    @classmethod
    def of_process(cls, reporter: Reporter) -> RunContext:
        return cls(dict(os.environ), reporter, tuple(sys.argv[1:]))
