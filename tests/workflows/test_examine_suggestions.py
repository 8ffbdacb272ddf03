"""`peep examine -r`: what to read next, priced by comparisons in the sandbox, cheapest first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.pipeline.vetting.reading_record import FILE, data_folder
from support.certifying import CHANGED, archives_of, certify, compared, line_of, offered
from support.fake_index import FakeIndex
from support.releases import HARMLESS, NAME, TextRelease
from support.vetting import audits_file, folder
from support.wheels import wheel_bytes

NEXT = TextRelease("1.2", both={**CHANGED.both, "inert/extra.py": "def unused():\n    return 0\n"})


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def list_releases(*releases: TextRelease) -> None:
    lines = []
    for one in releases:
        digests = [line_of(*item).split()[0] for item in archives_of(one).items()]
        lines.append(f"{NAME}=={one.version} " + " ".join(f"--hash=sha256:{digest}" for digest in digests))
    Path("requirements.txt").write_text("\n".join(lines) + "\n")


def examined(capsys, index: FakeIndex, *more: str) -> dict:
    capsys.readouterr()
    status = run(["examine", "-q", "-r", "requirements.txt", "-i", index.simple_url, "--format", "json", *more])
    found = json.loads(capsys.readouterr().out)
    assert status == (0 if found["examined"] else 1)
    return found


def archives_asked_for(index: FakeIndex) -> list[str]:
    return [request.path for request in index.requests if request.path.startswith("/files/")]


def test_the_cheapest_comparison_is_suggested_with_its_cost_which_is_remembered(capsys):
    with offered(HARMLESS, CHANGED, NEXT) as index:
        assert certify(index, "1.0", "--full", "--notes", "read") == 0
        assert certify(index, "1.2", "--full", "--notes", "read") == 0
        Path(data_folder(), FILE).unlink()  # certified by somebody else, as it were
        list_releases(CHANGED)

        (found,) = examined(capsys, index)["suggestions"]
        asked = len(archives_asked_for(index))
        again = examined(capsys, index)["suggestions"]
        asked_again = len(archives_asked_for(index))
        lines = compared(capsys, index, "1.2", "1.1")["lines"]

    assert found == {"command": "peep diff inert 1.2 1.1", **found, "compiled": 0, "used_by": []}
    assert (found["run"], found["other"]) == (lines["run"], lines["other"]) == (2, 11)
    assert again == [found]
    assert asked_again == asked, "the second time nothing was fetched"


def test_what_was_read_before_costs_nothing(capsys):
    with offered(HARMLESS, CHANGED, NEXT) as index:
        assert certify(index, "1.0", "--full", "--notes", "read") == 0
        assert certify(index, "1.2", "--full", "--notes", "read") == 0
        list_releases(CHANGED)
        (found,) = examined(capsys, index)["suggestions"]
        lines = compared(capsys, index, "1.1", "--full")["lines"]

    assert found["command"] == "peep diff inert 1.1 --full", "most of it was read whole"
    assert (found["run"], found["other"]) == (lines["run"], lines["other"])
    assert lines["run"] < lines["read_before"]


def test_where_the_wheel_alone_is_listed_the_sdist_does_not_seem_gone(capsys):
    wheel = line_of(*next(iter(archives_of(CHANGED).items()))).split()[0]
    with offered(HARMLESS, CHANGED) as index:
        assert certify(index, "1.0", "--full", "--notes", "read") == 0
        Path(data_folder(), FILE).unlink()  # as above
        Path("requirements.txt").write_text(f"inert==1.1 --hash=sha256:{wheel}\n")
        (found,) = examined(capsys, index)["suggestions"]

    assert (found["command"], found["run"]) == ("peep diff inert 1.0 1.1", 6)
    assert found["other"] < 5, "of METADATA alone"


def test_without_examined_versions_all_of_it_is_to_be_read(capsys):
    with offered(HARMLESS) as index:
        list_releases(HARMLESS)
        (found,) = examined(capsys, index)["suggestions"]

    assert found["command"] == "peep diff inert 1.0 --full"
    assert found["run"] > 20


def test_under_suggest_0_nothing_is_fetched(capsys):
    with offered(HARMLESS) as index:
        list_releases(HARMLESS)
        assert examined(capsys, index, "--suggest", "0")["suggestions"] == []
        assert index.requests == ()


def test_rows_begin_with_the_command_and_end_with_who_uses_it(capsys):
    user = wheel_bytes("scraper", "2.0", requires=["inert>=1"])
    digest = line_of("scraper-2.0-py3-none-any.whl", user).split()[0]
    with FakeIndex({NAME: archives_of(HARMLESS), "scraper": {"scraper-2.0-py3-none-any.whl": user}}) as index:
        list_releases(HARMLESS)
        Path("scraper.txt").write_text(f"scraper==2.0 --hash=sha256:{digest}\n")
        words = ["-q", "-i", index.simple_url, "--no-deps", "--no-check-dependencies"]
        assert run(["download", *words, "-d", "got", "-r", "scraper.txt"]) == 0
        capsys.readouterr()
        assert run(["examine", "-q", "-r", "requirements.txt", "-r", "scraper.txt", "-i", index.simple_url]) == 1

    rows = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip().startswith("peep diff")]
    assert [row.split("      ")[0] for row in rows] == ["peep diff scraper 2.0 --full", "peep diff inert 1.0 --full"]
    assert rows[1].endswith("used by scraper")
    assert "lines that run" in rows[1]


def test_what_cannot_be_had_is_told_and_stands_last(capsys):
    with offered(HARMLESS) as index:
        list_releases(HARMLESS)
        more = f"idna==3.20 --hash=sha256:{'ab' * 32}\n"
        Path("requirements.txt").write_text(more + Path("requirements.txt").read_text())
        assert run(["examine", "-q", "-r", "requirements.txt", "-i", index.simple_url]) == 1

    told = capsys.readouterr()
    rows = [line.strip() for line in told.out.splitlines() if line.strip().startswith("peep diff")]
    assert rows[1] == "peep diff idna 3.20 --full"
    assert "idna 3.20: what it costs to read is not known" in told.err


def test_what_an_import_would_settle_if_it_were_mapped_or_not_excluded(capsys):
    wheel, sdist = (line_of(*item) for item in archives_of(HARMLESS).items())
    theirs = audits_file(
        '[criteria.reviewed]\ntext = "somebody looked"\n',
        f'[[audit]]\nproject = "inert"\ncriteria = ["reviewed"]\nby = "B"\non = 2026-01-01\nread = ["{wheel}"]\n',
        f'[[audit]]\nproject = "inert"\ncriteria = ["safe-to-run"]\nby = "B"\non = 2026-01-01\nread = ["{sdist}"]\n',
    )
    list_releases(HARMLESS)
    with offered(HARMLESS) as index:
        settled = []
        for more in (
            "",
            'exclude = ["inert"]\n',
            'exclude = ["other"]\n[import.criteria]\nreviewed = ["safe-to-run"]\n',
        ):
            for name, content in folder(imports={"partner": theirs}, import_lines=more).items():
                path = Path("vetting", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            settled.append(examined(capsys, index, "--suggest", "0")["would_settle"])
            run(["examine", "-q", "-r", "requirements.txt", "--suggest", "0"])
            settled[-1] += [line for line in capsys.readouterr().out.splitlines() if "would settle" in line]

    gain = {"trusted": None, "import": "partner", "project": None}
    assert settled[0] == [{**gain, "archives": 1}, "mapping reviewed of partner would settle 1 archive"]
    both = "mapping reviewed and no longer excluding inert of partner would settle 2 archives"
    assert settled[1] == [{**gain, "archives": 2}, both]
    assert settled[2] == []


def test_many_archives_of_one_release_are_told_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    few, many = ("".join(f" --hash=sha256:{digit * 64}" for digit in digits) for digits in ("123", "4567"))
    Path("list.txt").write_text(f"few==1{few}\nmany==2{many}\n")
    (tmp_path / "vetting").mkdir()

    assert run(["examine", "--suggest", "0", "-r", "list.txt"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"few 1: unexamined: {'1' * 64}",
        f"few 1: unexamined: {'2' * 64}",
        f"few 1: unexamined: {'3' * 64}",
        "many 2: 4 archives: unexamined",
        "7 archives for safe-to-run: 7 unexamined",
    ]
