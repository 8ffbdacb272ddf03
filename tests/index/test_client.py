"""SimpleIndexes over the in-memory transport, and over folders: order, absence, refusals, wrong pages."""

import gzip
import json

import pytest

from peep.errors import PackageIndexError
from peep.http.urllib_transport import HttpOptions, UrllibTransport
from peep.index.client import SimpleIndexes, is_open_to_tampering
from peep.model import IndexOptions
from support.fake_index import FakeTransport, FileFacts, IndexContent
from support.index_content import JSON_TYPE
from support.listener import Listener
from support.misbehaviour import CaptivePortal, Fail, Gzip, Redirect, WrongProject
from support.wheels import sdist_bytes, wheel_bytes

A = "https://a.example"
B = "https://b.example"
WHEEL = "demo-1.0-py3-none-any.whl"
PROJECTS = {
    "demo": {WHEEL: wheel_bytes("demo", "1.0"), "demo-1.0.tar.gz": sdist_bytes("demo", "1.0")},
    "other": {"other-2.0-py3-none-any.whl": wheel_bytes("other", "2.0")},
}


@pytest.fixture
def reporter():
    return Listener()


@pytest.fixture
def transport():
    return FakeTransport({A: IndexContent(PROJECTS), B: IndexContent(PROJECTS, formats=("html",))})


def indexes(transport, reporter, *urls, **more):
    return SimpleIndexes(transport, IndexOptions(index_urls=urls, **more), reporter)


def test_n12_every_index_that_has_the_project_answers_in_order(transport, reporter):
    details = indexes(transport, reporter, f"{B}/simple", f"{A}/simple/").project("Demo")
    assert [(detail.name, detail.index) for detail in details] == [("demo", f"{B}/simple"), ("demo", f"{A}/simple")]
    assert [file.filename for file in details[0].files] == [file.filename for file in details[1].files]
    assert details[0].files[0].hashes == details[1].files[0].hashes
    assert {file.index for file in details[0].files} == {f"{B}/simple"}


def test_absence_is_no_error(transport, reporter):
    assert indexes(transport, reporter, f"{A}/simple").project("none") == ()


def test_an_answer_is_asked_for_once(transport, reporter):
    index = indexes(transport, reporter, f"{A}/simple", f"{A}/simple")
    assert index.project("demo") == index.project("DEMO")
    assert len(transport.requests) == 1


def test_n11_another_projects_page_is_rejected(transport, reporter):
    for origin in (A, B):
        transport.misbehave(f"{origin}/simple/demo/", WrongProject("other"))
        with pytest.raises(PackageIndexError, match="other"):
            indexes(transport, reporter, f"{origin}/simple").project("demo")


def test_n11_a_redirect_to_another_projects_page_is_rejected(transport, reporter):
    transport.misbehave(f"{A}/simple/demo/", Redirect("/simple/other/"))
    with pytest.raises(PackageIndexError, match="other"):
        indexes(transport, reporter, f"{A}/simple").project("demo")


def test_links_start_from_where_a_redirect_led(transport, reporter):
    transport.misbehave(f"{A}/simple/demo/", Redirect(f"{B}/simple/demo/"))
    [detail] = indexes(transport, reporter, f"{A}/simple").project("demo")
    assert detail.files[0].url.startswith(f"{B}/files/demo/")


def test_n10_a_sign_in_page_gives_a_warning(transport, reporter):
    transport.misbehave(f"{A}/simple/demo/", CaptivePortal())
    [detail] = indexes(transport, reporter, f"{A}/simple").project("demo")
    assert detail.files == ()
    assert "sign-in" in reporter.warnings[0]


@pytest.mark.parametrize("status", [401, 403])
def test_n18_refusals_say_what_to_do_and_hide_credentials(transport, reporter, status):
    transport.misbehave(f"{A}/simple/demo/", Fail(status))
    with pytest.raises(PackageIndexError, match=str(status)) as caught:
        indexes(transport, reporter, "https://user:secret@a.example/simple").project("demo")
    assert "user name and password from the URL" in caught.value.hint
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "text/plain", "", "application/vnd.pypi.simple.v2+json", "x"]
)
def test_other_types_are_errors(transport, reporter, content_type):
    transport.misbehave(f"{A}/simple/demo/", Fail(200, body=b"{}", headers=(("Content-Type", content_type),)))
    with pytest.raises(PackageIndexError, match="answered with"):
        indexes(transport, reporter, f"{A}/simple").project("demo")


