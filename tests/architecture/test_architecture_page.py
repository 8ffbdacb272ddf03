"""docs/architecture.md is the drawing of the house: its rows are those of import-linter, its places are there."""

import ast
import re
import sys
from pathlib import Path

import pytest

from peep.cli.verb_places import SHARED_VERBS, VERBS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "peep"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


def test_the_drawing_is_the_contract():
    drawn = re.findall(r"```\n(cli\n.*?)```", PAGE, re.DOTALL)[0].split("\n")[:-1]
    (layers,) = (one["layers"] for one in CONTRACTS if one["type"] == "layers")

    assert drawn == layers


def test_the_table_names_every_folder_once():
    named = re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE)

    assert sorted(named) == sorted(path.name for path in SOURCES.iterdir() if (path / "__init__.py").is_file())


def test_every_file_that_the_page_names_is_there():
    named = re.findall(r"`(\w+(?:/\w+)*\.py)`", PAGE)
    present = {str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*.py")}

    assert [
        name for name in named if name not in present and not any(one.endswith(f"/{name}") for one in present)
    ] == []


def test_workflows_are_the_verbs():
    """Verbs that only show something that `cli` knows have no workflow."""
    told_by_cli = {"completion", "help"}
    verbs = {verb.replace("-", "_") for verb in (*VERBS, *SHARED_VERBS)} - told_by_cli - {"freeze"}  # it is inventory's
    modules = {path.stem for path in (SOURCES / "workflows").glob("*.py")} - {"__init__"}

    assert {name.partition("_")[0] if name not in verbs else name for name in modules} <= {
        *verbs, *(verb.partition("_")[0] for verb in verbs),
    }  # fmt: skip
    assert [verb for verb in verbs if not any(name == verb or name.startswith(f"{verb}_") for name in modules)] == []


LOADERS = {"import_module", "__import__", "run_module", "resolve_name"}


def imported_by_strings(source):
    """What is handed to `import_module` and its like, under whatever name, as source."""
    if not any(name in source for name in LOADERS):
        return []
    nodes = list(ast.walk(ast.parse(source)))
    imports = (one for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names)
    names = {*LOADERS, *(one.asname for one in imports if one.name in LOADERS and one.asname)}
    calls = (node for node in nodes if isinstance(node, ast.Call))
    return [
        ast.unparse(call.args[0]) for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) in names
    ]


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCES)))
def test_no_module_of_peep_is_imported_by_a_string(path):
    optional = {
        "'cvss'",
        "'isal.isal_zlib'",
        "{'bz2': 'bz2', 'xz': 'lzma'}[compression]",
    }  # others' modules, that need not be there

    assert [name for name in imported_by_strings(path.read_text("utf-8")) if name not in optional] == []


def test_imports_by_strings_are_recognised():
    assert imported_by_strings("import_module(f'peep.{x}'); importlib.import_module('a'); __import__('b')") == [
        "f'peep.{x}'",
        "'a'",
        "'b'",
    ]
    assert imported_by_strings("from importlib import import_module as load; load('a')") == ["'a'"]
