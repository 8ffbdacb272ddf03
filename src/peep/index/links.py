"""Links of an index page or JSON answer, by the rules of THREATS N2, N3 and N4."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Any
from urllib.parse import unquote, urljoin

from peep.dataclass import dataclass, field
from peep.errors import TransportError
from peep.formats.plain_lines import UNPRINTABLE, plain_lines
from peep.formats.url_secrets import redacted
from peep.model import HEX_LENGTHS, Digest
from peep.pins import is_digest

LONGEST_FILENAME = 255
LONGEST_URL = 16 * 1024
_REFUSED = "refused:"
"""Before what a page states and is not to be followed, where that must not look as if it stated nothing."""
_LONGEST_SHOWN = 200

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\]")
_FRAGMENT_HASH = re.compile(r"(?:^|[#&?])(sha256|sha384|sha512)=([0-9a-fA-F]*)(?=$|[#&])")
_START = re.compile(r"/|(?:\.\.?/)+")
"""Where a relative link begins: at the root, or some folders up."""
_UNRESOLVED = re.compile(r"\?|(?:^|/)(?:/|\.\.?(?:/|$))")
"""A query, or segments that RFC 3986, 5.2.4, takes out, beyond the beginning."""
_UNPLAIN_SEGMENT = re.compile(r"/[/.]")
"""What may be such a segment, or the end of none; a pattern finds it in half the time that two plain searches take."""
_UNPLAIN = UNPRINTABLE + b" #\\"
"""Letters of which a link is no plain one; see `_is_plain`."""
_UNSAFE = UNPRINTABLE + b"/\\"
_NO_NAMES = frozenset({"", ".", ".."})
_NO_PATHS = frozenset({"", "/"})


@dataclass(slots=True)
class LinkBase:
    """Resolves links of one page quickly: thousands of them begin at a few folders.

    `url` is the page's own, or what its `<base>` says. Links to `file:` count only when `url` is a `file:` URL itself.
    """

    url: str
    folders: dict[str, str] = field(default_factory=dict)

    def resolve(self, link: str) -> str | None:
        """The absolute URL of `link` without its fragment; None for what is not to be followed (N3)."""
        if _is_plain(link):
            if link.startswith("https://"):
                return link
            if link[0] == "/" and not ("?" in link or "//" in link or "/." in link) and len(link) > 1:
                return self._folder("/") + link[1:]
        link = link.strip().partition("#")[0]
        if not link or len(link) > LONGEST_URL or _UNPRINTABLE.search(link):
            return None
        scheme = _SCHEME.match(link)
        if scheme is not None:
            return link if self._is_followed(scheme[1].lower(), link) else None
        start = _START.match(link)
        climb = start[0] if start is not None else ""
        rest = link[len(climb) :]
        if not rest or _UNRESOLVED.search(rest):
            return self._joined(link)
        return self._folder(climb) + rest

    def resolve_all(self, links: Sequence[object]) -> list[str]:
        """As `resolve`, of every link; '' for what is not to be followed, or no text."""
        start, rests = self.resolve_from(links)
        return [start + rest for rest in rests] if start else rests

    def resolve_from(self, links: Sequence[object]) -> tuple[str, list[str]]:
        """As `resolve_all`, but what all of them begin with, perhaps '', and what follows it in each.

        Links of a page are mostly of one kind: all together are judged in one look, line by line, and where they begin
        at the root of the server, which is written before each only where it is looked at, they are what follows.
        """
        lines = plain_lines(links, _UNPLAIN, LONGEST_URL)
        texts: list[str] = list(links) if lines else []  # type: ignore[arg-type]
        if lines.startswith("https://") and lines.count("\nhttps://") == len(texts) - 1:
            return "", texts
        if lines.startswith("/") and "?" not in lines and not _UNPLAIN_SEGMENT.search(lines):
            root = self._folder("/")[:-1]
            if root and _NO_PATHS.isdisjoint(texts) and set(map(itemgetter(0), texts)) == {"/"}:
                return root, texts
        return "", [(self.resolve(link) or "") if isinstance(link, str) else "" for link in links]

    def _folder(self, climb: str) -> str:
        """The URL that a link beginning with `climb` leads to, up to where its rest follows."""
        folder = self.folders.get(climb)
        if folder is None:
            folder = self.folders[climb] = self._joined(f"{climb}x")[:-1]
        return folder

    def _joined(self, link: str) -> str:
        try:
            return urljoin(self.url, link)
        except ValueError:
            return ""

    def _is_followed(self, scheme: str, link: str) -> bool:
        if scheme == "file":
            return self.url.startswith("file:")
        return scheme in {"http", "https"} and link[len(scheme) + 1 :].startswith("//")


def refused_link(link: str) -> str:
    """What stands for a stated link that `LinkBase` does not follow, fit to be shown; '' where none is stated."""
    if not link.strip():
        return ""
    from peep.formats.visible_text import visible  # noqa: PLC0415 - few pages state a link that is refused

    return f"{_REFUSED}{visible(redacted(link.strip())[:_LONGEST_SHOWN])}"


def followed(url: str) -> str:
    """`url`, unless a page stated it and it is not to be followed (N3): then `TransportError`, and nobody is asked."""
    if url.startswith(_REFUSED):
        raise TransportError(
            url.removeprefix(_REFUSED), "refused: a page of the index names it, and may not lead there"
        )
    return url


def _is_plain(link: str) -> bool:
    """It has no fragment and no character that a URL may not hold: quick looks, where a pattern takes five times."""
    return (
        0 < len(link) <= LONGEST_URL
        and link.isascii()
        and " " not in link
        and "#" not in link
        and "\\" not in link
        and link.isprintable()
    )


def safe_filename(name: str) -> str | None:
    """`name` if it can only be the name of a file in a folder, else None (N4)."""
    if name in _NO_NAMES or "/" in name or "\\" in name or len(name) > LONGEST_FILENAME:
        return None
    return name if name.isprintable() else None


def safe_filenames(names: Sequence[object]) -> list[str]:
    """As `safe_filename`, of every name; '' for what is none. All together are judged first, as `resolve_all` does."""
    lines = plain_lines(names, _UNSAFE, LONGEST_FILENAME)
    if lines and _NO_NAMES.isdisjoint(names):
        return list(names)  # type: ignore[arg-type]
    return [(safe_filename(name) or "") if isinstance(name, str) else "" for name in names]


def filename_in(url: str) -> str | None:
    """The file name that ends a URL's path, decoded once and judged by `safe_filename`."""
    last = url.partition("#")[0].partition("?")[0].rpartition("/")[2]
    if "%" not in last:
        return safe_filename(last)
    try:
        return safe_filename(unquote(last, errors="strict"))
    except UnicodeDecodeError:
        return None


