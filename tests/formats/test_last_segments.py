"""Names of files at the end of URLs and paths."""

import pytest

from peep.formats.names import last_segment_at


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("https://host.example/files/web-1.0-py3-none-any.whl", "web-1.0-py3-none-any.whl"),
        ("https://host.example/web-1.0.zip?sig=a/b", "web-1.0.zip"),
        ("https://host.example/web-1.0.zip#sha256=00", "web-1.0.zip"),
        ("https://host.example/web-1.0.zip#a?b/c", "web-1.0.zip"),
        ("file:///vendor/web-1.0%2Bcpu.zip?x#y", "web-1.0+cpu.zip"),
        ("https://[malformed/web-1.0.zip", "web-1.0.zip"),
        ("vendor/c#/web-1.0.zip", "web-1.0.zip"),
        ("vendor\\why?.zip", "why?.zip"),
        ("https://host.example/", ""),
    ],
)
def test_only_a_url_has_a_query_and_a_fragment(place: str, name: str):
    assert last_segment_at(place) == name
