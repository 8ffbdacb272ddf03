"""Sources that a requirement may name, and their URLs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote, urlsplit

from peep.dataclass import dataclass, replace
from peep.errors import RequirementsError
from peep.model import Commit, DirectUrl, FromIndex, LocalFolder, Source
from peep.requirements.file_parser import RequirementLine
from peep.requirements.files import is_url
from peep.requirements.pinned_set import Directive
from peep.requirements.requirement_text import RequirementKind, RequirementText

_ABOUT_FOLDERS = {"--build-path": "builds may see", "--trust-local": "to trust"}
_FULL_COMMIT = r"[0-9a-f]{40}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The sources without an archive that the user has allowed: everything else is refused with its reason."""

    repository_commits: bool = False
    """`git+…@<full commit>`: the commit is the pin."""
    local_projects: tuple[str, ...] = ()
    """Folders given by `--trust-local`: a project in or below one of them may be built as it stands."""
    project_name: Callable[[str], str] = lambda _folder: ""
    """Absolute folder of a trusted project -> its name as its files state it, '' when they do not."""


def trusting(accepted: Accepted, directives: Iterable[Directive]) -> tuple[Accepted, list[RequirementsError]]:
    """`accepted`, and the folders that `# peep: --trust-local FOLDER` names, each meant from its own file's folder.

    Gives back an error for each directive about a local folder that stands in a file which came by URL: it has no say
    in what is trusted here, nor in what builds see.
    """
    folders: list[str] = []
    errors: list[RequirementsError] = []
    for directive in directives:
        if directive.option not in _ABOUT_FOLDERS:
            continue
        if is_url(directive.location.path):
            reason = f"a file that a URL names may not tell which local folders {_ABOUT_FOLDERS[directive.option]}"
            errors.append(RequirementsError(directive.location, reason, f"give {directive.option} on the command line"))
        elif directive.option == "--trust-local":
            folders.append(named_folder(directive))
    return replace(accepted, local_projects=(*accepted.local_projects, *folders)) if folders else accepted, errors


def named_folder(directive: Directive) -> str:
    """The absolute path of the folder that a directive names, meant from the folder of its own file."""
    return os.path.abspath(os.path.join(os.path.dirname(directive.location.path), os.path.expanduser(directive.value)))


def direct_url(parsed: RequirementText) -> str | None:
    """The URL of a requirement that names its source directly (PEP 508), without fragment; None for a version."""
    if parsed.kind is RequirementKind.VERSION:
        return None
    if "://" in parsed.location or parsed.location.lower().startswith("file:///"):
        return parsed.location
    return file_url(local_path(parsed))


def source_of(parsed: RequirementText, *, is_editable: bool = False) -> Source:
    """Where a requirement comes from; `is_editable` counts for a folder only."""
    url = direct_url(parsed)
    if url is None:
        return FromIndex()
    if parsed.kind is RequirementKind.REPOSITORY:
        return Commit(url, parsed.subdirectory)
    if parsed.kind is RequirementKind.LOCAL_PROJECT:
        return LocalFolder(url, is_editable, parsed.subdirectory)
    return DirectUrl(url, parsed.subdirectory)


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
    if kind is RequirementKind.REPOSITORY and line.is_editable:
        return "an editable repository can change after it was vetted; name an archive and its hash"
    if kind is RequirementKind.REPOSITORY:
        return repository_refusal(line.parsed.location, accepted)
    if kind is RequirementKind.LOCAL_PROJECT:
        return folder_refusal(local_path(line.parsed), accepted)
    return "only a local project can be editable" if line.is_editable else ""


def repository_refusal(url: str, accepted: Accepted) -> str:
    """Why a VCS URL such as `git+https://…@revision` cannot be installed safely; '' when it can (THREATS R16)."""
    tool, plus, address = url.partition("+")
    if tool.lower() != "git" or not plus:
        return "a repository has no hash; name an archive and its hash"
    revision = _revision(address)
    if not re.fullmatch(_FULL_COMMIT, revision):
        moving = f"the revision {revision!r} can move" if revision else "it names no revision"
        return f"{moving}; name the full 40-digit commit, or an archive and its hash"
    if not accepted.repository_commits:
        return "a repository has no hash; name an archive of that commit and its hash"
    return ""


def folder_refusal(path: str, accepted: Accepted) -> str:
    """Why a local project cannot be installed safely; '' when it lies in or below a trusted folder."""
    real = os.path.realpath(path)  # a link in a trusted folder may lead out of it
    for folder in accepted.local_projects:
        trusted = os.path.realpath(folder)
        if real == trusted or real.startswith(trusted.rstrip(os.sep) + os.sep):
            return ""
    if accepted.local_projects:
        return f"a folder has no hash, and {real} is not in or below a folder that --trust-local names"
    return "a folder has no hash and can change at any time; build an archive, or allow it with --trust-local FOLDER"


def _revision(address: str) -> str:
    """What stands behind the last `@` of the path; one in the host's part is a user name."""
    path = address.partition("://")[2].partition("/")[2]
    return path.rpartition("@")[2] if "@" in path else ""
