"""docs/bundle-format.md and docs/mirror-format.md against trees that peep wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from peep.dataclass import replace
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import MirrorFolder, NewFile
from peep.mirror.layout import View
from support.small_bundle import written_bundle

DOCS = Path(__file__).resolve().parents[2] / "docs"


def patterns(document: str) -> list[str]:
    """The paths of the first table, as regular expressions."""
    table = document.partition("## Files")[2].partition("\n\n## ")[0]
    paths = [path for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for path in re.findall(r"`(.*?)`", row)]
    words = {"NAME": "[^/]+", "FILENAME": "[^/]+", "SHA256": "[0-9a-f]{64}", "AA": "[0-9a-f]{2}", "…": ".+"}
    return [re.sub("FILENAME|SHA256|NAME|AA|…", lambda word: words[word[0]], re.escape(path)) for path in paths]


def keys_of(document: str, heading: str) -> set[str]:
    """Words in the first column of the tables below a heading."""
    section = document.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    return {key for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE) for key in re.findall(r"`(.*?)`", row)}


def compare(document: str, folder: Path, *, absent: set[str]) -> None:
    known = patterns(document)
    there = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert [path for path in there if not any(re.fullmatch(pattern, path) for pattern in known)] == []
    unused = {pattern for pattern in known if not any(re.fullmatch(pattern, path) for path in there)}
    assert {re.sub(r"\\|\[.*?\]\S*", "", pattern).partition("/")[0] for pattern in unused} == absent


def test_a_bundle_is_as_its_format_says(tmp_path: Path) -> None:
    document = (DOCS / "bundle-format.md").read_text("utf-8")
    written_bundle(tmp_path / "bundle")
    compare(document, tmp_path / "bundle", absent={"provenance", "advisories"})
    manifest = json.loads((tmp_path / "bundle" / "bundle.json").read_bytes())
    assert {*manifest, *manifest["archives"][0]} == keys_of(document, "bundle.json")


@pytest.mark.parametrize("views", [(), (View.FLAT, View.JSON_ROOT)])
def test_a_mirror_is_as_its_format_says(tmp_path: Path, views: tuple[View, ...]) -> None:
    document = (DOCS / "mirror-format.md").read_text("utf-8")
    (tmp_path / "file").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    file = ArchiveFacts("demo-1.0-py3-none-any.whl", "1.0", empty, 0, "ours", "2026-01-01T00:00:00.000000Z")
    mirror = MirrorFolder(str(tmp_path / "mirror"))
    mirror.begin(b"format = 1\n")
    mirror.add_files(
        NewFile(path, str(tmp_path / "file"), empty)
        for path in (file.path, f"{file.path}.metadata", f"provenance/{empty[:2]}/{empty}.json")
    )
    facts = ProjectFacts("demo", "ours", files=(replace(file, core_metadata=empty, provenance=empty),))
    mirror.write([facts], views=views)
    compare(document, tmp_path / "mirror", absent=set() if views else {"json", "find-links.html"})
    assert set(json.loads(facts.content)) == keys_of(document, "Facts")
    files = json.loads(facts.content)["files"][0]
    assert all(f"`{key}`" in document for key in files)
