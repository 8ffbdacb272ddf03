"""Passwords in the words, variables and files that go to pip with a delegated verb (THREATS N18, N19)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from peep.errors import UsageError
from peep.formats.url_secrets import AMBIGUOUS, PERCENT_ENCODE, holds_credentials, is_ambiguous_in
from peep.system import bounded


def refuse_ambiguous(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raise `UsageError`, without the URL, for one whose password nobody can tell from its path.

    pip would ask DNS for the beginning of such a password, and print the rest.
    """
    for word in words:
        if is_ambiguous_in(word):
            raise UsageError(f"a URL on the command line: {AMBIGUOUS}", PERCENT_ENCODE)
    for name, value in _variables(environ):
        if is_ambiguous_in(value):
            raise UsageError(f"{name}: {AMBIGUOUS}", PERCENT_ENCODE)


def may_be_printed(words: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether pip is given a password or a token that its messages could repeat: in a word, a variable, or a file."""
    values = (*words, *(value for _, value in _variables(environ)))
    given = (value.encode("utf-8", "surrogateescape") for value in values)
    return any(map(holds_credentials, given)) or any(map(holds_credentials, _files_among(words)))


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What pip takes options and proxies from."""
    for name, value in environ.items():
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            yield name, value


def _files_among(words: Sequence[str]) -> Iterator[bytes]:
    """The contents of those words, and values of options, that are files; what cannot be read gives nothing."""
    for word in words:
        for path in (word, word.partition("=")[2], word[2:]):
            if path and os.path.isfile(path):
                try:
                    yield bounded.read_file(path, bounded.LISTS)
                except OSError:
                    continue
