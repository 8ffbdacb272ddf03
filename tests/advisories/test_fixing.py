"""`peep audit --fix`: pins moved to what nothing affects and everything listed allows, by the lock or in place."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from peep.cli.main import run
from support.audit_run import NOW, AuditRun
from support.fake_index import FakeIndex
from support.index_content import FileFacts
from support.osv import record, since
from support.wheels import wheel_bytes, wheel_filename

TARGET = "cp311-manylinux_2_28_x86_64"
Shelf = dict[str, dict[str, bytes]]


def shelf(**projects: dict[str, list[str]]) -> Shelf:
    """Wheels by project and file name; the values are what each version requires."""
    return {
        name: {
            wheel_filename(name, version): wheel_bytes(name, version, requires=requires)
            for version, requires in versions.items()
        }
        for name, versions in projects.items()
    }


def digest(files: Shelf, name: str, version: str) -> str:
    return hashlib.sha256(files[name][wheel_filename(name, version)]).hexdigest()


def listed(files: Shelf, name: str, version: str) -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{digest(files, name, version)}\n"


class Fixing:
    """Audits that fix, against an index with some wheels."""

    def __init__(self, audit: AuditRun, index: FakeIndex) -> None:
        self.audit = audit
        self.index = index
        self.words = ["--index-url", index.simple_url, "--cache-dir", str(audit.folder / "cache")]
        audit.arguments = ["--at", NOW, "--retries", "0", *self.words]

    def fixed(self, *words: str) -> tuple[int, dict]:
        return self.audit.report("-r", "requirements.txt", "--fix", *words)


AFFECTED = record("PYSEC-1", events=since("0", "1.2"), aliases=["CVE-2026-1"])


def test_a_list_is_edited_and_every_other_byte_stays(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.1": [], "1.2": [], "2.0": []}, app={"1.0": ["web<3"]})
    head = f"# peep: --locked-for={TARGET}\r\n# ours\r\n"
    text = f"{head}{listed(files, 'app', '1.0')}{listed(files, 'web', '1.0')}# end".replace("\r\n", "\n")
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED, record("PYSEC-2", versions=["1.2"]))
        path = audit.file("requirements.txt", text)
        status, report = fixing.fixed()
        assert status == 1  # of the file as it stands
        assert path.read_text() == text
        [shown] = report["fixes"]
        assert (shown["written"], shown["command"]) == (False, None)
        assert shown["pins"] == [{"name": "web", "before": "1.0", "after": "2.0"}]
        assert shown["examine"] == ["peep diff web 1.0 2.0"]
        assert "+web==2.0 \\" in shown["diff"]

        status, report = fixing.fixed("--in-place")
        assert (status, report["findings"]) == (0, [])
        edited = "# not examined: web 2.0\n" + listed(files, "web", "2.0")
        assert path.read_text() == text.replace(listed(files, "web", "1.0"), edited)
        written = path.read_bytes()
        assert fixing.fixed("--in-place")[1]["fixes"] == []
        assert path.read_bytes() == written

        audit.records(AFFECTED, record("PYSEC-2", versions=["1.2", "2.0"]))
        status, report = fixing.fixed("--in-place")
        assert status == 1
        assert path.read_bytes() == written
        assert report["findings"][0]["fix"]["blocked_by"] == ["no version above it is free of advisories"]


def test_the_comment_form_stays_the_comment_form_and_a_note_is_replaced(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []})

    def comment(version: str) -> str:
        raw = bytes.fromhex(digest(files, "web", version))
        return f"# sha256: {base64.urlsafe_b64encode(raw).decode().rstrip('=')}\n"

    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        path = audit.file("requirements.txt", f"# not examined: web 1.0\n{comment('1.0')}web==1.0\nother==1\n")
        fixing.fixed("--in-place")
        assert path.read_text() == f"# not examined: web 1.2\n{comment('1.2')}web==1.2\nother==1\n"


def test_what_a_listed_project_does_not_allow_is_blocked_and_named(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": [], "1.3": ["extra-thing>=1"]}, app={"1.0": ["web<1.2"]})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        path = audit.file("requirements.txt", listed(files, "app", "1.0") + listed(files, "web", "1.0"))
        before = path.read_bytes()
        status, report = fixing.fixed("--in-place")
        assert status == 1
        assert path.read_bytes() == before
        assert report["findings"][0]["fix"] == {
            "version": None,
            "reach": None,
            "blocked_by": ["app 1.0 allows web <1.2"],
            "hashes": [],
        }
        path.write_text(listed(files, "web", "1.0"))
        audit.records(AFFECTED, record("PYSEC-2", versions=["1.2"]))
        status, report = fixing.fixed("--in-place")
        [reason] = report["findings"][0]["fix"]["blocked_by"]
        assert reason == "web 1.3 requires extra-thing>=1, which is not listed"


def test_one_fix_makes_room_for_another(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []}, zapp={"1.0": ["web<1.2"], "2.0": ["web>=1"]})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED, record("PYSEC-9", "zapp", events=since("0", "2.0")))
        path = audit.file("requirements.txt", "web==1.0\nzapp==1.0\n")
        status, _ = fixing.fixed("--in-place")
        assert status == 0
        expected = "# not examined: web 1.2\nweb==1.2\n# not examined: zapp 2.0\nzapp==2.0\n"
        assert path.read_text() == expected  # lines without hashes get none


def test_yanked_releases_pre_releases_and_other_pythons_are_passed_over(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": [], "1.3a1": [], "1.4": [], "1.5": [], "1.6": []})
    facts = {
        wheel_filename("web", "1.2"): FileFacts(yanked="broken"),
        wheel_filename("web", "1.4"): FileFacts(requires_python=">=3.99"),
    }
    with FakeIndex(files, facts=facts) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        path = audit.file("requirements.txt", listed(files, "web", "1.0"))
        assert fixing.fixed("--in-place")[0] == 0
        assert path.read_text().startswith("# not examined: web 1.5\nweb==1.5 ")


def test_a_finding_names_the_version_that_was_chosen_not_the_smallest_without_advisories(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": ["unlisted"], "1.3": []})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        audit.file("requirements.txt", listed(files, "web", "1.0"))
        [finding] = fixing.fixed()[1]["findings"]
    assert finding["fix"] == {
        "version": "1.3",
        "reach": "same-major",
        "blocked_by": [],
        "hashes": [f"sha256:{digest(files, 'web', '1.3')}"],
    }


def test_lists_that_share_a_file_are_fixed_together(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": [], "1.3": []}, app={"1.0": ["web!=1.2"]})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        base = audit.file("base.txt", listed(files, "web", "1.0"))
        audit.file("requirements.txt", "-r base.txt\n")
        audit.file("dev.txt", "-r base.txt\n" + listed(files, "app", "1.0"))
        status, report = fixing.fixed("-r", "dev.txt", "--in-place")
        assert status == 0
        assert [one["path"] for one in report["fixes"]] == ["base.txt"]
        assert "web==1.3" in base.read_text()


@pytest.mark.parametrize("place", [".", "below"])
def test_a_file_of_peep_lock_goes_through_the_lock(audit: AuditRun, monkeypatch: pytest.MonkeyPatch, place: str):
    files = shelf(
        web={"1.0": [], "1.1": [], "1.2": ["dep"], "1.3": []}, app={"1.0": ["web<1.3"]}, dep={"1.0": [], "1.1": []}
    )
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        folder = audit.folder / place
        folder.mkdir(exist_ok=True)
        source = folder / "requirements.in"
        source.write_text("app\nweb==1.0\n")
        monkeypatch.chdir(folder)
        assert run(["lock", "requirements.in", "--target", TARGET, *fixing.words]) == 0
        source.write_text("app\nweb\n")
        lock = folder / "requirements.txt"
        old = lock.read_bytes()
        monkeypatch.chdir(audit.folder)
        path = os.path.normpath(f"{place}/requirements.txt")
        status, report = audit.report("-r", path, "--fix")
        [shown] = report["fixes"]
        assert (status, lock.read_bytes()) == (1, old)
        assert shown["command"] == "peep lock --upgrade-package web==1.2 -o requirements.txt"
        assert shown["pins"] == [
            {"name": "dep", "before": None, "after": "1.1"},
            {"name": "web", "before": "1.0", "after": "1.2"},
        ]
        status, report = audit.report("-r", path, "--fix", "--in-place")
        assert (status, report["findings"]) == (0, [])
        assert Path.cwd() == audit.folder
        written = lock.read_bytes()
        assert b"not examined" not in written
        monkeypatch.chdir(folder)
        assert run(["lock", "-o", "requirements.txt", "--check", *fixing.words]) == 0
        target = str(audit.folder / "env")
        words = ["--target", target, "--no-deps", "-r", "requirements.txt", *fixing.words]
        assert run(["install", *words]) == 0


def test_a_lock_without_a_solution_stays_and_tells_why(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []}, app={"1.0": ["web<1.2"]})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        audit.file("requirements.in", "app\nweb\n")
        assert run(["lock", "requirements.in", "--target", TARGET, *fixing.words]) == 0
        before = (audit.folder / "requirements.txt").read_bytes()
        status, report = fixing.fixed("--in-place")
        assert (status, report["fixes"]) == (1, [])
        assert (audit.folder / "requirements.txt").read_bytes() == before
        assert "app" in report["findings"][0]["fix"]["blocked_by"][0]


def test_a_lock_that_would_bring_in_something_affected_is_not_written(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": ["dep"]}, dep={"1.0": []})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED, record("PYSEC-7", "dep", versions=["1.0"]))
        audit.file("requirements.in", "web==1.0\n")
        assert run(["lock", "requirements.in", "--target", TARGET, *fixing.words]) == 0
        audit.file("requirements.in", "web\n")
        before = (audit.folder / "requirements.txt").read_bytes()
        status, report = fixing.fixed("--in-place")
        assert status == 1
        assert (audit.folder / "requirements.txt").read_bytes() == before
        assert "dep 1.0 has PYSEC-7" in report["findings"][0]["fix"]["blocked_by"][0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--fix"], "--fix changes files"),
        (["--in-place", "-r", "requirements.txt"], "--in-place is for --fix"),
        (["--fix", "-r", "-"], "is no file that can be changed"),
    ],
)
def test_what_cannot_be_fixed_is_refused(audit: AuditRun, words: list[str], told: str):
    audit.records(AFFECTED)
    audit.file("requirements.txt", "web==1.0\n")
    assert audit.printed(*words)[0] == 2
    assert told in audit.said


def test_the_text_shows_the_diff_and_what_to_examine(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []})
    with FakeIndex(files) as index:
        Fixing(audit, index)
        audit.records(AFFECTED)
        audit.file("requirements.txt", listed(files, "web", "1.0"))
        status, printed = audit.printed("-r", "requirements.txt", "--fix")
    assert status == 1
    assert "-web==1.0 \\\n" in printed
    assert "+# not examined: web 1.2\n+web==1.2 \\\n" in printed
    assert "not examined: peep diff web 1.0 1.2\n" in printed


def test_a_lock_file_is_made_anew_where_its_sources_are_known(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        audit.file("requirements.in", "web<1.1\n")
        assert run(["lock", "-o", "pylock.toml", "--target", TARGET, *fixing.words]) == 0
        lock = audit.folder / "pylock.toml"
        before = lock.read_bytes()
        audit.file("requirements.in", "web<1.1\nother\n")  # it was made from something else, for all that is known
        status, report = audit.report("-r", "pylock.toml", "--fix", "--in-place")
        assert (status, lock.read_bytes()) == (1, before)
        assert "no index has" in report["findings"][0]["fix"]["blocked_by"][0]
        audit.file("requirements.in", "web>=1.0\n")
        status, report = audit.report("-r", "pylock.toml", "--fix", "--in-place")
        assert (status, report["findings"]) == (0, [])
        assert b'version = "1.2"' in lock.read_bytes()
        assert run(["lock", "-o", "pylock.toml", "--check", *fixing.words]) == 0


def test_pins_in_constraints_are_edited_there(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []}, app={"1.0": ["web"]})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        audit.file("requirements.txt", "app\nweb\n")
        constraints = audit.file("constraints.txt", listed(files, "web", "1.0") + listed(files, "app", "1.0"))
        status, report = fixing.fixed("-c", "constraints.txt", "--in-place")
        assert (status, report["findings"]) == (0, [])
        new = "# not examined: web 1.2\n" + listed(files, "web", "1.2")
        assert constraints.read_text() == new + listed(files, "app", "1.0")
        assert [one["path"] for one in report["fixes"]] == ["constraints.txt"]


def test_an_edited_list_installs(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []}, app={"1.0": ["web"]})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        audit.file("requirements.txt", listed(files, "app", "1.0") + listed(files, "web", "1.0"))
        assert fixing.fixed("--in-place")[0] == 0
        words = ["--target", str(audit.folder / "env"), "-r", "requirements.txt", *fixing.words]
        assert run(["install", *words]) == 0


def test_a_lock_that_was_written_as_another_file_is_left_alone(audit: AuditRun):
    files = shelf(web={"1.0": [], "1.2": []})
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED)
        audit.file("requirements.in", "web<1.1\n")
        assert run(["lock", "requirements.in", "--target", TARGET, *fixing.words]) == 0
        moved = (audit.folder / "requirements.txt").rename(audit.folder / "moved.txt")
        before = moved.read_bytes()
        status, report = audit.report("-r", "moved.txt", "--fix", "--in-place")
        assert (status, moved.read_bytes()) == (1, before)
        [reason] = report["findings"][0]["fix"]["blocked_by"]
        assert reason == "its header says that peep lock wrote it as requirements.txt, which is another file"


def test_pins_by_url_and_a_silent_index_block(audit: AuditRun):
    audit.records(AFFECTED)
    audit.arguments = ["--at", NOW, "--retries", "0", "--index-url", "http://127.0.0.1:9/simple"]
    text = "web @ https://files.example/web-1.0-py3-none-any.whl\n"
    path = audit.file("requirements.txt", text)
    status, report = audit.report("-r", "requirements.txt", "--fix", "--in-place")
    assert (status, report["fixes"], path.read_text()) == (1, [], text)
    assert report["findings"][0]["fix"]["blocked_by"] == ["it is pinned by a URL, not by a version"]
    path.write_text("web==1.0\n")
    status, report = audit.report("-r", "requirements.txt", "--fix", "--in-place")
    assert (status, report["fixes"], path.read_text()) == (1, [], "web==1.0\n")
    assert "127.0.0.1:9" in report["findings"][0]["fix"]["blocked_by"][0]


def test_of_a_lock_what_can_be_fixed_is_fixed(audit: AuditRun):
    files = shelf(
        web={"1.0": [], "1.1": [], "1.2": [], "1.3": []},
        zapp={"1.0": [], "2.0": []},
        app={"1.0": ["zapp<2", "web!=1.2"]},
    )
    with FakeIndex(files) as index:
        fixing = Fixing(audit, index)
        audit.records(AFFECTED, record("PYSEC-9", "zapp", events=since("0", "2.0")))
        audit.file("requirements.in", "app\nweb<1.1\nzapp\n")
        assert run(["lock", "requirements.in", "--target", TARGET, *fixing.words]) == 0
        audit.file("requirements.in", "app\nweb\nzapp\n")
        status, report = fixing.fixed("--in-place")
        assert status == 1
        [left] = report["findings"]
        assert (left["name"], left["version"], left["fix"]["version"]) == ("zapp", "1.0", None)
        assert "app" in left["fix"]["blocked_by"][0]
        assert report["fixes"][0]["pins"] == [{"name": "web", "before": "1.0", "after": "1.3"}]
        assert "web==1.3" in (audit.folder / "requirements.txt").read_text()
