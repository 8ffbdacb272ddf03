import json

import pytest

from peep.dataclass import replace
from peep.formats.json_fields import ManifestError
from peep.formats.simple_pages import ProjectStatus
from peep.index.pages import PageSource
from peep.index.simple_json import parse_project_json
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.layout import (
    RootManifest,
    View,
    facts_digest,
    flat_page,
    parse_root_manifest,
    project_pages,
    root_pages,
    stored_paths,
)

SHA, OTHER = "ab" * 32, "cd" * 32
T1, T2 = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
FILE = ArchiveFacts("demo-1.0+x-py3-none-any.whl", "1.0+x", SHA, 7, "ours", T1, core_metadata=OTHER, provenance=SHA)
FACTS = ProjectFacts("demo", "ours", files=(FILE,))


def parsed(facts, url="https://m.example/prefix/simple/demo/"):
    body = project_pages(facts, ())["simple/demo/index.v1_json"]
    return parse_project_json(body, PageSource(url, "demo", "m")).detail


def test_links_lead_to_the_files_below_any_prefix():
    [file] = parsed(FACTS).files
    assert file.url == f"https://m.example/prefix/files/ab/{SHA}/demo-1.0%2Bx-py3-none-any.whl"
    assert b"../../files/ab/" in project_pages(FACTS, ())["simple/demo/index.html"]


def test_views_have_their_pages():
    assert sorted(project_pages(FACTS, ())) == ["simple/demo/index.html", "simple/demo/index.v1_json"]
    assert "json/demo/index.v1_json" in project_pages(FACTS, (View.JSON_ROOT,))
    assert sorted(root_pages(["b", "a"], (View.JSON_ROOT,))) == [
        "json/index.v1_json",
        "simple/index.html",
        "simple/index.v1_json",
    ]
    assert json.loads(root_pages(["b", "a"], ())["simple/index.v1_json"])["projects"] == [{"name": "a"}, {"name": "b"}]


def test_what_was_unlinked_or_is_quarantined_stands_on_no_page():
    unlinked = replace(FACTS, files=(replace(FILE, unlinked=T2),))
    quarantined = replace(FACTS, status=ProjectStatus.QUARANTINED, status_reason="malware")
    for facts in (unlinked, quarantined):
        assert parsed(facts).files == ()
        assert FILE.filename.encode() not in flat_page([facts])
    assert (parsed(quarantined).status, parsed(quarantined).status_reason) == ("quarantined", "malware")
    assert [file.filename for file in parsed(FACTS).files] == [FILE.filename]
    assert b"files/ab/" in flat_page([FACTS])
    assert b"../" not in flat_page([FACTS])


def test_every_immutable_file_is_known_with_its_digest():
    assert stored_paths(FACTS) == {FILE.path: SHA, f"{FILE.path}.metadata": OTHER, f"provenance/ab/{SHA}.json": SHA}


def test_the_root_manifest():
    manifest = RootManifest(3, (View.FLAT, View.JSON_ROOT), {"demo": facts_digest(FACTS)})
    assert parse_root_manifest(manifest.content) == manifest
    assert parse_root_manifest(RootManifest().content) == RootManifest(0, (), {})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"peep mirror 1", b"peep mirror 2"),
        (b'"demo"', b'"../x"'),
        (b'"demo"', b'"Demo"'),
        (b'"flat"', b'"fl\xc3\xa4t"'),
        (b'"serial":3', b'"serial":-3'),
        (SHA.encode(), b"x"),
    ],
)
def test_another_root_manifest_is_refused(old, new):
    content = RootManifest(3, (View.FLAT,), {"demo": SHA}).content
    assert old in content
    with pytest.raises(ManifestError):
        parse_root_manifest(content.replace(old, new))
