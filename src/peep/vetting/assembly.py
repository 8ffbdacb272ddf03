"""Vetting folder as one value: every file read, then held against each other; all faults at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peep.dataclass import dataclass, field
from peep.errors import RecordsErrors, RecordsUnreadable
from peep.vetting.criteria import BUILT_IN, all_criteria
from peep.vetting.imported_files import read_import
from peep.vetting.policy import Policy
from peep.vetting.record_files import ENTRY_NAMES, read_audits, read_excused, read_imports, read_policy, read_published
from peep.vetting.records import (
    AUDITS_FORMAT,
    EXCUSED_FORMAT,
    IMPORTS_FORMAT,
    PUBLISHED_FORMAT,
    Criterion,
    IgnoredRecord,
    Import,
    ImportPin,
    Records,
)

AUDITS, EXCUSED, PUBLISHED = "audits.toml", "excused.toml", "published.toml"
IMPORTS, POLICY, SIGNERS = "imports.toml", "policy.toml", "allowed_signers"
OWN_FILES = (POLICY, AUDITS, EXCUSED, PUBLISHED, IMPORTS)
"""The files of a vetting folder that peep reads for a decision, beside the copies of imports."""


def copy_name(name: str) -> str:
    """Where the copy of an import lies in the folder."""
    return f"imports/{name}.toml"


@dataclass(frozen=True, slots=True)
class Vetting:
    """All records and the policy of a project; `criteria` are the built-in ones and its own."""

    records: Records = field(default_factory=Records)
    policy: Policy = field(default_factory=Policy)

    @property
    def criteria(self) -> Mapping[str, Criterion]:
        return all_criteria(self.records.own.criteria)

    @property
    def ignored(self) -> tuple[IgnoredRecord, ...]:
        """What of the imports counts for nothing."""
        return tuple(ignored for one in self.records.imports for ignored in one.ignored)


def vetting_of(files: Mapping[str, bytes], folder: str) -> Vetting:
    """Read `files`, contents by the names above (absent ones: no such file); `folder` is what messages call the folder.

    Raises `RecordsErrors` with every fault of every file.
    """
    texts = _Texts(files, folder)
    own, problems = read_audits(*texts.of(AUDITS, AUDITS_FORMAT), BUILT_IN)
    excuses, found = read_excused(*texts.of(EXCUSED, EXCUSED_FORMAT))
    problems += found
    published, found = read_published(*texts.of(PUBLISHED, PUBLISHED_FORMAT))
    problems += found
    policy, found = read_policy(*texts.of(POLICY, "peep policy 1"))
    problems += found
    pins, found = read_imports(*texts.of(IMPORTS, IMPORTS_FORMAT))
    problems += found
    imports = [_import(pin, texts, problems) for pin in pins]
    vetting = Vetting(Records(own, excuses, published, tuple(imports)), policy)
    problems += _undefined(vetting, folder)
    if problems:
        raise RecordsErrors(problems)
    return vetting


class _Texts:
    def __init__(self, files: Mapping[str, bytes], folder: str) -> None:
        self.files = files
        self._folder = folder

    def path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def of(self, name: str, format_line: str) -> tuple[bytes, str]:
        """Content and path of a file; an absent one reads like one without entries."""
        return self.files.get(name, f'format = "{format_line}"\n'.encode()), self.path(name)


def _import(pin: ImportPin, texts: _Texts, problems: list[RecordsUnreadable]) -> Import:
    name = copy_name(pin.name)
    content = texts.files.get(name)
    if content is None:
        problems.append(RecordsUnreadable(texts.path(name), "the copy of this import is missing"))
        return Import(pin)
    found, faults = read_import(content, pin, texts.path(name))
    problems += faults
    return found


def _undefined(vetting: Vetting, folder: str) -> Iterable[RecordsUnreadable]:
    """Criteria that nobody defined and overrides of what is not imported, wherever an own file names them."""
    records, policy, known = vetting.records, vetting.policy, vetting.criteria
    named: list[tuple[str, str, Iterable[str]]] = [
        (AUDITS, f"criterion {one.name!r}", one.implies) for one in records.own.criteria.values()
    ]
    named += _numbered(AUDITS, "audit", (one.criteria for one in records.own.audits))
    named += _numbered(AUDITS, "violation", (one.criteria for one in records.own.violations))
    named += _numbered(EXCUSED, "excused", (one.criteria for one in records.excuses))
    named += _numbered(POLICY, "trusted", (one.criteria for one in policy.trusted))
    named += [(POLICY, "demand", [policy.demand]), (POLICY, "demand-build", [policy.demand_build])]
    for one in records.imports:
        named += [(IMPORTS, f"import {one.pin.name}", ours) for ours in one.pin.criteria.values()]
    for file, entry, names in named:
        for name in names:
            if name not in known:
                yield RecordsUnreadable(f"{folder}/{file}", f"nobody defined the criterion {name}", entry)
    sources = {one.pin.name for one in records.imports}
    for number, override in enumerate(policy.overrides, 1):
        if override.source not in sources:
            entry = f"{ENTRY_NAMES['override']} {number}"
            yield RecordsUnreadable(f"{folder}/{POLICY}", f"there is no import called {override.source}", entry)


def _numbered(file: str, kind: str, entries: Iterable[Iterable[str]]) -> list[tuple[str, str, Iterable[str]]]:
    return [(file, f"{ENTRY_NAMES[kind]} {number}", names) for number, names in enumerate(entries, 1)]
