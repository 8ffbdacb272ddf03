"""Where an index says that the provenance of a file is (PEP 740): in JSON a URL or null, in HTML an attribute."""

from __future__ import annotations

import json

import pytest

from peep.errors import TransportError
from peep.index.links import followed
from peep.index.pages import PageSource
from peep.index.simple_html import archive_files, read_page
from peep.index.simple_json import parse_project_json

URL = "https://index.example/simple/idna/"
ARCHIVE = "idna-3.20.tar.gz"
STATED = [
    ("https://index.example/p/idna", "https://index.example/p/idna"),
    ("/p/idna", "https://index.example/p/idna"),
    ("file:///etc/passwd", "refused:file:///etc/passwd"),
    ("\\\\host\\share", "refused:\\\\host\\share"),
    ("https:\u202eelse", "refused:https:<U+202E>else"),
    ("", ""),
    (" ", ""),
]


@pytest.mark.parametrize(("stated", "url"), [*STATED, (None, ""), (7, ""), ({}, "")])
def test_in_json(stated, url):
    page = {
        "meta": {"api-version": "1.3"},
        "name": "idna",
        "files": [{"filename": ARCHIVE, "url": f"/f/{ARCHIVE}", "hashes": {}, "provenance": stated}],
    }

    parsed = parse_project_json(json.dumps(page).encode(), PageSource(URL, "idna", "https://index.example/simple"))

    assert [file.provenance for file in parsed.detail.files] == [url]


@pytest.mark.parametrize(("stated", "url"), STATED)
def test_in_html(stated, url):
    page = read_page(f'<a href="/f/{ARCHIVE}" data-provenance="{stated}">{ARCHIVE}</a>', URL)

    assert [file.provenance for file in archive_files(page, "https://index.example/simple")] == [url]


def test_an_index_that_states_none():
    page = read_page(f'<a href="/f/{ARCHIVE}">{ARCHIVE}</a>', URL)

    assert [file.provenance for file in archive_files(page, "x")] == [""]


def test_what_is_refused_is_never_asked_for():
    """What an index states and must not, is told as such: it is no file without provenance (N3)."""
    with pytest.raises(TransportError) as caught:
        followed("refused:file:///etc/passwd")

    assert str(caught.value).startswith("file:///etc/passwd: refused: a page of the index names it")
    assert followed("https://index.example/p/idna") == "https://index.example/p/idna"


def test_a_page_of_files_may_lead_to_files():
    page = read_page(f'<a href="{ARCHIVE}" data-provenance="file:///srv/p">{ARCHIVE}</a>', "file:///srv/simple/idna/")

    assert [file.provenance for file in archive_files(page, "file:///srv/simple")] == ["file:///srv/p"]
