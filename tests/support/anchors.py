"""The links of a page as the standard library's parser reads them: an oracle for our own reader."""

from __future__ import annotations

from html.parser import HTMLParser


class Anchors(HTMLParser):
    """`found` holds the attributes of each `<a href>`, in order; of two attributes of one name the first counts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and "href" in dict(attrs):
            self.found.append({name: value or "" for name, value in reversed(attrs)})
