"""Signals of one file: every rule that fires on its content, for the moment at which it would run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from peep.dataclass import dataclass
from peep.examine.build_text import build_findings
from peep.examine.diff import split_lines
from peep.examine.facts import IMPORT, FileFacts, Use
from peep.examine.file_kinds import is_bytecode, native_format, text_of
from peep.examine.joint_rules import joint_findings
from peep.examine.moments import is_python, is_startup_path
from peep.examine.text_rules import blob_findings, character_findings, codec_findings, literal_findings
from peep.examine.types import RUNS, Capability, Hit
from peep.formats.literal_secrets import told

_AT_IMPORT = {
    "process": "import-process",
    "network": "import-network",
    "dynamic": "import-dynamic",
    "computed-import": "import-dynamic",
    "deserialise": "import-deserialise",
    "hook": "import-hook",
    "patch": "import-patch",
    "write": "import-write",
    "path-insert": "import-path",
    "browser": "import-browser",
}
_AT_BUILD = {
    "process": "build-process",
    "network": "build-network",
    "dynamic": "build-dynamic",
    "computed-import": "build-dynamic",
    "cmdclass": "build-cmdclass",
    "build-requires": "build-requires-new",
    "write": "import-write",
    "browser": "import-browser",
}
_ANYWHERE = {
    "decoded": "code-decoded",
    "hidden-name": "code-hidden-name",
    "libc": "code-libc",
    "loop-process": "code-loop-process",
    "lazy-network": "code-lazy-network",
    "environ": "secret-environ",
    "computed": "code-computed",
    "memory": "code-memory",
    "install": "code-installs",
    "capture": "code-captures",
    "publish": "code-publishes",
    "network-program": "code-network-program",
    "remote-command": "code-remote-command",
    "secret-store": "secret-store",
    "unverified": "code-unverified",
}
_WHEN_CALLED = {"dynamic": "code-dynamic", "deserialise": "code-deserialise"}
"""Told of what waits for a call as well, where nothing more exact is told of the same line."""
_CAPABILITIES = {
    "network": "network",
    "process": "process",
    "loop-process": "process",
    "dynamic": "dynamic",
    "decode": "decode",
    "decoded": "decode",
    "native": "native",
    "libc": "native",
    "write": "write",
    "environ": "environ",
    "environ-extended": "environ",
    "hook": "hook",
    "deserialise": "deserialise",
}
_DATA_USERS = frozenset({"dynamic", "decode", "decoded", "deserialise", "hidden-name", "process", "network", "libc"})
"""Uses by which what stands in a file as data may become code, or leave."""
_BLANKS = re.compile(r"[ \t\r\n]+")
"""Form feeds and separators are not among them: they are what some signals are about."""
_LONGEST_WHOLE = 4_000
"""Characters; many times what is told."""
_SECRETS = frozenset({"secret-environ", "secret-variable", "secret-file"})
_CODE_SUFFIXES = (
    ".py", ".pyw", ".pyx", ".pth", ".start", ".sh", ".bash", ".js", ".mjs", ".cjs", ".ts", ".c", ".h", ".cc", ".cpp",
    ".rs", ".go", ".pl", ".rb", ".ps1", ".bat", ".cmd", ".m4", ".cmake", ".toml", ".cfg", ".lua", ".vbs", ".php",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """One file as the rules see it. `facts` is None for what is not Python."""

    path: str
    moment: str
    content: bytes
    head: bytes
    binary: str
    """'' for text, else its format."""
    in_wheel: bool
    is_pure_wheel: bool
    facts: FileFacts | None = None


def file_hits(file: ExaminedFile) -> list[Hit]:
    """All hits of one file, in order of their lines."""
    found = [*_binary_findings(file)]
    if not file.binary:
        text = text_of(file.content)
        is_code = file.moment in RUNS or file.path.lower().endswith(_CODE_SUFFIXES)
        found += character_findings(text, is_code=is_code, is_python=is_python(file.path))
        if is_code:
            found += blob_findings(text, is_run=_runs_data(file.facts))
        if is_python(file.path):
            found += codec_findings(text)
        elif file.moment == "build":
            found += build_findings(file.path, text)
    lines = _Lines("" if file.binary else text_of(file.content))
    found += _startup_findings(file, lines)
    if is_python(file.path):
        found += _python_findings(file, lines)
    hits = dict.fromkeys(
        Hit(rule, file.path, line, _whole_evidence(evidence), file.moment) for rule, line, evidence in found
    )
    return sorted(hits, key=lambda hit: (hit.line, hit.rule))


def _whole_evidence(text: str) -> str:
    """Evidence by which a hit is known again: all of it, however much of it will be told."""
    evidence = _BLANKS.sub(" ", text).strip(" ")
    if len(evidence) <= _LONGEST_WHOLE:
        return evidence
    digest = hashlib.sha256(evidence.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{told(evidence, _LONGEST_WHOLE)} sha256 {digest}"


def capabilities_of(path: str, facts: FileFacts) -> list[Capability]:
    """What one file can do, a line for each call."""
    found = dict.fromkeys(
        Capability(_CAPABILITIES[use.kind], use.when, path, use.line, use.name)
        for use in facts.uses
        if use.kind in _CAPABILITIES
    )
    return list(found)


def _runs_data(facts: FileFacts | None) -> bool:
    return facts is not None and any(use.kind in _DATA_USERS for use in facts.uses)


class _Lines:
    """The lines of one text, split when the first is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: list[str] | None = None

    def __getitem__(self, number: int) -> str:
        if self._lines is None:
            self._lines = split_lines(self._text)
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def numbered(self) -> Iterator[tuple[int, str]]:
        yield from enumerate(split_lines(self._text), 1)


