"""Whatever an index sends: an answer or a clear error; and what we write in both forms reads back the same."""

import contextlib
import json
from html import escape

from hypothesis import given
from hypothesis import strategies as st

from peep.errors import PackageIndexError
from peep.index.links import filename_in, safe_filename
from peep.index.pages import PageSource
from peep.index.simple_html import parse_project_html, read_page
from peep.index.simple_json import parse_project_json
from support.anchors import Anchors
from support.index_content import FileFacts, IndexContent

URL = "https://index.example/simple/demo/"
SOURCE = PageSource(URL, "demo", "https://index.example/simple")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=15), inner, max_size=4),
    max_leaves=12,
)
entries = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.just("demo-1.0.tar.gz") | st.dictionaries(st.just("sha256"), json_values)
        for name in ("filename", "url", "hashes", "size", "yanked", "requires-python", "upload-time", "provenance")
    },
)
answers = st.fixed_dictionaries(
    {"files": st.lists(entries, max_size=4) | json_values},
    optional={"meta": json_values, "name": json_values | st.just("demo"), "project-status": json_values},
)


def is_safe(file):
    return (
        file.url.startswith(("https://", "http://"))
        and safe_filename(file.filename) == file.filename
        and all(len(digest.hex) in {64, 96, 128} for digest in file.hashes)
        and (file.size is None or file.size >= 0)
    )


def assert_read_or_refused(parse, body):
    """Nothing but `PackageIndexError` escapes; every file of an answer can be asked for safely."""
    with contextlib.suppress(PackageIndexError):
        assert all(is_safe(file) for file in parse(body, SOURCE).detail.files)


@given(answers)
def test_any_json_answer_is_read_or_refused(answer):
    assert_read_or_refused(parse_project_json, json.dumps(answer).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    assert_read_or_refused(parse_project_json, body)
    assert_read_or_refused(parse_project_html, body)


PARTS = """
<a |<a|</a>|<base |<meta |<script>|</script>|<!--|-->|href=|href |=|"|'|>|/| |demo-1.0.tar.gz|#sha256=|&amp;|&#0;|&|\\
javascript:|https://x.example/|name="pypi:repository-version" content="1.0"|%2e%2e%2f|%00|?|file:///|<title>|<p>|x
"""
fragments = st.sampled_from([part for line in PARTS.splitlines() for part in line.split("|")] + ["\n", "a" * 64])


@given(st.lists(fragments, max_size=40).map("".join))
def test_any_markup_gives_safe_files_or_a_refusal(text):
    assert_read_or_refused(parse_project_html, text.encode())


names = st.sampled_from(["href", "HREF", "data-yanked", "data-requires-python", "class", "x"])
values = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@st.composite
def anchors(draw):
    parts = []
    for name, value in draw(st.lists(st.tuples(names, values), max_size=5)):
        quote = draw(st.sampled_from(['"', "'"]))
        parts.append(draw(st.sampled_from([" ", "\n", "  "])) + f"{name}={quote}{escape(value)}{quote}")
    name, end = draw(st.sampled_from("aA")), draw(st.sampled_from(["", " ", "\n"]))
    return f"<{name}{''.join(parts)}{end}>text</a>"


@given(st.lists(anchors() | st.sampled_from(["<!-- <a href=x> -->", "<p>", "text"]), max_size=6).map("".join))
def test_well_formed_links_are_read_as_the_standard_librarys_parser_reads_them(text):
    reference = Anchors()
    reference.feed(text)
    assert read_page(text, URL).anchors == reference.found


@given(st.text(max_size=60))
def test_n4_a_file_name_never_leaves_its_folder(text):
    name = filename_in(f"https://x.example/{text}")
    assert name is None or (name not in {"", ".", ".."} and "/" not in name and "\\" not in name and "\0" not in name)


versions = st.integers(0, 50).map(str)
facts = st.builds(
    FileFacts,
    requires_python=st.none() | st.sampled_from([">=3.8", "<4,>=3", "~=3.4"]),
    yanked=st.just(value=False) | st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=9),
)


@given(st.dictionaries(versions, st.tuples(st.binary(max_size=8), facts), min_size=1, max_size=5))
def test_both_forms_tell_the_same(described):
    held = {f"demo-{version}.tar.gz": content for version, (content, _) in described.items()}
    claims = {f"demo-{version}.tar.gz": claim for version, (_, claim) in described.items()}
    content = IndexContent({"demo": held}, facts=claims)
    from_json = parse_project_json(content.project_json("demo"), SOURCE).detail.files
    from_html = parse_project_html(content.project_html("demo"), SOURCE).detail.files

    def told(files):
        return [(f.filename, f.url, f.hashes, f.requires_python, f.yanked) for f in files]

    assert told(from_json) == told(from_html)
    assert [file.filename for file in from_json] == list(held)
