"""Files that clients take for the same archive, whatever their names' spelling."""

import pytest

from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.twins import twins

THEN = "2026-01-01T00:00:00.000000Z"


def facts(*files: tuple[str, str, str]) -> ProjectFacts:
    listed = [ArchiveFacts(name, version, digest * 64, 1, "ours", THEN) for name, version, digest in files]
    return ProjectFacts("acme-lib", "ours", files=tuple(listed))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Acme.Lib-1.0-py3-none-any.whl", "1.0"), ("acme_lib-1.0-py3-none-any.whl", "1.0")),
        (("acme_lib-1.0-py3-none-any.whl", "1.0"), ("acme_lib-1.0.0-py3-none-any.whl", "1.0.0")),
        (("acme_lib-1.0-py2.py3-none-any.whl", "1.0"), ("acme_lib-1.0-py3.py2-none-any.whl", "1.0")),
        (("acme-lib-1.0.tar.gz", "1.0"), ("acme_lib-1.0.tar.gz", "1.0")),
    ],
)
def test_one_archive_in_two_spellings_is_told(one: tuple[str, str], other: tuple[str, str]):
    pair = tuple(sorted((one[0], other[0])))
    assert list(twins(facts((*one, "a"), (*other, "b")))) == [pair]
    assert list(twins(facts((*other, "b"), (*one, "a")))) == [pair]
    assert list(twins(facts((*one, "a"), (*other, "a")))) == []


def test_what_a_client_can_tell_apart_is_not():
    files = [
        ("acme_lib-1.0-py3-none-any.whl", "1.0", "a"),
        ("acme_lib-1.0-1-py3-none-any.whl", "1.0", "b"),
        ("acme_lib-1.0-cp312-none-any.whl", "1.0", "c"),
        ("acme_lib-1.1-py3-none-any.whl", "1.1", "d"),
        ("acme_lib-1.0.tar.gz", "1.0", "e"),
        ("acme_lib-1.0.zip", "1.0", "f"),
    ]
    assert list(twins(facts(*files))) == []
