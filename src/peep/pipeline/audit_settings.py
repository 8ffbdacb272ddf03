"""Where an audit's policy and suppressions are written, and what they say; every fault with its file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from peep.advisories.policy import AuditPolicy, PolicyFault, policy_of
from peep.advisories.suppression_file import FILE_NAME, LARGEST_FILE, SuppressionFault, read_suppressions
from peep.advisories.suppressions import Suppression
from peep.errors import UsageError
from peep.formats.documents import parse_toml
from peep.system.bounded import PROJECT_FILE, read_file


def read_policy(folder: str, named: str | None) -> AuditPolicy:
    """The policy of a project, or that of the file `named`. Raises `UsageError` with file and line."""
    if named is not None:
        table, path = _table_of(named, is_named=True), named
    else:
        places = [os.path.join(folder, name) for name in ("pyproject.toml", "peep.toml")]
        found = [(path, table) for path in places if (table := _table_of(path, is_named=False)) is not None]
        if len(found) > 1:
            raise UsageError(f"{found[0][0]} and {found[1][0]} both hold an audit policy", "keep one of them")
        if not found:
            return AuditPolicy()
        path, table = found[0]
    if table is None:
        raise UsageError(f"{path}: there is no table [audit] or [tool.peep.audit] in it")
    try:
        return policy_of(table)
    except PolicyFault as fault:
        raise UsageError(f"{path}:{_line_of(path, fault.key)}: {fault.key}: {fault}") from fault


def _table_of(path: str, *, is_named: bool) -> Mapping[str, Any] | None:
    try:
        document = parse_toml(read_file(path, PROJECT_FILE).decode())
    except FileNotFoundError:
        if is_named:
            raise UsageError(f"{path}: there is no such file") from None
        return None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path}: this is no TOML: {error}") from error
    table = _below(document, "tool", "peep", "audit")
    if table is None and (is_named or os.path.basename(path) != "pyproject.toml"):
        table = document.get("audit")
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: `audit` is no table")
    return table


def _below(document: object, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _line_of(path: str, key: str) -> int:
    pattern = re.compile(rf"\s*(?:[\w.]*\.)?[\"']?{re.escape(key)}[\"']?\s*=")
    with open(path, encoding="utf-8") as file:
        return next((number for number, line in enumerate(file, 1) if pattern.match(line)), 1)


def suppressions_path(folder: str, named: str | None) -> str:
    return os.path.join(folder, FILE_NAME) if named is None else named


def read_suppression_file(path: str, policy: AuditPolicy, *, is_named: bool) -> tuple[Suppression, ...]:
    """The suppressions of a project; () where there is no file, unless it was named. Raises `UsageError`."""
    try:
        content = read_file(path, LARGEST_FILE)
    except FileNotFoundError:
        if is_named:
            raise UsageError(f"{path}: there is no such file") from None
        return ()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    try:
        return read_suppressions(content, path, policy.longest_suppression)
    except SuppressionFault as fault:
        raise UsageError(f"{path}{f':{fault.line}' if fault.line else ''}: {fault}") from fault
