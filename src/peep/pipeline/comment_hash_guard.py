"""Guard that keeps files whose hashes are comments from reaching pip.

`download` and `wheel` are peep's own when they read requirements files; of pip's other verbs `lock` fetches, and may
build, what a file lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.formats.url_secrets import redacted
from peep.model import HashForm
from peep.requirements.files import is_url, read_requirements_files
from peep.system import bounded

FETCHING_VERBS = frozenset({"lock"})
_TAKES_A_VALUE = "ceiot"
"""Short options of pip's `lock` that swallow the rest of their word."""


def refuse_unseen_hashes(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raise `UsageError` when a verb of pip's would fetch what a file lists whose hashes pip does not see.

    Files that peep cannot read without asking the network, or standard input, count as such files.
    """
    if FETCHING_VERBS.isdisjoint(words):
        return
    paths = [*environ.get("PIP_REQUIREMENT", "").split(), *named_files(words)]
    reading = _Reading([])
    files, _ = read_requirements_files(paths, reading.read, environ)
    lines = [line for file in files for line in file.lines if line.hash_form is HashForm.COMMENT]
    if lines:
        reason = f"{lines[0].location}: pip does not see hashes in comments: what they vouch for would come unverified"
        raise UsageError(reason, "write them as pip does first: peep port --in-place FILE")
    if reading.unread:
        place = redacted(reading.unread[0])
        raise UsageError(f"{place}: may hold hashes in comments, which pip does not see", "save it to a file first")


def named_files(words: Sequence[str]) -> Iterator[str]:
    """What `-r` names among the words, in each spelling that pip understands."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if len(name) > len("--req") and "--requirement".startswith(name):
            yield value if equals else next(rest, "")
        elif word.startswith("-") and not word.startswith("--"):
            letters = word[1:]
            position = next((at for at, letter in enumerate(letters) if letter in f"{_TAKES_A_VALUE}r"), None)
            if position is not None and letters[position] == "r":
                yield letters[position + 1 :] or next(rest, "")


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads local files only; notes what else was asked for."""

    unread: list[str]

    def read(self, path: str) -> bytes:
        if path == "-" or is_url(path):
            self.unread.append(path)
            return b""
        return bounded.read_file(path, bounded.LISTS, is_regular=False)
