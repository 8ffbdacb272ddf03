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
BUILTINS = {"open", "print", "input", "exec", "eval", "compile", "breakpoint", "__import__", "__builtins__", "globals"}
WHOLE = {
    "__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "collections", "collections.abc", "contextlib",
    "csv", "dataclasses", "difflib", "email.message", "email.parser", "enum", "functools", "hashlib", "heapq", "html",
    "html.entities", "html.parser", "itertools", "json", "json.scanner", "math", "operator",
    "packaging", "posixpath", "re", "shlex", "stat", "string", "struct", "textwrap", "tomli", "tomllib", "types",
    "typing", "unicodedata", "urllib.parse", "zlib",
}  # fmt: skip
"""Modules of others that reach nothing, whatever is called (`packaging`: with its submodules)."""
OF_PATHS = {
    "basename", "commonpath", "commonprefix", "dirname", "isabs", "join", "normcase", "normpath", "relpath", "sep",
    "split", "splitdrive", "splitext",
}  # fmt: skip
PARTS = {
    "_blake2": {"blake2b"},
    "builtins": set(),
    "codecs": {"BOM_UTF16_BE", "BOM_UTF16_LE", "BOM_UTF32_BE", "BOM_UTF32_LE", "BOM_UTF8", "encode", "lookup"},
    "configparser": {"ConfigParser", "Error", "RawConfigParser"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "fnmatch": {"fnmatchcase", "translate"},
    "io": {"BytesIO", "StringIO"},
    "os": {"PathLike", "altsep", "curdir", "fspath", "name", "path", "pathsep", "sep"},
    "os.path": OF_PATHS,
    "pathlib": {"PurePath", "PurePosixPath", "PureWindowsPath"},
    "signal": {"SIGKILL"},
    "sys": {"intern", "stdlib_module_names", "version_info"},
    "time": {"gmtime"},
    "tokenize": {"NAME", "TokenError", "generate_tokens"},
    "zipfile": {"BadZipFile", "ZIP_STORED", "ZipFile", "ZipInfo"},
}
"""What is used of modules that could reach outside; `zipfile.ZipFile` on bytes in memory only."""
OF_OBJECTS = {
    "glob", "is_file", "is_symlink", "iterdir", "lstat", "mkdir", "open", "read_bytes", "read_text", "rglob", "rmdir",
    "symlink_to", "touch", "unlink", "write_bytes", "write_text",
}  # fmt: skip
"""Methods of `pathlib.Path`, which may come as an argument."""
TAKEN = {
    "peep.advisories.lookup": {"Known", "WantedAdvisories"},
    "peep.advisories.snapshot": {"FetchRecord", "SnapshotFacts"},
    "peep.archives.compression": {"Malformed"},
    "peep.environment.scheme_paths": {"in_one_case", "is_inside", "shown_path"},
    "peep.examine.binaries": {"BinaryFacts", "binary_facts", "binary_findings"},
    "peep.examine.habits": {"PackingHabits", "changed_habits", "habit_hits"},
    "peep.examine.lookalikes": {"is_near", "lookalike_of"},
    "peep.examine.release": {"LARGEST_FILE", "Release", "ReleaseArchive", "ReleaseFile"},
    "peep.store.layout": {"file_path"},
    "peep.transaction.giving_way": {"GivingWay"},
    "peep.transaction.linking": {"WheelFiles"},
}
"""What deciding modules take of others: types, constants, functions of texts; of `examine`, readers of what is open."""


def deciding_modules():
    """Module name -> path of its source."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one["type"] == "forbidden")
    found = {}
    for name in contract["source_modules"]:
        path = SOURCES.joinpath(*name.split(".")[1:])
        for source in path.glob("**/*.py") if path.is_dir() else [path.with_suffix(".py")]:
            found[".".join(source.relative_to(SOURCES.parent).with_suffix("").parts)] = source
    return found


DECIDING = deciding_modules()


def reaching(source):
    """Names in a module's code that lead, or may lead, outside of it."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    modules = {
        one.asname or one.name.partition(".")[0]: one.name if one.asname else one.name.partition(".")[0]
        for node in nodes
        if isinstance(node, ast.Import)
        for one in node.names
    }
    looked_into = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    looked_into |= {id(one) for node in nodes if asks_for_names(node) for one in node.args}
    return [
        name
        for node in nodes
        for name in (*imported(node), *named(node, modules, looked_into), *asked_of_objects(node, modules))
    ]


