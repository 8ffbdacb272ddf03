"""Name of a local project, as its files state it: read, never run.

Source: PEP 621 (`project.name` can never be dynamic); setuptools' declarative configuration (`setup.cfg`); the tables
that Poetry and Flit had before PEP 621; `setup.py` as far as its call of `setup` has the name as a plain text.
"""

from __future__ import annotations

import ast
import configparser
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from peep.formats.documents import parse_toml
from peep.formats.names import is_name

ReadFile = Callable[[str], "bytes | None"]
"""Gives a file of the project's folder by its name; None when there is none."""

_TABLES = (("project", "name"), ("tool", "poetry", "name"), ("tool", "flit", "metadata", "dist-name"))


def stated_name(read: ReadFile) -> str:
    """The project's name as written; '' when no file states one that a tool could read without running code."""
    for filename, name_in in (("pyproject.toml", _in_toml), ("setup.cfg", _in_configuration), ("setup.py", _in_script)):
        content = read(filename)
        if content is None:
            continue
        try:
            name = name_in(content.decode("utf-8-sig"))
        except (ValueError, SyntaxError, RecursionError, MemoryError, configparser.Error):
            continue  # the build will say what is wrong with the file
        if is_name(name):
            return name
    return ""


def _in_toml(text: str) -> str:
    document = parse_toml(text)
    return next((name for keys in _TABLES if (name := _text_at(document, keys))), "")


def _text_at(document: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def _in_configuration(text: str) -> str:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser.get("metadata", "name", fallback="").strip()


def _in_script(text: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old spellings in it, which are not this run's concern
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_setup(node.func):
            for keyword in node.keywords:
                value = keyword.value
                if keyword.arg == "name" and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    return value.value
    return ""


def _is_setup(function: ast.expr) -> bool:
    return (isinstance(function, ast.Name) and function.id == "setup") or (
        isinstance(function, ast.Attribute) and function.attr == "setup"
    )
