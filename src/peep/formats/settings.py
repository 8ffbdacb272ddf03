"""Settings of a project: `[tool.peep]` of pyproject.toml, or the same keys at the top of peep.toml.

One reader for all verbs, text in and values out: `pipeline/` opens the files. Every key, its type and its meaning
stand in one table here; whatever else a file holds is an error with its line. Source of the format: TOML 1.0; PEP 518
for the `[tool]` table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from peep.dataclass import dataclass, field
from peep.errors import PeepError
from peep.formats.documents import parse_toml
from peep.model import Location
from peep.pins import read_sha256

PYPROJECT = "pyproject.toml"
OWN_FILE = "peep.toml"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


class SettingsError(PeepError):
    """Settings that mean nothing: every fault of a file, each with its line. Exit status 2."""

    exit_status = 2

    def __init__(self, faults: list[tuple[Location, str]]) -> None:
        super().__init__("\n".join(f"{location}: {reason}" for location, reason in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class IndexSetting:
    """`[indexes.NAME]`: an index that alone has some projects, and that is asked for nothing else."""

    name: str
    url: str
    """May hold `${VARIABLE}`, never a credential that is written out: the file is shared."""
    projects: tuple[str, ...] = ()
    """Names, or patterns such as `corp-*`."""


@dataclass(frozen=True, slots=True)
class BundleSettings:
    """`[bundle]`: what `peep bundle create` takes where the command line names nothing."""

    requirements: tuple[str, ...] = ()
    build_constraints: tuple[str, ...] = ()
    peep: bool = True
    """With the one-file edition inside."""
    advisories: str = ""


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """`[audit]`: the policy of `peep audit` and of `--refuse-malware`."""

    max_age: str = "7d"
    """Of the snapshot of advisories."""
    fail_on: str = "low"
    without_fix: str = "report"
    longest_suppression: str = "180d"
    private: tuple[str, ...] = ()
    snapshot_sha256: str = ""
    advisories_url: str = ""
    """'' for the usual place."""
    refuse_malware: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a project's settings say; what they leave out has the value that stands here."""

    path: str = ""
    """The file they were read from, '' for none."""
    targets: tuple[str, ...] = ()
    min_age: str = ""
    min_age_for: Mapping[str, str] = field(default_factory=dict)
    hashes: str = ""
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    only_binary: tuple[str, ...] = ()
    no_binary: tuple[str, ...] = ()
    annotate_files: bool = False
    build_output: str = ""
    allow_build: tuple[str, ...] = ()
    indexes: tuple[IndexSetting, ...] = ()
    """By name."""
    bundle: BundleSettings = field(default_factory=BundleSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    vetting: str = ""
    require_examined: str | bool = False
    """True: by the criterion that the vetting policy demands; a text: by that criterion."""
    build_path: tuple[str, ...] = ()
    build_requirements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What source archives forgot to declare, by project."""
    locations: Mapping[str, Location] = field(default_factory=dict)
    """Where each key stands, by its dotted name, such as `audit.max-age`."""


Check = Callable[[Any], Any]
"""Takes a TOML value; gives back what it means, or raises `_Wrong`."""


class _Wrong(Exception):
    """A value of the wrong type; the text says what is wanted."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("wants a text")
    if not value.strip() or not value.isprintable():
        raise _Wrong("wants a text that isn't empty and holds no control characters")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Wrong("wants a list of texts")
    return tuple(_text(one) for one in value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("wants true or false")
    return value


def _flag_or_text(value: Any) -> bool | str:
    return value if isinstance(value, bool) else _text(value)


def _text_table(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _Wrong("wants a table of texts")
    return {name: _text(one) for name, one in value.items()}


def _requirement_table(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise _Wrong("wants a table that gives each project a list of requirements")
    return {_name(name): _texts([one] if isinstance(one, str) else one) for name, one in value.items()}


def _name(text: str) -> str:
    if not re.fullmatch(_NAME, text):
        raise _Wrong(f"wants names, and {text!r} is none")
    return text


def _sha256(value: Any) -> str:
    if found := read_sha256(_text(value)):
        return found
    raise _Wrong("wants the 64 hexadecimal digits of a sha256")


def _one_of(*words: str) -> Check:
    def check(value: Any) -> str:
        if value not in words:
            raise _Wrong(f"wants one of {', '.join(words)}")
        return str(value)

    return check


_KEYS: Mapping[str, Check] = {
    "targets": _texts,
    "min-age": _text,
    "min-age-for": _text_table,
    "hashes": _one_of("all", "targets"),
    "extras": _texts,
    "groups": _texts,
    "constraints": _texts,
    "only-binary": _texts,
    "no-binary": _texts,
    "annotate-files": _flag,
    "build-output": _text,
    "allow-build": _texts,
    "vetting": _text,
    "require-examined": _flag_or_text,
    "build-path": _texts,
    "build-requirements": _requirement_table,
}
_BUNDLE_KEYS: Mapping[str, Check] = {
    "requirements": _texts,
    "build-constraints": _texts,
    "peep": _flag,
    "advisories": _text,
}
_AUDIT_KEYS: Mapping[str, Check] = {
    "max-age": _text,
    "fail-on": _one_of("low", "medium", "high", "critical"),
    "without-fix": _one_of("report", "warn"),
    "longest-suppression": _text,
    "private": _texts,
    "snapshot-sha256": _sha256,
    "advisories-url": _text,
    "refuse-malware": _flag,
}
_INDEX_KEYS: Mapping[str, Check] = {"url": _text, "projects": _texts}
_TABLES = ("indexes", "bundle", "audit")
KNOWN_KEYS = tuple(
    sorted(
        {
            *_KEYS,
            *(f"bundle.{key}" for key in _BUNDLE_KEYS),
            *(f"audit.{key}" for key in _AUDIT_KEYS),
            *(f"indexes.NAME.{key}" for key in _INDEX_KEYS),
        }
    )
)
"""Every key that there is, dotted."""


@dataclass(frozen=True, slots=True)
class SettingsText:
    """A file that may hold settings; `path` as messages name it."""

    path: str
    text: str


def read_settings(pyproject: SettingsText | None, own: SettingsText | None) -> Settings:
    """Read the settings of a project from the texts of pyproject.toml and peep.toml, as far as they are there.

    Raises `SettingsError` for broken TOML, unknown keys, values of the wrong type, and when both files hold settings.
    """
    found = _table_of_pyproject(pyproject) if pyproject is not None else None
    if own is not None and found is not None and pyproject is not None:
        place = _location(pyproject, ("tool", "peep"))
        reason = f"[tool.peep] is here and {own.path} is there too: keep the settings in one of them"
        raise SettingsError([(place, reason)])
    if own is not None:
        return _Reader(own, ()).read(_parsed(own))
    if found is not None and pyproject is not None:
        return _Reader(pyproject, ("tool", "peep")).read(found)
    return Settings()


def _table_of_pyproject(source: SettingsText) -> Mapping[str, Any] | None:
    """Give back `[tool.peep]`, None where the file has none."""
    tool = _parsed(source).get("tool")
    if not isinstance(tool, dict) or "peep" not in tool:
        return None
    if not isinstance(tool["peep"], dict):
        place = _location(source, ("tool", "peep"))
        raise SettingsError([(place, "tool.peep wants a table")])
    return tool["peep"]


def _parsed(source: SettingsText) -> dict[str, Any]:
    try:
        return parse_toml(source.text)
    except ValueError as error:
        from peep.formats.setting_lines import line_of_syntax_error  # noqa: PLC0415 - for files that mean nothing

        line = line_of_syntax_error(str(error), source.text)
        raise SettingsError([(Location(source.path, line), f"this is no TOML: {error}")]) from None


def _location(source: SettingsText, path: tuple[str, ...]) -> Location:
    from peep.formats.setting_lines import line_of_key  # noqa: PLC0415 - most projects have no settings

    return Location(source.path, line_of_key(source.text, path))


class _Reader:
    """Reads the tables of one file and collects what is wrong."""

    def __init__(self, source: SettingsText, above: tuple[str, ...]) -> None:
        self._source = source
        self._above = above
        self._faults: list[tuple[Location, str]] = []
        self._locations: dict[str, Location] = {}

    def read(self, table: Mapping[str, Any]) -> Settings:
        values = self._checked({key: table[key] for key in table if key not in _TABLES}, _KEYS, ())
        indexes = self._indexes(table.get("indexes", {}))
        bundle = self._checked(self._table(table, "bundle"), _BUNDLE_KEYS, ("bundle",))
        audit = self._checked(self._table(table, "audit"), _AUDIT_KEYS, ("audit",))
        if self._faults:
            raise SettingsError(sorted(self._faults))
        return Settings(
            path=self._source.path,
            indexes=indexes,
            bundle=BundleSettings(**bundle),
            audit=AuditSettings(**audit),
            locations=self._locations,
            **values,
        )

    def _table(self, table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = table.get(name, {})
        if not isinstance(value, dict):
            self._fault((name,), "wants a table")
            return {}
        return value

    def _checked(self, table: Mapping[str, Any], checks: Mapping[str, Check], above: tuple[str, ...]) -> dict[str, Any]:
        """Give back the values of a table by the names of their fields."""
        values: dict[str, Any] = {}
        for key, value in table.items():
            path = (*above, key)
            if key not in checks:
                known = ", ".join(sorted({*checks, *(_TABLES if not above else ())}))
                self._fault(path, f"there is no such key; there are {known}")
                continue
            self._locations[".".join(path)] = self._location(path)
            try:
                values[key.replace("-", "_")] = checks[key](value)
            except _Wrong as wrong:
                self._fault(path, str(wrong))
        return values

    def _indexes(self, table: Any) -> tuple[IndexSetting, ...]:
        if not isinstance(table, dict):
            self._fault(("indexes",), "wants a table for each index: [indexes.NAME]")
            return ()
        found = []
        for name, value in sorted(table.items()):
            path = ("indexes", name)
            if not re.fullmatch(_NAME, name):
                self._fault(path, "is no name of an index: letters, digits, and -_. between them")
            elif not isinstance(value, dict):
                self._fault(path, "wants a table with url and projects")
            else:
                checked = self._checked(value, _INDEX_KEYS, path)
                if "url" not in value:
                    self._fault(path, "has no url")
                elif "url" in checked:
                    found.append(IndexSetting(name, **checked))
        return tuple(found)

    def _location(self, path: tuple[str, ...]) -> Location:
        return _location(self._source, (*self._above, *path))

    def _fault(self, path: tuple[str, ...], reason: str) -> None:
        self._faults.append((self._location(path), f"{'.'.join(path)}: {reason}"))
