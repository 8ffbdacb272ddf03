"""`peep diff` with records beside it: the verdict, and publishers that are new, others, or gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from peep.cli.main import run
from peep.errors import UsageError
from peep.formats.digest_lines import DigestLine
from peep.pipeline.vetting.release_records import ReleaseRecords
from peep.vetting.attestations import Provenance
from peep.vetting.records import PublishedArchive
from peep.workflows.diff import attested_commit
from support.certifying import CHANGED, archives_of, certify, compared, line_of, offered, save_reading
from support.releases import HARMLESS, NAME
from support.vetting import TODAY

OLD, NEW = (line_of(*next(iter(archives_of(one).items()))) for one in (HARMLESS, CHANGED))
PUBLISHER = "github:o/inert/.github/workflows/w.yml"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def publish(*lines: tuple[str, str], where: str = "vetting") -> None:
    """Write that these archives (line, owner) were published by verified attestations."""
    entries = [
        f'[[published]]\nproject = "inert"\narchive = "{line}"\npublisher = "{PUBLISHER}"\nrepository-id = "1"\n'
        f'owner-id = "{owner}"\ncommit = "{"a" * 40}"\nref = "refs/tags/v1"\non = 2026-06-01\n'
        for line, owner in lines
    ]
    Path(where).mkdir(exist_ok=True)
    Path(where, "published.toml").write_text("\n".join(['format = "peep published 1"', *entries]))


def provenance_signals(found: dict) -> list[tuple[str, str, str]]:
    signals = [one for one in found["signals"] if one["rule"].startswith("provenance")]
    assert all(one["path"] is None for one in signals)
    return [(one["rule"], one["grade"], one["evidence"]) for one in signals]


def test_publishers_that_are_gone_others_new_or_the_same(capsys):
    told = f"{PUBLISHER} (repository 1, owner 2)"
    cases = [
        ([(OLD, "2")], [("provenance-lost", "stop", f"{told} -> none")]),
        ([(OLD, "2"), (NEW, "3")], [("provenance-changed", "stop", f"{told} -> {told.replace('2)', '3)')}")]),
        ([(NEW, "2")], [("provenance-new", "note", f"none -> {told}")]),
        ([(OLD, "2"), (NEW, "2")], []),
    ]
    with offered(HARMLESS, CHANGED) as index:
        assert compared(capsys, index, "1.0", "1.1")["provenance"] is None
        for lines, signals in cases:
            publish(*lines)
            found = compared(capsys, index, "1.0", "1.1")
            assert provenance_signals(found) == signals
            assert [one["archive"] for one in found["provenance"]["new"]] == [one for one, _ in lines if one == NEW]

        assert run(["diff", "-q", "--stat", "-i", index.simple_url, NAME, "1.0", "1.1"]) == 0
        shown = capsys.readouterr().out
        assert f"publisher  {PUBLISHER}, commit {'a' * 40} of refs/tags/v1 (2026-06-01)" in shown
        publish((OLD, "2"), where="elsewhere")
        words = ["diff", "-q", "--stat", "--vetting", "elsewhere", "-i", index.simple_url, NAME]
        assert run([*words, "1.0", "1.1"]) == 0
        assert "provenance-lost" in capsys.readouterr().out
        assert run([*words, "1.1", "--full"]) == 0
        assert "provenance" not in capsys.readouterr().out


def test_one_archive_without_a_publisher_is_a_loss_where_all_of_its_kind_had_one(capsys):
    old, new = ([line_of(*one) for one in archives_of(release).items()] for release in (HARMLESS, CHANGED))
    wheel, sdist = sorted(new, key=lambda line: not line.endswith(".whl"))
    told = f"{PUBLISHER} (repository 1, owner 2)"
    lost = [("provenance-lost", "stop", f"{told} -> {told}, but none of {wheel.split()[1]}")]
    old_sdist = next(line for line in old if not line.endswith(".whl"))
    with offered(HARMLESS, CHANGED) as index:
        publish(*((line, "2") for line in [*old, sdist]))
        assert provenance_signals(compared(capsys, index, "1.0", "1.1")) == lost
        publish((old_sdist, "2"), (sdist, "2"))
        assert provenance_signals(compared(capsys, index, "1.0", "1.1")) == [], "no wheel ever had a publisher"


def test_the_verdict_is_that_of_the_archive_of_which_least_is_known(capsys):
    with offered(HARMLESS, CHANGED) as index:
        assert certify(index, "1.0", "--full", "--notes", "read") == 0
        assert compared(capsys, index, "1.0", "--full")["verdict"] == "same"
        assert compared(capsys, index, "1.0", "1.1")["verdict"] == "unexamined"
        assert run(["vetting", "object", NAME, "1.1", "--why", "odd", "--by", "A"]) == 0
        assert run(["diff", "-q", "--stat", "-i", index.simple_url, NAME, "1.0", "1.1"]) == 0

    assert "verdict    SOMEBODY OBJECTS: " in capsys.readouterr().out


def test_a_lost_publisher_needs_an_answer(capsys):
    publish((OLD, "2"))
    with offered(HARMLESS, CHANGED) as index:
        assert certify(index, "1.0", "--full", "--notes", "read") == 0
        save_reading(compared(capsys, index, "1.0", "1.1"))
        assert certify(index, "1.1", "--from", "r.json") == 1
        assert "needs an answer: --answer 'provenance-lost=TEXT'" in " ".join(capsys.readouterr().err.split())
        assert certify(index, "1.1", "--from", "r.json", "--answer", "provenance-lost=they told us why") == 0

    assert '{rule = "provenance-lost", why = "they told us why"}' in Path("vetting/audits.toml").read_text()
    assert run(["vetting", "fmt"]) == 0
    assert run(["vetting", "fmt", "--check"]) == 0


def test_unreadable_records_are_told(capsys):
    Path("vetting").mkdir()
    Path("vetting/published.toml").write_text("[")
    with offered(HARMLESS) as index:
        assert run(["diff", "-q", "-i", index.simple_url, NAME, "1.0", "--full"]) == 1

    assert "vetting/published.toml" in capsys.readouterr().err


def test_the_attested_commit_is_one_or_none(capsys):
    records = [("github:o/n/.github/workflows/w.yml", "a"), ("gitlab:g/s/p//.gitlab-ci.yml", "b")]

    def attested(*found: tuple[str, str]) -> ReleaseRecords:
        line = DigestLine("0" * 64, "inert-1.1.tar.gz")
        new = tuple(PublishedArchive(NAME, line, name, "1", "2", mark * 40, "v1", TODAY) for name, mark in found)
        return ReleaseRecords(provenance=Provenance((), new, None))

    urls = [attested_commit(attested(one), NAME) for one in records]
    assert [(one.repository, one.commit) for one in urls] == [
        ("https://github.com/o/n", "a" * 40),
        ("https://gitlab.com/g/s/p", "b" * 40),
    ]
    for found in ([], records, [("forge.example:o/n/w.yml", "a")]):
        with pytest.raises(UsageError, match="names no one commit of a known repository"):
            attested_commit(attested(*found), NAME)
    with offered(HARMLESS) as index:
        assert run(["diff", "-q", "--commit", "attested", "-i", index.simple_url, NAME, "1.0", "--full"]) == 2
    assert "peep vetting attest inert VERSION" in capsys.readouterr().err
