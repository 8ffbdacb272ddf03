from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.core_metadata import ProjectMetadata
from peep.model import Digest, IndexFile, ProjectDetail
from peep.store.metadata_cache import MetadataCache
from peep.store.page_cache import KeptPage, PageCache

URL = "https://user:secret@index.example/simple/foo/"


class Memory:
    def __init__(self) -> None:
        self.values: dict[tuple[str, str], bytes] = {}

    def get_value(self, kind: str, key: str) -> bytes | None:
        return self.values.get((kind, key))

    def put_value(self, kind: str, key: str, value: bytes) -> None:
        self.values[kind, key] = value


texts = st.text(max_size=12)
digests = st.lists(st.sampled_from([Digest("sha256", "a" * 64), Digest("sha512", "b" * 128)]), unique=True).map(tuple)
files = st.builds(
    IndexFile,
    texts,
    texts.map(lambda text: f"https://files.example/{text}"),
    digests,
    st.none() | st.integers(0, 1 << 60),
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
    st.just("https://index.example/simple"),
    st.none() | digests,
)


@given(st.lists(files, max_size=4).map(tuple), texts, texts)
def test_a_page_comes_back_as_it_was(files, etag, status):
    cache = PageCache(Memory())
    page = KeptPage(ProjectDetail("foo", files, "https://index.example/simple", status, "why"), etag, "then", 12.5)
    cache.put(URL, page)
    assert cache.get(URL) == page


@pytest.mark.parametrize("sizes", [[0, None], [None, None], [7, 0]])
@pytest.mark.parametrize("whys", [["", None], [None, None], ["old", None], ["two\nlines", None]])
def test_nothing_is_not_taken_for_an_empty_value(sizes, whys):
    made = [
        IndexFile(f"{n}.whl", "https://files.example/", size=size, yanked=why, index="https://index.example/simple")
        for n, (size, why) in enumerate(zip(sizes, whys, strict=True))
    ]
    page = KeptPage(ProjectDetail("foo", tuple(made), "https://index.example/simple"))
    cache = PageCache(Memory())
    cache.put(URL, page)
    assert cache.get(URL) == page


def test_a_missing_project_is_remembered_too():
    cache = PageCache(Memory())
    cache.put(URL, KeptPage(None, time=3.0))
    assert cache.get(URL) == KeptPage(None, time=3.0)
    assert cache.get("https://other.example/") is None


@pytest.mark.parametrize(
    "urls",
    [
        ["https://ann:secret@files.example/a.whl"],
        ["https://ann:secret/x@files.example/a.whl"],
        ["https://ann:secret@[/a.whl"],
        ["https://ann:secretA@files.example/a.whl", "https://ann:secretB@files.example/b.whl"],
        ["https://files.example/a.whl?access%5Ftoken=secret"],
        ["https://files.example/a.whl?token=secret1", "https://files.example/a.whl?token=secret2"],
    ],
)
def test_n18_a_page_whose_links_hold_secrets_is_not_kept(urls: list[str]):
    memory = Memory()
    files = tuple(IndexFile("a.whl", url, index="https://index.example/simple") for url in urls)
    page = KeptPage(ProjectDetail("foo", files, "https://index.example/simple"))
    assert len(PageCache(memory).put("https://index.example/simple/foo/", page)) == 64
    assert memory.values == {}


def test_n18_a_page_that_tells_a_secret_in_words_is_not_kept():
    memory = Memory()
    why = "moved to https://ann:secret@files.example/"
    file = IndexFile("a.whl", "https://files.example/a.whl", index="https://index.example/simple", yanked=why)
    for detail in (
        ProjectDetail("foo", (file,), "https://index.example/simple"),
        ProjectDetail("foo", (), "https://index.example/simple", "archived", why),
    ):
        PageCache(memory).put("https://index.example/simple/foo/", KeptPage(detail))
    assert memory.values == {}


def test_no_credential_is_kept():
    memory = Memory()
    PageCache(memory).put(URL, KeptPage(None))
    assert "secret" not in repr(memory.values)


def test_what_is_damaged_is_absent():
    memory = Memory()
    pages, metadata = PageCache(memory), MetadataCache(memory)
    pages.put(URL, KeptPage(None))
    metadata.put("a" * 64, ProjectMetadata("foo", "1.0"))
    for damage in (b"", b"[]", b"{}", b"[1]", b"\xff", b'["a","b","c","d"]'):
        memory.values = dict.fromkeys(memory.values, damage)
        assert pages.get(URL) is None
        assert metadata.get("a" * 64) is None


@given(texts, st.lists(texts, max_size=3).map(tuple), st.booleans())
def test_metadata_comes_back_as_it_was(text, requires, is_static):
    cache = MetadataCache(Memory())
    metadata = ProjectMetadata("foo", text, requires, text, requires, is_static)
    cache.put("a" * 64, metadata)
    assert cache.get("a" * 64) == metadata
    assert cache.get("b" * 64) is None
