"""Cautions about environment markers that say something else than they look (PEP 508, PEP 440)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, Specifier

from peep.dataclass import NamedTuple
from peep.formats.dependency_specifiers import read_marker

_VERSION_NAMES = ("implementation_version", "platform_release", "python_full_version", "python_version")
_COMPARISON = re.compile(
    r"(?P<name>[a-z_][a-z_.]*)\s*(?P<operator>===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)\s*(?P<quote>['\"])(?P<value>.*?)(?P=quote)"
)
_REVERSED = re.compile(
    r"(?P<quote>['\"])(?P<value>[^'\"]*)(?P=quote)\s*(?P<operator>===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)\s*(?P<name>[a-z_][a-z_.]*)"
)
_PYTHONS = tuple(f"{major}.{minor}" for major, minors in ((2, range(8)), (3, range(40))) for minor in minors)
_MICROS = 40
_MOST_TRIALS = 20_000
_SLIPS = {
    "implementation_name": {"CPython": "cpython", "PyPy": "pypy", "python": "cpython"},
    "os_name": {"Linux": "posix", "darwin": "posix", "linux": "posix", "win32": "nt", "windows": "nt", "Windows": "nt"},
    "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy", "Python": "CPython"},
    "platform_system": {
        "darwin": "Darwin",
        "linux": "Linux",
        "macOS": "Darwin",
        "macos": "Darwin",
        "win32": "Windows",
        "windows": "Windows",
    },
    "sys_platform": {
        "Darwin": "darwin",
        "Linux": "linux",
        "Windows": "win32",
        "linux2": "linux",
        "macos": "darwin",
        "osx": "darwin",
        "win64": "win32",
        "windows": "win32",
    },
}
"""Values that no system has, and what is meant."""
_OLD_NAMES = {
    "os.name": "os_name",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "platform.version": "platform_version",
    "python_implementation": "platform_python_implementation",
    "sys.platform": "sys_platform",
}


class _Comparison(NamedTuple):
    name: str
    operator: str
    value: str
    text: str


def cautions(marker: str, *, holds: bool) -> tuple[str, ...]:
    """What the writer of a marker should know of it, one sentence each; `holds`: it is true for the target."""
    comparisons = list(_comparisons(marker))
    found = [caution for one in comparisons if (caution := _about(one))]
    if not found and not holds and _is_never_true(marker, comparisons):
        found = [f"the marker {marker!r} can never be true, so that the line never counts"]
    return tuple(dict.fromkeys(found))


def _comparisons(marker: str) -> Iterator[_Comparison]:
    for pattern in (_COMPARISON, _REVERSED):
        for found in pattern.finditer(marker):
            name = _OLD_NAMES.get(found["name"], found["name"])
            operator = " ".join(found["operator"].split())
            yield _Comparison(name, operator, found["value"], found[0])


def _about(one: _Comparison) -> str:
    if one.name == "extra":
        return f"{one.text}: no extra is ever set on a line of a requirements file; ask for it as in NAME[EXTRA]"
    slip = _SLIPS.get(one.name, {}).get(one.value)
    if slip and one.operator in {"==", "!=", "==="}:
        answer = "is never true" if one.operator != "!=" else "is always true"
        return f"{one.text} {answer}: what is meant is called {slip!r}"
    if one.name not in _VERSION_NAMES:
        if one.operator in {"<", ">", "<=", ">=", "~="}:
            return f"{one.text} compares texts, which have no order: it holds for equal ones at best"
        return ""
    return _about_version(one)


def _about_version(one: _Comparison) -> str:
    if one.operator in {"in", "not in"}:
        return f"{one.text} looks for a text in a text, where '3.1' is in '3.10'; compare versions with ==, < and or"
    try:
        specifier = Specifier(f"{one.operator}{one.value}")
    except InvalidSpecifier:
        return f"{one.text} compares texts, since {one.operator}{one.value} is no comparison of versions"
    if one.name != "python_version":
        return ""
    stem = one.value.removesuffix(".*")
    if stem != one.value and one.operator in {"==", "!="} and stem.count(".") == 1:
        plain = f"python_version {one.operator} '{stem}'"
        return f"{one.text}: some tools compare the wildcard as text; {plain} says the same everywhere"
    numbers = specifier.version.removesuffix(".*").split(".")
    if numbers[2:] and set(numbers[2:]) != {"0"}:
        return f"{one.text}: python_version has two numbers, such as 3.11; a third is in python_full_version"
    return ""


def _is_never_true(marker: str, comparisons: Sequence[_Comparison]) -> bool:
    """Whether a marker is false for every Python and for every value that it names, and for others.

    False also where that would take too long, or where something in it is not known here.
    """
    names = list(dict.fromkeys(one.name for one in comparisons if not one.name.startswith("python_")))
    choices = [_values(comparisons, name) for name in names]
    pythons = _pythons(comparisons)
    trials = len(pythons)
    for values in choices:
        trials *= len(values)
    if trials > _MOST_TRIALS:
        return False
    try:
        parsed = read_marker(marker)
        return not any(
            parsed.evaluate({"extra": "", **python, **dict(zip(names, values, strict=True))})
            for python in pythons
            for values in product(*choices)
        )
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        return False


def _values(comparisons: Iterable[_Comparison], name: str) -> list[str]:
    """What a marker compares a variable with, the words in it, and one other value."""
    stated = [one.value for one in comparisons if one.name == name]
    words = [word for value in stated for word in re.split(r"[\s,]+", value) if word]
    return list(dict.fromkeys((*stated, *islice(words, 20), "0" if name in _VERSION_NAMES else "\0other")))


def _pythons(comparisons: Iterable[_Comparison]) -> list[dict[str, str]]:
    """Pythons that are and will be; with all their micro versions where the marker looks at these."""
    micros = _MICROS if any(one.name == "python_full_version" for one in comparisons) else 1
    return [
        {"python_version": version, "python_full_version": f"{version}.{micro}"}
        for version in _PYTHONS
        for micro in range(micros)
    ]
