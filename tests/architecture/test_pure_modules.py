"""Deciding modules take values and give values: no call of theirs reaches the disk, the network or a process."""

import ast
import sys
from pathlib import Path

import pytest

import peep

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCES = Path(peep.__file__).parent
ROOT = SOURCES.parents[1]
BUILTINS = {"open", "print", "input", "exec", "eval", "compile", "__import__"}
OF_OS = {"path", "fspath", "sep", "altsep", "pathsep", "name", "curdir", "PathLike"}
"""What `os` has that looks at nothing."""
OF_OS_PATH = {
    "abspath", "exists", "expanduser", "getatime", "getmtime", "getsize", "isdir", "isfile", "islink", "ismount",
    "lexists", "realpath", "samefile", "stat",
}  # fmt: skip
"""What `os.path` has that looks at the disk, or at the working folder."""


def deciding_modules():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one["type"] == "forbidden")
    for name in contract["source_modules"]:
        path = SOURCES.joinpath(*name.split(".")[1:])
        yield from sorted(path.glob("**/*.py")) if path.is_dir() else [path.with_suffix(".py")]


def reaching(source):
    """Names in a module's code that lead outside of it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in BUILTINS:
                found.append(name)
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name not in OF_OS:
                found.append(f"os.{name}")
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="os"), attr="path"), attr=name) if (
                name in OF_OS_PATH
            ):
                found.append(f"os.path.{name}")
            case ast.ImportFrom(module="os" | "os.path" | "pathlib", names=names):
                found += [one.name for one in names if not one.name.startswith("Pure")]
            case ast.Import(names=names) if any(one.name == "pathlib" for one in names):
                found.append("pathlib")
    return found


@pytest.mark.parametrize("path", list(deciding_modules()), ids=lambda path: str(path.relative_to(SOURCES)))
def test_a_deciding_module_looks_at_nothing(path):
    assert reaching(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("open('x')", ["open"]),
        ("import os\nos.stat('x')", ["os.stat"]),
        ("import os\nos.environ['X']", ["os.environ"]),
        ("import os\nos.path.exists('x')", ["os.path.exists"]),
        ("from pathlib import Path", ["Path"]),
        ("import os\nos.path.join('a', 'b')", []),
    ],
)
def test_what_reaches_outside_is_recognised(source, found):
    assert reaching(source) == found
