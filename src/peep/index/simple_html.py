"""HTML form of the simple API (PEP 503, with PEPs 592, 629, 792), and plain pages of links.

A tag scan in one pass, linear in the length of the page whatever it holds. It follows the tokenisation rules of the
HTML standard as far as links depend on them: comments, raw text (script, style, …), quoting, entities, case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from peep.dataclass import dataclass, field
from peep.formats.archive_names import LISTED_SUFFIXES
from peep.index.links import LinkBase, filename_in, fragment_digests, refused_link
from peep.index.pages import PageSource, ParsedPage, check_version, project_status, reject_other_project
from peep.model import Digest, IndexFile, ProjectDetail

_RAW_TEXT = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
_INTERESTING = re.compile(rf"<(?:!--|(a|base|meta|{'|'.join(_RAW_TEXT)})(?=[\s/>]))", re.IGNORECASE)
_ATTRIBUTE = r"[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)(\"|\Z)|'([^']*)('|\Z)|([^\s>\"'][^\s>]*)))?"
_PLAIN_TAG = re.compile(r"((?:\s+[a-zA-Z\-]+=\"[^\"]*\")*)\s*/?>")
_PLAIN_ATTRIBUTE = re.compile(r"([a-zA-Z\-]+)=\"([^\"]*)\"")
"""What nearly every link looks like, read in two steps instead of two for each attribute."""
_COMMENT_END = r"--!?>"
_TAG_END = r"[\s/]*>"
_CHARSET = re.compile(r"charset=[\"']?([\w\-]+)", re.IGNORECASE)

Attributes = dict[str, str]


@dataclass(slots=True)
class LinkPage:
    """The links of a page in their order, and what its head says."""

    base: LinkBase
    anchors: list[Attributes] = field(default_factory=list)
    metas: dict[str, str] = field(default_factory=dict)


def parse_project_html(body: bytes, source: PageSource, content_type: str = "") -> ParsedPage:
    """The project that the page describes.

    Raises `PackageIndexError` for another major version of the API and for another project's page.
    """
    page = read_page(decoded(body, content_type), source.url)
    warnings = check_version(page.metas.get("pypi:repository-version"), source.index)
    files = archive_files(page, source.index)
    reject_other_project(source, None, files)
    status = project_status(page.metas.get("pypi:project-status"))
    reason = page.metas.get("pypi:project-status-reason", "")
    if not page.anchors and not page.metas:
        warnings += (f"the page of {source.project} from {source.index} has no links; is it a sign-in page?",)
    return ParsedPage(ProjectDetail(source.project, files, source.index, status, reason), warnings)


def archive_files(page: LinkPage, index: str) -> tuple[IndexFile, ...]:
    """The archives that a page links to, in its order; links that may not be followed are left out (THREATS N3)."""
    return tuple(file for file in (_file(anchor, page.base, index) for anchor in page.anchors) if file is not None)


def _file(anchor: Attributes, base: LinkBase, index: str) -> IndexFile | None:
    href = anchor.get("href", "")
    url = base.resolve(href)
    filename = filename_in(url) if url else None
    if not url or filename is None or not filename.lower().endswith(LISTED_SUFFIXES):
        return None
    return IndexFile(
        filename,
        url,
        hashes=fragment_digests(href),
        requires_python=anchor.get("data-requires-python") or None,
        yanked=anchor.get("data-yanked"),
        index=index,
        sidecar=_sidecar(anchor),
        provenance=_provenance(anchor.get("data-provenance") or "", base),
    )


def _provenance(stated: str, base: LinkBase) -> str:
    return base.resolve(stated) or refused_link(stated)


def _sidecar(anchor: Attributes) -> tuple[Digest, ...] | None:
    """PEP 714: `data-core-metadata`, or else the older name; ALGORITHM=HEX, or any other text where none is stated."""
    stated = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata"))
    return None if stated is None or stated.lower() == "false" else fragment_digests(f"#{stated}")


def decoded(body: bytes, content_type: str = "") -> str:
    """A page as text: in the charset that the header names, else UTF-8, else Latin-1; never an error."""
    stated = _CHARSET.search(content_type)
    for charset in (stated[1] if stated else "utf-8-sig", "utf-8-sig"):
        try:
            return body.decode(charset)
        except (LookupError, UnicodeError):  # some codecs raise the wider one
            continue
    return body.decode("latin-1")


def read_page(text: str, url: str) -> LinkPage:
    """Collect anchors, `<base>` (the first one that can be followed) and `<meta>` of a page that lies at `url`."""
    page = LinkPage(LinkBase(url))
    has_base = False
    for tag, attributes in _tags(text):
        if tag == "a":
            if "href" in attributes:
                page.anchors.append(attributes)
        elif tag == "meta":
            if "name" in attributes:
                page.metas.setdefault(attributes["name"].lower(), attributes.get("content", ""))
        elif not has_base and "href" in attributes:
            resolved = page.base.resolve(attributes["href"])
            if resolved:
                page.base = LinkBase(resolved)
                has_base = True
    return page


def _tags(text: str) -> Iterator[tuple[str, Attributes]]:
    """The start tags that matter, in order; ends where a comment, a raw text or a tag is not closed."""
    position = 0
    while (found := _INTERESTING.search(text, position)) is not None:
        if found[1] is None:
            position = _after_comment(text, found.start())
        else:
            tag = found[1].lower()
            attributes, position = _attributes(text, found.end())
            if position >= 0 and tag in _RAW_TEXT:
                position = _after_raw_text(text, tag, position)
            elif position >= 0:
                yield tag, attributes
        if position < 0:
            return


def _attributes(text: str, position: int) -> tuple[Attributes, int]:
    """The attributes from `position` on, and where the tag ends (-1: it does not). Of duplicates the first counts."""
    plain = _PLAIN_TAG.match(text, position)
    if plain is not None:
        pairs = reversed(_PLAIN_ATTRIBUTE.findall(plain[1]))
        return {name.lower(): _unescaped(value) for name, value in pairs}, plain.end()
    attributes: Attributes = {}
    tag_end, attribute = re.compile(_TAG_END), re.compile(_ATTRIBUTE)  # here at last: most pages hold plain links only
    while (end := tag_end.match(text, position)) is None:
        found = attribute.match(text, position)
        if found is None:
            return attributes, -1
        position = found.end()
        name, double, double_end, single, single_end, bare = found.groups()
        if double_end == "" or single_end == "":
            return attributes, -1
        value = double or single or bare or ""
        attributes.setdefault(name.lower(), _unescaped(value))
    return attributes, end.end()


def _unescaped(value: str) -> str:
    """`value` with its character references resolved."""
    if "&" not in value:
        return value
    from html import unescape  # noqa: PLC0415 - its table of 2,000 names takes a millisecond, and few pages need it

    return unescape(value)


def _after_comment(text: str, start: int) -> int:
    """A comment ends at `-->` or `--!>`; `<!-->` and `<!--->` are whole comments."""
    for short in ("<!-->", "<!--->"):
        if text.startswith(short, start):
            return start + len(short)
    found = re.compile(_COMMENT_END).search(text, start + 4)
    return found.end() if found else -1


def _after_raw_text(text: str, tag: str, position: int) -> int:
    """After the end tag of a raw-text element, whose content is no markup."""
    found = re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE).search(text, position)
    return found.end() if found else -1
