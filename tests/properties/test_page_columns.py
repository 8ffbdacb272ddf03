"""What is judged of a page's files in one look is what is judged of each by itself."""

import json

from hypothesis import given
from hypothesis import strategies as st

from peep.formats.archive_names import ArchiveName, NameReader
from peep.index.links import LinkBase, digest_of, safe_filename, safe_filenames, sha256_texts
from peep.index.pages import PageSource
from peep.index.simple_json import parse_project_json

BASE = "https://index.example/simple/demo/"
SOURCE = PageSource(BASE, "demo", "https://index.example/simple")
_TELLING = "https://|http://|HTTPS://|file:///|/|//|/.|..|./|a|b-1.0|?|#| |\\|\n|\0|ä|\x7f|:|x.example|%2e|\u2028"
pieces = st.sampled_from(_TELLING.split("|"))
texts = st.lists(pieces, max_size=5).map("".join)
usual_links = st.builds(
    "{}{}/demo-1.0.zip".format, st.sampled_from(["https://files.example/", "/files/"]), st.text("ab/")
)
rooted_links = st.builds("/{}".format, st.text("ab", max_size=3)) | st.just("")
odd_values = st.none() | st.integers() | st.just([]) | st.just({})


@given(
    st.lists(texts | odd_values, max_size=5) | st.lists(usual_links, max_size=5) | st.lists(rooted_links, max_size=3)
)
def test_links_are_followed_as_each_alone(links):
    alone = [LinkBase(BASE).resolve(link) or "" if isinstance(link, str) else "" for link in links]
    assert LinkBase(BASE).resolve_all(links) == alone
    start, rests = LinkBase(BASE).resolve_from(links)
    assert [start + rest for rest in rests] == alone


@given(
    st.lists(texts | st.just("a" * 300) | odd_values, max_size=5) | st.lists(st.text("ab-1.", max_size=4), max_size=5)
)
def test_file_names_are_safe_as_each_alone(names):
    alone = [safe_filename(name) or "" if isinstance(name, str) else "" for name in names]
    assert safe_filenames(names) == alone


parts = st.sampled_from(
    ["demo", "Demo", "DE.MO", "other", "1.0", "2", "1_0", "py3", "none", "any", "1build", "x", "ä", "/"]
)
endings = st.sampled_from([".whl", ".tar.gz", ".zip", ".TAR.GZ", ".WHL", ".exe", ""])
filenames = st.builds(lambda some, ending: "-".join(some) + ending, st.lists(parts, max_size=7), endings)


@given(st.lists(filenames | st.just("demo-" + "1" * 300 + "-py3-none-any.whl"), max_size=6))
def test_versions_are_those_of_names_taken_apart(names):
    read = [NameReader("demo").read(name) for name in names]
    versions = [one.version if isinstance(one, ArchiveName) else None for one in read]
    places = {text: [at for at, one in enumerate(versions) if one == text] for text in versions if text is not None}
    assert NameReader("demo").places(names) == places


hexes = st.text("0123456789abcdefAB \n", min_size=63, max_size=65) | st.just("a" * 64) | st.just("A" * 64)
tables = st.dictionaries(
    st.sampled_from(["sha256", "sha512", "md5"]), hexes | st.just("b" * 128) | odd_values, max_size=2
)
entries = st.fixed_dictionaries(
    {
        "filename": st.just("demo-1.0.zip") | texts,
        "url": usual_links | texts,
        "hashes": tables | st.just({"sha256": "a" * 64}),
    },
    optional={
        "core-metadata": st.booleans() | tables | st.just({"sha256": "b" * 64}) | odd_values,
        "dist-info-metadata": st.booleans() | tables,
        "provenance": usual_links | texts | odd_values,
        "size": st.integers() | st.booleans() | texts,
        "yanked": st.booleans() | texts | odd_values,
        "upload-time": texts | odd_values,
        "requires-python": texts | odd_values,
    },
)


@given(st.lists(tables, max_size=4) | st.lists(st.fixed_dictionaries({"sha256": hexes}), max_size=4))
def test_digests_are_those_of_each_table_alone(stated):
    found = sha256_texts(stated)
    alone = [[digest_of(name, text) for name, text in table.items() if isinstance(text, str)] for table in stated]
    assert found is None or found == [str(digest) for [digest] in alone]


def files_of(*described):
    return tuple(parse_project_json(json.dumps({"name": "demo", "files": described}).encode(), SOURCE).detail.files)


@given(st.lists(entries, max_size=4))
def test_entries_of_a_page_are_read_as_each_alone(described):
    assert files_of(*described) == sum((files_of(entry) for entry in described), ())
