"""Check of bytecode against its source, by the target's own interpreter.

The interpreter runs isolated and without `site`: nothing of the environment is on its path, nothing is imported from it
and no bytecode is executed; code objects are compared as values. Sources are only those that were found to be verified.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from peep.errors import EnvironmentChangeError
from peep.formats.documents import parse_json
from peep.proof.expected_files import ExpectedProject
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.unowned_files import source_of
from peep.system.files import ToldAs
from peep.system.processes import RunProgram, run

_SECONDS = 3600.0
_PER_PROCESS = 100
_SCRIPT = r"""
import importlib.util, json, marshal, os, sys

def canonical(value):
    kind = type(value)
    if kind is type(canonical.__code__):
        fields = [name for name in sorted(dir(value)) if name.startswith("co_")]
        skipped = {"co_filename", "co_lines", "co_positions", "co_lnotab", "co_branches", "co_consts"}
        parts = [(name, repr(getattr(value, name))) for name in fields if name not in skipped]
        table = "co_linetable" if hasattr(value, "co_linetable") else "co_lnotab"
        parts.append((table, repr(getattr(value, table))))
        # co_code shows specialised instructions as ordinary ones, and leaves out what is cached between them
        parts.append(("raw", repr(getattr(value, "_co_code_adaptive", b""))))
        return ("code", parts, [canonical(one) for one in value.co_consts])
    if kind is tuple:
        return ("tuple", [canonical(one) for one in value])
    if kind is frozenset:
        return ("frozenset", sorted(repr(canonical(one)) for one in value))
    return (kind.__name__, repr(value))

def filenames(code):
    yield code.co_filename
    for one in code.co_consts:
        if type(one) is type(code):
            for name in filenames(one):
                yield name

def without_sharing(code, known):
    # Version 2 knows no shared objects, so that equal code is written alike, kinds of variables included (3.11).
    if sys.version_info < (3, 11):
        return True
    try:
        return marshal.dumps(code, 2) == marshal.dumps(known, 2)
    except ValueError:  # slices (3.14), which only later versions can write
        return True

def has_more(body):
    # Bytes after the object are not read: it is whole without the last one, then.
    try:
        marshal.loads(body[:-1])
    except Exception:
        return False
    return True

def fault(source, cached):
    name = os.path.basename(cached)
    whole, _, level = name[:-4].partition(".opt-")
    stem, _, tag = whole.rpartition(".")
    if tag != sys.implementation.cache_tag or level not in ("", "1", "2"):
        return "it was made by another interpreter or program, so that nothing is known of it"
    with open(cached, "rb") as file:
        content = file.read()
    with open(source, "rb") as file:
        text = file.read()
        status = os.fstat(file.fileno())
    if content[:4] != importlib.util.MAGIC_NUMBER or len(content) < 16:
        return "its header is not that of this interpreter"
    flags = int.from_bytes(content[4:8], "little")
    if flags == 0:
        stated = content[8:16]
        actual = (int(status.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
        actual += (status.st_size & 0xFFFFFFFF).to_bytes(4, "little")
        if stated != actual:
            return "it states another time or size of its source"
    elif flags not in (1, 3) or content[8:16] != importlib.util.source_hash(text):
        return "it states another hash of its source"
    try:
        expected = compile(text, source, "exec", dont_inherit=True, optimize=int(level or 0))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "its source does not compile"
    body, dumped = content[16:], marshal.dumps(expected)
    if body == dumped:
        return ""
    try:
        code = marshal.loads(body)
        known = marshal.loads(dumped)
        is_same = not has_more(body) and canonical(code) == canonical(known) and without_sharing(code, known)
        places = set(filenames(code)) if is_same else ()
    except Exception:  # MemoryError among them: a damaged length asks for gigabytes
        return "it is damaged"
    if not is_same:
        return "it is not what its source compiles to"
    real = os.path.realpath(source)
    if any(place != source and os.path.realpath(place) != real for place in places):
        return "it names another file as its source"
    return ""

try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
except (ImportError, OSError, ValueError):
    pass
with open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as stream:
    todo = json.load(stream)
import warnings
warnings.simplefilter("ignore")
for source, cached in todo:
    try:
        found = fault(source, cached)
    except OSError as error:
        found = "it can't be read: %s" % error.strerror
    print(json.dumps(found), flush=True)
"""
"""For Python 3.8 and newer. One line of JSON for each file: what is wrong, or ''."""


def bytecode_findings(
    cached: Iterable[str],
    sound: Collection[str],
    projects: Sequence[ExpectedProject],
    python: str,
    run_program: RunProgram = run,
) -> list[Finding]:
    """Recompile what `sound` sources were compiled to; whose source is not sound has a finding there already."""
    todo = [(source, path) for path in sorted(cached) if (source := source_of(path)) in sound and source is not None]
    owners = {path: project.name for project in projects for path in project.files if path.endswith(".py")}
    count = max(1, min(os.cpu_count() or 1, len(todo) // _PER_PROCESS))
    with tempfile.TemporaryDirectory(prefix="peep-bytecode-") as folder, ThreadPoolExecutor(count) as pool:
        shares = [todo[number::count] for number in range(count)]
        lists = [os.path.join(folder, str(number)) for number in range(count)]
        answers = list(pool.map(lambda one: _ask(one[0], one[1], python, run_program), zip(shares, lists, strict=True)))
    return [
        finding(FindingKind.BYTECODE, fault, path=path, project=owners.get(source, ""))
        for share, faults in zip(shares, answers, strict=True)
        for (source, path), fault in zip(share, faults, strict=True)
        if fault
    ]


def _ask(share: Sequence[tuple[str, str]], listed: str, python: str, run_program: RunProgram) -> list[str]:
    """What the interpreter says of each file; bytecode that makes it crash is damaged, and it goes on after that."""
    faults: list[str] = []
    while len(faults) < len(share):
        with open(listed, "w", encoding="utf-8", errors="surrogateescape") as stream:
            json.dump(share[len(faults) :], stream)
        command = [python, "-I", "-S", "-B", "-X", "utf8", "-c", _SCRIPT, listed]
        with ToldAs(EnvironmentChangeError, f"{python} does not start"):
            ended = run_program(command, env=dict(os.environ), timeout=_SECONDS)
        faults += [parse_json(line) for line in ended.output.splitlines() if line.startswith(b'"')]
        if len(faults) < len(share):
            faults.append("it makes the interpreter crash")
    return faults
