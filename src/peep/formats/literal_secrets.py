"""Secrets written out in lines of foreign code: hidden before a line is cut, nothing else hidden.

What strangers wrote is shown to be read. So only what can be nothing but a text is hidden: user and password between
`://` and the `@` before the host, and the value of a parameter of a URL that is named like a secret. Quotes and blanks
end both; an expression (`{…}`, `$(…)`, `$NAME`) stays, for it runs. Source: RFC 3986, sections 3.2.1 and 3.4.
"""

from __future__ import annotations

import re

from peep.formats.url_secrets import names_secret

HIDDEN = "****"
_WORD = re.compile(r"[^\s\"'<>\\]+")
_CREDENTIALS = re.compile(r"(?P<head>(?P<ssh>ssh)?://)(?P<secret>[^/?#]*)@")
_PARAMETER = re.compile(r"(?P<head>[?&;#](?P<name>[^=&;#?]{1,120})=)(?P<secret>[^&;#]+)")
_EXPRESSION = re.compile(r"[{`]|\$\(|%\(|(?:^|:)(?:\$\w+|%[a-z])(?=:|$)")
"""What is replaced when the text is used: a format's field, a shell's variable or command."""


def without_secrets(text: str) -> str:
    """Give back lines of code with `****` in the place of each secret that is written out in a URL."""
    return _WORD.sub(_without_secrets, text) if "://" in text else text


def told(text: str, most: int) -> str:
    """The first `most` characters of a text without its secrets: of a secret that was cut, none would be known."""
    return without_secrets(text)[:most]


def told_around(line: str, position: int, before: int, after: int) -> str:
    """That many characters of a line around a position in it, without secrets."""
    start = _position_in_hidden(line, position)
    return without_secrets(line)[max(0, start - before) : start + after]


def _position_in_hidden(line: str, position: int) -> int:
    """Where a character stands once secrets are hidden; of one in a word that holds some, where the word begins."""
    shift = 0
    for word in _WORD.finditer(line):
        if word.start() >= position:
            break
        hidden = _without_secrets(word)
        if word.end() > position and hidden != word[0]:
            return word.start() + shift
        shift += len(hidden) - len(word[0])
    return position + shift


def _without_secrets(word: re.Match[str]) -> str:
    if "://" not in word[0]:
        return word[0]
    return _PARAMETER.sub(_hide, _CREDENTIALS.sub(_hide, word[0]))


def _hide(found: re.Match[str]) -> str:
    secret = found["secret"]
    named = found.groupdict()
    is_harmless = "name" in named and not names_secret(named["name"])
    is_plain_user = named.get("ssh") and ":" not in secret
    if not secret or is_harmless or is_plain_user or _EXPRESSION.search(secret):
        return found[0]
    return found["head"] + HIDDEN + found[0][len(found["head"]) + len(secret) :]
