"""Hosts in addresses: a look at a file's text never spares the analysis of one that would find a look-alike."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.examine.facts import Literal
from peep.examine.hosts import lookalikes_among, may_resemble, named_hosts

HOSTS = [
    "files.example.org",
    "files.examp1e.org",
    "cdn.exarnple.net",
    "cdn.example.net",
    "a1.mirror.test",
    "a2.mirror.test",
]
ADDRESS = st.builds("{}://{}/x".format, st.sampled_from(["https", "HTTP", "wss", "git", "ftp"]), st.sampled_from(HOSTS))
LINE = st.builds(
    str.format, st.sampled_from(["x = {0!r}", "# {0}", "f(f'{0}')", "y = 'see ' '{0}'", '"""{0}"""']), ADDRESS
)
FILE = st.lists(LINE, max_size=4).map("\n".join)


def hosts_of(source: str) -> dict[str, Literal]:
    nodes = ast.walk(ast.parse(source))
    texts = [one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return named_hosts([Literal(text, 1) for text in texts])


@given(FILE, FILE)
def test_what_is_spared_finds_nothing(old: str, new: str):
    now = hosts_of(new)

    if not may_resemble(old.encode(), now):
        assert not list(lookalikes_among(hosts_of(old), now))


@pytest.mark.parametrize(
    ("old", "is_spared"),
    [
        ("x = 'https://files.example.org/'", False),
        ("x = 'https://' 'files.example.org/'", False),
        ("x = 'https://files.examp1e.org/'", True),
        ("x = 'https://elsewhere.test/'", True),
        ("x = 1", True),
    ],
)
def test_files_that_name_nothing_near_are_spared(old: str, is_spared: bool):
    assert may_resemble(old.encode(), ["files.examp1e.org"]) is not is_spared
