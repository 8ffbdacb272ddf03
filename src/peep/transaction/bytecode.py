"""Byte-compilation of new projects by the target's interpreter, before they become visible.

The interpreter runs isolated and without `site`: nothing of the environment, old or new, is on its path (THREATS W15,
W16). The `.pyc` files carry the source's time, as pip's do, so that equal sources give equal bytecode (PEP 552,
timestamps).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from peep.dataclass import NamedTuple
from peep.environment.records import row
from peep.environment.scheme_paths import SchemePaths
from peep.errors import EnvironmentChangeError
from peep.formats.documents import parse_json
from peep.system.processes import printable_lines, run
from peep.transaction.crash_points import CrashPoints
from peep.transaction.staged_tree import StagedTree, StagedWheel
from peep.transaction.staging import recorded_path

_SECONDS = 3600.0
_SCRIPT = """
import json, py_compile, sys
made = []
with open(sys.argv[1], encoding="utf-8") as stream:
    todo = json.load(stream)
mode = py_compile.PycInvalidationMode.TIMESTAMP
for source, shown in todo:
    try:
        made.append(py_compile.compile(source, dfile=shown, doraise=True, invalidation_mode=mode))
    except (py_compile.PyCompileError, SyntaxError, ValueError, RecursionError, UnicodeError):
        pass
print(json.dumps(made))
"""
"""For Python 3.8 and newer. A module that does not compile is left to whoever imports it, as with pip."""


class Source(NamedTuple):
    """A module in the work folder."""

    path: str
    shown: str
    """Its path once it is installed: what tracebacks name."""


def add_bytecode(tree: StagedTree, scheme_paths: SchemePaths, crash_points: CrashPoints) -> None:
    """Byte-compile the linked modules. RECORD lists bytecode without hashes: Python may write it anew at any time."""
    crash_points.reached("compile")
    modules: dict[str, StagedWheel] = {}
    sources = []
    for wheel in tree.wheels:
        for path in _importable(wheel):
            modules[os.path.splitext(path)[0]] = wheel
            sources.append(Source(path, scheme_paths.mirrors[0].final(path)))
    for path in compile_modules(sources, scheme_paths.target.python, scheme_paths.work):
        folder, name = os.path.split(path)
        wheel = modules[os.path.join(os.path.dirname(folder), name.split(".", 1)[0])]
        wheel.rows.append(row(recorded_path(path, wheel.site), "", ""))


def _importable(wheel: StagedWheel) -> Iterator[str]:
    """Where its modules lie in the work folder."""
    elsewhere = {mapped.destination: mapped.scheme for mapped in wheel.elsewhere}
    for _, path in wheel.linked.destinations():
        if path.endswith(".py") and elsewhere.get(path, "purelib") in {"purelib", "platlib"}:
            yield path


def compile_modules(sources: list[Source], python: str, work: str) -> list[str]:
    """Byte-compile `sources`; give back the paths of the `.pyc` files, which lie beside them in `__pycache__`.

    `work` is a folder for the lists of what to do. Raises `EnvironmentChangeError` when the interpreter fails.
    """
    count = max(1, min(os.cpu_count() or 1, len(sources) // 50))
    shares = [sources[number::count] for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        made = pool.map(lambda item: _compile(item[1], item[0], python, work), enumerate(shares))
        return sorted(path for paths in made for path in paths)


def _compile(sources: list[Source], number: int, python: str, work: str) -> list[str]:
    todo = os.path.join(work, f"compile-{number}")
    with open(todo, "w", encoding="utf-8") as stream:
        json.dump(sources, stream)
    ended = run([python, "-I", "-S", "-X", "utf8", "-c", _SCRIPT, todo], env=dict(os.environ), timeout=_SECONDS)
    try:
        made: list[str] = parse_json(ended.output)
    except ValueError as error:
        reason = (printable_lines(ended.errors) or ("no answer",))[-1]
        raise EnvironmentChangeError(f"{python} could not byte-compile: {reason}", "leave --compile out") from error
    return made
