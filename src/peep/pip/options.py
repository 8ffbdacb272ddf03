"""Options of pip: its index, certificates and proxy, as pip itself tells when asked once.

pip's `install` parser, after start-up, holds as its defaults what pip's configuration files and `PIP_*` variables
say. So a short program, run by the interpreter that has pip, prints them; nothing here reads those files' contents.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from peep.dataclass import dataclass, field
from peep.errors import PeepError, UsageError
from peep.formats.documents import parse_json
from peep.model import FormatControl
from peep.pip.options_cache import PipMemory

if TYPE_CHECKING:
    from peep.system.processes import RunProgram

MARK = "peep-reads-from-here:"
TIMEOUT = 60.0
NO_PIP = 97
"""Exit status of the program when the interpreter has no pip, or one that does not run there."""

_QUOTED_LINE = r"(\[line +[0-9]+\]):? *(?:'[^']*'|\"[^\"]*\"|\S+)?.*"
"""A line of a configuration file that cannot be read is named by its number: it may hold a password."""
_ASK_PIP_ITSELF = "run `pip config debug` to see which files and variables it reads, or give --index-url"
_NOT_INSTALLED = 9009
"""Of what Windows puts on PATH under Python's name where there is none, to advertise its store."""

ASK_PIP = f"""
import json, os, sys
if sys.path and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]
try:
    import pip
except ImportError:
    sys.exit({NO_PIP})
try:
    try:
        from pip._internal.commands import create_command
        command = create_command("install")
    except ImportError:
        try:
            from pip._internal.commands import commands_dict
        except ImportError:
            from pip.commands import commands_dict
        command = commands_dict["install"]()
    defaults = vars(command.parser.get_default_values())
except Exception:
    sys.exit({NO_PIP})

def plain(value):
    if hasattr(value, "no_binary"):
        return {{"no_binary": sorted(value.no_binary), "only_binary": sorted(value.only_binary)}}
    if isinstance(value, (list, tuple)):
        return [item for item in value if isinstance(item, str)]
    return value if value is None or isinstance(value, (str, int, float)) else str(value)

config = command.parser.config
read = getattr(config, "iter_config_files", getattr(config, "_iter_config_files", None))
files = None if read is None else [os.path.abspath(name) for _, names in read() for name in names]
answer = {{
    "pip": os.path.abspath(pip.__file__), "files": files,
    "values": dict((name, plain(value)) for name, value in defaults.items()),
}}
sys.stdout.write("\\n{MARK}" + json.dumps(answer) + "\\n")
"""


@dataclass(frozen=True, slots=True)
class PipDefaults:
    """pip's effective options; URLs may hold credentials, never print them raw."""

    index_urls: tuple[str, ...]
    """`index-url` first, then each `extra-index-url`."""
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    trusted_hosts: tuple[str, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    timeout: float = 15.0
    """Seconds."""
    retries: int = 5
    format_control: FormatControl = field(default_factory=FormatControl)
    files: tuple[str, ...] = ()
    """What the answer depends on: pip itself, and its configuration files, whether they exist or not."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Every option of `pip install` by the name pip's parser gives it (`require_hashes`, `target_dir`, …)."""


def pip_defaults(
    pythons: Sequence[str], environ: Mapping[str, str], run: RunProgram, memory: PipMemory | None = None
) -> PipDefaults:
    """Ask the pip of the first of `pythons` (paths of interpreters) that has one.

    `environ` is the process's, which holds the `PIP_*` variables. `memory` spares asking when nothing has changed.
    Raises `UsageError` when there is no pip to ask, `PeepError` when pip cannot read its own configuration.
    """
    for python in dict.fromkeys(pythons):
        answer = memory.recall(python, environ) if memory is not None else None
        if answer is None:
            answer = _ask(python, environ, run)
            if answer is not None and memory is not None:
                memory.keep(python, environ, answer)
        if answer is not None:
            return defaults_of(answer)
    raise UsageError(
        "there is no pip to tell which index to use",
        "name one with --index-url, or give files by --find-links and say --no-index",
    )


def _ask(python: str, environ: Mapping[str, str], run: RunProgram) -> Mapping[str, object] | None:
    """Pip's answer; None when the interpreter has no pip or cannot be run."""
    for arguments in ([python, "-I", "-c", ASK_PIP], [python, "-c", ASK_PIP]):
        try:
            done = run(arguments, env=environ, timeout=TIMEOUT)
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise PeepError(f"pip cannot tell its own options: {error.strerror}", _ASK_PIP_ITSELF) from None
            return None
        if done.status == _NOT_INSTALLED:
            return None
        if done.status == NO_PIP:
            continue  # perhaps it lies where -I does not look: in the user's own site folder, or on PYTHONPATH
        _, mark, text = done.output.rpartition(MARK.encode())
        if done.status or not mark:
            raise PeepError(
                f"pip cannot tell its own options: {_complaint(done.errors) or f'exit status {done.status}'}",
                _ASK_PIP_ITSELF,
            )
        try:
            answer = parse_json(text)
        except ValueError as error:
            raise PeepError(f"pip cannot tell its own options: {python} answered with no JSON ({error})") from None
        return answer if isinstance(answer, dict) else None
    return None


def defaults_of(answer: Mapping[str, object]) -> PipDefaults:
    """The typed view of what pip answered; values of an unexpected kind count as absent."""
    stated = answer.get("values")
    values: Mapping[str, object] = stated if isinstance(stated, dict) else {}
    index_url = _text(values.get("index_url"))
    return PipDefaults(
        index_urls=((index_url,) if index_url else ()) + _texts(values.get("extra_index_urls")),
        find_links=_texts(values.get("find_links")),
        no_index=bool(values.get("no_index")),
        trusted_hosts=_texts(values.get("trusted_hosts")),
        cert=_text(values.get("cert")),
        client_cert=_text(values.get("client_cert")),
        proxy=_text(values.get("proxy")),
        timeout=_number(values.get("timeout"), 15.0),
        retries=int(_number(values.get("retries"), 5)),
        format_control=_format_control(values.get("format_control")),
        files=(*_texts([answer.get("pip")]), *_texts(answer.get("files"))),
        values=values,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str) and item) if isinstance(value, list) else ()


def _number(value: object, default: float) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else default
    except ValueError:
        return default


def _format_control(value: object) -> FormatControl:
    if not isinstance(value, dict):
        return FormatControl()
    return FormatControl(frozenset(_texts(value.get("no_binary"))), frozenset(_texts(value.get("only_binary"))))


def _complaint(errors: bytes) -> str:
    """What pip said at last: one line, or all that it says of a configuration file, which it names line by line."""
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    begin = next((at for at, line in enumerate(lines) if line.startswith("Configuration file")), -1)
    return re.sub(_QUOTED_LINE, r"\1", " ".join(lines[begin:]))[:300]
