"""The review page as a text: its policy, its escaping, its data."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from peep.examine.page import page_of, policy, shown
from peep.examine.reading import base_of, parse_reading
from peep.examine.summary import summary_lines
from peep.examine.types import UnvouchedArchive
from support.comparing import compared_releases
from support.releases import CORE_TEXT, HARMLESS, TextRelease

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e\u200b\0 &amp; \"'"


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.texts = {"style": "", "script": ""}
        self._inside = ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._inside = tag if tag == "style" or (tag == "script" and not attrs) else ""

    def handle_endtag(self, _tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside:
            self.texts[self._inside] += data


def hostile_page(tmp_path):
    new = TextRelease("1.1", both={"inert/core.py": CORE_TEXT + f"\nTEXT = {HOSTILE!r}\nRAW = '''{HOSTILE}'''\n"})
    found = compared_releases(tmp_path, HARMLESS, new)
    archive = UnvouchedArchive("inert-1.1.tar.gz", "a" * 64, 1, "")
    base = base_of(f"inert{HOSTILE}", None, ("1.1", [archive]))
    return page_of(f"inert {HOSTILE}", summary_lines(found, [archive]), found, base=base)


@pytest.fixture
def page(tmp_path):
    return hostile_page(tmp_path)


@pytest.fixture
def elements(page):
    parser = Elements()
    parser.feed(page)
    return parser


def test_the_policy_names_the_very_style_and_script(elements):
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(elements.texts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy()
    content = next(attrs["content"] for tag, attrs in elements.found if attrs.get("http-equiv"))
    assert content == policy()
    assert content.startswith("default-src 'none'; ")
    assert "unsafe" not in content


def test_nothing_runs_or_leads_outside(elements):
    for tag, attrs in elements.found:
        assert tag not in {"img", "a", "iframe", "link", "object", "form", "base"}
        assert not any(name.startswith("on") or name in {"style", "src", "href", "action"} for name in attrs)


def test_no_control_or_bidirectional_character_is_in_it(page):
    assert (
        set(re.findall(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page)) == set()
    )
    for code_point in ("U+001B", "U+202E", "U+200B", "U+0000"):
        assert f"<i class=c>{code_point}</i>" in page


def test_sections_hold_what_a_reading_needs(elements):
    sections = [attrs for tag, attrs in elements.found if tag == "section"]
    assert [one["id"] for one in sections] == [f"f{number}" for number in range(len(sections))]
    core = next(one for one in sections if one["data-file"] == "inert/core.py")
    assert re.fullmatch(r"[0-9a-f]{64}", core["data-sha"])
    assert re.fullmatch(r"[0-9a-f]{64}", core["data-since"])
    assert int(core["data-lines"]) == 3


def test_the_data_ends_no_script(page):
    data = re.search(r'<script type="application/json" id="base">(.*?)</script>', page)
    assert data is not None
    assert "<" not in data[1]
    assert json.loads(data[1])["project"] == f"inert{HOSTILE}"


def test_what_the_page_saves_can_be_read_again():
    saved = base_of("inert", ("1.0", []), ("1.1", [UnvouchedArchive("inert-1.1.tar.gz", "b" * 64, 1, "")]))
    entry = {"path": "a.py", "sha256": "c" * 64, "since": ""}
    reading = parse_reading(json.dumps({**saved, "read": [entry], "unread": []}).encode())
    assert reading.new.archives == (("b" * 64, "inert-1.1.tar.gz"),)
    assert [one.path for one in reading.read] == ["a.py"]


def test_tabs_and_code_points_are_shown():
    assert shown("a\tb\u202ec") == "a<i class=w>→   </i>b<i class=c>U+202E</i>c"
    assert shown("<&>") == "&lt;&amp;&gt;"