def digest_of(algorithm: str, text: str) -> Digest | None:
    """A digest as an index states it; None when it is weak, unknown, or no digest at all (N2)."""
    digits = text.lower()
    return Digest(algorithm, digits) if is_digest(digits, algorithm) else None


def sha256_texts(tables: Sequence[Any]) -> list[str] | None:
    """`sha256:HEX` of tables of digests that all hold one sha256 in lower case and nothing else; None for any other."""
    try:
        texts: list[str] = list(map(itemgetter("sha256"), tables))
        joined = "".join(texts)
        is_hex = bytes.fromhex(joined).hex() == joined  # it would take blanks between, and upper case
    except (TypeError, KeyError, IndexError, ValueError):
        return None
    is_alone = set(map(len, tables)) <= {1}
    if not (is_hex and is_alone and set(map(len, texts)) <= {HEX_LENGTHS["sha256"]}):
        return None
    return ["sha256:" + text for text in texts]


def fragment_digests(link: str) -> tuple[Digest, ...]:
    """The digests in a link's fragment (PEP 503), strong ones only; contradictory ones count as none (N2)."""
    fragment = link.partition("#")[2].strip()
    if not fragment:
        return ()
    if fragment.startswith("sha256=") and len(fragment) == len("sha256=") + HEX_LENGTHS["sha256"]:
        only = digest_of("sha256", fragment[len("sha256=") :])
        return (only,) if only is not None else ()
    found: dict[str, Digest] = {}
    for algorithm, text in _FRAGMENT_HASH.findall(fragment):
        digest = digest_of(algorithm, text)
        if digest is None:
            continue
        if found.setdefault(algorithm, digest) != digest:
            return ()
    return tuple(found.values())
