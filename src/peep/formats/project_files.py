"""File names that make a folder a project: lists of pins, sources, other tools' locks, environments."""

from __future__ import annotations

import re

LISTS = ("pylock.toml", "requirements.txt")
"""What is installed where nothing else is named, the first that is there."""
SOURCES = ("requirements.in", "pyproject.toml")
"""What lists are made from, the first that is there; a pyproject.toml only where it has a table `[project]`."""
FOREIGN_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
"""What `peep convert` reads and nothing installs."""
BUNDLE = "bundle.json"
ENVIRONMENTS = (".venv", "venv")
FOLDER = "requirements"
"""Where some projects keep their lists, each under any name that ends in .txt."""

_FURTHER_LIST = r"requirements[-_.\w]*\.txt|[-_.\w]*[-_.]requirements\.txt|pylock\.[^./\\]+\.toml"
_PROJECT_TABLE = rb"(?m)^[ \t]*\[[ \t]*project[ \t]*\]"


def is_list_name(name: str) -> bool:
    """Whether a file of this name is one of a project's lists, such as `requirements-dev.txt` or `pylock.docs.toml`."""
    return name in LISTS or re.fullmatch(_FURTHER_LIST, name) is not None


def has_project_table(content: bytes) -> bool:
    """Whether the bytes of a pyproject.toml have a table `[project]`; the file need not be valid otherwise."""
    return re.search(_PROJECT_TABLE, content) is not None
