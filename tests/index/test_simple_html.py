import pytest

from peep.errors import PackageIndexError
from peep.index.pages import PageSource
from peep.index.simple_html import decoded, parse_project_html, read_page
from peep.model import Digest
from support.anchors import Anchors
from support.corpus import CORPUS, needs_corpus
from support.cpu import assert_linear, cpu_seconds

URL = "https://index.example/simple/demo/"
SOURCE = PageSource(URL, "demo", "https://index.example/simple")
SHA = "a" * 64


def files(page, source=SOURCE):
    body = page if isinstance(page, bytes) else page.encode()
    return parse_project_html(body, source).detail.files


def hrefs(page):
    return [anchor["href"] for anchor in read_page(page, URL).anchors]


def test_a_link_with_everything():
    [file] = files(
        f'<a href="../../f/demo-1.0.tar.gz#sha256={SHA}" data-requires-python="&gt;=3.8" data-yanked="bad">demo</a>'
    )
    assert (file.filename, file.url) == ("demo-1.0.tar.gz", "https://index.example/f/demo-1.0.tar.gz")
    assert file.hashes == (Digest("sha256", SHA),)
    assert (file.requires_python, file.yanked) == (">=3.8", "bad")
    assert file.index == "https://index.example/simple"


@pytest.mark.parametrize(
    ("attribute", "yanked"), [("", None), ("data-yanked", ""), ('data-yanked=""', ""), ("data-yanked='x y'", "x y")]
)
def test_n13_yanked(attribute, yanked):
    [file] = files(f'<a href="demo-1.0.tar.gz" {attribute}>x</a>')
    assert file.yanked == yanked


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "#",
        "#sha256=",
        "#sha256=zz",
        "#md5=" + "a" * 32,
        "#sha1=" + "a" * 40,
        "#sha256=" + "a" * 63,
        "#sha256=" + "a" * 65,
        f"#sha256={SHA}&sha256={'b' * 64}",
        "#xsha256=" + SHA,
        "#sha999=" + SHA,
    ],
)
def test_n2_weak_empty_or_contradictory_hashes_are_none(fragment):
    [file] = files(f'<a href="demo-1.0.tar.gz{fragment}">x</a>')
    assert file.hashes == ()


@pytest.mark.parametrize("fragment", [f"#sha256={SHA}", f"#egg=x&sha256={SHA.upper()}", f"#md5=1#sha256={SHA}"])
def test_n2_a_strong_hash_is_found(fragment):
    [file] = files(f'<a href="demo-1.0.tar.gz{fragment}">x</a>')
    assert file.hashes == (Digest("sha256", SHA),)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:demo-1.0.tar.gz",
        "JaVaScRiPt:/demo-1.0.tar.gz",
        "java\nscript:/demo-1.0.tar.gz",
        "data:x,/demo-1.0.tar.gz",
        "file:///etc/demo-1.0.tar.gz",
        "FILE:///etc/demo-1.0.tar.gz",
        r"\\host\share\demo-1.0.tar.gz",
        "ftp://x.example/demo-1.0.tar.gz",
        "http:demo-1.0.tar.gz",
        "mailto:demo-1.0.tar.gz",
        "&#106;avascript:/demo-1.0.tar.gz",
    ],
)
def test_n3_only_http_links_are_followed(href):
    assert files(f'<a href="{href}">x</a>') == ()


def test_n3_file_links_count_on_file_pages_only():
    source = PageSource("file:///srv/simple/demo/index.html", "demo", "file:///srv/simple")
    [file] = files('<a href="../../f/demo-1.0.tar.gz">x</a>', source)
    assert file.url == "file:///srv/f/demo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ('<base href="https://files.example/p/">', "https://files.example/p/demo-1.0.tar.gz"),
        ('<BASE HREF=/p/><base href="/q/">', "https://index.example/p/demo-1.0.tar.gz"),
        ('<base href="javascript:1">', URL + "demo-1.0.tar.gz"),
        ('<base href="file:///etc/">', URL + "demo-1.0.tar.gz"),
        ("<base>", URL + "demo-1.0.tar.gz"),
        ('<base href="//other.example/x/">', "https://other.example/x/demo-1.0.tar.gz"),
    ],
)
def test_n3_base(base, url):
    assert [file.url for file in files(base + '<a href="demo-1.0.tar.gz">x</a>')] == [url]


@pytest.mark.parametrize(
    ("link", "filename"),
    [
        ("demo-1.0%2Blocal.tar.gz", "demo-1.0+local.tar.gz"),
        ("%2e%2e%2fdemo-1.0.tar.gz", None),
        ("x%5cdemo-1.0.tar.gz", None),
        ("%252e%252e%252fdemo-1.0.tar.gz", "%2e%2e%2fdemo-1.0.tar.gz"),
        ("demo-1.0.tar.gz?x=/y/z.whl", "demo-1.0.tar.gz"),
        ("demo-1.0.tar.gz%00", None),
        ("demo-1.0%ff.tar.gz", None),
        ("x" * 300 + ".tar.gz", None),
        ("x/..", None),
    ],
)
def test_n4_file_names_are_decoded_once(link, filename):
    assert [file.filename for file in files(f'<a href="{link}">x</a>')] == ([filename] if filename else [])


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<a href=one>1</a><A HREF='two'>2</A><a\nhref = \"three\"\n>3", ["one", "two", "three"]),
        ("<a>no</a><a name=x>no</a><abbr href=no><a href=''>", [""]),
        ("<!-- <a href=no> --><a href=yes>", ["yes"]),
        ("<!--><a href=yes>--><!---><a href=too><!-- x --!><a href=three>", ["yes", "too", "three"]),
        ("<script>'<a href=no>'</script><style><a href=no></style ><a href=yes>", ["yes"]),
        ("<title><a href=no></title><textarea><a href=no></textarea><a href=yes>", ["yes"]),
        ("<a href=one href=two>", ["one"]),
        ("<a title='>' href=yes>", ["yes"]),
        ('<a title="<a href=no>" href=yes>', ["yes"]),
        ("<a href=yes/><a/href=too>", ["yes/", "too"]),
        ("<a href=one><a href='never closed>", ["one"]),
        ("<a href=one><!-- never closed <a href=two>", ["one"]),
        ("<a href=one><script><a href=two>", ["one"]),
        ("<a href=one><a href=two", ["one"]),
        ("< a href=no><a href=a&amp;b>", ["a&b"]),
        ("<a href= ><a = href=x>", ["", "x"]),
    ],
)
def test_n3_tags_are_read_as_browsers_read_them(page, expected):
    assert hrefs(page) == expected


