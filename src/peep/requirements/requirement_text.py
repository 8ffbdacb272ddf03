"""Text of one requirement into its parts: name and version, URL, repository, or path.

Source: the dependency specifiers of PEP 508; the forms that pip adds to them (bare URLs with `#egg=`, local paths,
VCS URLs). Nothing is evaluated here, and no file is looked at.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.markers import satisfies
from peep.formats.names import archive_suffix, is_name, last_segment, name_in_filename, normalised
from peep.formats.url_secrets import fault_text
from peep.model import STRONG_ALGORITHMS, Digest
from peep.requirements.hashes import MalformedHashText, digest_of

_NAMED = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\[\]]*)\])?\s*(?P<rest>(?:[@(=<>!~].*)?)"
)
_PIN = re.compile(r"(?P<operator>===?)\s*(?P<version>[A-Za-z0-9._!+-]+)")
# These are compiled when a line needs them: most files hold pins of versions and nothing else.
_URL = r"(?:https?|file|ftp|(?:git|hg|svn|bzr)(?:\+[a-z]+)?):"
_URL_MARKER = r"(?:\s+;|;\s)"
_EXTRAS_SUFFIX = r"(?P<path>[^\[\]]+)\[(?P<extras>[^\[\]]*)\]"
_EGG = r"(?P<name>[^\[\]=<>!~;\s]+)(?:\[(?P<extras>[^\[\]]*)\])?(?:[=<>!~].*)?"
_SCP_FORM = r"(?:git\+)?(?:ssh://)?[\w.-]+@[A-Za-z0-9.-]+:(?!\d+(?:/|$))(?=[\w.~-]+/)(?<!//)"
_TAB_BEFORE_OPTION = r"\t\s*-"
_WEAK = ("md5", "sha1", "sha224")


class MalformedRequirement(PeepError):
    """Text that is no requirement; `str` says why."""


class RequirementKind(Enum):
    """What sort of source a requirement names."""

    VERSION = "version"
    ARCHIVE_URL = "archive"
    REPOSITORY = "repository"
    LOCAL_PROJECT = "local project"
    LOCAL_ARCHIVE = "local archive"


@dataclass(frozen=True, slots=True)
class RequirementText:
    """The parts of a requirement. `name` is '' when the text does not tell it; `location` is a URL or path."""

    kind: RequirementKind
    name: str = ""
    extras: tuple[str, ...] = ()
    """Normalised, sorted."""
    version: str | None = None
    """The pin, when there is exactly one and it is no wildcard."""
    arbitrary_equality: bool = False
    specifier: str = ""
    """The version clauses as written, '' for none."""
    location: str = ""
    subdirectory: str | None = None
    hashes: tuple[Digest, ...] = ()
    """From the fragment, as in `#sha256=…`."""
    marker: str = ""
    remarks: tuple[str, ...] = ()
    """What the user should be warned of."""


@lru_cache(maxsize=1 << 15)  # fleets of files repeat their lines
def parse_requirement_text(text: str) -> RequirementText:
    """Take a requirement apart; raises `MalformedRequirement` when it is none."""
    if "\t" in text and re.search(_TAB_BEFORE_OPTION, text):
        # pip takes the tab and what follows for part of the name; no hash may get lost that way (THREATS R4).
        raise MalformedRequirement("a tab stands before an option, where only a space ends the requirement")
    if _is_url(text):
        return _parse_url(*_split_marker(text))
    _refuse_scp_form(text)
    head, semicolon, marker = text.partition(";")
    if semicolon and not marker.strip():
        raise MalformedRequirement("no marker follows the semicolon")
    named = _NAMED.fullmatch(head.strip())
    if named and named["rest"].startswith("@"):
        return _parse_named_url(text)
    if named and not (archive_suffix(head.strip()) and not named["rest"]):
        return _parse_named(named, marker.strip())
    head = head.strip()
    if _looks_like_path(head):
        return _parse_path(head, marker.strip())
    raise MalformedRequirement(_why_not(text))


def parse_editable_text(text: str) -> RequirementText:
    """Take apart what follows `-e`, where a bare word is a folder, as in pip; raises `MalformedRequirement`."""
    head = text.strip()
    named = _NAMED.fullmatch(head.partition("#")[0].strip())
    if named and not named["rest"]:
        return _parse_path(head, "")
    return parse_requirement_text(text)


def _parse_named(named: re.Match[str], marker: str) -> RequirementText:
    clauses = named["rest"].strip()
    if clauses.startswith("(") and clauses.endswith(")"):
        clauses = clauses[1:-1].strip()
    pin = _PIN.fullmatch(clauses)
    if not pin and clauses:
        _check_specifier(named["name"], clauses)
        pin = _only_version(clauses)
    return RequirementText(
        RequirementKind.VERSION,
        named["name"],
        _extras(named["extras"]),
        version=pin["version"] if pin else None,
        arbitrary_equality=pin is not None and pin["operator"] == "===",
        specifier=clauses,
        marker=marker,
    )


def _only_version(clauses: str) -> re.Match[str] | None:
    """The pin among several clauses that leave one version (`==1.0,>=0.5`); None when they leave more.

    Raises `MalformedRequirement` when they leave none.
    """
    pins = [pin for clause in clauses.split(",") if (pin := _PIN.fullmatch(clause.strip()))]
    if not pins or "," not in clauses:
        return None
    rest = [clause.strip() for clause in clauses.split(",") if not clause.strip().startswith("===")]
    if not all(satisfies(pin["version"], ",".join(filter(None, rest))) for pin in pins):
        raise MalformedRequirement(f"no version is {clauses}")
    return pins[0]


def _check_specifier(name: str, clauses: str) -> None:
    # Imported when a line has more than a plain pin: files of pins alone need not pay for it at start-up.
    from packaging.specifiers import InvalidSpecifier  # noqa: PLC0415

    from peep.formats.dependency_specifiers import read_specifiers  # noqa: PLC0415

    try:
        read_specifiers(clauses)
    except InvalidSpecifier:
        one_sign = re.fullmatch(r"=\s*([A-Za-z0-9._!+-]+)", clauses)
        hint = f"a version is pinned with two equals signs: {name}=={one_sign[1]}" if one_sign else ""
        raise MalformedRequirement(f"{clauses!r} is no version specifier", hint) from None


def _parse_named_url(text: str) -> RequirementText:
    named, _, target = text.partition("@")
    head = _NAMED.fullmatch(named.strip())
    if head is None:
        raise MalformedRequirement(_why_not(text))
    location, marker = _split_marker(target.strip())
    if not _is_url(location):
        _refuse_scp_form(location)
        raise MalformedRequirement("what follows @ is no URL that can be fetched")
    parsed = _parse_url(location, marker)
    if parsed.name and normalised(parsed.name) != normalised(head["name"]) and "#" in location and "egg=" in location:
        raise MalformedRequirement(f"the line names {head['name']}, but its #egg= names {parsed.name}")
    extras = tuple(sorted({*_extras(head["extras"]), *parsed.extras}))
    return RequirementText(
        parsed.kind,
        head["name"],
        extras,
        location=parsed.location,
        subdirectory=parsed.subdirectory,
        hashes=parsed.hashes,
        marker=parsed.marker,
        remarks=parsed.remarks,
    )


def _parse_url(url: str, marker: str) -> RequirementText:
    if re.search(r"\s", url):
        raise MalformedRequirement("white space in a URL must be written as %20")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a property that raises for a port that is no number
    except ValueError as error:
        raise MalformedRequirement(f"the URL is malformed ({fault_text(error)})", _scp_hint(url)) from None
    kind = _kind_of_url(parts)
    fragment = _Fragment.parse(parts.fragment)
    name = fragment.name or (
        name_in_filename(last_segment(parts.path)) if kind is not RequirementKind.REPOSITORY else ""
    )
    return RequirementText(
        kind,
        name,
        fragment.extras,
        location=url.partition("#")[0],
        subdirectory=fragment.subdirectory,
        hashes=fragment.hashes,
        marker=marker,
        remarks=fragment.remarks,
    )


def _refuse_scp_form(text: str) -> None:
    """Raise `MalformedRequirement` for `git@host:path`, which git takes and which is no URL."""
    if hint := _scp_hint(text):
        raise MalformedRequirement("a repository is named by a URL, and this is the form of scp", hint)


def _scp_hint(text: str) -> str:
    """How to write `git+git@host:org/repo` or `git+ssh://git@host:org/repo` as a URL; '' for all else."""
    if "@" not in text or not re.match(_SCP_FORM, text):
        return ""
    return "begin it with git+ssh:// and write a slash in place of the colon behind the host"


def _kind_of_url(parts: SplitResult) -> RequirementKind:
    scheme = parts.scheme
    if scheme in ("http", "https"):
        if not parts.hostname:
            raise MalformedRequirement("the URL names no host")
        return RequirementKind.ARCHIVE_URL
    if scheme == "file":
        return RequirementKind.ARCHIVE_URL if archive_suffix(parts.path) else RequirementKind.LOCAL_PROJECT
    if scheme == "ftp":
        raise MalformedRequirement("archives come by http, https or file only")
    return RequirementKind.REPOSITORY


def _parse_path(text: str, marker: str) -> RequirementText:
    path, _, fragment_text = text.partition("#")
    fragment = _Fragment.parse(fragment_text)
    suffixed = re.fullmatch(_EXTRAS_SUFFIX, path)
    extras = fragment.extras
    if suffixed:
        path, extras = suffixed["path"], _extras(suffixed["extras"])
    is_archive = bool(archive_suffix(path))
    return RequirementText(
        RequirementKind.LOCAL_ARCHIVE if is_archive else RequirementKind.LOCAL_PROJECT,
        fragment.name or (name_in_filename(last_segment(path)) if is_archive else ""),
        extras,
        location=path,
        subdirectory=fragment.subdirectory,
        hashes=fragment.hashes,
        marker=marker,
        remarks=fragment.remarks,
    )


@dataclass(frozen=True, slots=True)
class _Fragment:
    """What stands after `#` in a URL: `egg=`, `subdirectory=` and hashes; all else has no meaning to installers."""

    name: str = ""
    extras: tuple[str, ...] = ()
    subdirectory: str | None = None
    hashes: tuple[Digest, ...] = ()
    remarks: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> _Fragment:
        name, subdirectory = "", None
        extras: tuple[str, ...] = ()
        hashes: list[Digest] = []
        remarks: list[str] = []
        has_hash = False
        for key, _, value in (part.partition("=") for part in text.split("&")):
            if key == "egg":
                name, extras = _parse_egg(unquote(value))
            elif key == "subdirectory":
                subdirectory = inside_archive(unquote(value))
            elif key in STRONG_ALGORITHMS and not has_hash:
                hashes.append(_fragment_hash(key, value))
            elif key in _WEAK and not has_hash:
                remarks.append(f"#{key}= vouches for nothing and is not counted")
            elif key in STRONG_ALGORITHMS or key in _WEAK:
                remarks.append(f"&{key}= is not counted: of several hashes of a URL the first one is, as in pip")
            has_hash = has_hash or key in STRONG_ALGORITHMS or key in _WEAK
        return cls(name, extras, subdirectory, tuple(hashes), tuple(remarks))


def _parse_egg(value: str) -> tuple[str, tuple[str, ...]]:
    found = re.fullmatch(_EGG, value)
    if found is None or not is_name(found["name"]):
        raise MalformedRequirement(f"#egg={value} is no name of a project")
    return found["name"], _extras(found["extras"])


def _fragment_hash(algorithm: str, value: str) -> Digest:
    try:
        return digest_of(algorithm, value)
    except MalformedHashText as error:
        raise MalformedRequirement(str(error)) from None


def inside_archive(subdirectory: str) -> str:
    """The same text; raises `MalformedRequirement` for a folder that leads out of its archive (THREATS T16)."""
    segments = re.split(r"[/\\]", subdirectory)
    if subdirectory.startswith(("/", "\\")) or ".." in segments or ":" in segments[0]:
        raise MalformedRequirement(f"the subdirectory {subdirectory!r} leads out of the archive")
    return subdirectory


def _extras(text: str | None) -> tuple[str, ...]:
    names = [extra.strip() for extra in (text or "").split(",") if extra.strip()]
    for name in names:
        if not is_name(name):
            raise MalformedRequirement(f"{name!r} is no name of an extra")
    return tuple(sorted({normalised(name) for name in names}))


def _is_url(text: str) -> bool:
    return ":" in text and re.match(_URL, text, re.IGNORECASE) is not None


def _split_marker(text: str) -> tuple[str, str]:
    """Divide a URL from the marker behind it."""
    found = re.search(_URL_MARKER, text)
    if found is None:
        return text, ""
    return text[: found.start()].strip(), text[found.end() :].strip()


def _looks_like_path(text: str) -> bool:
    path = text.partition("#")[0]
    is_plain = bool(path) and not re.search(r"[{}%|<>=]", path)
    return is_plain and ("/" in path or "\\" in path or path.startswith(".") or bool(archive_suffix(path)))


def _why_not(text: str) -> str:
    if re.search(r"\S#", text):
        return "a comment begins with white space before its #"
    if text.rstrip().endswith("\\"):
        return "white space follows the backslash, so the line does not continue"
    return "this is no requirement"
