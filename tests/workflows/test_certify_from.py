"""`peep certify --from`: the comparison is made anew, and only what was read is taken from the reading."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from peep.cli.main import run
from support.certifying import CHANGED, STARTING, archives_of, certify, compared, line_of, offered, save_reading
from support.releases import HARMLESS, NAME, TextRelease

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OLD = [line_of(*item) for item in archives_of(HARMLESS).items()]
WHEEL, SDIST = (line_of(*item) for item in archives_of(CHANGED).items())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def audits() -> list[dict]:
    path = Path("vetting/audits.toml")
    return tomllib.loads(path.read_text())["audit"] if path.exists() else []


def begin(capsys, index, *versions: str) -> dict:
    """Certify the old release, and compare."""
    assert certify(index, "1.0", "--full", "--notes", "read") == 0
    return compared(capsys, index, *(versions or ("1.0", "1.1")))


def test_without_a_listing_what_the_index_has_is_certified_and_divided():
    with offered(HARMLESS) as index:
        assert certify(index, "1.0", "--full", "--notes", "read") == 0

    (audit,) = audits()
    assert (audit["read"], audit["same"]) == ([OLD[1]], [OLD[0]])
    assert "since" not in audit


def test_when_all_was_read_a_delta_is_recorded(capsys):
    with offered(HARMLESS, CHANGED) as index:
        save_reading(begin(capsys, index))
        assert certify(index, "1.1", "--from", "r.json") == 0

    audit = audits()[-1]
    assert (audit["version"], audit["read"], audit["same"], audit["since"]) == ("1.1", [SDIST], [WHEEL], [OLD[1]])
    assert "skipped" not in audit
    assert run(["vetting", "fmt", "--check"]) == 0


def test_unread_code_is_refused_and_named_and_nothing_is_written(capsys):
    with offered(HARMLESS, CHANGED) as index:
        save_reading(begin(capsys, index), lambda change: change["moment"] != "import")
        before = Path("vetting/audits.toml").read_bytes()
        assert certify(index, "1.1", "--from", "r.json") == 1

        assert "inert/core.py (import): not read, and no --skipped names it" in capsys.readouterr().err
        assert Path("vetting/audits.toml").read_bytes() == before
        assert certify(index, "1.1", "--from", "r.json", "--skipped", "inert/co*") == 0  # recorded; the policy objects

    assert audits()[-1]["skipped"] == ["inert/co*"]
    assert "nothing is examined for safe-to-run by it" in capsys.readouterr().err


def test_what_does_not_run_may_stay_unread_and_the_record_says_so(capsys):
    with offered(HARMLESS, CHANGED) as index:
        save_reading(begin(capsys, index), lambda change: change["moment"] not in ("test", "doc"))
        assert certify(index, "1.1", "--from", "r.json", "--skipped", "tests/**", "--notes", "fine") == 0

    audit = audits()[-1]
    assert audit["skipped"] == ["tests/**"]
    assert audit["notes"] == "fine\nNot read, for it does not run: README.md."


OTHER_READINGS = [
    (lambda one: {"read": [{**one["read"][0], "sha256": "ab" * 32}]}, "has no such file with these bytes"),
    (lambda one: {"read": [*one["read"], {"path": "x", "sha256": "", "since": ""}]}, "x: the comparison has no"),
    (lambda _: {"project": "flask"}, "the reading is of flask 1.1, not of inert 1.1"),
    (lambda one: {"new": {**one["new"], "version": "1.2"}}, "the reading is of inert 1.2, not of inert 1.1"),
    (lambda one: {"old": {**one["old"], "version": "0.9"}}, "since 0.9, not since 1.0"),
    (lambda one: {"new": {**one["new"], "archives": []}}, "names no archives"),
    (lambda one: {"new": {**one["new"], "archives": ["cd" * 32 + "  inert-1.1.tar.gz"]}}, "sha256 " + "cd" * 32),
    (lambda one: {"old": {**one["old"], "archives": ["cd" * 32 + "  inert-1.0.tar.gz"]}}, "sha256 " + "cd" * 32),
    (lambda _: {"format": "peep reading 2"}, "of the format 'peep reading 1'"),
]


def test_a_reading_of_something_else_is_refused_and_nothing_is_written(capsys):
    with offered(HARMLESS, CHANGED) as index:
        found = begin(capsys, index)
        before = Path("vetting/audits.toml").read_bytes()
        for change, reason in OTHER_READINGS:
            save_reading(found, **change(save_reading(found)))
            assert certify(index, "1.1", "--from", "r.json") == 1, reason
            assert reason in capsys.readouterr().err

    assert Path("vetting/audits.toml").read_bytes() == before


def test_a_reading_that_is_none_is_refused(capsys):
    Path("r.json").write_text("[")
    with offered(HARMLESS) as index:
        assert certify(index, "1.0", "--from", "r.json") == 1
        assert "--from r.json: is no JSON" in capsys.readouterr().err
        assert certify(index, "1.0", "--from", "nowhere.json") == 1

    assert "--from nowhere.json: No such file" in capsys.readouterr().err


def test_a_delta_rests_on_examined_archives_only(capsys):
    """The old wheel alone is examined: the new wheel rests on it, the new sdist on nothing."""
    digest = OLD[0].partition(" ")[0]
    Path("requirements.txt").write_text(f"inert==1.0 --hash=sha256:{digest}\n")
    with offered(HARMLESS, CHANGED) as index:
        assert certify(index, "1.0", "-r", "requirements.txt", "--full", "--notes", "read") == 0
        save_reading(compared(capsys, index, "1.0", "1.1"))
        assert certify(index, "1.1", "--from", "r.json") == 0

    audit = audits()[-1]
    assert (audit["read"], audit["since"]) == ([WHEEL], [OLD[0]])
    assert "same" not in audit


def test_without_an_examined_version_a_delta_says_nothing(capsys):
    with offered(HARMLESS, CHANGED) as index:
        save_reading(compared(capsys, index, "1.0", "1.1"))
        assert certify(index, "1.1", "--from", "r.json") == 1

    assert "no archive of inert 1.0 is examined" in capsys.readouterr().err
    assert audits() == []


def test_a_stop_signal_needs_an_answer_which_names_the_file_by_its_bytes(capsys):
    with offered(HARMLESS, STARTING) as index:
        found = begin(capsys, index)
        save_reading(found)
        stops = {(one["rule"], one["path"]) for one in found["signals"] if one["grade"] == "stop"}
        assert stops == {("startup-code", "inert.pth"), ("wheel-only", "inert.pth")}
        one = ("--answer", "startup-code inert.pth=imports nothing else")
        assert certify(index, "1.1", "--from", "r.json", *one) == 1

        told = capsys.readouterr().err
        assert "--answer 'wheel-only inert.pth=TEXT'" in told
        assert "startup-code" not in told
        assert len(audits()) == 1
        more = ("--answer", "wheel-only inert.pth=made by the build")
        assert certify(index, "1.1", "--from", "r.json", *one, *more) == 0

    digest = next(one["sha256"] for one in found["changes"] if one["path"] == "inert.pth")
    assert [(one["rule"], one["path"], one["sha256"], one["why"]) for one in audits()[-1]["answers"]] == [
        ("startup-code", "inert.pth", digest, "imports nothing else"),
        ("wheel-only", "inert.pth", digest, "made by the build"),
    ]
    assert len(audits()[-1]["read"]) == 2  # the wheel has what the sdist lacks


def test_an_answer_to_no_signal_is_refused(capsys):
    with offered(HARMLESS, CHANGED) as index:
        save_reading(begin(capsys, index))
        assert certify(index, "1.1", "--from", "r.json", "--answer", "startup-code x.pth=fine") == 1

    assert "startup-code x.pth: there is no such stop signal to answer" in capsys.readouterr().err


def test_listed_wheels_that_nobody_read_are_same_compiled_or_to_be_read(capsys):
    """Beside the compared pair, the files list further wheels of the version."""
    native = b"\x7fELF" + bytes(80)
    twin = TextRelease("1.1", both=CHANGED.both, tag="cp39-abi3-win32", generator="other")
    built = TextRelease("1.1", both=CHANGED.both, wheel={"inert/fast.so": native}, tag="cp39-abi3-macosx_11_0_arm64")
    odd = TextRelease("1.1", both=CHANGED.both, wheel={"inert/core.py": "import evil\n"}, tag="cp39-abi3-win_arm64")
    wheels = {name: data for one in (twin, built, odd) for name, data in archives_of(one).items() if "whl" in name}
    lines = {name: line_of(name, data) for name, data in wheels.items()}
    listed = " ".join(f"--hash=sha256:{line.split()[0]}" for line in [WHEEL, *lines.values()])
    with offered(HARMLESS, CHANGED, more=wheels) as index:
        found = begin(capsys, index)
        assert [one["filename"] for one in found["new"]["archives"]] == [WHEEL.split()[1], SDIST.split()[1]]
        save_reading(found)
        Path("requirements.txt").write_text(f"inert==1.1 {listed}\n")
        assert certify(index, "1.1", "-r", "requirements.txt", "--from", "r.json") == 1
        assert "inert/core.py (import): not read" in capsys.readouterr().err

        fewer = " ".join(f"--hash=sha256:{line.split()[0]}" for name, line in lines.items() if "win_arm" not in name)
        Path("requirements.txt").write_text(f"inert==1.1 {fewer}\n")
        assert certify(index, "1.1", "-r", "requirements.txt", "--from", "r.json") == 0

    audit = audits()[-1]
    win, mac = (next(line for name, line in lines.items() if tag in name) for tag in ("win32", "macosx"))
    assert audit["read"] == [SDIST]
    assert audit["same"] == sorted([WHEEL, win])
    assert audit["compiled"] == [mac]


def test_add_lets_a_record_speak_for_wheels_that_need_no_reading(capsys):
    twin = TextRelease("1.1", both=CHANGED.both, tag="cp39-abi3-win32")
    odd = TextRelease("1.1", both=CHANGED.both, wheel={"inert/core.py": "import evil\n"}, tag="cp39-abi3-win_arm64")
    wheels = {name: data for one in (twin, odd) for name, data in archives_of(one).items() if "whl" in name}
    lines = [line_of(name, data) for name, data in wheels.items()]
    with offered(CHANGED, more=wheels) as index:
        assert certify(index, "1.1", "--notes", "read") == 0
        first = audits()[0]
        for line, status in zip(lines, (0, 1), strict=True):
            Path("requirements.txt").write_text(f"inert==1.1 --hash=sha256:{line.split()[0]}\n")
            assert certify(index, "1.1", "--add", "-r", "requirements.txt") == status

    assert "win_arm64.whl: has files that no archive of the record has" in capsys.readouterr().err
    (audit,) = audits()
    assert audit == {**first, "same": sorted([*first["same"], lines[0]])}


def test_add_wants_a_record(capsys):
    Path("requirements.txt").write_text(f"inert==1.1 --hash=sha256:{WHEEL.split()[0]}\n")
    with offered(CHANGED) as index:
        assert certify(index, "1.1", "--add", "-r", "requirements.txt") == 1

    assert "has no audit record of inert 1.1" in capsys.readouterr().err
    assert not Path("vetting").exists()


def test_what_files_say_reaches_the_terminal_visibly(capsys):
    odd = TextRelease("1.1", both={"inert/extra.py": "x = 1  # \u202e\n"})
    with offered(HARMLESS, odd) as index:
        save_reading(begin(capsys, index))
        assert certify(index, "1.1", "--from", "r.json") == 1

    told = capsys.readouterr().err
    assert "\u202e" not in told
    assert "text-bidi: inert/extra.py:1 has characters" in told


def test_the_reading_that_the_page_would_save_is_taken_whole(capsys):
    """`base` of the page and the reading agree on archives and versions."""
    with offered(HARMLESS, CHANGED) as index:
        found = begin(capsys, index)
        reading = save_reading(found)
        assert run(["diff", "-q", "-i", index.simple_url, "--html", "p.html", NAME, "1.0", "1.1"]) == 0

    page = Path("p.html").read_text()
    base = page.partition('id="base">')[2].partition("</script>")[0]
    assert {key: reading[key] for key in ("format", "project", "old", "new")} == json.loads(base)