def test_metas():
    page = parse_project_html(
        b'<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="quarantined">'
        b'<meta name="pypi:project-status-reason" content="it &amp; that"><a href="demo-1.0.tar.gz">x</a>',
        SOURCE,
    )
    assert (page.detail.status, page.detail.status_reason, page.warnings) == ("quarantined", "it & that", ())


@pytest.mark.parametrize("version", ["2.0", "0.9", "1", "x", "1.0.0", ""])
def test_another_major_version_or_none_at_all_is_an_error(version):
    with pytest.raises(PackageIndexError):
        files(f'<meta name="pypi:repository-version" content="{version}">')


def test_a_newer_minor_version_is_worth_a_warning():
    page = parse_project_html(b'<meta name="pypi:repository-version" content="1.99"><a href=x>', SOURCE)
    assert "1.99" in page.warnings[0]


OTHER = '<a href="other-1.0-py3-none-any.whl">x</a><a href="other-1.0.tar.gz">x</a>'


def test_n11_a_page_of_another_project_is_rejected():
    with pytest.raises(PackageIndexError, match="other projects' files, such as other-1"):
        files(OTHER)


@pytest.mark.parametrize("own", ["demo-1.0.tar.gz", "Demo-1.0-py3-none-any.whl"])
def test_n11_one_file_of_the_project_makes_the_page_its_own(own):
    assert len(files(f'{OTHER}<a href="{own}">x</a>')) == 3


def test_n11_names_that_tell_no_project_are_no_sign():
    assert len(files('<a href="v1.0.tar.gz">x</a><a href="1234567.zip">x</a>')) == 2


def test_a_page_without_links_is_worth_a_warning():
    assert "sign-in" in parse_project_html(b"<html>Welcome to the hotel", SOURCE).warnings[0]


def test_charsets():
    assert decoded("é".encode("latin-1"), "text/html; charset=latin-1") == "é"
    assert decoded("é".encode()) == "é"
    assert decoded(b"\xef\xbb\xbfx", "text/html; charset=utf-8") in {"x", "\ufeffx"}
    assert decoded(b"\xe9", "text/html; charset=no-such") == "é"
    assert decoded(b"\xe9", "text/html; charset=undefined") == "é"


def page_of(count):
    links = "\n".join(
        f'<a href="https://files.example/packages/{number:064x}/demo-{number}-cp311-cp311-manylinux_2_17_x86_64.whl'
        f'#sha256={number:064x}" data-requires-python="&gt;=3.8" data-core-metadata="sha256={number:064x}">x</a><br/>'
        for number in range(count)
    )
    return f"<!DOCTYPE html><html><body>{links}</body></html>".encode()


def test_five_thousand_links_cost_less_than_the_standard_parser():
    body = page_of(5000)
    anchors = Anchors()

    assert len(files(body)) == 5000
    assert cpu_seconds(lambda: files(body)) < 1.5 * cpu_seconds(lambda: anchors.feed(body.decode()))


@pytest.mark.parametrize(
    "hostile", ["<a ", '<a "', "<a x='", "<!--", "<!-- -->", "<script>", "<a href=", "<a " + " " * 50, "<base ", "&lt;"]
)
def test_n9_hostile_pages_take_linear_time(hostile):
    assert_linear(lambda count: files(hostile * (count // len(hostile))), 100_000, 1_000_000)


PAGES = sorted((CORPUS / "index-pages").rglob("*.html")) if CORPUS.is_dir() else []


@needs_corpus
@pytest.mark.parametrize("path", PAGES, ids=lambda path: "/".join(path.parts[-3:]))
def test_saved_pages_give_the_links_that_the_standard_librarys_parser_gives(path):
    text = decoded(path.read_bytes())
    reference = Anchors()
    reference.feed(text)
    assert read_page(text, URL).anchors == reference.found


@needs_corpus
def test_saved_pages_are_all_there():
    assert len(PAGES) >= 20


@needs_corpus
def test_a_saved_apache_listing_gives_wheels_and_no_decoration():
    [path] = [path for path in PAGES if "aicoe-tensorflow" in path.name]
    found = files(path.read_bytes(), PageSource("https://t.example/simple/tensorflow/", "tensorflow", "x"))
    assert {file.filename.rpartition(".")[2] for file in found} == {"whl"}
    assert all(file.url.startswith("https://t.example/simple/tensorflow/tensorflow-") for file in found)
