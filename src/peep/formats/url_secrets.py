"""Passwords in URLs (RFC 3986 section 3.2.1): how they are hidden, and where their end is unclear.

A user name and a password end at the `@` before the host. A password that holds `/`, `?`, `#`, a backslash, a blank or
`@` as it is ends the host's part of the URL too early: its beginning would be asked of DNS as a host, and the rest be
printed as a path. `is_ambiguous` says which URLs are refused for that (THREATS N19, docs/security.md "Credentials").
"""

from __future__ import annotations

import re

AMBIGUOUS = "an @ behind the host: the URL's password seems to hold one of / # ? @ as it is"
"""What is wrong with such a URL; none of the URL is ever shown with it."""
PERCENT_ENCODE = (
    "percent-encode the password: %2F for /, %23 for #, %3F for ? and %40 for @, also for an @ that belongs to the path"
)

# Most runs need two of these patterns: the others are compiled when they are, for all together take 3 ms.
_HEAD = r"(?:(?:[A-Za-z]+\+)?https?:/*|[A-Za-z][A-Za-z0-9+.\-]*://)"
_ANY_HEAD = rf"(?i){_HEAD}"
_URL_WORD = rf"(?i){_HEAD}\S+"
_END_OF_AUTHORITY = re.compile(r"[/?#\\\s]")
_BEHIND_A_REQUIREMENT = r"\s+;|;\s|\s--hash[= ]"
_CREDENTIALS = r"(?i)(https?:/*|(?<!file)://+)[^/?#\s]*@"
_ENCODED_CREDENTIALS = r"(?i)(%3A(?:/|%2F){2})[^/?#&\s\"'<>\\]*?(@|%40)"
"""Those of a URL that stands percent-encoded in another one."""
_QUOTED_CREDENTIALS = (
    r"(?i)(?P<head>(?P<ssh>ssh)?(?<!file)://+|https?:/*)(?P<user>[^/?#\s\"'<>\\@:]*)(?P<password>:[^/?#\s\"'<>\\]*)?@"
)
_TELLING_NAME = (
    r"token|secret|pass(?:w|phrase)|pwd|credential|signature|auth|bearer|session|hmac|ticket"
    r"|(?:api|access|private|client|account|shared)[-_.]?key"
)
_SECRET_NAMES = frozenset({"sig", "key", "sas", "code", "jwt", "pw", "pass", "pat", "sid", "otp", "psk", "__gda__"})
_PARAMETER = r"([?&;#])([^=&;#?\s\"'<>\\]+)=([^&;#\s]+)"
_PARAMETER_BYTES = _PARAMETER.encode()
_QUOTED_WORD = r"[^\s\"'<>\\]+"
_VARIABLE = r"\$\{[A-Z0-9_]+\}"
_REVISION = r"@[^@/?#\\\s]*(?:#[^@]*)?$"
_IPV6 = r"\[[0-9A-Fa-f:.]*(?:%[^\]]*)?\](?::[0-9]*)?"
_MACHINE = r"\d{1,3}(?:\.\d{1,3}){3}|localhost"
_SERVER = rf"(?:{_MACHINE}|(?:[A-Za-z0-9\-]+\.)+(?!whl$|zip$|gz$|bz2$|xz$|tgz$)[A-Za-z]{{2,}}|[^:]+:[0-9]+)"
_FORGOTTEN_HEAD = r"(\w+:(?:/|///+))?[^/@\s]+:[^/@\s]+@"
_DRIVE = r"[A-Za-z]:[/\\]"
_LAST_PORT = 65535


def is_ambiguous(url: str) -> bool:
    """Whether `url` may hold a password with a character in it that ends the part of a URL where passwords stand.

    With "authority" for what stands between `//` and the first `/`, `?`, `#`, backslash or white space, that is so when

    - the password in the authority (from the first `:` to the last `@`) holds an `@`; or
    - the authority is `user:password@host`, and an `@` follows somewhere behind it; or
    - the authority is `name:text`, where `text` is no port, and an `@` follows; or
    - the authority is `name:port`, an `@` follows, and what stands behind that reads as a server. (`name` is then no
      address and not `localhost`, and the `@` stands in no query of the form `?key=value`.)

    The `@REVISION` that ends the URL of a repository counts for nothing. So an `@` in a path or a query is fine
    wherever no password stands in the URL.
    """
    if "@" not in url:
        return False
    head = re.match(_ANY_HEAD, url)
    scheme, rest = (url[: head.end()].lower(), url[head.end() :]) if head else ("", url)
    ended = _END_OF_AUTHORITY.search(rest)
    authority, tail = (rest[: ended.start()], rest[ended.start() :]) if ended else (rest, "")
    userinfo, at, host = authority.rpartition("@")
    _, colon, password = userinfo.partition(":")
    if "@" in password:
        return True
    if "+" in scheme and not (scheme.rstrip("/").endswith(("+http:", "+https:")) and _is_no_server(host)):
        tail = re.sub(_REVISION, "", tail)
    if "@" not in tail:
        return False
    return bool(colon) or _is_no_server(host) or (not at and _is_followed_by_server(host, tail))


