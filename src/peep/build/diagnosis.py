"""Likely cause of a failed build, from its output: for the message, never a decision."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

_COMPILER = r"(?P<x>[\w./+-]*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+))"
_NO_NETWORK = "|".join(  # noqa: FLY002 - one message a line
    (
        "Temporary failure in name resolution",
        "Name or service not known",
        "Network is unreachable",
        "nodename nor servname",
        "getaddrinfo failed",
        "NewConnectionError",
        "urlopen error",
        "Could not resolve host",
        "Failed to establish a new connection",
    )
)
_CAUSES = (
    (
        rf"(?:unable to execute|command) '?{_COMPILER}'?(?: failed)?.*(?:No such file|not found)",
        "the compiler {x} is missing",
    ),
    (r"Unknown compiler\(s\)|No CMAKE_C(?:XX)?_COMPILER could be found", "no C compiler was found"),
    (r"Microsoft Visual C\+\+ [\d.]+ (?:or greater )?is required", "Microsoft's C++ build tools are missing"),
    (r"fatal error: '?Python\.h'?", "the header files of Python are missing (python3-dev or python3-devel)"),
    (r"fatal error: '?(?P<x>[\w./+-]+\.h(?:pp)?)'?(?: file not found|: No such file)", "the C header {x} is missing"),
    (r"cannot find -l(?P<x>[\w.+-]+)", "the C library {x} is missing"),
    (r"can't find Rust compiler|(?:cargo|rustc).*not (?:found|installed)", "the Rust compiler is missing"),
    (
        r"(?:Could not find|Failed to find|Program) '?(?P<x>cmake|ninja|meson|pkg-config|swig)\b",
        "the program {x} is missing",
    ),
    (_NO_NETWORK, "it wants the network, which builds do not get in the sandbox"),
    (
        r"ModuleNotFoundError: No module named '(?P<x>[\w.]+)'",
        "it imports {x}, which is neither part of it nor among its build requirements",
    ),
    (r"Cannot import '(?P<x>[\w.]+)'", "its build backend {x} is not among its build requirements"),
    (
        r"KeyError: '(?P<x>[A-Z][A-Z0-9_]+)'",
        "it wants the environment variable {x}; PEEP_BUILD_VARIABLES={x} lets that through",
    ),
    (r"No space left on device", "the disk is full"),
    (r"\bMemoryError\b|Cannot allocate memory|std::bad_alloc", "it needs more memory than builds get"),
    (r"unable to detect version", "it wants a version from the history of a repository"),
    (r"Permission denied|Read-only file system", "it wants to write or read outside of its build area"),
    (r"SyntaxError: (?:Missing parentheses|invalid syntax)", "its code is not meant for this version of Python"),
)
"""(pattern, cause) by how telling they are; `{x}` is what the pattern named so."""


def likely_cause(last_lines: Sequence[str], status: int | None, *, timed_out: bool = False) -> str:
    """The likely cause of a failure, '' when the output does not tell.

    `last_lines` is the end of what the backend printed, `status` its exit status as the sandbox gives it.
    """
    if timed_out:
        return "it took longer than builds are given"
    for pattern, cause in _CAUSES:
        for line in reversed(last_lines):
            if found := re.search(pattern, line):
                return cause.format(**found.groupdict())
    killed = {-signal.SIGKILL, 128 + signal.SIGKILL} if hasattr(signal, "SIGKILL") else set()
    if status in killed:
        return "it was killed, perhaps because the machine ran out of memory"
    return ""
