"""Likely cause of a failed build, from its output: for the message, never a decision."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Collection, Sequence

from peep.dataclass import dataclass

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
_PROGRAMS = "|".join(  # noqa: FLY002 - one line a kind
    (
        "cargo|rustc|go|gofmt|zig|swift|swiftc|ghc|dotnet|java|javac|nvcc|gfortran|ld|ar|nasm|yasm",
        "node|npm|npx|yarn|pnpm|perl|ruby|R|Rscript|php",
        "make|gmake|cmake|ninja|meson|scons|bazel|bazelisk|autoconf|automake|autoreconf|libtoolize|m4|bison|flex",
        r"git|hg|svn|swig|protoc|patchelf|pkg-config|pkgconf|pandoc|gettext|msgfmt|help2man|[\w.-]+[-_]config",
    )
)
_PROGRAM = rf"(?P<x>{_PROGRAMS})"
_OLDER = "list {x} among the build constraints, and add the line # peep: --build-requirement {project}: {x}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of a failed build besides its output."""

    project: str = "NAME"
    explain_hidden: Callable[[str], str] = lambda _program: ""
    """Program -> how to let builds see it, when the sandbox hides it; '' when it is seen, or nowhere."""
    rustup_home: str = ""
    """The folder of rustup's toolchains, if builds do not see it."""
    withheld: Collection[str] = ()
    """Names of variables that the user has set and that builds do not get."""
    given: Callable[[str], bool] = lambda _name: False
    """Whether builds get a variable of this name as soon as the user sets it."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """A pattern in the output, and what it means; `{x}` is what the pattern named so, `{project}` the project."""

    pattern: str
    cause: str
    programs: tuple[str, ...] = ()
    """Programs that are missing, `{x}` among them: they may be merely hidden."""
    tool: str = ""
    """A requirement for a version of a tool that the project works with: the way out names it."""


_SIGNS = (
    _Sign(
        rf"(?:unable to execute|command) '?{_COMPILER}'?(?: failed)?.*(?:No such file|not found)",
        "the compiler {x} is missing",
        ("{x}",),
    ),
    _Sign(
        r"Unknown compiler\(s\)|No CMAKE_C(?:XX)?_COMPILER could be found",
        "no C compiler was found",
        ("cc", "gcc", "clang"),
    ),
    _Sign(r"Microsoft Visual C\+\+ [\d.]+ (?:or greater )?is required", "Microsoft's C++ build tools are missing"),
    _Sign(r"fatal error: '?Python\.h'?", "the header files of Python are missing (python3-dev or python3-devel)"),
    _Sign(
        r"fatal error: '?(?P<x>[\w./+-]+\.h(?:pp)?)'?(?: file not found|: No such file)", "the C header {x} is missing"
    ),
    _Sign(r"cannot find -l(?P<x>[\w.+-]+)", "the C library {x} is missing"),
    _Sign(
        r"Package '?(?P<x>[\w.+-]+)'?(?:, required by '[^']*',)? (?:was )?not found"
        r"|No package '(?P<y>[\w.+-]+)' found"
        r"|Dependency \"?(?P<z>[\w.+-]+)\"? (?:not found|found: NO)",
        "pkg-config does not know the library {x}: install its development files, or name the folder of its .pc file "
        "in PKG_CONFIG_PATH",
    ),
    _Sign(
        r"rustup could not choose a version|no default toolchain|could not (?:create|read) .*\.rustup",
        "rustup finds no toolchain",
        ("{rustup}",),
    ),
    _Sign(
        r"can't find Rust compiler|(?:cargo|rustc).*not (?:found|installed)",
        "the Rust compiler is missing",
        ("cargo", "rustc"),
    ),
    _Sign(
        rf"(?:Could not find|Failed to find|Cannot find|Program) ['\"]?{_PROGRAM}\b"
        rf"|(?:No such file or directory|exec|spawn): ['\"]{_PROGRAM.replace('x>', 'y>')}['\"]"
        rf"|(?:^|[\s:'\"/]){_PROGRAM.replace('x>', 'z>')}['\"]?:? (?:executable |command )?(?:not found|No such file)",
        "the program {x} is missing",
        ("{x}",),
    ),
    _Sign(
        r"Command '?\[?'?(?P<x>[\w.+-]+)[ '].*returned non-zero exit status 127",
        "the program {x}, or one that it starts, is missing",
        ("{x}",),
    ),
    _Sign(_NO_NETWORK, "it wants the network, which builds do not get in the sandbox"),
    _Sign(
        r"use_2to3 is invalid",
        "it is written for Python 2, and setuptools 58 and newer do not translate that (use_2to3); a newer version of "
        "it is the best way out",
        tool="setuptools<58",
    ),
    _Sign(
        r"AttributeError: '?(?:[\w ]+' object has no attribute ')?cython_sources", "Cython is too new", tool="cython<3"
    ),
    _Sign(
        r"\.pyx:\d+:\d+: (?:undeclared name not builtin: (?:long|unicode|basestring))",
        "Cython is too new",
        tool="cython<3.1",
    ),
    _Sign(
        r"No module named 'pkg_resources'",
        "setuptools is missing, or too new to bring pkg_resources",
        tool="setuptools<81",
    ),
    _Sign(r"No module named 'setuptools\.command\.test'", "setuptools is too new", tool="setuptools<72"),
    _Sign(r"Invalid dash-separated key|Invalid uppercase key", "setuptools is too new", tool="setuptools<78"),
    _Sign(
        r"`?project\.license`? must be valid exactly by one definition", "setuptools is too old", tool="setuptools>=77"
    ),
    _Sign(
        r"module 'pkgutil' has no attribute 'ImpImporter'",
        "setuptools is too old for this version of Python",
        tool="setuptools>=66.1",
    ),
    _Sign(
        r"unexpected keyword argument 'strip_trailing_zero'",
        "packaging is too old for setuptools",
        tool="packaging>=22",
    ),
    _Sign(
        r"No module named 'distutils",
        "this version of Python has no distutils; setuptools brings it",
        tool="setuptools",
    ),
    _Sign(r"No module named 'numpy\.distutils'", "numpy is too new to bring numpy.distutils", tool="numpy<1.26"),
    _Sign(
        r"No module named '(?:imp|asyncore|asynchat|smtpd)'|has no attribute 'SafeConfigParser'",
        "its code is not meant for this version of Python",
    ),
    _Sign(
        r"ModuleNotFoundError: No module named '(?P<x>[\w.]+)'",
        "it imports {x}, which is neither part of it nor among its build requirements; if it forgot to declare that, "
        "add the line # peep: --build-requirement {project}: {x} (the name of the project that brings it)",
    ),
    _Sign(r"Cannot import '(?P<x>[\w.]+)'", "its build backend {x} is not among its build requirements"),
    _Sign(
        r"KeyError: '(?P<x>[A-Z][A-Z0-9_]+)'",
        "it wants the environment variable {x}; PEEP_BUILD_VARIABLES={x} lets that through",
    ),
    _Sign(r"No space left on device", "the disk is full"),
    _Sign(r"\bMemoryError\b|Cannot allocate memory|std::bad_alloc", "it needs more memory than builds get"),
    _Sign(
        r"unable to detect version|Versioning for this project requires either an sdist tarball",
        "it wants a version from the history of a repository, which a source archive does not have",
    ),
    _Sign(r"Permission denied|Read-only file system", "it wants to write or read outside of its build area"),
    _Sign(r"SyntaxError: (?:Missing parentheses|invalid syntax)", "its code is not meant for this version of Python"),
)
"""By how telling they are."""
_VARIABLE = re.compile(r"(?<![\w$/.-])(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+_?)(?:\$?\{\w+\})?")
_ADVICE = re.compile(r"environment variable|\benv(?:ironment)? var|\bset(?:ting)?\b|\bexport\b|=", re.IGNORECASE)
_PLAIN = Surroundings()


def likely_cause(
    last_lines: Sequence[str], status: int | None, *, timed_out: bool = False, surroundings: Surroundings = _PLAIN
) -> str:
    """The likely cause of a failure and the way out, '' when the output does not tell.

    `last_lines` is the end of what the backend printed, `status` its exit status as the sandbox gives it.
    """
    if timed_out:
        return "it took longer than builds are given"
    advice = _advice(last_lines, surroundings)
    if cause := _told(last_lines, surroundings):
        return f"{cause}; {advice}" if advice else cause
    killed = {-signal.SIGKILL, 128 + signal.SIGKILL} if hasattr(signal, "SIGKILL") else set()
    if status in killed:
        return "it was killed, perhaps because the machine ran out of memory"
    return advice


def _told(last_lines: Sequence[str], surroundings: Surroundings) -> str:
    for sign in _SIGNS:
        for line in reversed(last_lines):
            if found := re.search(sign.pattern, line):
                named = next((text for text in found.groupdict().values() if text), "")
                return _explained(sign, named, surroundings)
    return ""


def _explained(sign: _Sign, named: str, surroundings: Surroundings) -> str:
    for program in sign.programs:
        if program == "{rustup}":
            if surroundings.rustup_home:
                folder = surroundings.rustup_home
                return (
                    f"rustup's toolchains are hidden from builds by the sandbox; --build-path {folder} lets them see it"
                )
        elif hidden := surroundings.explain_hidden(program.format(x=named)):
            return hidden
    cause = sign.cause.format(x=named, project=surroundings.project)
    way_out = _OLDER.format(x=sign.tool, project=surroundings.project) if sign.tool else ""
    return f"{cause}; {way_out}" if way_out else cause


def _advice(last_lines: Sequence[str], surroundings: Surroundings) -> str:
    """What to do with an environment variable that the output advises to set, or that is set and was withheld."""
    names = [
        (found["name"], found[0]) for line in last_lines if _ADVICE.search(line) for found in _VARIABLE.finditer(line)
    ]
    for name, _ in reversed(names):
        if name in surroundings.withheld:
            return (
                f"its output names the variable {name}, which was not passed on; PEEP_BUILD_VARIABLES={name} does that"
            )
    for name, written in reversed(names):
        if surroundings.given(name):
            return f"its output advises to set {written}: builds get that variable as soon as it is set"
    return ""
