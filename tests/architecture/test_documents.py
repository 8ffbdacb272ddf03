"""What the documents say is so: links lead somewhere, every verb and decision is named, no index is written down."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from peep.cli.verb_places import SHARED_VERBS, VERBS
from peep.cli.verbs.store import VERB as STORE_VERB
from support.documents import anchors, links

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
REGISTRIES = ("pypi" + ".org", "pypi" + ".python.org", "python" + "hosted.org", "registry." + "npmjs")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    missing = []
    for path, anchor in links(document.read_text("utf-8")):
        target = document.parent / path if path else document
        if not target.exists():
            missing.append(path)
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text("utf-8")):
            missing.append(f"{path}#{anchor}")

    assert missing == []


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    reached = {(index.parent / path).resolve() for path, _ in links(index.read_text("utf-8")) if path}
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "decisions" and path != index]

    assert [str(path.relative_to(ROOT)) for path in pages if path.resolve() not in reached] == []


def test_the_readme_names_every_verb() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    unnamed = [verb for verb in (*VERBS, *SHARED_VERBS) if f"peep {verb}" not in readme and verb not in UNTOLD]

    assert unnamed == []


UNTOLD = {"help", "completion"}
"""Verbs that explain themselves."""


@pytest.mark.parametrize("verb", sorted((*VERBS, *SHARED_VERBS)))
def test_every_verb_has_help_with_examples(verb: str) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "peep", "help", verb], capture_output=True, text=True, check=False, timeout=60
    )

    assert asked.returncode == 0, asked.stderr
    assert f"peep {verb}" in asked.stdout


def test_the_table_of_decisions_lists_all() -> None:
    table = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    decisions = [path.name for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))]

    assert decisions
    assert [name for name in decisions if f"({name})" not in table] == []


def test_no_index_is_written_down_anywhere() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    named = [
        name
        for name in listed.stdout.decode().split("\0")
        if name and (ROOT / name).is_file() and any(host.encode() in (ROOT / name).read_bytes() for host in REGISTRIES)
    ]

    assert named == []


def test_the_limits_of_the_style_guide_are_switched_on() -> None:
    configuration = (ROOT / "pyproject.toml").read_text("utf-8")

    assert 'select = ["ALL"]' in configuration
    assert "max-complexity = 8" in configuration
    assert not re.search(r'^\s*"(C901|T20\d?|PLR0913)"', configuration.split("per-file-ignores")[0], re.MULTILINE)


SOURCES = sorted((ROOT / "src" / "peep").rglob("*.py"))


NETWORKING = re.compile(r"^\s*(import|from) (urllib3|http\.client|socket|ssl|urllib\.request)\b", re.MULTILINE)


SPEAKING_TO_THEMSELVES = {
    "src/peep/concurrency/process_pool.py",  # a socket pair with forked copies of this process
    "src/peep/build/source_trees.py",  # file URLs into paths
    "src/peep/system/posix_calls.py",  # descriptors, handed over a socket pair
    "src/peep/system/sandbox_launcher.py",  # to find out that a sandbox has no network
}


def test_only_http_and_the_sandbox_speak_to_the_network() -> None:
    speaking = [str(path.relative_to(ROOT)) for path in SOURCES if NETWORKING.search(path.read_text("utf-8"))]

    assert [
        name for name in speaking if not name.startswith("src/peep/http/") and name not in SPEAKING_TO_THEMSELVES
    ] == []


def test_what_is_said_of_the_store_can_be_run() -> None:
    texts = [path.read_text("utf-8") for path in (*SOURCES, *DOCUMENTS)]
    named = {verb for text in texts for verb in re.findall(r"[`']peep store ([a-z]+)", text)}

    assert named == {usage.split()[1] for usage in STORE_VERB.usage}


def test_files_stay_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in SOURCES}

    assert {name: length for name, length in lengths.items() if length > 480} == {}


HEADS_AND_BLOCKS = re.compile(r"^\|[^\n]*\n\|[-:| ]+\|$|^ *```.*?^ *```$|<!--.*?-->", re.MULTILINE | re.DOTALL)


def test_no_document_says_a_line_twice() -> None:
    """As a merge leaves them that kept both sides."""
    twice = set()
    for document in DOCUMENTS:
        prose = HEADS_AND_BLOCKS.sub("", document.read_text("utf-8"))
        lines = [line for line in prose.splitlines() if len(line) > 60]
        twice |= {f"{document.name}: {line}" for line in lines if lines.count(line) > 1}

    assert twice == set()


def test_no_table_of_a_document_has_a_row_twice() -> None:
    twice = []
    for document in DOCUMENTS:
        for table in re.findall(r"(?:^\|.*\n)+", document.read_text("utf-8"), re.MULTILINE):
            heads = re.findall(r"^\| (`[^|]+`|\*\*[^|]+\*\*|\[\d+\][^|]*) \|", table, re.MULTILINE)
            twice += [f"{document.name}: {head}" for head in heads if heads.count(head) > 1]

    assert twice == []
