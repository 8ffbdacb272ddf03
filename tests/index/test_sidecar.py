from __future__ import annotations

import pytest

from peep.errors import PackageIndexError, TransportError
from peep.index.client import SimpleIndexes
from peep.index.pages import PageSource
from peep.index.sidecar import read_sidecar, sidecar_url
from peep.index.simple_html import parse_project_html
from peep.model import Digest, IndexFile, IndexOptions
from peep.reporting import SilentReporter
from support.fake_transport import FakeTransport
from support.index_content import FileFacts, IndexContent
from support.wheels import wheel_bytes

NAME = "foo-1.0-py3-none-any.whl"


def served(**facts) -> tuple[FakeTransport, IndexFile]:
    content = IndexContent(
        {"foo": {NAME: wheel_bytes("foo", "1.0", requires=["bar>=2"])}}, facts={NAME: FileFacts(**facts)}
    )
    transport = FakeTransport({"http://index.example": content})
    options = IndexOptions(("http://index.example/simple",))
    (detail,) = SimpleIndexes(transport, options, SilentReporter()).project("foo")
    return transport, detail.files[0]


def test_a_declared_sidecar_is_fetched_and_compared():
    transport, file = served(sidecar=True)
    content = read_sidecar(file, transport)
    assert content
    assert b"Requires-Dist: bar>=2" in content
    assert transport.requests[-1].path.endswith(f"/{NAME}.metadata")


def test_what_is_not_declared_is_never_asked_for():
    transport, file = served()
    before = len(transport.requests)
    assert read_sidecar(file, transport) is None
    assert len(transport.requests) == before


def test_one_without_a_digest_counts_as_it_is():
    transport, file = served(sidecar="unhashed")
    assert file.sidecar == ()
    assert b"Name: foo" in (read_sidecar(file, transport) or b"")


def test_one_that_is_not_as_declared_is_an_error():
    transport, file = served(sidecar=b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n")
    with pytest.raises(
        PackageIndexError, match=rf"states sha256:\w+ for the metadata of {NAME}, and what came is sha256"
    ):
        read_sidecar(file, transport)


def test_one_that_does_not_come_is_an_error():
    transport, file = served(sidecar=True)
    transport.hosts["http://index.example"].facts.clear()
    with pytest.raises(TransportError, match="declares this metadata and answers 404"):
        read_sidecar(file, transport)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("", None),
        (f'data-core-metadata="sha256={"a" * 64}"', (Digest("sha256", "a" * 64),)),
        (f'data-dist-info-metadata="sha256={"b" * 64}"', (Digest("sha256", "b" * 64),)),
        (f'data-core-metadata="true" data-dist-info-metadata="sha256={"b" * 64}"', ()),
        ('data-core-metadata="false"', None),
    ],
)
def test_html_pages_declare_it_as_an_attribute(attribute, expected):
    page = f'<a href="{NAME}" {attribute}>{NAME}</a>'.encode()
    (file,) = parse_project_html(page, PageSource("http://index.example/simple/foo/", "foo", "index")).detail.files
    assert file.sidecar == expected


def test_the_url_keeps_its_query_and_loses_its_fragment():
    file = IndexFile("a.whl", "https://files.example/a.whl?token=1#sha256=x")
    assert sidecar_url(file) == "https://files.example/a.whl.metadata?token=1"
