import json
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.simple_pages import (
    ListedArchive,
    ProjectPage,
    ProjectStatus,
    links_html,
    project_html,
    project_json,
    relative_url,
    root_html,
    root_json,
)
from peep.index.pages import PageSource
from peep.index.simple_html import parse_project_html
from peep.index.simple_json import parse_project_json

SHA = "ab" * 32
OTHER = "cd" * 32
SOURCE = PageSource("https://index.example/simple/demo/", "demo", "https://index.example/simple")
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


class Links(HTMLParser):
    """A reader that is not ours: attributes of each anchor, and the metas."""

    def __init__(self, content):
        super().__init__()
        self.anchors, self.metas = [], {}
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.anchors.append(dict(attrs))
        elif tag == "meta" and "name" in dict(attrs):
            self.metas[dict(attrs)["name"]] = dict(attrs)["content"]


def archive(filename="demo-1.0-py3-none-any.whl", **changes):
    version = filename.split("-")[1].removesuffix(".tar.gz")
    given = {"url": relative_url(f"../../files/ab/{SHA}/{filename}"), "version": version, "sha256": SHA, "size": 7}
    return ListedArchive(filename, **{**given, **changes})


FULL = archive(
    requires_python=">=3.8,<4",
    core_metadata=OTHER,
    provenance=f"../../provenance/cd/{OTHER}.json",
    upload_time="2026-01-02T03:04:05.000000Z",
    yanked='broken: "x" <y> & z',
)


def test_every_fact_stands_on_the_json_page():
    page = json.loads(project_json(ProjectPage("demo", [FULL], ProjectStatus.ARCHIVED, "moved on")))
    assert page["meta"] == {"api-version": "1.4"}
    assert page["project-status"] == {"status": "archived", "reason": "moved on"}
    assert page["versions"] == ["1.0"]
    assert page["files"] == [
        {
            "filename": FULL.filename,
            "url": FULL.url,
            "hashes": {"sha256": SHA},
            "size": 7,
            "requires-python": ">=3.8,<4",
            "core-metadata": {"sha256": OTHER},
            "provenance": f"../../provenance/cd/{OTHER}.json",
            "upload-time": "2026-01-02T03:04:05.000000Z",
            "yanked": 'broken: "x" <y> & z',
        }
    ]


def test_every_fact_stands_on_the_html_page():
    content = project_html(ProjectPage("demo", [FULL], ProjectStatus.ARCHIVED, "moved & gone"))
    assert content.startswith(b"<!DOCTYPE html>\n")
    page = Links(content)
    assert page.metas == {
        "pypi:repository-version": "1.4",
        "pypi:project-status": "archived",
        "pypi:project-status-reason": "moved & gone",
    }
    [anchor] = page.anchors
    assert anchor == {
        "href": f"{FULL.url}#sha256={SHA}",
        "data-requires-python": ">=3.8,<4",
        "data-yanked": 'broken: "x" <y> & z',
        "data-core-metadata": f"sha256={OTHER}",
        "data-dist-info-metadata": f"sha256={OTHER}",
        "data-provenance": f"../../provenance/cd/{OTHER}.json",
    }


@given(st.none() | WORDS | st.just(""), st.none() | WORDS)
def test_both_pages_describe_the_same_files_to_peep(yanked, requires_python):
    page = ProjectPage("demo", [archive(yanked=yanked, requires_python=requires_python)])
    from_json = parse_project_json(project_json(page), SOURCE).detail.files[0]
    from_html = parse_project_html(project_html(page), SOURCE).detail.files[0]
    for field in ("filename", "hashes", "requires_python", "yanked"):
        assert getattr(from_json, field) == getattr(from_html, field)
    assert from_html.url.partition("#")[0] == from_json.url
    assert from_json.yanked == yanked


def test_yanked_without_a_reason_is_still_yanked():
    page = ProjectPage("demo", [archive(yanked="")])
    assert json.loads(project_json(page))["files"][0]["yanked"] is True
    assert Links(project_html(page)).anchors[0]["data-yanked"] == ""


@pytest.mark.parametrize("write", [project_html, project_json])
def test_a_quarantined_project_offers_nothing_and_says_why(write):
    content = write(ProjectPage("demo", [FULL], ProjectStatus.QUARANTINED, "malware"))
    assert FULL.filename.encode() not in content
    assert b"quarantined" in content
    assert b"malware" in content


@pytest.mark.parametrize("write", [project_html, project_json])
def test_the_order_of_files_changes_nothing(write):
    files = [archive(f"demo-{number}.0-py3-none-any.whl") for number in range(4)]
    assert write(ProjectPage("demo", files)) == write(ProjectPage("demo", files[::-1]))


def test_what_is_not_served_is_not_advertised():
    page = ProjectPage("demo", [archive()])
    assert json.loads(project_json(page))["files"][0]["core-metadata"] is False
    assert set(Links(project_html(page)).anchors[0]) == {"href"}


def test_a_reason_of_several_lines_stays_one_link():
    page = project_html(ProjectPage("demo", [archive(yanked="one\r\ntwo")]))
    assert Links(page).anchors[0]["data-yanked"] == "one\r\ntwo"
    assert sum(b"<a " in line for line in page.splitlines()) == 1


def test_control_characters_do_not_reach_a_page():
    page = project_html(ProjectPage("demo", [archive(yanked="a\0b\x1bc\x85d\te")]))
    assert Links(page).anchors[0]["data-yanked"] == "a\ufffdb\ufffdc\ufffdd\te"
    assert b"\0" not in page
    assert b"\x1b" not in page


@given(WORDS)
def test_any_name_survives_in_a_url(name):
    assert unquote(relative_url(name)) == name
    assert "+" not in relative_url("x-1+cu12.whl")


def test_root_pages():
    assert json.loads(root_json(["b", "a", "b"])) == {
        "meta": {"api-version": "1.4"},
        "projects": [{"name": "a"}, {"name": "b"}],
    }
    assert [anchor["href"] for anchor in Links(root_html(["b", "a"])).anchors] == ["a/", "b/"]


def test_a_flat_page_lists_files_of_all_projects():
    content = links_html([archive("other-2.0.tar.gz", sha256=OTHER), archive()])
    assert [unquote(one["href"]).rpartition("/")[2] for one in Links(content).anchors] == [
        f"demo-1.0-py3-none-any.whl#sha256={SHA}",
        f"other-2.0.tar.gz#sha256={OTHER}",
    ]
