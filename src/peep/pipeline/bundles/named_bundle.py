"""Bundle named by requirements files: `# peep: --bundle vendor`, below the file's own folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence

from peep.errors import PeepError, RequirementsError, RequirementsErrors
from peep.formats.documents import parse_toml
from peep.formats.names import is_lock_path
from peep.pipeline.options import BundleSource
from peep.requirements.files import is_url, read_requirements_files
from peep.requirements.pinned_set import Directive
from peep.system import bounded

OPTION = "--bundle"
_INCLUDE = rb"\n\s*(?:-r|-c|--requirement|--constraint)\b"
_ELSEWHERE = "a file that is no local one may not name a bundle"
_ON_COMMAND_LINE = "name it on the command line: --bundle"


def named_bundle(paths: Sequence[str], environ: Mapping[str, str]) -> BundleSource | None:
    """The bundle that the files at `paths`, or what they include, name; None for none.

    What is wrong with the files otherwise is told by whoever reads them for their pins. Raises `RequirementsErrors` for
    a second bundle.
    """
    local = [path for path in paths if path != "-" and not is_url(path)]
    worth = [path for path in local if _is_worth_parsing(path)]
    if not worth:
        return None
    texts = [path for path in worth if not is_lock_path(path)]
    files, _ = read_requirements_files(texts, _read_local, environ)
    directives = [directive for file in files for directive in file.directives]
    for path in worth:
        directives += _of_lock(path) if is_lock_path(path) else ()
    return _only(directive for directive in directives if directive.option == OPTION)


def _is_worth_parsing(path: str) -> bool:
    try:
        text = b"\n" + _read_local(path)
    except (OSError, PeepError):
        return False
    # Pieces that a search finds by their letters: one pattern for both would try each letter of a long list.
    is_named = b"bundle" in text and re.search(rb"\bbundle\b", text) is not None
    return is_named or re.search(_INCLUDE, text) is not None


def _read_local(path: str) -> bytes:
    if is_url(path) or path == "-":
        raise PeepError(f"{path}: is not looked at")
    if not os.path.isfile(path):  # a pipe gives its bytes once, and to whoever needs them
        raise FileNotFoundError(2, "there is no such file", path)
    return bounded.read_file(path, bounded.LISTS)


def _of_lock(path: str) -> tuple[Directive, ...]:
    """The keys of `[tool.peep]`."""
    from peep.requirements.pylock_directives import lock_directives  # noqa: PLC0415 - few lists are lock files

    text = _read_local(path).decode("utf-8", "replace")
    try:
        tool = parse_toml(text).get("tool")
    except ValueError:
        return ()
    return lock_directives(tool if isinstance(tool, dict) else None, text, path)[0]


def _only(directives: Iterable[Directive]) -> BundleSource | None:
    found: dict[str, Directive] = {}
    for directive in directives:
        found.setdefault(_place(directive), directive)
    if len(found) > 1:
        first, second, *_ = found.values()
        reason = f"{first.location} names the bundle {first.value}, and this line another: keep one of them"
        raise RequirementsErrors([RequirementsError(second.location, reason, "or give --bundle on the command line")])
    return BundleSource(next(iter(found))) if found else None


def _place(directive: Directive) -> str:
    value, path = directive.value, directive.location.path
    return value if is_url(value) else os.path.normpath(os.path.join(os.path.dirname(path), value))


def refuse_unread(directives: Sequence[Directive]) -> None:
    """Raise `RequirementsErrors` for a bundle that is named where nobody looked for one: in what is no local file."""
    unread = (one.location for one in directives if one.option == OPTION)
    errors = [RequirementsError(location, _ELSEWHERE, _ON_COMMAND_LINE) for location in unread]
    if errors:
        raise RequirementsErrors(errors)
