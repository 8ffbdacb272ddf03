"""Changes in a release's metadata: requirements, entry points, build system, people, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from peep.dataclass import dataclass, field
from peep.examine.lookalikes import lookalike_of
from peep.examine.types import Hit
from peep.formats.documents import parse_toml
from peep.formats.names import normalised
from peep.formats.wheel_metadata import header_fields

_KNOWN_TOOLS = frozenset(
    {
        "bash", "cat", "cd", "chmod", "chown", "conda", "cp", "curl", "diff", "docker", "find", "gcc", "git", "go",
        "grep", "kill", "kubectl", "less", "ls", "make", "mv", "node", "npm", "npx", "pip", "pip3", "pipx",
        "poetry", "ps", "pytest", "python", "python3", "rm", "rsync", "scp", "sed", "sh", "ssh", "su", "sudo",
        "tar", "tox", "twine", "uv", "uvx", "vim", "wget", "which", "yarn", "zsh", "cargo", "cmake", "gpg", "perl",
        "ruby", "pdm", "hatch", "flit", "aws", "gcloud", "az", "helm", "terraform", "ansible", "systemctl", "mypy",
        "ruff", "black", "activate", "deactivate",
    }
)  # fmt: skip
_PEOPLE = ("author", "author-email", "maintainer", "maintainer-email")
_ADDRESSES = ("home-page", "download-url", "project-url")
_LICENCES = ("license", "license-expression")
_ENTRY = re.compile(r"(?P<name>[^=]+?)\s*=\s*(?P<target>.+)")
_COMMANDS = ("console_scripts", "gui_scripts")
Entry = tuple[str, str]
"""(group, name)."""


@dataclass(frozen=True, slots=True)
class ReleaseMetadata:
    """What the metadata files of one release say; texts as written."""

    name: str = ""
    """Normalised."""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """METADATA's headers by lower-case name, PKG-INFO's where there is no wheel."""
    metadata_path: str = ""
    source_fields: Mapping[str, tuple[str, ...]] | None = None
    """PKG-INFO's headers; None without an sdist."""
    entries: Mapping[Entry, str] = field(default_factory=dict)
    entries_path: str = ""
    build_requires: tuple[str, ...] | None = None
    """None without a readable pyproject.toml."""
    backend: str = ""
    backend_paths: tuple[str, ...] = ()


def read_fields(content: bytes | None) -> dict[str, tuple[str, ...]]:
    """Headers of METADATA or PKG-INFO, as far as they can be read."""
    if content is None:
        return {}
    fields, _ = header_fields(content, "METADATA")
    return {name: tuple(values) for name, values in fields.items()}


def read_entries(content: bytes | None) -> dict[Entry, str]:
    """All groups of entry_points.txt; lines that are none are left out."""
    entries: dict[Entry, str] = {}
    group = ""
    for line in (content or b"").decode("utf-8", "replace").splitlines():
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            group = text[1:-1].strip()
            continue
        found = _ENTRY.fullmatch(text)
        if found and group and text[0] not in "#;":
            entries[group, found["name"]] = found["target"]
    return entries


def read_build_system(content: bytes | None) -> tuple[tuple[str, ...] | None, str, tuple[str, ...]]:
    """`requires`, `build-backend` and `backend-path` of pyproject.toml; (None, '', ()) where there is none to read."""
    if content is None:
        return None, "", ()
    try:
        table: Any = parse_toml(content.decode("utf-8")).get("build-system", {})
    except ValueError:  # UnicodeDecodeError and TOMLDecodeError too
        return None, "", ()
    if not isinstance(table, dict):
        return None, "", ()
    backend = table.get("build-backend", "")
    return _texts(table.get("requires")), backend if isinstance(backend, str) else "", _texts(table.get("backend-path"))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def entry_modules(entries: Mapping[Entry, str]) -> list[str]:
    """The modules that entry points name."""
    return [target.partition(":")[0].partition("[")[0].strip() for target in entries.values()]


# -- what is new --------------------------------------------------------------------------------------


def metadata_hits(old: ReleaseMetadata | None, new: ReleaseMetadata) -> list[Hit]:
    """What the metadata of a release says that the one before did not; without one before, only what is odd alone."""
    found = [*_requirement_findings(old, new), *_entry_findings(old, new), *_build_findings(old, new)]
    if old is not None:
        found += _field_findings(old, new)
    return [Hit(rule, path, 0, evidence, "metadata") for rule, path, evidence in dict.fromkeys(found)]


Finding = tuple[str, str, str]
"""(rule, path, evidence)."""


def _by_name(texts: Iterable[str]) -> dict[str, list[str]]:
    """Requirements by normalised name; what cannot be read stands under its whole text."""
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415 - most releases change none

    from peep.formats.dependency_specifiers import read_requirement  # noqa: PLC0415 - most releases change none

    found: dict[str, list[str]] = {}
    for text in texts:
        try:
            name: str = normalised(read_requirement(text).name)
        except (InvalidRequirement, RecursionError):
            name = text
        found.setdefault(name, []).append(" ".join(text.split()))
    return found


def _requirement_findings(old: ReleaseMetadata | None, new: ReleaseMetadata) -> Iterator[Finding]:
    yield from _disagreements(old, new)
    path = new.metadata_path
    texts_now, texts_before = (one.fields.get("requires-dist", ()) if one else () for one in (new, old))
    if sorted(texts_now) == sorted(texts_before):
        return
    now, before = _by_name(texts_now), _by_name(texts_before)
    yield from _required(path, before, now, _rule_of_new if old is not None else None)
    yield from (("requires-gone", path, "; ".join(texts)) for name, texts in before.items() if name not in now)