def is_ambiguous_in(text: str) -> bool:
    """As `is_ambiguous`, for the URL in a requirement: behind `NAME @`, before a marker or options."""
    if "@" not in text:
        return False
    head = re.search(_ANY_HEAD, text)
    return head is not None and is_ambiguous(re.split(_BEHIND_A_REQUIREMENT, text[head.start() :], maxsplit=1)[0])


def redacted(url: str) -> str:
    """Give back `url` with user name and password replaced by `****`; of a malformed one, all before the last `@`.

    They are known as such where the scheme or a slash was forgotten, too: `user:password@host/path`, `https:/user:…`.
    What stands in the place of a port and is none may be the beginning of a password: it is replaced as well.
    """
    from urllib.parse import urlsplit, urlunsplit  # noqa: PLC0415 - 4 ms that a run which has nothing to do need not pay

    if is_ambiguous(url) and (head := re.match(_ANY_HEAD, url)):
        return f"{head.group()}****@{url.rpartition('@')[2]}"
    try:
        parts = urlsplit(url)
    except ValueError:
        start, slashes, rest = url.partition("//")
        return f"{start}{slashes}****@{rest.rpartition('@')[2]}" if "@" in rest else url
    if "@" not in parts.netloc:
        forgotten = None if parts.netloc or "@" not in url else re.match(_FORGOTTEN_HEAD, url)
        return f"{forgotten[1] or ''}****@{url[forgotten.end() :]}" if forgotten else _without_false_port(url)
    return _without_false_port(urlunsplit(parts._replace(netloc="****@" + parts.netloc.rpartition("@")[2])))


def holds_credentials(text: bytes) -> bool:
    """Whether a text in any encoding names a URL with a user name, other than the plain one of ssh, or a secret."""
    plain = text.replace(b"\0", b"")
    return holds_secret_parameter(plain) or (
        b"@" in plain and re.search(rb"(?<!ssh)://+[^/?#\s]*@|://+[^/?#\s]*:[^/?#\s]*@", plain) is not None
    )


def redacted_place(place: str) -> str:
    """As `redacted`, for what should be the URL of an index and has no scheme: it may be the end of a password."""
    return redacted(place) if "://" in place or "@" not in place else f"****@{place.rpartition('@')[2]}"


def redacted_in(text: str) -> str:
    """Give back `text` with the credentials of all URLs in it replaced by `****`; a URL ends at white space.

    So are the values of query parameters that are named like secrets.
    """
    text = _without_encoded(_without_parameters(text))
    if "@" not in text or ":" not in text:
        return text
    return re.sub(_URL_WORD, lambda found: _without_credentials(found.group()), text)


def redacted_start(text: str, most: int) -> str:
    """The first `most` characters of `text`, secrets hidden before: of one that is cut, none would be known."""
    return redacted_in(text)[:most]


def redacted_in_result(text: str) -> str:
    """Give back what is printed for programs as well, with the credentials of all URLs in it replaced by `****`.

    Nothing else changes: quotes end a URL, and what is meant to stand in files stays: the user of ssh, and variables.
    """
    hidden = _without_encoded(_without_parameters(text))
    return re.sub(_QUOTED_CREDENTIALS, _without_quoted, hidden) if "@" in hidden else hidden


def redacted_to_share(text: str) -> str:
    """`text` for a file that is shared: without what either of the two above hides."""
    return redacted_in_result(redacted_in(text))


def holds_secret_parameter(text: bytes) -> bool:
    """Whether a URL in `text` has a parameter in its query or fragment that is named like a secret."""
    if b"://" not in text or not (b"?" in text or b"#" in text):
        return False
    found = re.finditer(_PARAMETER_BYTES, text)
    return any(names_secret(one[2].decode("utf-8", "replace")) for one in found)


def without_secret_parameters(url: str) -> str:
    """`url` with `****` in the place of what such parameters hold, and of passwords in URLs that are encoded in it."""
    return _without_encoded(re.sub(_PARAMETER, _without_value, url)) if "?" in url or "#" in url else url


def holds_secret(url: str) -> bool:
    """Whether a user name, a password, or a parameter named like a secret stands in one URL, well-formed or not."""
    return ("@" in url and redacted(url) != url) or without_secret_parameters(url) != url


