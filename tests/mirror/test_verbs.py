"""`peep mirror init, add, yank, status, write, check, prune, publish, server-config`: what each does and refuses."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from peep.workflows.mirror_add import MirrorAddOptions, add_archives
from peep.workflows.mirror_write import write_mirror
from support.listener import Listener
from support.mirror_verbs import as_json, begun, facts, filenames, mirror_verb, pages, pin, tree
from support.small_bundle import locked_bundle
from support.wheels import sdist_bytes, wheel_bytes

HAS_SPARSE_FILES = pytest.mark.skipif(sys.platform != "linux", reason="a file of 1 TiB would need the room")
BILLING = "billing-1.0-py3-none-any.whl"


def put(folder: Path, filename: str, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / filename).write_bytes(content)
    return folder / filename


def wheel(folder: Path, name: str, version: str = "1.0", **more) -> Path:
    return put(folder, f"{name.replace('-', '_')}-{version}-py3-none-any.whl", wheel_bytes(name, version, **more))


@pytest.fixture
def mirror(tmp_path) -> Path:
    return begun(tmp_path / "mirror")


@pytest.fixture
def billing(mirror, tmp_path) -> Path:
    """A mirror that has billing 1.0."""
    as_json("add", mirror, wheel(tmp_path / "in", "billing"), "--source", "ours")
    return mirror


# -- init ------------------------------------------------------------------------------------------


def test_init_begins_a_mirror_whose_settings_can_be_read(tmp_path):
    told = as_json("init", tmp_path / "m")
    assert told == {
        "serial": 1,
        "projects": [],
        "files": {"added": [], "unlinked": [], "removed": [], "kept": 0},
        "pages": 2,
        "problems": [],
    }
    assert mirror_verb("check", tmp_path / "m").status == 0


def test_init_leaves_a_mirror_as_it_is(billing):
    before = tree(billing)
    said = mirror_verb("init", billing)
    assert (said.status, tree(billing)) == (1, before)
    assert "is a mirror already" in said.err


def test_init_keeps_settings_that_people_wrote_first(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mirror.toml").write_text("format = 1\n")
    assert mirror_verb("init", tmp_path / "m").status == 0
    assert (tmp_path / "m" / "mirror.toml").read_text() == "format = 1\n"


# -- add -------------------------------------------------------------------------------------------


def test_add_puts_an_archive_with_its_sidecar_on_both_pages(mirror, tmp_path):
    told = as_json(
        "add", mirror, wheel(tmp_path / "in", "acme-lib", metadata=["Requires-Python: >=3.9"]), "--source", "ours"
    )
    assert (told["projects"], told["files"]["added"]) == (["acme-lib"], ["acme_lib-1.0-py3-none-any.whl"])
    html, value = pages(mirror, "acme-lib")
    [file] = value["files"]
    assert file["requires-python"] == ">=3.9"
    assert file["upload-time"].endswith("Z")
    assert f"#sha256={file['hashes']['sha256']}" in html
    assert 'data-requires-python="&gt;=3.9"' in html
    assert (mirror / "simple" / "acme-lib" / f"{file['url']}.metadata").resolve().is_file()
    assert mirror_verb("check", mirror).status == 0


def test_add_a_second_time_changes_nothing(billing, tmp_path):
    before = tree(billing)
    told = as_json("add", billing, tmp_path / "in" / BILLING, "--source", "ours")
    assert (told["projects"], told["pages"], told["files"]["kept"]) == ([], 0, 1)
    assert tree(billing) == before


def test_add_takes_source_archives(mirror, tmp_path):
    path = put(tmp_path / "in", "billing-1.0.tar.gz", sdist_bytes("billing", "1.0"))
    assert as_json("add", mirror, path, "--source", "ours")["files"]["added"] == ["billing-1.0.tar.gz"]
    assert mirror_verb("check", mirror).status == 0


@pytest.mark.parametrize("name", ["stranger", "acme"])
def test_add_refuses_names_that_public_owns(name, mirror, tmp_path):
    before = tree(mirror)
    said = mirror_verb("add", mirror, wheel(tmp_path / "in", name), "--source", "ours", "--format", "json")
    [problem] = said.value["problems"]
    assert said.status == 1
    assert (problem["kind"], problem["name"], problem["source"]) == ("not-owned", name, "ours")
    assert problem["rule"] == "listed of public"
    assert problem["path"].endswith("mirror.toml")
    assert tree(mirror) == before


def test_add_refuses_names_that_nobody_owns(mirror, tmp_path):
    text = (mirror / "mirror.toml").read_text()
    (mirror / "mirror.toml").write_text(text.replace('owns = "listed"', 'owns = ["flask"]'))
    said = mirror_verb("add", mirror, wheel(tmp_path / "in", "stranger"), "--source", "ours")
    assert said.status == 1
    assert "no source owns it: put it into the owns of one in" in said.out
    assert "stranger-1.0-py3-none-any.whl" in said.out


def test_add_takes_all_archives_or_none(mirror, tmp_path):
    before = tree(mirror)
    good = wheel(tmp_path / "in", "billing")
    bad = put(tmp_path / "in", "acme_lib-1.0-py3-none-any.whl", b"no archive")
    said = mirror_verb("add", mirror, good, bad, tmp_path / "missing.whl", "--source", "ours")
    assert (said.status, tree(mirror)) == (1, before)
    assert "acme_lib-1.0-py3-none-any.whl" in said.err
    assert "missing.whl: cannot be read" in said.err


def test_add_refuses_an_archive_under_another_name(mirror, tmp_path):
    path = put(tmp_path / "in", "acme_lib-2.0-py3-none-any.whl", wheel_bytes("acme-lib", "1.0"))
    assert mirror_verb("add", mirror, path, "--source", "ours").status == 1


def test_n32_a_file_name_is_taken_for_good(billing, tmp_path):
    before = tree(billing)
    other = wheel(tmp_path / "other", "billing", files={"billing.py": "other = 1\n"})
    said = mirror_verb("add", billing, other, "--source", "ours", "--format", "json")
    [problem] = said.value["problems"]
    assert (said.status, tree(billing)) == (1, before)
    assert (problem["kind"], problem["filename"], len(problem["hashes"])) == ("file-name-taken", BILLING, 2)


def test_another_owner_takes_a_transfer(billing, tmp_path):
    text = (billing / "mirror.toml").read_text()
    (billing / "mirror.toml").write_text(
        text.replace('owns = ["billing", "acme-*"]', 'owns = ["acme-*"]')
        + '[[source]]\nname = "finance"\nkind = "folder"\nowns = ["billing"]\n'
    )
    path = wheel(tmp_path / "in", "billing", "1.1")
    said = mirror_verb("add", billing, path, "--source", "finance")
    assert said.status == 1
    assert "its files came from ours" in said.err
    as_json("add", billing, path, "--source", "finance", "--transfer", "billing")
    assert facts(billing, "billing")["owner"]["source"] == "finance"
    assert facts(billing, "billing")["owner"]["earlier"] == ["ours"]
    assert mirror_verb("check", billing).status == 0


@pytest.mark.parametrize("source", ["public", "nobody"])
def test_archives_are_added_to_folders_only(source, mirror, tmp_path):
    said = mirror_verb("add", mirror, wheel(tmp_path / "in", "billing"), "--source", source)
    assert said.status == 2
    assert "ours" in said.err


def test_two_owners_are_an_error_of_every_verb_that_writes(billing, tmp_path):
    text = (billing / "mirror.toml").read_text().replace('"acme-*"]', '"acme-*", "acme-lib-*"]')
    (billing / "mirror.toml").write_text(text)
    before = tree(billing)
    for words in (
        ["add", billing, tmp_path / "in" / BILLING, "--source", "ours"],
        ["yank", billing, "billing==1.0", "--undo"],
        ["status", billing, "billing", "active"],
        ["write", billing],
        ["prune", billing],
    ):
        said = mirror_verb(*words)
        assert said.status == 2
        assert "acme-*" in said.err
        assert "acme-lib-*" in said.err
    assert tree(billing) == before


def test_everything_of_a_bundle(tmp_path):
    mirror = begun(tmp_path / "mirror")
    digest = locked_bundle(tmp_path / "bundle")
    told = as_json("add", mirror, "--bundle", tmp_path / "bundle", "--bundle-digest", digest)
    archives = json.loads((tmp_path / "bundle" / "bundle.json").read_bytes())["archives"]
    assert sorted(told["files"]["added"]) == sorted(one["filename"] for one in archives)
    stored = {path.name: path.read_bytes() for path in (mirror / "files").rglob("*.*") if path.is_file()}
    bundled = {path.name: path.read_bytes() for path in (tmp_path / "bundle" / "archives").iterdir()}
    assert {name: stored[name] for name in told["files"]["added"]} == {
        name: bundled[name] for name in told["files"]["added"]
    }
    assert facts(mirror, "demo")["owner"]["source"] == "public"
    assert mirror_verb("check", mirror).status == 0


@pytest.mark.parametrize("is_huge", [False, pytest.param(True, marks=HAS_SPARSE_FILES)])
def test_a_bundle_with_changed_bytes_adds_nothing(is_huge, tmp_path):
    mirror = begun(tmp_path / "mirror")
    locked_bundle(tmp_path / "bundle")
    before = tree(mirror)
    place = tmp_path / "bundle" / "archives" / "other-2.0.tar.gz"
    place.write_bytes(b"changed")
    if is_huge:  # what goes on behind the listed size is not copied
        os.truncate(place, 1 << 40)
    said = mirror_verb("add", mirror, "--bundle", tmp_path / "bundle")
    assert (said.status, tree(mirror)) == (1, before)
    assert "other-2.0.tar.gz" in said.err


# -- yank and status -------------------------------------------------------------------------------


def test_yank_and_undo_show_on_both_pages(billing):
    assert as_json("yank", billing, "billing==1.0", "--reason", "leaks <secrets>")["projects"] == ["billing"]
    html, value = pages(billing, "billing")
    assert 'data-yanked="leaks &lt;secrets&gt;"' in html
    assert value["files"][0]["yanked"] == "leaks <secrets>"
    as_json("yank", billing, "billing==1.0", "--undo")
    html, value = pages(billing, "billing")
    assert "data-yanked" not in html
    assert value["files"][0]["yanked"] is False


def test_one_file_of_a_version_can_be_yanked(billing, tmp_path):
    sdist = put(tmp_path / "in", "billing-1.0.tar.gz", sdist_bytes("billing", "1.0"))
    as_json("add", billing, sdist, "--source", "ours")
    as_json("yank", billing, "billing==1.0", "billing-1.0.tar.gz", "--reason", "")
    yanked = {file["filename"]: file["yanked"] for file in pages(billing, "billing")[1]["files"]}
    assert yanked == {BILLING: False, "billing-1.0.tar.gz": True}


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (["other==1.0", "--undo"], 1, "has no project other"),
        (["billing==2.0", "--undo"], 1, "it has 1.0"),
        (["billing==1.0", "x.whl", "--undo"], 1, BILLING),
        (["billing", "--undo"], 2, "NAME==VERSION"),
        (["billing==1.0"], 2, "--reason"),
        (["billing==1.0", "--undo", "--reason", "x"], 2, "--undo"),
        (["billing==1.0", "--reason", "two\nlines"], 2, "--reason"),
        (["billing==1.0", "--reason", "\udcff"], 2, "--reason"),
    ],
)
def test_what_cannot_be_yanked_is_named(words, status, reason, billing):
    before = tree(billing)
    said = mirror_verb("yank", billing, *words)
    assert (said.status, tree(billing)) == (status, before)
    assert reason in said.err


def test_quarantine_takes_files_off_the_pages_and_active_brings_them_back(billing):
    before = pages(billing, "billing")
    as_json("status", billing, "billing", "quarantined", "--reason", "malware")
    html, value = pages(billing, "billing")
    assert BILLING not in html
    assert '<meta name="pypi:project-status" content="quarantined">' in html
    assert (value["files"], value["project-status"]) == ([], {"status": "quarantined", "reason": "malware"})
    assert facts(billing, "billing")["files"][0]["filename"] == BILLING
    as_json("status", billing, "billing", "active")
    assert pages(billing, "billing") == before


def test_an_unknown_status_is_a_usage_error(billing):
    assert mirror_verb("status", billing, "billing", "dead").status == 2
    assert mirror_verb("status", billing, "other", "active").status == 1


def test_without_mirror_toml_nothing_is_written(billing):
    (billing / "mirror.toml").unlink()
    before = tree(billing)
    for words in (["write", billing], ["status", billing, "billing", "archived"], ["prune", billing]):
        said = mirror_verb(*words)
        assert (said.status, said.out) == (2, "")
        assert "has no mirror.toml" in said.err
    assert tree(billing) == before


# -- write -----------------------------------------------------------------------------------------


def test_write_twice_changes_neither_bytes_nor_times(billing):
    before = tree(billing)
    assert as_json("write", billing)["pages"] == 0
    assert tree(billing) == before


def test_views_are_remembered_and_kept_up(billing, tmp_path):
    as_json("write", billing, "--flat", "--json-root")
    as_json("add", billing, wheel(tmp_path / "in", "acme-lib"), "--source", "ours")
    assert "acme_lib-1.0" in (billing / "find-links.html").read_text()
    assert (billing / "json" / "acme-lib" / "index.v1_json").is_file()
    as_json("write", billing, "--no-flat")
    assert not (billing / "find-links.html").exists()
    assert (billing / "json" / "index.v1_json").is_file()
    assert mirror_verb("check", billing).status == 0


def test_write_mends_pages_that_were_edited(billing):
    page = billing / "simple" / "billing" / "index.html"
    good = page.read_bytes()
    page.write_text("edited")
    assert mirror_verb("check", billing).status == 1
    assert as_json("write", billing)["pages"] == 1
    assert page.read_bytes() == good


def test_write_refuses_projects_whose_owner_is_another_now(billing):
    text = (billing / "mirror.toml").read_text()
    (billing / "mirror.toml").write_text(text.replace('"billing", ', ""))
    said = mirror_verb("write", billing)
    assert said.status == 1
    assert "billing" in said.out
    assert "listed of public" in said.out


# -- check -----------------------------------------------------------------------------------------


def test_check_names_what_is_changed_missing_and_foreign(billing):
    (billing / "foreign.txt").write_text("x")
    (billing / "simple" / "index.html").unlink()
    [archive] = (billing / "files").rglob("*.whl")
    archive.write_bytes(b"changed")
    said = mirror_verb("check", billing, "--format", "json")
    told = {(one["path"], one["state"]) for one in said.value["problems"]}
    assert said.status == 1
    assert told == {
        ("foreign.txt", "foreign"),
        ("simple/index.html", "missing"),
        (archive.relative_to(billing).as_posix(), "changed"),
    }


def test_check_warns_of_names_that_look_like_a_private_one(tmp_path):
    mirror = begun(tmp_path / "mirror")
    text = (mirror / "mirror.toml").read_text()
    (mirror / "mirror.toml").write_text(text + '[[source]]\nname = "theirs"\nkind = "folder"\nowns = ["bi11ing"]\n')
    as_json("add", mirror, wheel(tmp_path / "in", "bi11ing"), "--source", "theirs")
    assert any("bi11ing" in warning and "billing" in warning for warning in as_json("check", mirror)["warnings"])


# -- prune -----------------------------------------------------------------------------------------


def test_prune_takes_the_link_first_and_the_file_later(billing, tmp_path):
    new = wheel(tmp_path / "in", "billing", "1.1")
    as_json("add", billing, new, "--source", "ours")
    kept = tmp_path / "kept.txt"
    kept.write_text(pin("billing", "1.1", new.read_bytes()))
    told = as_json("prune", billing, "-r", kept)
    assert (told["files"]["unlinked"], told["files"]["removed"]) == ([BILLING], [])
    assert filenames(billing, "billing") == [new.name]
    assert [path.name for path in (billing / "files").rglob("billing-1.0*.whl")] == [BILLING]
    assert as_json("prune", billing)["files"]["removed"] == []
    told = as_json("prune", billing, "--older-than", "0s")
    assert told["files"]["removed"] == [BILLING]
    assert list((billing / "files").rglob("billing-1.0*")) == []
    assert [file["filename"] for file in facts(billing, "billing")["files"]] == [new.name]
    assert mirror_verb("check", billing).status == 0


def test_pruned_files_come_back_to_their_page_when_added_again(billing, tmp_path):
    (tmp_path / "kept.txt").write_text(pin("other", "1", b"x"))
    as_json("prune", billing, "-r", tmp_path / "kept.txt")
    assert filenames(billing, "billing") == []
    assert as_json("add", billing, tmp_path / "in" / BILLING, "--source", "ours")["files"]["added"] == [BILLING]
    assert filenames(billing, "billing") == [BILLING]


def test_prune_changes_nothing_on_account_of_a_list_that_cannot_be_read(billing, tmp_path):
    before = tree(billing)
    said = mirror_verb("prune", billing, "-r", tmp_path / "missing.txt")
    assert (said.status, tree(billing)) == (1, before)
    assert mirror_verb("prune", billing, "--older-than", "soon").status == 2


# -- publish and server-config ---------------------------------------------------------------------


def test_publish_into_a_folder_sends_nothing_twice(billing, tmp_path):
    first = as_json("publish", billing, tmp_path / "public")
    again = as_json("publish", billing, tmp_path / "public")
    assert (first["there"], again["sent"], again["there"]) == (0, 0, first["sent"])
    assert not (tmp_path / "public" / "mirror.toml").exists()
    assert filenames(tmp_path / "public", "billing") == [BILLING]
    files = as_json("publish", billing, tmp_path / "files", "--files-only")
    assert files["sent"] == 2
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["files"]


def test_publish_names_an_unknown_kind_of_store(billing):
    said = mirror_verb("publish", billing, "ftp://store.example/x")
    assert said.status == 2
    assert "ftp" in said.err


@pytest.mark.parametrize("server", ["nginx", "caddy"])
def test_server_config_is_text_for_people_and_a_value_for_programs(server):
    value = as_json("server-config", server, "--root", "/srv/index", "--listen", "127.0.0.1:81")
    assert value["server"] == server
    assert mirror_verb("server-config", server, "--root", "/srv/index", "--listen", "127.0.0.1:81").out == value["text"]
    assert "127.0.0.1:81" in value["text"]


@pytest.mark.parametrize(
    "words",
    [["server-config", "iis"], ["server-config", "nginx", "--listen", "here"], ["init"], ["init", "x", "--undo"], []],
)
def test_odd_words_are_usage_errors(words):
    assert mirror_verb(*words).status == 2


def test_what_is_no_mirror_stays_as_it_is(tmp_path):
    for words in (["add", tmp_path, "x.whl", "--source", "ours"], ["prune", tmp_path], ["check", tmp_path]):
        assert mirror_verb(*words).status == 1
    assert list(tmp_path.iterdir()) == []


def test_who_waits_for_added_archives_is_told_how_far_they_are(mirror, tmp_path):
    told = Listener()
    paths = (str(wheel(tmp_path, "billing")), str(wheel(tmp_path, "acme-lib")))

    add_archives(str(mirror), MirrorAddOptions(paths, "ours"), told)
    write_mirror(str(mirror), {}, told)

    assert told.work == {"archives read": 2, "files stored": 4, "projects rendered": 4, "projects read": 2}