def _rule_of_new(texts: Sequence[str]) -> str:
    is_optional = all(re.search(r"\bextra\s*==", text) for text in texts)
    return "requires-extra" if is_optional else "requires-new"


def _required(
    path: str,
    before: Mapping[str, Sequence[str]],
    now: Mapping[str, Sequence[str]],
    rule_of_new: Callable[[Sequence[str]], str] | None,
) -> Iterator[Finding]:
    """What is wanted by URL, otherwise, by a name that looks like another, or newly: where that is a rule."""
    for name, texts in now.items():
        known = before.get(name, [])
        yield from (("requires-url", path, text) for text in texts if text not in known and _has_url(text))
        if name in before:
            if sorted(texts) != sorted(known):
                yield "requires-changed", path, f"{'; '.join(known)} -> {'; '.join(texts)}"
            continue
        similar = lookalike_of(name)
        if similar:
            yield "requires-lookalike", path, f"{'; '.join(texts)} (known: {similar})"
        if rule_of_new is not None:
            yield rule_of_new(texts), path, "; ".join(texts)


def _has_url(text: str) -> bool:
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415 - as above

    from peep.formats.dependency_specifiers import read_requirement  # noqa: PLC0415 - as above

    try:
        return read_requirement(text).url is not None
    except (InvalidRequirement, RecursionError):
        return "@" in text


def _disagreements(old: ReleaseMetadata | None, new: ReleaseMetadata) -> Iterator[Finding]:
    known = set(_disagreement(old)) if old else set()
    for text in _disagreement(new):
        if text not in known:
            yield "requires-disagree", new.metadata_path, text


def _disagreement(one: ReleaseMetadata) -> list[str]:
    """Projects that only the wheel or only the sdist requires, unless the sdist says that this is decided later."""
    source = one.source_fields
    if source is None or "requires-dist" not in {text.strip().lower() for text in _static_fields(source)}:
        return []
    texts, source_texts = one.fields.get("requires-dist", ()), source.get("requires-dist", ())
    if sorted(texts) == sorted(source_texts):
        return []
    wheel, sdist = _by_name(texts), _by_name(source_texts)
    only_wheel = [f"only the wheel requires {name}" for name in wheel if name not in sdist]
    return only_wheel + [f"only the sdist requires {name}" for name in sdist if name not in wheel]


def _static_fields(fields: Mapping[str, Sequence[str]]) -> list[str]:
    """PEP 643: from metadata 2.2 on every field is final that `Dynamic` does not name."""
    version = (fields.get("metadata-version") or ("",))[0]
    dynamic = {text.strip().lower() for text in fields.get("dynamic", ())}
    is_new = bool(re.fullmatch(r"2\.[2-9]\d*|[3-9]\..*", version))
    return ["requires-dist"] if is_new and "requires-dist" not in dynamic else []


def _entry_findings(old: ReleaseMetadata | None, new: ReleaseMetadata) -> Iterator[Finding]:
    path = new.entries_path or new.metadata_path
    before = old.entries if old else {}
    for (group, name), target in new.entries.items():
        known = before.get((group, name))
        text = f"{group}: {name} = {target}"
        is_command = group in _COMMANDS
        if is_command and known is None and name.lower() in _KNOWN_TOOLS and normalised(name) != new.name:
            yield "command-shadow", path, text
        if old is not None and known != target:
            yield (
                _entry_rule(is_command=is_command, is_new=known is None),
                path,
                f"{text} (was {known})" if known else text,
            )
    for (group, name), target in before.items():
        if (group, name) not in new.entries and group in _COMMANDS:
            yield "command-gone", path, f"{name} = {target}"


def _entry_rule(*, is_command: bool, is_new: bool) -> str:
    if not is_command:
        return "plugin-new"
    return "command-new" if is_new else "command-moved"


def _build_findings(old: ReleaseMetadata | None, new: ReleaseMetadata) -> Iterator[Finding]:
    path = "pyproject.toml"
    if new.backend_paths and (old is None or new.backend_paths != old.backend_paths):
        yield "backend-in-tree", path, f"{new.backend or 'none'} in {', '.join(new.backend_paths)}"
    if new.build_requires is None:
        return
    yield from _build_requirement_findings(path, old, new.build_requires)
    if old is not None and old.source_fields is not None and old.backend != new.backend:
        yield (
            "backend-changed",
            path,
            f"{old.backend or 'setuptools by default'} -> {new.backend or 'setuptools by default'}",
        )


def _build_requirement_findings(path: str, old: ReleaseMetadata | None, requires: Iterable[str]) -> Iterator[Finding]:
    stood = (old.build_requires if old else None) or ()
    if sorted(requires) == sorted(stood):
        return
    is_known = old is not None and old.source_fields is not None
    rule_of_new = (lambda _texts: "build-requires-new") if is_known else None
    yield from _required(path, _by_name(stood), _by_name(requires), rule_of_new)


def _field_findings(old: ReleaseMetadata, new: ReleaseMetadata) -> Iterator[Finding]:
    compare: tuple[tuple[str, tuple[str, ...], Callable[[str], str]], ...] = (
        ("python-changed", ("requires-python",), str),
        ("url-changed", _ADDRESSES, str),
        ("people-changed", _PEOPLE, str),
        ("licence-changed", _LICENCES, lambda text: text.split("\n")[0]),
    )
    for rule, names, cleaned in compare:
        for name in names:
            before = [cleaned(value) for value in old.fields.get(name, ())]
            now = [cleaned(value) for value in new.fields.get(name, ())]
            if sorted(before) != sorted(now):
                yield rule, new.metadata_path, f"{name}: {'; '.join(before) or 'none'} -> {'; '.join(now) or 'none'}"