def shareable(url: str) -> str:
    """An http(s) URL as it may stand in a file that is shared: without user and password, or a query with a secret.

    Whoever may fetch from there has the password in netrc or keyring; a signed query is stale soon in any case.
    """
    if not url.lower().startswith("http") or not holds_secret(url):
        return url
    if "****@" in (bare := redacted(url)):
        bare = bare.replace("****@", "", 1)
    return bare if without_secret_parameters(bare) == bare else bare.partition("?")[0].partition("#")[0]


def names_secret(name: str) -> bool:
    """Whether a parameter of this name opens something to whoever knows its value: a signature, a token."""
    if "%" in name:
        from urllib.parse import unquote  # noqa: PLC0415 - as in `redacted`

        name = unquote(name)
    name = name.lower()
    return name in _SECRET_NAMES or re.search(_TELLING_NAME, name) is not None


def _without_parameters(text: str) -> str:
    """Hide the values of parameters that are named like secrets; a variable is none yet."""
    if "://" not in text or not ("?" in text or "#" in text):
        return text
    return re.sub(_QUOTED_WORD, _without_values, text)


def _without_encoded(text: str) -> str:
    return re.sub(_ENCODED_CREDENTIALS, r"\1****\2", text) if "%3" in text else text


def _without_values(word: re.Match[str]) -> str:
    return re.sub(_PARAMETER, _without_value, word[0]) if "://" in word[0] else word[0]


def _without_value(found: re.Match[str]) -> str:
    is_secret = re.sub(_VARIABLE, "", found[3]) and names_secret(found[2])
    return f"{found[1]}{found[2]}=****" if is_secret else found[0]


def _without_quoted(found: re.Match[str]) -> str:
    user, password = found["user"], found["password"] or ""
    is_harmless = found["ssh"] or not re.sub(_VARIABLE, "", user)
    return found[0] if is_harmless and not re.sub(_VARIABLE, "", password[1:]) else f"{found['head']}****@"


def fault_text(error: ValueError) -> str:
    """What Python says of a malformed URL, without the part of the URL that it repeats."""
    return re.sub(r"'.*'|\".*\"", "…", str(error), flags=re.DOTALL)


def is_ambiguous_place(place: str) -> bool:
    """As `is_ambiguous`, for an index or a proxy, whose scheme may be missing; the path of a drive is none of these."""
    return "@" in place and not re.match(_DRIVE, place) and is_ambiguous(place)


def _is_no_server(host: str) -> bool:
    """Whether what follows the last colon of an authority is no port, so that it may be a password's beginning."""
    name, colon, port = host.partition(":")
    if not colon or (host[0] == "[" and re.fullmatch(_IPV6, host)):
        return False
    return not (name and port.isascii() and port.isdigit() and len(port) <= len("65535") and int(port) <= _LAST_PORT)


def _is_followed_by_server(host: str, tail: str) -> bool:
    """Whether `host`, a name and a port, may be a user and the digits that a password begins with."""
    name, colon, _ = host.rpartition(":")
    if not colon or re.fullmatch(_MACHINE, name) or re.fullmatch(_IPV6, host):
        return False
    before, _, after = tail.rpartition("@")
    if "=" in before.partition("?")[2]:
        return False
    return re.fullmatch(_SERVER, _END_OF_AUTHORITY.split(after, maxsplit=1)[0]) is not None


def _without_credentials(word: str) -> str:
    """A word that begins with a URL, which punctuation may follow at once."""
    head = re.match(_ANY_HEAD, word)
    bare = word.rstrip(":,.;)'\"")
    if head and (is_ambiguous(word) or is_ambiguous(bare)):
        return f"{head.group()}****@{word.rpartition('@')[2]}"
    return re.sub(_CREDENTIALS, r"\1****@", _without_false_port(bare) + word[len(bare) :])


def _has_plain_host(url: str) -> bool:
    """Whether a URL begins as nearly all do, with a host and perhaps a port; False where that would take a pattern."""
    if not url.startswith(("http://", "https://")):
        return False
    name, _, port = url.split("/", 3)[2].partition(":")
    return name.replace(".", "").replace("-", "").isalnum() and (not port or port.isdigit())


def _without_false_port(url: str) -> str:
    if _has_plain_host(url):
        return url
    head = re.match(_ANY_HEAD, url)
    if not head or not head.group().lower().startswith(("http", "git+http")):  # of ssh, it is what scp writes there
        return url
    ended = _END_OF_AUTHORITY.search(url, head.end())
    end = ended.start() if ended else len(url)
    userinfo, at, host = url[head.end() : end].rpartition("@")
    name, _, port = host.partition(":")
    is_false = _is_no_server(host) and port and not port.isdigit()
    return f"{head.group()}{userinfo}{at}{name}:****{url[end:]}" if is_false else url