def test_pages_may_come_compressed(transport, reporter):
    transport.misbehave(f"{A}/simple/demo/", Gzip())
    [detail] = indexes(transport, reporter, f"{A}/simple").project("demo")
    assert len(detail.files) == 2


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"x", "gzip"), (b"\x1f\x8b\x08\x00", "gzip"), (gzip.compress(b"a", mtime=0) * 2, "gzip"), (b"x", "br")],
)
def test_broken_or_unknown_encodings_are_errors(transport, reporter, body, encoding):
    headers = (("Content-Type", JSON_TYPE), ("Content-Encoding", encoding))
    transport.misbehave(f"{A}/simple/demo/", Fail(200, body=body, headers=headers))
    with pytest.raises(PackageIndexError):
        indexes(transport, reporter, f"{A}/simple").project("demo")


def test_statuses_and_claims_arrive(reporter):
    facts = {WHEEL: FileFacts(requires_python=">=3.9", yanked="oops", size=5)}
    content = IndexContent(PROJECTS, facts=facts, statuses={"demo": ("archived", "done")})
    [detail] = indexes(FakeTransport({A: content}), reporter, f"{A}/simple").project("demo")
    assert (detail.status, detail.status_reason) == ("archived", "done")
    file = detail.files[0]
    assert (file.requires_python, file.yanked, file.size) == (">=3.9", "oops", 5)


def test_a_newer_minor_version_is_read_with_a_warning(reporter):
    content = IndexContent(PROJECTS, api_version="1.50")
    [detail] = indexes(FakeTransport({A: content}), reporter, f"{A}/simple").project("demo")
    assert len(detail.files) == 2
    assert "1.50" in reporter.warnings[0]


def test_n6_metadata_that_an_index_offers_is_not_even_fetched(reporter):
    page = f'<a href="{WHEEL}" data-core-metadata="sha256={"a" * 64}" data-dist-info-metadata="true">x</a>'
    transport = FakeTransport({A: IndexContent(pages={"/simple/demo/": ("text/html", page.encode())})})
    [detail] = indexes(transport, reporter, f"{A}/simple").project("demo")
    assert [file.filename for file in detail.files] == [WHEEL]
    assert detail.files[0].hashes == ()
    assert [request.path for request in transport.requests] == [f"{A}/simple/demo/"]


# -- find-links and files -------------------------------------------------------------------------------


@pytest.fixture
def files():
    transport = UrllibTransport(HttpOptions(environ={}, use_keyring=False))
    yield transport
    transport.close()


def write_all(folder, project="demo"):
    folder.mkdir(parents=True, exist_ok=True)
    for filename, content in PROJECTS[project].items():
        (folder / filename).write_bytes(content)
    return folder


def test_a_find_links_folder_comes_first(tmp_path, files, reporter):
    folder = write_all(write_all(tmp_path / "my wheels"), "other")
    (folder / "notes.txt").write_text("x")
    (folder / "sub-1.0.tar.gz").mkdir()
    for location in (str(folder), folder.as_uri()):
        index = SimpleIndexes(files, IndexOptions(find_links=(location,)), reporter)
        [detail] = index.project("demo")
        assert [file.filename for file in detail.files] == sorted(PROJECTS["demo"])
        with files.get(detail.files[0].url) as response:
            assert response.read(1 << 20) == PROJECTS["demo"][detail.files[0].filename]
        assert index.project("none") == ()


def test_a_find_links_page_and_a_single_archive(tmp_path, files, reporter):
    folder = write_all(tmp_path / "files")
    page = tmp_path / "links.html"
    page.write_text(f'<a href="files/{WHEEL}#sha256={"a" * 64}">x</a><a href="files/other-1.0.zip">x</a>')
    options = IndexOptions(find_links=(str(page), str(folder / "demo-1.0.tar.gz")), no_index=True, index_urls=(A,))
    details = SimpleIndexes(files, options, reporter).project("demo")
    assert [[file.filename for file in detail.files] for detail in details] == [[WHEEL], ["demo-1.0.tar.gz"]]
    assert details[0].files[0].hashes[0].hex == "a" * 64
    assert details[0].files[0].url == (folder / WHEEL).as_uri()


