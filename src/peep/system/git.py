"""Git source trees at a commit: the commit is the pin, and what it names cannot change.

git runs outside of the sandbox, since it needs the network, but without hooks, without anybody's configuration and with
three protocols only. Nothing of the tree is run. THREATS R16: nothing that a URL says reaches git as an option.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from peep.dataclass import dataclass
from peep.errors import BuildError
from peep.formats.url_secrets import redacted
from peep.formats.urls import REPOSITORY_SCHEMES
from peep.system.processes import CompletedRun, RunProgram, printable_lines, run

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PROTOCOLS = dict(zip(REPOSITORY_SCHEMES, ("https", "https:ssh", "https:ssh:file"), strict=True))
"""Scheme of a repository -> what it and its submodules may be fetched by: never by something that trusts more."""
_SECONDS = 1800.0
_PASSED_ON = ("HOME", "PATH", "SSH_AUTH_SOCK", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE")
"""HOME, for the credentials that ssh and netrc keep there: private repositories are fetched like pip fetches them."""
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_CONFIGURATION = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "advice.detachedHead": "false",
    "fetch.fsckObjects": "true",
    "transfer.fsckObjects": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
}


@dataclass(frozen=True, slots=True)
class CommitUrl:
    """A repository and the one commit of it that is wanted."""

    repository: str
    """As git takes it; may hold credentials."""
    commit: str

    @property
    def shown(self) -> str:
        return f"git+{redacted(self.repository)}@{self.commit}"


def parse_commit_url(url: str, shown: str = "") -> CommitUrl:
    """Read `git+https://host/path@<full commit>` (PEP 610, VCS URLs), without fragment.

    `shown`: the URL as messages name it. Raises `BuildError` for other tools and protocols, and for a revision that is
    not a full commit: branches and tags move, and short ids are ambiguous.
    """
    tool, plus, address = url.partition("+")
    shown = shown or redacted(url)
    if tool.lower() != "git" or not plus:
        raise BuildError(
            "of version control systems peep knows git only", "name an archive and its hash", subject=shown
        )
    if not address.isascii() or not address.isprintable() or " " in address:
        raise BuildError(f"{shown!r}: characters that no URL has")
    parts = urlsplit(address)
    path, at, commit = parts.path.rpartition("@")
    if parts.scheme.lower() not in REPOSITORY_SCHEMES or parts.query or parts.fragment:
        raise BuildError(f"repositories are fetched by {', '.join(REPOSITORY_SCHEMES)} only", subject=shown)
    if not at or not _COMMIT.fullmatch(commit):
        given = f"the revision {commit!r} is" if at else "there is"
        raise BuildError(
            f"{given} no full commit id; branches and tags move, short ids are ambiguous",
            "name the 40-digit id of the commit",
            subject=shown,
        )
    if (parts.hostname or "").startswith("-") or (parts.username or "").startswith("-") or not path.strip("/"):
        raise BuildError("no repository has such a URL", subject=shown)
    return CommitUrl(urlunsplit((parts.scheme.lower(), parts.netloc, path, "", "")), commit)


def check_out(wanted: CommitUrl, folder: str, environ: Mapping[str, str], run_program: RunProgram = run) -> None:
    """Fetch a repository and put the tree of the commit, submodules included, into `folder`, which exists and is empty.

    History and tags come too: many projects read their version from them. Afterwards the commit that is checked out,
    and that of every submodule, is compared with what was wanted. Raises `BuildError`.
    """
    git = _Git(folder, _environment(environ, wanted), run_program, wanted.shown)
    git("init", "--quiet", "--template=")
    git("fetch", "--quiet", "--force", "--", wanted.repository, *_REFERENCES)
    if not git.succeeds("cat-file", "-e", f"{wanted.commit}^{{commit}}"):
        # Not on any branch (a pull request, say): some servers give single commits, too.
        git("fetch", "--quiet", "--", wanted.repository, wanted.commit)
    git("checkout", "--quiet", "--force", "--detach", wanted.commit, "--")
    present = git("rev-parse", "--verify", "HEAD").decode().strip()
    if present != wanted.commit:
        raise BuildError(f"git checked out {present}", subject=wanted.shown)
    if os.path.lexists(os.path.join(folder, ".gitmodules")):
        git("remote", "add", "origin", wanted.repository)  # what relative URLs of submodules are relative to
        git("submodule", "--quiet", "update", "--init", "--recursive", "--checkout", "--force")
        _check_submodules(git("submodule", "status", "--recursive").decode("utf-8", "replace"), wanted)
        git("remote", "remove", "origin")
    _forget_credentials(folder, wanted)


def commit_of(repository: str, ref: str, environ: Mapping[str, str]) -> str:
    """Ask a repository (`https://…`, as git takes it) which commit a branch or tag is; '' means its default branch.

    A full commit is itself. Raises `BuildError`.
    """
    if _COMMIT.fullmatch(ref):
        return ref
    shown = f"git+{redacted(repository)}@{ref}" if ref else f"git+{redacted(repository)}"
    parse_commit_url(f"git+{repository}@{'0' * 40}", shown)  # the same demands on the URL
    if not re.fullmatch(r"[\w.+/-]*", ref, re.ASCII) or ref.startswith("-"):
        raise BuildError(f"{ref!r} is no name of a branch or tag", subject=shown)
    git = _Git(os.curdir, _environment(environ, CommitUrl(repository, "")), run, shown)
    names = [f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"] if ref else ["HEAD"]
    rows = (
        row.split("\t") for row in git("ls-remote", "--", repository, *names).decode("utf-8", "replace").splitlines()
    )
    found = {row[1]: row[0] for row in rows if len(row) > 1}
    commit = next((found[name] for name in names if _COMMIT.fullmatch(found.get(name, ""))), "")
    if not commit:
        hint = "name a branch, a tag, or the full id of a commit"
        raise BuildError(f"the repository has no branch or tag {ref}" if ref else "it is empty", hint, subject=shown)
    return commit


_TREE_ROW = re.compile(rb"(?P<mode>[0-9]{6}) (?P<kind>blob|commit|tree) (?P<id>[0-9a-f]+)\t(?P<path>.*)", re.DOTALL)
_LINK_MODE = b"120000"


@dataclass(frozen=True, slots=True)
class CommitTree:
    """The files of a commit. `blobs`: path -> object id of plain files; links and submodules are only counted."""

    blobs: Mapping[str, str]
    links: int = 0
    submodules: int = 0


def list_tree(wanted: CommitUrl, folder: str, environ: Mapping[str, str]) -> CommitTree:
    """Fetch the trees of one commit, no contents, into `folder`, which exists and is empty, and list its files.

    Nothing is checked out, no filter and no hook runs, submodules are not followed. Raises `BuildError`.
    """
    env = {**_environment(environ, wanted), "GIT_NO_LAZY_FETCH": "1"}
    git = _Git(folder, env, run, wanted.shown)
    is_sha256 = len(wanted.commit) == 64  # noqa: PLR2004 - digits
    git("init", "--quiet", "--bare", "--template=", *(["--object-format=sha256"] if is_sha256 else []), ".")
    git("fetch", "--quiet", "--depth", "1", "--filter=blob:none", "--", wanted.repository, wanted.commit)
    kind = git("cat-file", "-t", wanted.commit).decode("ascii", "replace").strip()
    if kind != "commit":
        raise BuildError(f"the object of this id is no commit but a {kind}", subject=wanted.shown)
    return _parsed_tree(git("ls-tree", "-r", "-z", "--full-tree", wanted.commit))


def _parsed_tree(output: bytes) -> CommitTree:
    """git-ls-tree(1), `-z`: MODE TYPE ID, a tab and the path, each ended by a NUL."""
    blobs: dict[str, str] = {}
    links = submodules = 0
    for row in output.split(b"\0"):
        found = _TREE_ROW.fullmatch(row)
        if found is None:
            continue
        if found["kind"] == b"commit":
            submodules += 1
        elif found["mode"] == _LINK_MODE:
            links += 1
        else:
            blobs[found["path"].decode("utf-8", "surrogateescape")] = found["id"].decode("ascii")
    return CommitTree(blobs, links, submodules)


_REFERENCES = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")


def _check_submodules(status: str, wanted: CommitUrl) -> None:
    """git-submodule(1): a line begins with a space where the submodule is at the very commit that the tree names."""
    wrong = [line.split()[1] for line in status.splitlines() if line.strip() and not line.startswith(" ")]
    if wrong:
        raise BuildError(f"submodules at other commits than the tree names: {', '.join(wrong)}", subject=wanted.shown)


def _forget_credentials(folder: str, wanted: CommitUrl) -> None:
    """Take them out of what git wrote for submodules: the backend sees the folder."""
    user, at, _ = urlsplit(wanted.repository).netloc.rpartition("@")
    if not at:
        return
    for parent, _, names in os.walk(os.path.join(folder, ".git")):
        if "config" in names:
            path = os.path.join(parent, "config")
            with open(path, "r+b") as file:
                text = file.read().replace(f"//{user}@".encode(), b"//")
                file.seek(0)
                file.truncate()
                file.write(text)


class _Git:
    def __init__(self, folder: str, env: Mapping[str, str], run_program: RunProgram, shown: str) -> None:
        self._folder = folder
        self._env = env
        self._run = run_program
        self._shown = shown

    def __call__(self, *arguments: str) -> bytes:
        done = self._done(arguments)
        if done.status != 0:
            said = [line for line in printable_lines(done.errors) if "hint:" not in line]
            # What git says after its first fatal line is general advice.
            fatal = [line.removeprefix("fatal: ") for line in said if line.startswith("fatal: ")]
            reason = "it took too long" if done.timed_out else [*fatal[:1], *said[-1:], f"exit status {done.status}"][0]
            raise BuildError(f"git {arguments[0]} failed: {reason}", subject=self._shown)
        return done.output

    def succeeds(self, *arguments: str) -> bool:
        return self._done(arguments).status == 0

    def _done(self, arguments: tuple[str, ...]) -> CompletedRun:
        try:
            return self._run(["git", *arguments], env=self._env, cwd=self._folder, timeout=_SECONDS)
        except OSError as error:
            raise BuildError(f"git cannot be started: {error.strerror}", "install git", subject=self._shown) from error


def _environment(environ: Mapping[str, str], wanted: CommitUrl) -> dict[str, str]:
    """Configuration goes through variables, so that the git processes that git starts for submodules obey it too."""
    settings = {
        f"GIT_CONFIG_{part}_{i}": text
        for i, pair in enumerate(_CONFIGURATION.items())
        for part, text in zip(("KEY", "VALUE"), pair, strict=True)
    }
    return {
        **{name: environ[name] for name in (*_PASSED_ON, *_PROXIES) if name in environ},
        "GIT_ALLOW_PROTOCOL": _PROTOCOLS[urlsplit(wanted.repository).scheme],
        "GIT_ASKPASS": "true",
        "GIT_CONFIG_COUNT": str(len(_CONFIGURATION)),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **settings,
    }
