"""A mirror on disk: what is written, when, and what a killed run leaves."""

from __future__ import annotations

import hashlib
import os

import pytest

from peep.dataclass import replace
from peep.errors import UsageError
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import UNFINISHED, MirrorError, MirrorFolder, NewFile
from peep.mirror.layout import View, facts_path
from support.listener import Listener

T1, T2 = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
SETTINGS = b'format = 1\n[[source]]\nname = "ours"\nkind = "folder"\nowns = ["demo", "other"]\n'


def facts(name="demo", version="1.0", **changes):
    sha256 = "ab" * 32
    file = ArchiveFacts(f"{name}-{version}-py3-none-any.whl", version, sha256, 3, "ours", T1)
    return ProjectFacts(name, "ours", files=(replace(file, **changes),))


@pytest.fixture
def mirror(tmp_path):
    mirror = MirrorFolder(str(tmp_path / "mirror"))
    mirror.begin(SETTINGS)
    return mirror


def tree(mirror):
    found = {}
    for folder, _, files in os.walk(mirror.root):
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, mirror.root)] = (file.read(), os.stat(path).st_mtime_ns)
    return found


def test_an_empty_mirror_has_a_root_page_and_says_what_it_is(mirror):
    assert sorted(tree(mirror)) == ["mirror.toml", "peep-mirror.json", "simple/index.html", "simple/index.v1_json"]
    assert mirror.manifest().serial == 1
    assert mirror.ownership().private_names == ("demo", "other")


def test_a_mirror_is_not_begun_twice(mirror):
    before = tree(mirror)
    with pytest.raises(MirrorError, match="already"):
        mirror.begin(b"")
    assert tree(mirror) == before


def test_what_is_no_mirror_is_said_to_be_none(tmp_path):
    with pytest.raises(MirrorError, match="is no mirror") as failed:
        MirrorFolder(str(tmp_path)).manifest()
    assert "init" in failed.value.hint
    with pytest.raises(UsageError, match=r"has no mirror\.toml"):
        MirrorFolder(str(tmp_path)).ownership()


def test_facts_bring_pages(mirror):
    written = mirror.write([facts()])
    assert (written.serial, written.projects, written.pages) == (2, ("demo",), 4)
    assert mirror.facts("demo") == facts()
    assert b"demo-1.0" in tree(mirror)["simple/demo/index.html"][0]
    assert b'"demo"' in tree(mirror)["simple/index.v1_json"][0]


def test_unchanged_bytes_are_not_written(mirror):
    mirror.write([facts(), facts("other")])
    before = tree(mirror)
    again = mirror.write([facts()])
    assert (again.serial, again.projects, again.pages) == (2, (), 0)
    assert mirror.write_all().pages == 0
    assert tree(mirror) == before
    changed = mirror.write([replace(facts(), status=ProjectStatus.ARCHIVED, status_at=T2)])
    assert (changed.serial, changed.projects, changed.pages) == (3, ("demo",), 2)
    after = tree(mirror)
    assert {path for path in after if before.get(path) != after[path]} == {
        "facts/demo.json",
        "peep-mirror.json",
        "simple/demo/index.html",
        "simple/demo/index.v1_json",
    }


def test_views_come_and_go_and_are_remembered(mirror):
    mirror.write([facts(), facts("other")])
    mirror.write([], views=[View.FLAT, View.JSON_ROOT])
    mirror.write([facts(version="1.1")])
    names = tree(mirror)
    assert b"demo-1.1" in names["find-links.html"][0]
    assert b"other-1.0" in names["find-links.html"][0]
    assert b"demo-1.1" in names["json/demo/index.v1_json"][0]
    mirror.write_all(views=[])
    assert not [name for name in tree(mirror) if name.startswith(("json", "find-links"))]


def test_files_are_put_in_whole_and_only_with_their_own_digest(mirror, tmp_path):
    (tmp_path / "a").write_bytes(b"archive")
    sha256 = hashlib.sha256(b"archive").hexdigest()
    path = f"files/{sha256[:2]}/{sha256}/demo-1.0-py3-none-any.whl"
    assert mirror.add_files([NewFile(path, str(tmp_path / "a"), sha256)]) == 1
    assert mirror.add_files([NewFile(path, str(tmp_path / "a"), sha256)]) == 0
    assert tree(mirror)[path][0] == b"archive"
    with pytest.raises(MirrorError, match="instead of sha256"):
        mirror.add_files([NewFile("files/x", str(tmp_path / "a"), "0" * 64)])
    with pytest.raises(MirrorError, match="absent"):
        mirror.add_files([NewFile("files/x", str(tmp_path / "absent"), "0" * 64)])
    assert not os.path.exists(mirror.place("files/x"))


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(8))
def test_what_a_killed_run_left_is_finished_by_the_next(tmp_path, monkeypatch, at):
    """Killed before the write of each file in turn: no page leads nowhere, and the next run makes all whole."""
    mirror, whole = MirrorFolder(str(tmp_path / "mirror")), MirrorFolder(str(tmp_path / "whole"))
    for one in (mirror, whole):
        one.begin(SETTINGS)
        one.write([facts(), facts("other")])
    real = MirrorFolder._put
    count = iter(range(100))

    def put(self, path, content):
        if next(count) == at:
            raise Killed
        return real(self, path, content)

    news = [facts(version="1.1"), facts("other", yanked="bad", yanked_at=T2)]
    with monkeypatch.context() as patch:
        patch.setattr(MirrorFolder, "_put", put)
        with pytest.raises(Killed):
            mirror.write(news)
    mirror.write(news[:1])
    mirror.write(news)
    whole.write(news)
    seen, expected = tree(mirror), tree(whole)
    serials = (seen.pop("peep-mirror.json"), expected.pop("peep-mirror.json"))
    assert {path: content for path, (content, _) in seen.items()} == {
        path: content for path, (content, _) in expected.items()
    }
    assert serials[0][0].partition(b'"serial"')[0] == serials[1][0].partition(b'"serial"')[0]
    assert UNFINISHED not in seen


def test_a_note_that_was_cut_short_has_everything_looked_at(mirror):
    mirror.write([facts(), facts("other")])
    with open(mirror.place(facts_path("other")), "wb") as file:
        file.write(facts("other", version="2.0").content)
    with open(mirror.place(UNFINISHED), "wb") as file:
        file.write(b'["ot')
    mirror.write([])
    assert b"other-2.0" in tree(mirror)["simple/other/index.html"][0]


def test_a_broken_facts_file_is_named(mirror):
    mirror.write([facts()])
    with open(mirror.place(facts_path("demo")), "ab") as file:
        file.write(b"x")
    with pytest.raises(MirrorError, match=r"facts.demo\.json: is no JSON"):
        mirror.write_all()


def test_a_bad_setting_is_a_mistake_of_the_settings(mirror):
    with open(mirror.place("mirror.toml"), "wb") as file:
        file.write(b"format = 2\n")
    with pytest.raises(UsageError):
        mirror.ownership()


def test_runs_wait_for_each_other(mirror):
    with mirror.held("peep mirror add"):
        pass
    assert os.path.getsize(mirror.place(".peep-mirror.lock")) == 0


def test_who_waits_for_pages_is_told_how_far_they_are(tmp_path):
    told = Listener()
    mirror = MirrorFolder(str(tmp_path / "mirror"), told)
    mirror.begin(SETTINGS)

    mirror.write([facts("demo"), facts("other")])
    mirror.write_all()

    assert told.work == {"projects rendered": 4}