def test_a_find_links_page_over_http(reporter):
    page = f'<a href="/d/{WHEEL}">x</a><a href="file:///etc/demo-2.0.zip">x</a>'.encode()
    transport = FakeTransport({A: IndexContent(pages={"/links.html": ("text/html", page)})})
    options = IndexOptions(find_links=(f"{A}/links.html", f"{A}/gone.html"))
    [detail] = SimpleIndexes(transport, options, reporter).project("demo")
    assert [file.url for file in detail.files] == [f"{A}/d/{WHEEL}"]
    assert "nothing there" in reporter.warnings[0]


def test_a_find_links_folder_that_is_not_there_is_worth_a_warning(tmp_path, files, reporter):
    index = SimpleIndexes(files, IndexOptions(find_links=(str(tmp_path / "gone"),)), reporter)
    assert index.project("demo") == ()
    assert index.project("other") == ()
    assert len(reporter.warnings) == 1


def test_file_indexes_with_pages_or_plain_folders(tmp_path, files, reporter):
    pool = write_all(tmp_path / "files")
    paged = tmp_path / "paged" / "demo"
    paged.mkdir(parents=True)
    (paged / "index.html").write_text(f'<a href="../../files/{WHEEL}">x</a>')
    plain = tmp_path / "plain"
    write_all(plain / "demo")
    (plain / "empty").mkdir()
    for url in ((tmp_path / "paged").as_uri(), str(tmp_path / "paged")):
        [detail] = indexes(files, reporter, url, plain.as_uri()).project("demo")[:1]
        assert [file.url for file in detail.files] == [(pool / WHEEL).as_uri()]
    [detail] = indexes(files, reporter, plain.as_uri() + "/").project("demo")
    assert [file.filename for file in detail.files] == sorted(PROJECTS["demo"])
    assert indexes(files, reporter, plain.as_uri(), (tmp_path / "gone").as_uri()).project("none") == ()
    assert indexes(files, reporter, plain.as_uri()).project("empty") == ()
    assert reporter.warnings == []


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("http://a.example/simple", True),
        ("https://a.example/simple", False),
        ("http://localhost:1/simple", False),
        ("http://127.0.0.9/simple", False),
        ("http://[::1]:3141/simple", False),
        ("http://trusted.example/simple", False),
        ("http://user:pw@port.example:8080/simple", False),
        ("http://port.example/simple", True),
        ("file:///srv", False),
    ],
)
def test_n17_plain_http_is_worth_a_warning(reporter, url, is_open):
    trusted = ("trusted.example", "port.example:8080")
    assert is_open_to_tampering(url, trusted) is is_open
    SimpleIndexes(FakeTransport({}), IndexOptions(index_urls=(url,), trusted_hosts=trusted), reporter)
    assert len(reporter.warnings) == is_open
    assert not any("pw" in text for text in reporter.warnings)


def test_json_that_is_not_of_the_simple_api_is_an_error(transport, reporter):
    body = json.dumps({"info": {}, "releases": {}}).encode()
    transport.misbehave(f"{A}/simple/demo/", Fail(200, body=body, headers=(("Content-Type", "application/json"),)))
    with pytest.raises(PackageIndexError, match="PEP 691"):
        indexes(transport, reporter, f"{A}/simple").project("demo")


@pytest.mark.parametrize("origin", [A, B])
def test_a_projects_page_is_a_place_of_links_in_either_form(transport, reporter, origin):
    index = SimpleIndexes(transport, IndexOptions(find_links=(f"{origin}/simple/demo/",), no_index=True), reporter)
    [detail] = index.project("demo")
    assert {file.filename for file in detail.files} == set(PROJECTS["demo"])
    assert all(file.hashes and file.index == f"{origin}/simple/demo/" for file in detail.files)
    assert index.project("other") == ()
    assert reporter.warnings == []


def test_the_list_of_an_indexs_projects_is_no_place_of_links(transport, reporter):
    index = SimpleIndexes(transport, IndexOptions(find_links=(f"{A}/simple/",), no_index=True), reporter)
    with pytest.raises(PackageIndexError, match="list of an index's projects") as caught:
        index.project("demo")
    assert "--extra-index-url" in caught.value.hint