def asks_for_names(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"dir", "hasattr"}


def imported(node):
    """Imports that are not among the harmless ones."""
    match node:
        case ast.Import(names=names):
            yield from (one.name for one in names if one.name not in PARTS and not is_harmless(one.name))
        case ast.ImportFrom(module=module, names=names):
            yield from (f"{module}.{one.name}" for one in names if not is_harmless_from(module, one.name))


def is_harmless(module):
    return module in {*WHOLE, *DECIDING, "peep.dataclass"} or module.partition(".")[0] in {"nab_resolver", "packaging"}


def is_harmless_from(module, name):
    return is_harmless(module) or name in PARTS.get(module, ()) or name in TAKEN.get(module, ()) or (
        f"{module}.{name}" in DECIDING
    )  # fmt: skip


def named(node, modules, looked_into):
    """Builtins that reach outside, and parts of modules that may; called or handed on, as such modules are."""
    match node:
        case ast.Name(id=name) if name in BUILTINS:
            yield name
        case ast.Name(id=name) if modules.get(name) in PARTS and id(node) not in looked_into:
            yield name
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=base), attr="path"), attr=name):
            if modules.get(base) == "os" and name not in OF_PATHS:
                yield f"os.path.{name}"
        case ast.Attribute(value=ast.Name(id=base), attr=name) if modules.get(base) in PARTS:
            if name not in PARTS[modules[base]]:
                yield f"{modules[base]}.{name}"


def asked_of_objects(node, modules):
    """Methods that only paths and files have, and clocks."""
    match node:
        case ast.Attribute(value=ast.Name(id="date" | "datetime" as kind), attr="now" | "today" | "utcnow" as name):
            yield f"{kind}.{name}"
        case ast.Attribute(value=ast.Name(id=base)) if base in modules:
            return
        case ast.Attribute(attr=name) if name in OF_OBJECTS:
            yield f".{name}"


@pytest.mark.parametrize("name", sorted(DECIDING))
def test_a_deciding_module_looks_at_nothing(name):
    assert reaching(DECIDING[name].read_text("utf-8")) == []


def test_what_is_taken_of_others_is_still_taken():
    """A name that nobody takes any more leaves the table, so that nobody takes it again unseen."""
    taken = {
        (node.module, one.name)
        for path in DECIDING.values()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        for one in node.names
    }

    assert {(module, name) for module, names in TAKEN.items() for name in names} - taken == set()
    assert not TAKEN.keys() & DECIDING.keys()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("open('x')", ["open"]),
        ("read = open", ["open"]),
        ("import io\nio.open('x')", ["io.open"]),
        ("import builtins\nbuiltins.open('x')", ["builtins.open"]),
        ("import builtins\nframe = vars(builtins)", ["builtins"]),
        ("import os\nos.stat('x')", ["os.stat"]),
        ("import os as o\no.stat('x')", ["os.stat"]),
        ("import os\nos.environ['X']", ["os.environ"]),
        ("import os\nos.path.exists('x')", ["os.path.exists"]),
        ("import os\ngetattr(os, 'stat')('x')", ["os"]),
        ("from os.path import exists", ["os.path.exists"]),
        ("from pathlib import Path", ["pathlib.Path"]),
        ("def f(path): return path.read_text()", [".read_text"]),
        ("from datetime import datetime\ndatetime.now()", ["datetime.now"]),
        ("def f():\n    import subprocess", ["subprocess"]),
        ("import urllib.request", ["urllib.request"]),
        ("from urllib.request import urlopen", ["urllib.request.urlopen"]),
        ("import importlib", ["importlib"]),
        ("from importlib import import_module", ["importlib.import_module"]),
        ("__import__('os')", ["__import__"]),
        ("import tarfile", ["tarfile"]),
        ("from peep.system.files import write_fully", ["peep.system.files.write_fully"]),
        ("from peep.archives.sdist import open_sdist", ["peep.archives.sdist.open_sdist"]),
        ("from peep import store", ["peep.store"]),
        ("import os\nos.path.join('a', 'b')", []),
        ("import io\nio.BytesIO(b'')", []),
        ("from peep.formats.names import normalised", []),
        ("from peep.store.layout import file_path", []),
    ],
)
def test_what_reaches_outside_is_recognised(source, found):
    assert reaching(source) == found
