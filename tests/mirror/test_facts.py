import json

import pytest

from peep.dataclass import replace
from peep.formats.canonical_json import canonical_json
from peep.formats.json_fields import ManifestError
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.facts import ArchiveFacts, ProjectFacts, parse_facts

SHA, OTHER = "ab" * 32, "cd" * 32
T1, T2 = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
FILE = ArchiveFacts(
    "demo-1.0-py3-none-any.whl",
    "1.0",
    SHA,
    7,
    "ours",
    T1,
    requires_python=">=3.8",
    core_metadata=OTHER,
    provenance=OTHER,
    upload_time="2026-01-01T00:00:00Z",
    yanked="",
    yanked_at=T2,
    unlinked=T2,
)
SDIST = replace(FILE, filename="demo-1.0.tar.gz")
FACTS = ProjectFacts("demo", "ours", ("public",), T1, ProjectStatus.ARCHIVED, "moved", T2, (FILE, SDIST))


def test_what_is_written_is_read():
    assert parse_facts(FACTS.content) == FACTS
    assert parse_facts(ProjectFacts("demo", "ours").content) == ProjectFacts("demo", "ours")


def test_where_files_lie():
    assert FILE.path == f"files/ab/{SHA}/demo-1.0-py3-none-any.whl"
    assert FILE.provenance_path == f"provenance/cd/{OTHER}.json"


def test_the_later_of_linking_and_unlinking_counts():
    assert not FILE.is_linked
    assert replace(FILE, unlinked=None).is_linked
    assert replace(FILE, linked="2026-01-03T00:00:00.000000Z").is_linked
    assert not replace(FILE, linked=T2).is_linked


def changed(**changes):
    document = json.loads(FACTS.content)
    for key, value in changes.items():
        name = key.replace("_", "-")
        (document if name in document else document["files"][0])[name] = value
    return canonical_json(document)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "Demo"}, "not normalised"),
        ({"owner": "ours"}, "should be an object"),
        ({"status": {"status": "gone", "reason": "", "time": None}}, "one of active"),
        ({"filename": "../x.whl"}, "'..' part"),
        ({"filename": "a/x.whl"}, "as an archive"),
        ({"filename": "x.html"}, "as an archive"),
        ({"filename": "z.whl"}, "out of order"),
        ({"sha256": "x"}, "sha256"),
        ({"size": -1}, "number of bytes"),
        ({"linked": "yesterday"}, "a time such as"),
        ({"linked": "2026-01-01T00:00:00Z"}, "a time such as"),
        ({"unlinked": 5}, "printable text"),
        ({"extra": 1}, "not known"),
    ],
)
def test_everything_else_is_refused_with_a_reason(changes, reason):
    with pytest.raises(ManifestError) as refused:
        parse_facts(changed(**changes))
    assert reason in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"[]\n", FACTS.content[:-1], FACTS.content.replace(b":", b": ")])
def test_bytes_that_are_not_canonical_are_none(content):
    with pytest.raises(ManifestError):
        parse_facts(content)
