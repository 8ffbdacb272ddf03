"""Which sources a requirement may name, and how each is written as a URL."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote, urlsplit

from peep.dataclass import dataclass
from peep.requirements.file_parser import RequirementLine
from peep.requirements.requirement_text import Kind, RequirementText

_FULL_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The sources without an archive that the user has allowed: everything else is refused with its reason."""

    repository_commits: bool = False
    """`git+…@<full commit>`: the commit is the pin."""
    local_projects: tuple[str, ...] = ()
    """Folders given by `--trust-local`: a project in or below one of them may be built as it stands."""


def direct_url(parsed: RequirementText) -> str | None:
    """The URL of a requirement that names its source directly (PEP 508), without fragment; None for a version."""
    if parsed.kind is Kind.VERSION:
        return None
    if "://" in parsed.location or parsed.location.lower().startswith("file:///"):
        return parsed.location
    return file_url(local_path(parsed))


def local_path(parsed: RequirementText) -> str:
    """The absolute path of a local archive or project, taken from the current folder as pip does."""
    location = parsed.location
    if location.lower().startswith("file:"):
        location = unquote(urlsplit(location).path)
    return os.path.abspath(location)


def file_url(path: str) -> str:
    """The `file:` URL of an absolute path (RFC 8089)."""
    slashed = path.replace(os.sep, "/")
    return "file://" + ("" if slashed.startswith("/") else "/") + quote(slashed, safe="/:~+")


def refusal(line: RequirementLine, accepted: Accepted) -> str:
    """Why a line's source cannot be installed safely; '' when it can."""
    kind = line.parsed.kind
    if kind is Kind.REPOSITORY and line.is_editable:
        return "an editable repository can change after it was vetted; name an archive and its hash"
    if kind is Kind.REPOSITORY:
        return repository_refusal(line.parsed.location, accepted)
    if kind is Kind.LOCAL_PROJECT:
        return folder_refusal(local_path(line.parsed), accepted)
    return "only a local project can be editable" if line.is_editable else ""


def repository_refusal(url: str, accepted: Accepted) -> str:
    """Why a VCS URL such as `git+https://…@revision` cannot be installed safely; '' when it can (THREATS R16)."""
    tool, plus, address = url.partition("+")
    if tool.lower() != "git" or not plus:
        return "a repository has no hash; name an archive and its hash"
    revision = _revision(address)
    if not _FULL_COMMIT.fullmatch(revision):
        moving = f"the revision {revision!r} can move" if revision else "it names no revision"
        return f"{moving}; name the full 40-digit commit, or an archive and its hash"
    if not accepted.repository_commits:
        return "a repository has no hash; name an archive of that commit and its hash"
    return ""


def folder_refusal(path: str, accepted: Accepted) -> str:
    """Why a local project cannot be installed safely; '' when it lies in or below a trusted folder."""
    absolute = os.path.abspath(path)
    for folder in accepted.local_projects:
        trusted = os.path.abspath(folder)
        if absolute == trusted or absolute.startswith(trusted.rstrip(os.sep) + os.sep):
            return ""
    return "a folder has no hash and can change at any time; build an archive, or allow it with --trust-local"


def _revision(address: str) -> str:
    """What stands behind the last `@` of the path; one in the host's part is a user name."""
    path = address.partition("://")[2].partition("/")[2]
    return path.rpartition("@")[2] if "@" in path else ""