def _binary_findings(file: ExaminedFile) -> Iterator[tuple[str, int, str]]:
    name = file.path.rpartition("/")[2]
    native = native_format(file.head)
    if native and file.in_wheel and file.is_pure_wheel:
        yield "binary-in-pure", 0, f"{native}: {name}"
    elif native and not file.in_wheel:
        yield "binary-in-sdist", 0, f"{native}: {name}"
    if is_bytecode(file.path, file.head):
        yield "bytecode", 0, name


def _startup_findings(file: ExaminedFile, lines: _Lines) -> Iterator[tuple[str, int, str]]:
    if not is_startup_path(file.path) or not file.in_wheel:
        return
    suffix = file.path.rpartition(".")[2].lower()
    if suffix == "pth":
        yield from pth_findings(lines.numbered())
    elif suffix == "start":
        for number, line in lines.numbered():
            if line.strip() and not line.lstrip().startswith("#"):
                yield "startup-code", number, line.strip()
    else:
        # All of it runs: the digest makes each change of the file a new signal.
        digest = hashlib.sha256(file.content).hexdigest()[:12]
        first = next((line.strip() for _, line in lines.numbered() if line.strip() and line.lstrip()[0] != "#"), "")
        yield "startup-code", 1, f"sha256 {digest}…: {first if not file.binary else file.binary}"


def pth_findings(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[str, int, str]]:
    """`site`: a line of a `.pth` file that begins with `import` is run, any other names a folder."""
    for number, whole in lines:
        for line in whole.removeprefix(
            "\ufeff"
        ).splitlines():  # newer Pythons end lines at form feeds and the like, too
            stripped = line.strip()
            if line.startswith(("import ", "import\t")):
                yield "startup-code", number, stripped
            elif stripped and not stripped.startswith("#"):
                yield "startup-path", number, stripped


def _python_findings(file: ExaminedFile, lines: _Lines) -> Iterator[tuple[str, int, str]]:
    facts = file.facts
    error = "it is no text" if facts is None else facts.error
    if facts is None or error:
        if file.moment in ("startup", "build", "import"):
            yield "unread-code", 0, error
        return
    found = [*_use_findings(file, facts.uses, lines), *literal_findings(facts.literals)]
    yield from found
    yield from joint_findings(facts)
    secrets = [one for one in found if one[0] in _SECRETS]
    network = [use for use in facts.uses if use.kind == "network"]
    if secrets and network:
        yield "secret-and-network", network[0].line, f"{secrets[0][0]} and {network[0].name}"


def _use_findings(file: ExaminedFile, uses: Sequence[Use], lines: _Lines) -> Iterator[tuple[str, int, str]]:
    is_build = file.moment == "build"
    is_installed = file.in_wheel or file.moment != "code"
    is_program = file.path.endswith("/__main__.py") or ".data/scripts/" in file.path
    told_better = {use.line for use in uses if use.kind in ("computed", "decoded")}
    for use in uses:
        evidence = use.name if use.kind == "unverified" else lines[use.line].strip() or use.name
        if use.kind in _ANYWHERE:
            yield _ANYWHERE[use.kind], use.line, evidence
        elif is_build and use.kind in _AT_BUILD:
            yield _AT_BUILD[use.kind], use.line, evidence
        elif use.when == IMPORT and use.kind in _AT_IMPORT and is_installed and not is_program:
            yield _AT_IMPORT[use.kind], use.line, evidence
        elif is_installed and use.kind in _WHEN_CALLED and use.name != "compile" and use.line not in told_better:
            yield _WHEN_CALLED[use.kind], use.line, evidence
